"""Characters that make a whole text message dearer, and what could stand in their place.

One character outside GSM-7 takes the text to UCS-2, 70 characters a segment instead of 160. Nothing is replaced
by the engine: a writer is told, and decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from ccm.errors import Problem
from ccm.render.sms import BASIC, EXTENSION
from ccm.workspace.communication import TemplateFile

REPLACEMENTS: Mapping[str, str] = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u0060", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f\u3000\t", " "),
    "\u2026": "...", "\u2022": "*", "\u00b7": "*", "\u00d7": "x", "\u2122": "(TM)", "\u00a9": "(c)", "\u00ae": "(R)",
    "\u2192": "->",
}  # fmt: skip
"""What stands in GSM-7 for characters that word processors and web pages bring in."""
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def replaceable(text: str) -> list[tuple[int, str]]:
    """Place and character of all that keeps a text from GSM-7, where each has a replacement; else nothing.

    A text with letters that have none, as any in Japanese, goes out in UCS-2 whatever its quotation marks are.
    """
    found = [(place, char) for place, char in enumerate(text) if char not in BASIC and char not in EXTENSION]
    return found if all(char in REPLACEMENTS for _, char in found) else []


def mended(file: TemplateFile) -> TemplateFile:
    """The template with every replacement made, to reckon what the characters cost."""
    return file.model_copy(update={"body": "".join(REPLACEMENTS.get(char, char) for char in file.body)})


def template_letters(file: TemplateFile) -> list[tuple[Problem, str]]:
    """The characters of a template to replace, each with its place; comments are not sent and may hold any."""
    body = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), file.body)
    return [
        (Problem(file.path, file.body_line + body.count("\n", 0, place), "", place - body.rfind("\n", 0, place)), char)
        for place, char in replaceable(body)
    ]


def told(char: str, price: str) -> str:
    """What a writer is told of a character; `price` says what it costs."""
    name = unicodedata.name(char, "control character").lower()
    shown = f"{char} " if char.isprintable() else ""
    return f"{shown}U+{ord(char):04X} ({name}) is not in GSM-7 and {price}: write {REPLACEMENTS[char]!r}"
