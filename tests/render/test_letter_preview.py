"""The mark across the pages of a letter that is only a preview."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from PIL.Image import Image
from render_parts import compiled, context, customer

from ccm.model.customer import Customer
from ccm.render.letter_preview import MARKS, marked_brand

LETTER = "<main><h1>Hello</h1>{}</main>"


def flat(**fields: str) -> Customer:
    """A customer whose letters go out in large print, and so without a window that the address must fit."""
    return customer(accessible_format="large_print", **fields)


def pages(pdf: bytes) -> list[Image]:
    document = pypdfium2.PdfDocument(pdf)
    made = []
    for page in document:
        made.append(page.render(scale=0.5).to_pil().convert("RGB"))
        page.close()
    document.close()
    return made


def red(page: Image) -> float:
    """The part of a page that is reddish, 0 to 1."""
    pixels = list(page.get_flattened_data())
    return sum(r - max(g, b) > 15 for r, g, b in pixels) / len(pixels)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_of_a_preview_is_marked_and_no_page_of_a_real_letter(tmp_path: Path, language: str) -> None:
    renderer = compiled(tmp_path, letter=LETTER.format("<p>Words</p>" * 90), languages="[en, ja]")
    message = context(customer=flat(language=language), language=language)
    real = renderer.render("letter", message)
    marked = renderer.render("letter", message._replace(preview=True))
    assert marked.pages == real.pages == len(pages(real.body)) > 1
    assert marked.text == real.text
    assert all(red(page) == 0 for page in pages(real.body))
    assert all(red(page) > 0.01 for page in pages(marked.body))


def test_the_mark_lies_below_the_window_of_an_envelope(tmp_path: Path) -> None:
    renderer = compiled(tmp_path, letter=LETTER.format(""))
    for page in pages(renderer.render("letter", context(customer=flat())._replace(preview=True)).body):
        window = page.crop((0, 0, page.width, page.height * 95 // 297))
        assert red(window) == 0


def test_a_brand_without_a_style_sheet_stays_one_without() -> None:
    assert marked_brand({"logo.svg": b"x"}) == {"logo.svg": b"x"}
    assert all(mark.encode() in marked_brand({"letter.css": b"p {}"})["letter.css"] for mark in MARKS.values())
