"""MJML to HTML, once a template, and what the result may hold."""

from __future__ import annotations

import re

from ccm.render.mjml_child import CHILD, MjmlError

_ACTIVE_TAG = re.compile(r"<(?:\s*(?:script|iframe|object|embed|form|base|svg)\b|link\b)", re.IGNORECASE)
_ACTIVE_RULE = re.compile(r"@import", re.IGNORECASE)
_ACTIVE_VALUE = re.compile(r"\bjavascript\s*:|\bvbscript\s*:|\bdata\s*:\s*text|url\s*\(", re.IGNORECASE)
_SIGN = re.compile(r"javas|vbscr|data\s*:\s*text|url\s*\(")
"""Stands, casefolded, in every active value. It has no i, which `re` also sees in letters that casefold() keeps."""
_LOADING_TAG = re.compile(r"<[^>]*\s(?:src|background)\s*=[^>]*>", re.IGNORECASE)
_LOADS = re.compile(r"""\s(?:src|background)\s*=(?!"cid:[0-9a-f]{24}@[A-Za-z0-9.-]+")""", re.IGNORECASE)
"""Anything but a picture that travels with the message."""
_BREAK_BEFORE = re.compile(r"<(?=table|tr|td|th|div|style|/body|/head|!--\[if)")
_LONG_LINE = 300
_STRING = re.compile(r"""(?<=[:,\s])('|"|&quot;|&#3[49];)[^'"<>=;]*?\1""")
"""A string of a style, such as 'Helvetica Neue'. A line break in one ends it (CSS Syntax 3, 4.3.5), and with it every
declaration behind it: the words of a button would have no size."""


def compile_mjml(source: str) -> str:
    """The HTML of an MJML document, in lines that mail servers pass unchanged.

    Raises `MjmlError`. Nothing is kept on disk: the running child takes 0.6 ms for a shipped e-mail, and a file
    read and checked against its digest took as long.
    """
    html = CHILD.compile(source)
    if found := _active(html) or _loading(html):
        raise MjmlError(f"the compiled e-mail would hold '{found[0][:40]}', which is not possible")
    # A colour of no name is read as a very dark blue where bgcolor counts (HTML, "legacy color value").
    return _lines(html.replace(' bgcolor="none"', ""))


def _active(html: str) -> re.Match[str] | None:
    # Apart: `re` finds what begins with a sign at once, and tries what begins with a letter, small or capital, at
    # every place of the page.
    if found := _ACTIVE_TAG.search(html) or _ACTIVE_RULE.search(html):
        return found
    return _ACTIVE_VALUE.search(html) if _SIGN.search(html.casefold()) else None


def _loading(html: str) -> re.Match[str] | None:
    return next((found for tag in _LOADING_TAG.findall(html) if (found := _LOADS.search(tag))), None)


def _lines(html: str) -> str:
    """Breaks lines where white space means nothing, to keep them far under the 998 octets of RFC 5322."""
    lines = []
    for line in _BREAK_BEFORE.sub("\n<", html).split("\n"):
        while len(line) > _LONG_LINE and (space := _last_space(line)) > 0:
            lines.append(line[:space])
            line = line[space + 1 :]
        lines.append(line)
    return "\n".join(line for line in lines if line)


def _last_space(line: str) -> int:
    """Where to break: the last space that stands in no string of a style; -1 where there is none."""
    apart = _STRING.sub(lambda string: "'" * len(string[0]), line[: 2 * _LONG_LINE])
    return apart.rfind(" ", 1, _LONG_LINE)
