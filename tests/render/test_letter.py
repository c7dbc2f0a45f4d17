"""The letter renderer: PDF/UA, the same bytes everywhere, limits, fonts and memory."""

from __future__ import annotations

import gc
import hashlib
import logging
import os
import subprocess
import sys
import traceback

import psutil
import pypdfium2.raw as pdfium
import pytest
from letter_parts import BRAND, ROOT, fonts, opened, page_texts, smallest_size, structure, unpacked

from ccm.errors import RenderError
from ccm.render.letter import MAX_PAGES, Letter, LetterRenderer, open_letter_renderer

LETTER = (
    '<header><img src="logo.svg" alt=""></header><h1>Statement</h1><p>Dear Ms Núñez, <b>口座</b> is 葛\U000e0100.</p>'
    "<table><thead><tr><th>Date</th><th>Amount</th></tr></thead>"
    "<tbody><tr><td>1 Jan</td><td>-5.00</td></tr></tbody></table>"
    '<p class="new-page">Second<br>page</p>'
)


@pytest.fixture(scope="module")
def renderer() -> LetterRenderer:
    return open_letter_renderer(BRAND)


def render(renderer: LetterRenderer, html: str, title: str = "Statement", *, large_print: bool = False) -> Letter:
    return renderer.render(html, title=title, language="en-GB", large_print=large_print)


def test_letter_says_how_many_pages_and_what_it_says(renderer: LetterRenderer) -> None:
    letter = render(renderer, LETTER)
    assert letter.pages == 2
    assert letter.text.split("\n") == [
        "Statement", "Dear Ms Núñez, 口座 is 葛\U000e0100.", "Date Amount", "1 Jan -5.00", "Second", "page",
    ]  # fmt: skip
    first, second = page_texts(letter.pdf)
    assert "Dear Ms Núñez" in first
    assert "1 / 2" in first
    assert "2 / 2" in second


def test_text_leaves_out_what_is_not_printed(renderer: LetterRenderer) -> None:
    html = "<html><head><title>Head</title></head><body><!-- secret --><p>Seen\n  here</p>tail<wbr>less</body></html>"
    assert render(renderer, html).text == "Seen here\ntailless"


def test_pdf_is_tagged_and_has_title_and_language(renderer: LetterRenderer) -> None:
    pdf = render(renderer, LETTER, "Your statement 明細書").pdf
    plain = unpacked(pdf)
    with opened(pdf) as document:
        assert document.get_metadata_dict()["Title"] == "Your statement 明細書"
        assert pdfium.FPDFCatalog_IsTagged(document.raw)
    assert b'pdfuaid:part="1"' in plain
    assert b"/Lang (en-GB)" in plain
    assert b"/DisplayDocTitle true" in plain
    assert {"H1", "P", "Table", "THead", "TH", "TD"} <= set(structure(pdf))


def test_renderer_decides_language_and_title_not_the_html(renderer: LetterRenderer) -> None:
    html = '<html lang="fr"><head><title>Other</title></head><body><p>x</p></body></html>'
    plain = unpacked(render(renderer, html, "Real").pdf)
    assert b"/Lang (en-GB)" in plain
    assert b"Other" not in plain


@pytest.mark.parametrize(("title", "language"), [("", "en"), (" ", "en"), ("Title", "")])
def test_letter_without_title_or_language_is_refused(renderer: LetterRenderer, title: str, language: str) -> None:
    with pytest.raises(RenderError, match="not_accessible"):
        renderer.render("<p>x</p>", title=title, language=language, large_print=False)


def test_same_letter_has_the_same_bytes_twice(renderer: LetterRenderer) -> None:
    first = render(renderer, LETTER)
    render(renderer, "<p>another in between, 神戸</p>")
    assert render(renderer, LETTER) == first
    assert render(open_letter_renderer(BRAND), LETTER) == first


def test_same_letter_has_the_same_bytes_in_another_process(renderer: LetterRenderer) -> None:
    script = (
        "import hashlib, test_letter as t\n"
        "from letter_parts import BRAND\n"
        "pdf = t.render(t.open_letter_renderer(BRAND), t.LETTER).pdf\n"
        "print(hashlib.sha256(pdf).hexdigest())"
    )
    path = os.pathsep.join([str(ROOT / "tests" / "render"), str(ROOT)])
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "4711",
        "LANG": "ja_JP.UTF-8",
        "TZ": "Asia/Tokyo",
    }
    other = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(render(renderer, LETTER).pdf).hexdigest()


def test_different_letters_have_different_identifiers(renderer: LetterRenderer) -> None:
    def identifier(pdf: bytes) -> bytes:
        return pdf.rpartition(b"/ID [")[2][:34]

    assert identifier(render(renderer, LETTER).pdf) != identifier(render(renderer, LETTER, "Other title").pdf)


def test_no_date_of_today_is_in_the_file(renderer: LetterRenderer) -> None:
    plain = unpacked(render(renderer, LETTER).pdf)
    assert b"CreationDate" not in plain
    assert b"ModDate" not in plain


def test_only_the_engine_fonts_are_used_whatever_the_style_sheet_asks_for() -> None:
    sheet = b"p { font-family: 'DejaVu Serif', 'Times New Roman', serif } h1 { font-family: Arial; font-weight: 900 }"
    letter = render(open_letter_renderer({"letter.css": sheet}), "<h1>Head</h1><p>Body 口座 \U00020bb7</p>")
    names = fonts(letter.pdf)
    assert names
    assert all("+Noto-Sans" in name for name in names), names
    assert all(names.values()), "every font is embedded"


def test_fonts_are_cut_down_to_what_the_letter_uses(renderer: LetterRenderer) -> None:
    assert len(render(renderer, LETTER).pdf) < 40_000


def test_rare_kanji_reach_the_page_as_they_were_written(renderer: LetterRenderer) -> None:
    names = "\U00020bb7田 葛\U000e0101 \ufa11 \u9ad9 㐂 \U00029e3d"
    letter = render(renderer, f"<p>{names}</p>")
    assert letter.text == names
    assert "\U00020bb7" in page_texts(letter.pdf)[0]


def test_compatibility_ideograph_is_drawn_in_its_own_form(renderer: LetterRenderer) -> None:
    def pixels(text: str) -> bytes:
        with opened(render(renderer, f"<h1>{text}</h1>").pdf) as document:
            return bytes(document[0].render(scale=3).to_pil().tobytes())

    assert pixels("\ufa19") != pixels("\u795e")
    assert pixels("葛\U000e0100") != pixels("葛\U000e0101")


@pytest.mark.parametrize(
    ("text", "code"), [("علي", "U+0639"), ("葛&#xE01EF;", "U+845B U+E01EF"), ("1&#x202E;2", "U+202E")]
)
def test_missing_glyph_stops_the_letter(renderer: LetterRenderer, text: str, code: str) -> None:
    with pytest.raises(RenderError) as caught:
        render(renderer, f"<p>Dear {text}</p>")
    assert (caught.value.reason, caught.value.detail) == ("missing_glyph", code)


def test_large_print_is_a_class_on_the_root(renderer: LetterRenderer) -> None:
    assert smallest_size(render(renderer, LETTER).pdf) < 16
    assert smallest_size(render(renderer, '<html class="own"><p>x</p></html>', large_print=True).pdf) == 16


def test_letter_of_the_most_pages_is_rendered_and_one_more_is_refused(renderer: LetterRenderer) -> None:
    page = '<p class="new-page">x</p>'
    assert render(renderer, "<p>x</p>" + page * (MAX_PAGES - 1)).pages == MAX_PAGES
    with pytest.raises(RenderError, match=f"too_large: the letter has more than {MAX_PAGES} pages") as caught:
        render(renderer, "<p>x</p>" + page * MAX_PAGES)
    stopped_in = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "make_all_pages" in stopped_in, "stopped while pages were being made, not after all of them"


def test_page_limit_holds_where_logging_is_off(renderer: LetterRenderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccm.render.letter.MAX_PAGES", 3)
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    page = '<p class="new-page">x</p>'
    assert render(renderer, "<p>x</p>" + page * 2).pages == 3
    with pytest.raises(RenderError, match="too_large"):
        render(renderer, "<p>x</p>" + page * 3)


def test_renderer_still_works_after_a_letter_was_stopped(renderer: LetterRenderer) -> None:
    before = render(renderer, LETTER)
    for bad in ("<p>علي</p>", "<object data='file:///etc/passwd'></object>", '<p class="new-page">x</p>' * 300):
        with pytest.raises(RenderError):
            render(renderer, bad)
    assert gc.isenabled()
    assert render(renderer, LETTER) == before


def test_memory_stays_flat_over_many_letters(renderer: LetterRenderer) -> None:
    process = psutil.Process()

    def run(count: int) -> int:
        for number in range(count):
            render(renderer, f"<h1>Letter {number}</h1><p>口座 {number * 7919}</p>")
        gc.collect()
        resident: int = process.memory_info().rss
        return resident

    before = run(30)
    assert run(60) - before < 8_000_000
