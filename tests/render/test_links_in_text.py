"""Which web addresses a plain text holds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.render.links import links_in


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("no link: a://b", ()),
        ("See https://www.example.com/a?b=c.", ("https://www.example.com/a?b=c",)),
        ("(http://a.example/) and https://b.example/?!", ("http://a.example/", "https://b.example/")),
        ("https://b.example/ https://a.example/ https://b.example/,", ("https://b.example/", "https://a.example/")),
        (
            "詳細はhttps://www.example.com/案内まで。https://b.example。",
            ("https://www.example.com/", "https://b.example"),
        ),
        ("https://...", ("https://",)),
        ("https:// a", ()),
    ],
)
def test_links_are_told_once_in_order_without_the_punctuation_behind_them(text: str, links: tuple[str, ...]) -> None:
    assert links_in(text) == links


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["http", "s", "://", "https://a", ".", ",", ":", "!", ")", "/", " ", "\n", "た", "~"])))
def test_a_link_ends_where_printable_ascii_does_or_its_last_punctuation_begins(parts: list[str]) -> None:
    text = "".join(parts)
    for link in links_in(text):
        assert link in text
        assert link.isascii()
        assert link.rstrip(".,;:!?)") == link
