"""Japanese headings break between phrases, and never against the rules of line breaking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language_parts import NAMES
from render_parts import SECTION, context, customer, load
from weasyprint import HTML as WEASYPRINT_HTML
from weasyprint.formatting_structure import boxes

from ccm.render import Renderer
from ccm.render.compile import check_source
from ccm.render.dialects import HTML, MJML, Dialect
from ccm.render.fonts import font_configuration
from ccm.render.language import Source
from ccm.render.linebreaks import NOT_FIRST, NOT_LAST, phrases

HEADINGS = (
    "「ひのき定期預金」（特別金利）のご案内、ご確認ください。",
    "お支払い期日のご案内（2026年4月30日まで）",
    "カードのご利用を一時停止いたしました。",
    "金利改定のお知らせ（普通預金・定期預金）",
    "住所変更のお手続きが完了いたしました！",
)
PLAIN = "".join(sorted((NOT_FIRST | NOT_LAST) - set("&<>{}%#$\"'"))) + "あア漢字ーxＡ1 お知らせ"


def broken(text: str, language: str = "ja", dialect: Dialect = HTML) -> str:
    problems: list[Any] = []
    checked = check_source(Source("t", text, language=language), NAMES, problems, dialect)
    assert problems == []
    assert checked.pieces is not None
    return "".join(piece.text for piece in checked.pieces)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("お取引明細書のお知らせ", ("お取引明細書の", "お知らせ")),
        ("残高の概要", ("残高の", "概要")),
        ("カードのご利用を一時停止いたしました。", ("カードの", "ご利用を", "一時", "停止いたしました。")),
        ("「ひのき定期預金」（特別金利）のご案内", ("「ひのき定期預金」", "（特別金利）の", "ご案内")),
        ("お支払い期日のご案内（2026年4月30日まで）", ("お支払い", "期日の", "ご案内", "（2026年4月30日まで）")),
        ("", ()),
    ],
)
def test_phrases_are_those_of_a_reader(text: str, parts: tuple[str, ...]) -> None:
    assert phrases(text) == parts


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from(PLAIN), max_size=30))
def test_no_phrase_starts_or_ends_against_the_rules_and_nothing_is_lost(text: str) -> None:
    found = phrases(text)
    assert "".join(found) == text
    assert not any(phrase[0] in NOT_FIRST for phrase in found[1:])
    assert not any(phrase[-1] in NOT_LAST for phrase in found[:-1])


def test_heading_keeps_its_phrases_together_around_code_entities_and_line_ends() -> None:
    text = "<h1>{{ organisation.name }}からの<br>残高の&amp;概要の {{ name }}様へのお知らせ</h1>"
    assert broken(text).replace('<span class="phrase">', "[").replace("</span>", "]") == (
        "<h1>{{ organisation.name }}からの<br>[残高の][&amp;概要の] [{{ name }}様への][お知らせ]</h1>"
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("<h1>残高の概要</h1>", "en"),
        ("<h1>残高の概要</h1>", ""),
        ("<h1>Your balance</h1>", "ja"),
        ("<h1>概要</h1>", "ja"),
        ("<h1>残高の<b>概要</b></h1>", "ja"),
        ("<h1>{% if agreed %}残高の概要{% endif %}</h1>", "ja"),
        ("<p>残高の概要</p>", "ja"),
    ],
)
def test_everything_else_stays_as_it_was_written(text: str, language: str) -> None:
    assert broken(text, language) == text


def test_email_headings_and_buttons_break_by_a_style_of_their_own() -> None:
    column = "<mj-section><mj-column>{}</mj-column></mj-section>"
    text = column.format(
        '<mj-text><h1>残高の概要</h1></mj-text><mj-button href="https://a.example/">明細を見る</mj-button>'
    )
    page = broken(text, dialect=MJML)
    assert (
        '<h1><span style="display:inline-block">残高の</span><span style="display:inline-block">概要</span></h1>'
        in page
    )
    assert '<span style="display:inline-block">明細を</span>' in page


def test_email_and_letter_read_as_if_nothing_stood_between_the_phrases(tmp_path: Path) -> None:
    heading = "<h1>{{ name }}様への大切なお知らせ</h1>"
    workspace = load(tmp_path, email=SECTION.format(heading), letter=heading, languages="[ja]")
    who = customer(language="ja-JP", jurisdiction="JP")
    renderer = Renderer(workspace, workspace.communications["notice"])
    for channel in ("email", "letter"):
        text = renderer.render(channel, context(workspace, customer=who, language="ja", data={"name": "山田"})).text
        assert "山田様への大切なお知らせ" in text


def lines_of(box: Any) -> list[str]:
    """The text of each line as WeasyPrint has laid it out."""
    if isinstance(box, boxes.LineBox):
        return ["".join(part.text for part in box.descendants() if isinstance(part, boxes.TextBox))]
    return [line for child in getattr(box, "children", ()) for line in lines_of(child)]


@pytest.mark.parametrize("width", [170, 230, 300])
def test_laid_out_lines_begin_with_a_phrase(width: int) -> None:
    page = "".join(broken(f"<h1>{heading}</h1>") for heading in HEADINGS)
    style = (
        f"@page {{ size: {width}px 1200px; margin: 0 }} h1 {{ font: 14px 'Noto Sans JP' }} "
        ".phrase { display: inline-block }"
    )
    document = WEASYPRINT_HTML(string=f"<style>{style}</style><body>{page}").render(font_config=font_configuration())
    starts = {start for heading in HEADINGS for start in _starts(heading)}
    found = [line for line in lines_of(document.pages[0]._page_box) if line]
    assert len(found) > len(HEADINGS)
    assert all(line[0] not in NOT_FIRST and line[-1] not in NOT_LAST for line in found)
    assert all(any(line.startswith(start) for start in starts) for line in found)


def _starts(heading: str) -> list[str]:
    return [phrase[:2] for phrase in phrases(heading)]
