"""Pictures in e-mails: which files may be shown, and how they travel."""

from __future__ import annotations

import email
from base64 import b64decode
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from render_parts import SECTION, context, write_workspace

from ccm.errors import TemplateError
from ccm.render import Renderer
from ccm.render.email_images import MAX_PICTURE, page_with_pictures, picture_problem
from ccm.workspace import load_workspace

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
GIF = b"GIF89a" + bytes(20)
BODY = (
    "<mj-section><mj-column>"
    '<mj-image src="rates.png" alt="Rates rose from 3 to 4 per cent" href="https://a.test/rates" width="200px" />'
    '<mj-text>Dear {{ name }} <img src="icons/leaf.gif" alt="" width="20" height="20" /></mj-text>'
    '<mj-text><img src="rates.png" alt="The same again" /></mj-text>'
    "</mj-column></mj-section>"
)


def made(root: Path, body: str = BODY, **options: str) -> Renderer:
    write_workspace(root, email=body, **options)
    brand = root / "templates/_brand"
    (brand / "icons").mkdir()
    for name, content in {"rates.png": PNG, "icons/leaf.gif": GIF, "logo.svg": b"<svg/>", "photo.jpg": PNG,
                          "huge.png": PNG + bytes(MAX_PICTURE)}.items():  # fmt: skip
        (brand / name).write_bytes(content)
    workspace = load_workspace(root)
    return Renderer(workspace, workspace.communications["notice"])


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def test_pictures_are_parts_of_the_html_and_the_text_is_the_other_way_to_read_it(tmp_path: Path) -> None:
    message = parsed(made(tmp_path).render("email", context()).body)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/gif",
    ]  # fmt: skip
    related = message.get_payload(1)
    assert isinstance(related, EmailMessage)
    assert related.get_param("type") == "text/html"
    rates, leaf = related.iter_attachments()
    assert (rates.get_content(), leaf.get_content()) == (PNG, GIF)
    assert (rates.get_filename(), rates.get_content_disposition()) == ("rates.png", "inline")
    page = related.get_payload(0)
    assert isinstance(page, EmailMessage)
    ids = [str(part["Content-ID"]).strip("<>") for part in (rates, leaf)]
    assert all(f'src="cid:{name}"' in page.get_content() for name in ids)
    assert all(name.endswith("@example.com") for name in ids)


def test_a_picture_shown_twice_travels_once(tmp_path: Path) -> None:
    body = made(tmp_path).render("email", context()).body
    assert body.count(b"Content-Type: image/png") == 1
    page = parsed(body).get_body(("html",))
    assert page is not None
    assert page.get_content().count("cid:") == 3


def test_text_part_says_what_pictures_show_and_nothing_of_decoration(tmp_path: Path) -> None:
    assert made(tmp_path).render("email", context()).text == (
        "Hinoki & Co\n\nRates rose from 3 to 4 per cent: https://a.test/rates\n\nDear Anna\n\nThe same again"
    )


def test_the_same_message_has_the_same_bytes_and_every_message_the_same_pictures(tmp_path: Path) -> None:
    renderer = made(tmp_path)
    first, second = (renderer.render("email", context(data={"name": name})).body for name in ("Anna", "Jane"))
    assert first == renderer.render("email", context()).body
    assert first[first.index(b"Content-Type: image/png") :] == second[second.index(b"Content-Type: image/png") :]


def test_message_with_pictures_is_seven_bit_in_short_lines(tmp_path: Path) -> None:
    raw = made(tmp_path).render("email", context()).body
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_page_to_look_at_has_its_pictures_in_it(tmp_path: Path) -> None:
    page = page_with_pictures(made(tmp_path).render("email", context()).body)
    assert "cid:" not in page
    assert page.count("data:image/png;base64,iVBOR") == 2


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ('<mj-image src="https://a.test/x.png" alt="x" />', "'https://a.test/x.png' is no file of templates/_brand"),
        ('<mj-image src="//a.test/x.png" alt="x" />', "is no file of templates/_brand"),
        ('<mj-image src="data:image/png;base64,AA==" alt="x" />', "is no file of templates/_brand"),
        ('<mj-image src="../../ccm.toml" alt="x" />', "is no file of templates/_brand"),
        ('<mj-image src="cid:x" alt="x" />', "is no file of templates/_brand"),
        ('<mj-image src="{{ name }}" alt="x" />', "cannot stand in the attribute 'src'"),
        ('<mj-image src="rates.png" srcset="rates.png 2x" alt="x" />', "the attribute 'srcset' is not possible"),
        ('<mj-image src="rates.png" />', '<mj-image> needs alt: what it shows, or alt="" if it says nothing'),
        ('<mj-image alt="x" />', "<mj-image> needs src"),
        ('<mj-text><img src="rates.png" /></mj-text>', "<img> needs alt"),
        ('<mj-image src="logo.svg" alt="x" />', "'logo.svg' is SVG, which Gmail and Outlook do not show; save"),
        ('<mj-image src="photo.jpg" alt="x" />', "does not begin like a jpg file"),
        ('<mj-image src="huge.png" alt="x" />', "at most 150,000 travel with every e-mail"),
        ('<mj-image src="letter.css" alt="x" />', "is no picture that mail programs show: png, jpg or gif"),
    ],
)  # fmt: skip
def test_what_is_no_picture_of_the_brand_is_refused_where_it_stands(tmp_path: Path, tag: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        made(tmp_path, f"<mj-section><mj-column>\n{tag}\n</mj-column></mj-section>")
    (problem,) = {found.line: found for found in caught.value.problems if message in found.message}.values()
    assert (problem.path, problem.line) == ("templates/notice/en/email.mjml", 6)


def test_attribute_that_would_load_a_background_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="the attribute 'background-url' is not possible"):
        made(
            tmp_path, SECTION.format("x").replace("<mj-section>", '<mj-section background-url="https://a.test/b.png">')
        )


def test_every_kind_of_picture_is_known_by_its_first_bytes() -> None:
    for name, content in {"a.png": PNG, "a.gif": GIF, "a.jpg": b"\xff\xd8\xff\xe0", "a.JPEG": b"\xff\xd8\xff"}.items():
        assert picture_problem(name, content) == ""
        assert "does not begin like" in picture_problem(name, b"<svg onload=alert(1)>")
