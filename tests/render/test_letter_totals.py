"""Balances carried over pages: right on every page of a long statement, and on no other page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from letter_parts import BRAND, page_texts
from statement_parts import balance_after, statement

from ccm.errors import RenderError
from ccm.render.letter import open_letter_renderer

WORDS = {"en": ("Carried forward", "Brought forward"), "ja": ("次頁へ繰越", "前頁より繰越")}
CSS = b"""
@page { @top-left { content: string(ccm-brought, start) " [" string(ccm-balance, start) "]" }
  @bottom-left { content: string(ccm-carried, last) " [" string(ccm-balance, last) "]" } }
tr { height: 30mm }
"""
LAYOUT = '<div class="carried-forward">over</div><div class="brought-forward">from</div>{}'


def figure(page: str, words: str) -> list[str]:
    """The figures behind `words` on a page."""
    return re.findall(rf"{words}\s+([\d,.]+)", page)


@pytest.mark.parametrize(("who", "language"), [("en", "en"), ("us", "en"), ("ja", "ja")])
def test_each_page_of_ten_carries_the_balance_of_its_last_row_to_the_next(who: str, language: str) -> None:
    carried, brought = WORDS[language]
    pages = page_texts(statement(who, 330).body)
    assert len(pages) >= 10
    rows = [[int(number) for number in re.findall(r"Entry (\d+)", page)] for page in pages]
    assert [number for page in rows for number in page] == list(range(1, 331))
    for index, page in enumerate(pages):
        goes_on = any(rows[index + 1 :])
        came = bool(rows[index]) and index > 0
        assert figure(page, carried) == ([balance_after(rows[index][-1])] if goes_on else []), f"page {index + 1}"
        assert figure(page, brought) == ([balance_after(rows[index - 1][-1])] if came else []), f"page {index + 1}"


@pytest.mark.parametrize(("who", "language"), [("en", "en"), ("ja", "ja")])
def test_statement_in_large_print_carries_its_balances_too(who: str, language: str) -> None:
    carried, brought = WORDS[language]
    pages = page_texts(statement(who, 30, accessible_format="large_print").body)
    rows = [[int(number) for number in re.findall(r"Entry (\d+)", page)] for page in pages]
    with_rows = [index for index, page in enumerate(rows) if page]
    assert len(with_rows) > 2
    for index in with_rows[:-1]:
        assert figure(pages[index], carried) == figure(pages[index + 1], brought) == [balance_after(rows[index][-1])]


@pytest.mark.parametrize("rows", [0, 3])
def test_statement_on_one_page_carries_nothing(rows: int) -> None:
    for who, language in (("en", "en"), ("ja", "ja")):
        text = "".join(page_texts(statement(who, rows).body))
        assert not any(word in text for word in WORDS[language])


def test_carried_balances_are_no_part_of_the_text_that_is_read() -> None:
    for who, language in (("en", "en"), ("ja", "ja")):
        text = statement(who, 60).text
        assert not any(word in text for word in WORDS[language])


def table(name: str, count: int, kind: str = "carried") -> str:
    rows = "".join(f"<tr><td>{name}{number}</td><td>{name}-{number}</td></tr>" for number in range(1, count + 1))
    return f'<table class="{kind}"><thead><tr><th>Entry</th><th>Balance</th></tr></thead><tbody>{rows}</tbody></table>'


def foot_and_head(html: str) -> list[Any]:
    """For each page break the figure at the foot and the one at the head of the next page."""
    renderer = open_letter_renderer({**BRAND, "letter.css": BRAND["letter.css"] + CSS})
    made = renderer.render(LAYOUT.format(html), title="T", language="en", large_print=False)
    heads, feet = [], []
    for page in page_texts(made.pdf):
        heads += re.findall(r"from \[([^\]]+)\]", page) or [None]
        feet += re.findall(r"over \[([^\]]+)\]", page) or [None]
    assert heads[0] is None
    assert feet[-1] is None
    return list(zip(feet, heads[1:], strict=False))


def test_each_table_carries_its_own_balance_and_none_after_its_end() -> None:
    breaks = foot_and_head(table("a", 12) + "<p>between</p>" + table("b", 12) + "<p class='new-page'>end</p>")
    assert [foot for foot, head in breaks if foot != head] == []
    carried = [foot for foot, _ in breaks]
    assert carried[-1] is None
    names = [foot[0] for foot in carried if foot]
    assert names == sorted(names)
    assert set(names) == {"a", "b"}


def test_table_that_ends_with_its_page_carries_nothing() -> None:
    for count in range(5, 12):
        breaks = foot_and_head(table("a", count) + "<p class='new-page'>next</p>")
        assert breaks[-1] == (None, None)


def test_table_of_another_class_carries_nothing() -> None:
    assert set(foot_and_head(table("a", 20, "plain"))) == {(None, None)}


def test_row_without_a_balance_leaves_the_one_before_it() -> None:
    rows = table("a", 20).replace("<td>a-8</td>", "<td></td>")
    assert [foot for foot, head in foot_and_head(rows) if foot == "a-8" or foot != head] == []


def test_balance_is_carried_as_text_whatever_it_holds() -> None:
    rows = table("a", 20).replace("a-", "&quot;} @import &lt;b&gt; \\")
    breaks = foot_and_head(rows)
    assert breaks
    assert all(foot and foot == head and foot.startswith('"} @import <b> \\') for foot, head in breaks)


@pytest.mark.parametrize("name", ["balance", "carried", "brought", "end"])
def test_markup_cannot_say_what_is_carried(name: str) -> None:
    with pytest.raises(RenderError, match=f"forbidden_markup: attribute 'data-ccm-{name}' of <td>"):
        foot_and_head(table("a", 3).replace("<td>a-", f'<td data-ccm-{name}="0.00">a-'))
