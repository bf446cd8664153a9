"""What the plugin does: every rule and every write, one transaction a call, one subject a module.

==================  ============================================================
``drafts``          making, changing, submitting, voiding a document
``fields``          what a document's fields may hold
``listeners``       what the workflow tells the document
``numbers``         文号: series, reserving, voiding
``formal``          typesetting: drafts, previews, the sealed formal version
``seals``           the organisation's seals
``sealings``        which seals go under a document, in which order
``dispatches``      sending, receipts, urging, finishing
``annotations``     批注 anchored to passages
``addressbook``     outside organisations
``queries``         who sees what; the lists
``verification``    is a sealed PDF genuine
``diagnostics``     lines of ``oa doctor``
==================  ============================================================
"""
