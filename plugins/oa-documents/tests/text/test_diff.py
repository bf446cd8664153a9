"""What changed, by character."""


from hypothesis import given
from hypothesis import strategies as st
from oa_documents.text import Piece, diff_chars

TEXT = st.text(alphabet="市县检查工作。，\n12", max_size=60)


@given(TEXT, TEXT)
def test_the_pieces_give_both_wordings(old, new):
    pieces = diff_chars(old, new)
    assert "".join(p.text for p in pieces if p.op != "insert") == old
    assert "".join(p.text for p in pieces if p.op != "delete") == new


def test_one_changed_character_is_one_change():
    assert diff_chars("限五日内办结", "限三日内办结") == [
        Piece("same", "限"), Piece("delete", "五"), Piece("insert", "三"), Piece("same", "日内办结")]


def test_equal_texts_have_no_change():
    assert diff_chars("一样", "一样") == [Piece("same", "一样")] and diff_chars("", "") == []


def test_a_long_text_is_compared_whole():
    old, new = "市县两级" * 25_000, "县市两层级" * 20_000
    pieces = diff_chars(old, new)
    assert "".join(p.text for p in pieces if p.op != "delete") == new
