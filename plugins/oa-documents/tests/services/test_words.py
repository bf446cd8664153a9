"""Words that pages look up by a variable have their English too: no template names them, so no other check sees them."""

from oa_documents import kinds
from oa_documents.services import addressbook
from oa_documents.views import incoming, pages

from oa_kernel.web.i18n import translated


def test_states_ranks_and_natures_are_in_english(office, oa_client, oa):
    tables = (pages.STATE_WORDS, pages.STANDING_WORDS, pages.ASKING_WORDS, pages.DISPATCH_WORDS, incoming.INCOMING_WORDS)
    shown = {words[0] for table in tables for words in table.values()} | {*addressbook.RANKS.values(), *incoming.NATURE_WORDS.values()}
    shown |= {f"文种·{name}" for name in kinds.KINDS}
    assert sorted(word for word in shown if translated(word, "en") == word) == []


def test_a_kind_is_in_the_readers_language(office, oa_client):
    office.signed()
    english = oa_client(office.clerk)
    assert "<td>通知</td>" in english.get("/documents/register").text
    english.submit("/profile/preferences", {"locale": "en"})
    page = english.get("/documents/register").text
    assert "<td>Notice</td>" in page and '<option value="函">Letter</option>' in page
