"""Where the lines of a compiled e-mail break: never where a break would mean something."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_email_snapshots import SHIPPED, body

from ccm.render.mjml import compile_mjml

FONTS = "'Helvetica Neue', Helvetica, Arial, 'Hiragino Kaku Gothic ProN', 'Yu Gothic', 'Noto Sans CJK JP', sans-serif"


def styles(html: str) -> list[str]:
    return [style.replace("&quot;", "'") for style in re.findall(r'style="([^"]*)"', html)]


def broken(html: str) -> list[str]:
    return [name for style in styles(html) for name in re.findall(r"'[^']*'", style) if "\n" in name]


@pytest.mark.parametrize(("communication", "language"), SHIPPED)
def test_no_line_of_a_shipped_mail_breaks_within_the_name_of_a_font(communication: str, language: str) -> None:
    assert broken(body(communication, language, "html").replace("\r\n", "\n")) == []


@pytest.mark.parametrize("fonts", [FONTS, FONTS.replace("'", "&quot;")], ids=["apostrophes", "quotes"])
@given(path=st.integers(0, 200))
@settings(max_examples=40, deadline=None)
def test_a_button_keeps_its_fonts_however_long_its_link_is(fonts: str, path: int) -> None:
    button = f'<mj-button font-family="{fonts}" href="https://www.hinokibank.example/{"a" * path}">Go on</mj-button>'
    html = compile_mjml(f"<mjml><mj-body><mj-section><mj-column>{button}</mj-column></mj-section></mj-body></mjml>")
    assert broken(html) == []
    assert any("\n" in style for style in styles(html)), "a line this long breaks somewhere else"
    assert max(map(len, html.split("\n"))) < 998
