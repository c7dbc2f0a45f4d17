"""The brand's files are checked before any letter is rendered with them."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from letter_parts import BRAND
from PIL import Image

from ccm.errors import TemplateError
from ccm.render.letter import open_letter_renderer

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 1 1">{}</svg>'


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises so many pixels and is a few bytes long."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "green").save(buffer, kind)
    return buffer.getvalue()


def refusal(files: dict[str, bytes]) -> str:
    with pytest.raises(TemplateError) as caught:
        open_letter_renderer({**BRAND, **files})
    return str(caught.value)


def test_pictures_and_style_sheet_of_a_good_brand_are_taken() -> None:
    brand = {
        **BRAND,
        "logo.png": picture("PNG"),
        "photo.jpg": picture("JPEG"),
        "email.mjml": b"<mjml>",
        "notes.txt": b"\xff",
    }
    renderer = open_letter_renderer(brand)
    html = '<p><img src="logo.png" alt=""><img src="photo.jpg" alt="A branch"><img src="logo.svg" alt=""></p><p>x</p>'
    assert renderer.render(html, title="t", language="en", large_print=False).pages == 1


def test_missing_style_sheet_is_named() -> None:
    with pytest.raises(TemplateError, match=r"templates/_brand/letter\.css: is missing"):
        open_letter_renderer({"logo.svg": BRAND["logo.svg"]})


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("p { color: red }\n.row { display: flex }", "letter.css:2: 'flex' takes exponential time"),
        ("@media print { .a { display: inline-grid } }", "letter.css:1: 'inline-grid' takes"),
        (".a { display: f\\6c ex }", "'flex' takes"),
        (":root { --layout: grid }", "'grid' takes"),
        (".a { columns: 2 }", "'columns' takes"),
        ("@font-face { font-family: X; src: url(x.ttf) }", "@font-face is not possible"),
        ("@import 'other.css';", "@import is not possible"),
        (
            "p { background: url(https://example.com/x.png) }",
            "'https://example.com/x.png' is no picture of templates/_brand",
        ),
        ("@page { @top-left { content: url('file:///etc/hostname') } }", "'file:///etc/hostname' is no picture"),
        ("p { background-image: linear-gradient(red, blue), url(/letter.css) }", "'/letter.css' is no picture"),
        ("td { font-variant-numeric: tabular-nums }", "'font-variant-numeric' leaks memory"),
        ("td { font-feature-settings: 'tnum' }", "'font-feature-settings' leaks memory"),
        ("}}", "is no CSS"),
    ],
)
def test_style_sheet_that_is_slow_or_loads_something_is_refused(sheet: str, message: str) -> None:
    assert message in refusal({"letter.css": sheet.encode()})


def test_style_sheet_can_show_a_picture_of_the_brand() -> None:
    sheet = b"p { background: url(logo.svg) } h1 { background: url('./logo.svg') }"
    renderer = open_letter_renderer({**BRAND, "letter.css": sheet})
    assert renderer.render("<h1>x</h1><p>x</p>", title="t", language="en", large_print=False).pages == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<g id="a"><circle/></g><use xlink:href="#a"/>', "<use> is none of"),
        ('<image xlink:href="file:///etc/hostname"/>', "<image> is none of"),
        ("<foreignObject/>", "<foreignObject> is none of"),
        ("<script>1</script>", "<script> is none of"),
        ("<style>*{fill:url(http://x)}</style>", "<style> is none of"),
        ('<rect fill="url(https://example.com/a)"/>', "attribute 'fill' of <rect> refers to another file"),
        ('<rect onload="x()"/>', "attribute 'onload' of <rect> is not possible"),
        ("<g/>" * 2_001, "elements; at most 2,000 are possible"),
        ("<g>", "is no SVG"),
    ],
)
def test_svg_holds_shapes_only(body: str, message: str) -> None:
    text = refusal({"logo.svg": SVG.format(body).encode()})
    assert "templates/_brand/logo.svg" in text
    assert message in text


def test_svg_with_entities_is_refused() -> None:
    assert "document type declaration" in refusal({"logo.svg": b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'})


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("logo.png", png_header(50_000, 50_000), "pixels"),
        ("logo.png", png_header(6_000, 5_000), "has 6000 x 5000 pixels; at most 20,000,000"),
        ("logo.png", picture("JPEG"), "is no PNG picture"),
        ("logo.jpg", picture("GIF"), "is no JPEG picture"),
        ("logo.png", b"\x89PNG" + bytes(2_000_000), "at most 2,000,000 are possible"),
    ],
)
def test_picture_of_another_kind_or_too_large_is_refused(name: str, body: bytes, message: str) -> None:
    text = refusal({name: body})
    assert f"templates/_brand/{name}" in text
    assert message in text


def test_all_problems_are_told_at_once() -> None:
    text = refusal({"letter.css": b".a { display: flex }", "logo.svg": b"<svg", "logo.png": b"x"})
    assert len(text.split("\n")) == 3
