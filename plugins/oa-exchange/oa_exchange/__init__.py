"""Exchange of documents between organisations (电子公文交换): signed and enveloped packages, over HTTPS or by file.

Import package of the distribution ``oa-exchange``; the hook implementations stand in ``plugin.py``.
"""

__version__ = "0.1.0"
