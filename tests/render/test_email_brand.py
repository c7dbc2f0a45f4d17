"""The brand's e-mail layout: light and dark, readable in both, and the line that inboxes show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from render_parts import LAYOUT, SECTION, context, write_workspace
from test_email_snapshots import ROOT, SHIPPED, body, message

from ccm.render import Renderer
from ccm.render.email import GMAIL_CLIPS_AT, clipped
from ccm.render.email_images import page_with_pictures
from ccm.workspace import load_workspace

BRAND = (ROOT / "templates/_brand/email.mjml").read_text(encoding="utf-8")


def test_dark_rules_stand_for_outlook_too() -> None:
    _, _, rest = BRAND.partition("@media (prefers-color-scheme: dark)")
    dark, outlook = rest[: rest.index("[data-ogsb]")], rest[rest.index("[data-ogsb]") :]
    for colour in {"#1b2420", "#e8eeea", "#a9b8b0", "#a9dcc0", "#10261c"}:
        assert colour in dark
        assert colour in outlook


@pytest.mark.parametrize(("communication", "language"), SHIPPED)
def test_shipped_mails_say_that_they_are_drawn_for_light_and_dark(communication: str, language: str) -> None:
    html = body(communication, language, "html")
    assert '<meta name="color-scheme" content="light dark" />' in html
    assert '<meta name="supported-color-schemes" content="light dark" />' in html
    assert html.count('class="card') >= 2


@pytest.mark.parametrize(("communication", "language"), SHIPPED)
def test_shipped_mails_show_the_logo_beside_the_name_and_are_far_from_being_cut_off(
    communication: str, language: str
) -> None:
    html = body(communication, language, "html")
    assert html.count('src="cid:') == 1
    assert 'src="data:image/png;base64,' in page_with_pictures(message(communication, language).as_bytes())
    assert clipped(html) == ""
    assert len(html) < GMAIL_CLIPS_AT / 2


def test_layout_without_dark_rules_says_that_it_is_light(tmp_path: Path) -> None:
    html = page(tmp_path)
    assert '<meta name="color-scheme" content="light" />' in html


def test_blanks_behind_the_preheader_keep_the_body_out_of_the_inbox(tmp_path: Path) -> None:
    html = page(tmp_path)
    hidden = html[html.index("In short") : html.index("</div>", html.index("In short"))]
    padding = hidden.removeprefix("In short")
    assert len(re.findall(r"&#847;", padding)) == 90
    assert padding.replace("&#847;&#8204;&#160;", "").strip() == ""


def test_a_mail_that_gmail_would_cut_off_is_a_finding_with_its_size() -> None:
    assert clipped("x" * GMAIL_CLIPS_AT) == ""
    assert clipped("x" * 103_400).startswith("the HTML has 103 kB, and Gmail cuts off what is beyond 102 kB")
    # As it is sent: a Japanese letter is written as a reference of eight bytes.
    assert clipped("金" * 12_700) == ""
    assert clipped("金" * 12_800) != ""


def page(root: Path) -> str:
    write_workspace(root, email=SECTION.format("x"), layout=LAYOUT)
    made = load_workspace(root)
    raw = Renderer(made, made.communications["notice"]).render("email", context(made)).body
    return page_with_pictures(raw)
