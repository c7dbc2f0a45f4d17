"""The inserting machine's codes: read from the picture of each sheet, module by module.

No decoder is among the project's libraries. What is printed is sampled from the rendered page and compared with the
modules of the text that should stand there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from letter_parts import BRAND, opened
from pdf_parts import opened as opened_pdf
from pdf_parts import unmarked
from statement_parts import context, shipped

from ccm.render import Renderer
from ccm.render.letter import Letter, open_letter_renderer
from ccm.render.letter_codes import LEFT, MODULE, TOP, Inserter, data_matrix, sheet_codes
from ccm.workspace.stationery import DEFAULT_SHEET, ENVELOPES, LetterSettings, sheet_of

MM = 72 / 25.4
PAGE = '<p class="new-page">x</p>'
REFERENCE = "0199a7c2-7d1e-7c4b-9a55-3f1f0a9d2b11"


def letter(pages: int, inserter: Inserter | None, **fields: Any) -> Letter:
    html = "<address>Jane</address>" + PAGE * (pages - 1)
    made = open_letter_renderer(BRAND).render(
        html, title="T", language="en", large_print=False, inserter=inserter, **fields
    )
    assert made.pages == pages
    return made


def printed(pdf: bytes, page: int, size: int) -> list[list[int]]:
    """The modules of a code of `size` modules, as they look on a page."""
    scale = 6
    with opened(pdf) as document:
        picture = document[page].render(scale=scale).to_pil().convert("L")
    step = MODULE * MM * scale
    left, top = LEFT * MM * scale, TOP * MM * scale
    return [
        [int(picture.getpixel((left + (x + 0.5) * step, top + (y + 0.5) * step)) < 128) for x in range(size)]
        for y in range(size)
    ]


def expected(text: str) -> list[list[int]]:
    return [list(row) for row in data_matrix(text)]


def test_each_sheet_says_which_it_is_of_how_many() -> None:
    made = letter(3, Inserter(REFERENCE))
    for page, flag in enumerate("FML"):
        code = expected(f"{REFERENCE};{page + 1};3;{flag}")
        assert printed(made.pdf, page, len(code)) == code
    other = expected(f"{REFERENCE};2;3;M")
    assert printed(made.pdf, 0, len(other)) != other


def test_single_sheet_is_first_and_last() -> None:
    made = letter(1, Inserter(REFERENCE))
    code = expected(f"{REFERENCE};1;1;B")
    assert printed(made.pdf, 0, len(code)) == code


def test_both_sides_of_a_sheet_count_as_one_and_the_back_has_no_code() -> None:
    made = letter(5, Inserter(REFERENCE, duplex=True))
    assert [text for _, text in sheet_codes(Inserter("r", duplex=True), 5)] == ["r;1;3;F", "r;2;3;M", "r;3;3;L"]
    for page, flag in ((0, "F"), (2, "M"), (4, "L")):
        code = expected(f"{REFERENCE};{page // 2 + 1};3;{flag}")
        assert printed(made.pdf, page, len(code)) == code
    for page in (1, 3):
        assert not any(map(any, printed(made.pdf, page, 24)))


def test_letter_without_inserter_has_no_code() -> None:
    assert not any(map(any, printed(letter(1, None).pdf, 0, 24)))


def test_code_is_an_artifact_and_the_letter_stays_the_same_to_a_reader() -> None:
    plain, coded = letter(2, None), letter(2, Inserter(REFERENCE))
    assert plain.text == coded.text
    with opened_pdf(coded.pdf) as document:
        assert unmarked(document) == []
    assert coded == letter(2, Inserter(REFERENCE))


def test_code_stands_in_the_margin_and_out_of_every_window() -> None:
    size = len(expected("x" * 64 + ";200;200;M")) * MODULE
    assert LEFT + size + MODULE <= 25, "the white beside the code is one module, the margin 25 mm"
    sheets = [sheet_of("a4", name, ENVELOPES) for name in ("dl-din", "dl-gb", "naga-3")]
    for sheet in (*sheets, DEFAULT_SHEET, sheet_of("us-letter", "us-10", ENVELOPES)):
        assert sheet.reach.bottom < TOP
    for name in ENVELOPES:
        assert not TOP - 2 < ENVELOPES[name].panel < TOP + size + 2, "a fold through the code"


@pytest.mark.parametrize("reference", ["", "a;b", "お知らせ", "a\nb", "x" * 65])
def test_reference_that_a_code_cannot_hold_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="takes up to 64 printable ASCII characters"):
        list(sheet_codes(Inserter(reference), 1))


def test_channel_setting_puts_codes_on_printed_letters_and_not_on_attachments() -> None:
    workspace = shipped()
    coded = workspace.channels["letter"].model_copy(update={"letter": LetterSettings(inserter_code=True)})
    changed = replace(workspace, channels={**workspace.channels, "letter": coded})
    renderer = Renderer(changed, changed.communication("quarterly-statement"))
    pdf = renderer.render("letter", context("en", 3)).body
    code = expected(f"{REFERENCE};1;1;B")
    assert printed(pdf, 0, len(code)) == code
    channel: Any = renderer.channel("letter")
    attached, *_ = channel.lay_out(renderer.filling("letter", context("en", 3)))
    assert not any(map(any, printed(attached.pdf, 0, len(code))))
