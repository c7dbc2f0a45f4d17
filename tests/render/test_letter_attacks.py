"""Hostile HTML never reads a file, opens a connection, hides text or keeps the renderer busy."""

from __future__ import annotations

import json
from typing import Any

import pytest
from letter_parts import ATTACKS, BRAND, opened, without_text

from ccm.errors import RenderError
from ccm.render.letter import LetterRenderer, open_letter_renderer
from ccm.render.letter_markup import MAX_CHARACTERS, MAX_DEPTH, MAX_ELEMENTS

# The other PDF attacks of the list are aimed at the brand's files (test_letter_brand), at fonts and length
# (test_letter), or at arguments that nobody outside this package can reach.
AS_HTML = ("ATK-140", "ATK-142", "ATK-146", "ATK-148", "ATK-150")
ACTIVE = (b"/EmbeddedFile", b"/OpenAction", b"/JavaScript", b"/JS", b"root:x:")


@pytest.fixture(scope="module")
def renderer() -> LetterRenderer:
    return open_letter_renderer(BRAND)


def refusal(renderer: LetterRenderer, html: str) -> RenderError:
    with pytest.raises(RenderError) as caught:
        renderer.render(html, title="Letter", language="en", large_print=False)
    return caught.value


def listed_attacks() -> list[dict[str, Any]]:
    if not ATTACKS.exists():
        return []
    with ATTACKS.open(encoding="utf-8") as lines:
        return [attack for attack in map(json.loads, lines) if attack["id"] in AS_HTML]


@pytest.mark.skipif(not ATTACKS.exists(), reason="the list of attacks, ../shared/data/attacks.jsonl, is not there")
@pytest.mark.parametrize("attack", listed_attacks(), ids=lambda attack: attack["id"])
def test_listed_attack_is_refused_or_harmless(renderer: LetterRenderer, attack: dict[str, Any]) -> None:
    payload = '<div style="display:flex">' * 60 + "x" if attack["id"] == "ATK-150" else attack["payload"]
    reason = ""
    found = b""
    try:
        found = without_text(renderer.render(f"{payload}<p>x</p>", title=payload, language="en", large_print=False).pdf)
    except RenderError as error:
        reason = error.reason
    assert reason in ("forbidden_markup", "forbidden_fetch") or (found and not [key for key in ACTIVE if key in found])


@pytest.mark.parametrize(
    "source",
    [
        "file:///etc/hostname", "FILE:///etc/hostname", "http://169.254.169.254/latest", "https://example.com/x.png",
        "//example.com/x.png", "ftp://example.com/x", "data:image/png;base64,iVBORw0KGgo=", "../letter.css",
        "letter.css", "/etc/hostname", "https://brand.invalid/../x", "https://brand.invalid@example.com/logo.svg",
        "logo.svg?x", "",
    ],
)  # fmt: skip
def test_picture_from_outside_the_brand_stops_the_letter(renderer: LetterRenderer, source: str) -> None:
    if source:
        error = refusal(renderer, f'<p>x</p><img src="{source}" alt="">')
        assert error.reason == "forbidden_fetch"
        assert "etc" not in error.detail
    else:
        assert renderer.render('<p>x</p><img src="" alt="">', title="t", language="en", large_print=False).pages == 1


@pytest.mark.parametrize(
    ("html", "named"),
    [
        ('<link rel="attachment" href="file:///etc/passwd">', "<link>"),
        ('<link rel="stylesheet" href="http://example.com/x.css">', "<link>"),
        ("<style>p { color: white }</style>", "<style>"),
        ('<p style="display: none">required wording</p>', "'style'"),
        ('<object data="file:///etc/passwd"></object>', "<object>"),
        ('<iframe src="https://example.com"></iframe>', "<iframe>"),
        ("<svg><use/></svg>", "svg"),
        ('<base href="file:///etc/">', "<base>"),
        ('<meta name="author" content="x">', "'name'"),
        ('<meta http-equiv="refresh" content="0">', "'http-equiv'"),
        ("<script>1</script>", "<script>"),
        ('<form><input value="x"></form>', "<form>"),
        ('<table background="x) } body{"><tr><th>x</th></tr></table>', "'background'"),
        ('<p hidden>required wording</p>', "'hidden'"),
        ('<a href="javascript:alert(1)">x</a>', "a link is none of"),
        ('<a href="file:///etc/passwd">x</a>', "a link is none of"),
        ('<table><tr><th colspan="100000000">x</th></tr></table>', "'colspan'"),
        ('<table><tr><th rowspan="-1">x</th></tr></table>', "'rowspan'"),
        ("<div>" * (MAX_DEPTH + 1), "nested more than"),
    ],
)  # fmt: skip
def test_markup_outside_the_allow_list_is_refused_by_name(renderer: LetterRenderer, html: str, named: str) -> None:
    error = refusal(renderer, f"{html}<p>x</p>")
    assert error.reason == "forbidden_markup"
    assert named in error.detail


@pytest.mark.parametrize(
    "html",
    ['<img src="logo.svg">', "<table><tr><td>no header</td></tr></table>", '<h1><img src="logo.svg" alt="Name"></h1>'],
)
def test_what_a_screen_reader_could_not_read_is_refused(renderer: LetterRenderer, html: str) -> None:
    assert refusal(renderer, f"{html}<p>x</p>").reason == "not_accessible"


@pytest.mark.parametrize(
    "html", ["x" * (MAX_CHARACTERS + 1), "<br>" * (MAX_ELEMENTS + 1)], ids=["characters", "elements"]
)
def test_too_much_html_is_refused_before_it_is_laid_out(renderer: LetterRenderer, html: str) -> None:
    assert refusal(renderer, html).reason == "too_large"


def test_deepest_nesting_allowed_is_rendered(renderer: LetterRenderer) -> None:
    html = "<div>" * (MAX_DEPTH - 3) + "<p>deep</p>"
    assert renderer.render(html, title="t", language="en", large_print=False).text == "deep"


def test_names_of_a_customer_cannot_become_markup_of_the_title(renderer: LetterRenderer) -> None:
    title = "a) /OpenAction << /S /JavaScript /JS (app.alert(1)) >> ("
    pdf = renderer.render("<p>x</p>", title=title, language="en", large_print=False).pdf
    assert not [key for key in ACTIVE if key in without_text(pdf)]
    with opened(pdf) as document:
        assert document.get_metadata_dict()["Title"] == title
