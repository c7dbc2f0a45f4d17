"""Differences in words, in English and Japanese."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.pipeline.word_diff import Piece, passages, tokens, word_diff

TEXT = st.text(st.sampled_from("ab cd.\n、。預金口座のお知らせカードＡ1£"), max_size=40)


def marked(pieces: tuple[Piece, ...]) -> str:
    signs = {"same": "{}", "removed": "[-{}-]", "added": "[+{}+]"}
    return "".join(signs[piece.kind].format(piece.text) for piece in pieces)


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT)
def test_a_difference_holds_both_texts_whole(old: str, new: str) -> None:
    pieces = word_diff(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new
    assert "".join(tokens(old)) == old


def test_whole_words_differ_and_changes_in_a_row_read_as_one() -> None:
    assert marked(word_diff("Please call us now.", "Please ring him now.")) == (
        "Please [-call us-][+ring him+] now."
    )  # fmt: skip
    assert marked(word_diff("The rate is 1.5%.", "The rate is 1.7%.")) == "The rate is [-1.5-][+1.7+]%."


def test_japanese_differs_by_phrases() -> None:
    old, new = "お早めにお問い合わせください。", "すぐにお問い合わせください。"
    assert marked(word_diff(old, new)) == "[-お早めに-][+すぐに+]お問い合わせください。"


def test_only_the_passages_that_differ_are_shown() -> None:
    lines = [f"line {number}\n" for number in range(30)]
    new = [*lines]
    new[3], new[25] = "other 3\n", "line 25 and more\n"
    found = passages("".join(lines), "".join(new))
    assert [marked(passage).count("\n") for passage in found] == [5, 5]
    assert "[-line-][+other+] 3" in marked(found[0])
    assert passages("same", "same") == ()
