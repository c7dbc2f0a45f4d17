"""様 and 御中 never both: finds an honorific written beside a name that brings its own.

`customer.addressee` ends with 様, 御中 or what the person asked for. `customer.full_name` is a company's
name where the customer is a company, so that 様 behind it would be wrong for some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ccm.errors import Problem
from ccm.render.language import Piece, Source

_WORDS = "御中|殿|先生|さま|サマ|さん|各位|様(?![々子式相態])"
_AFTER = re.compile(rf"[\s　]*({_WORDS})")
_BEFORE = re.compile(r"\b(Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.?\s*$")
_JOINED = re.compile(rf"\bcustomer\.(?:addressee|full_name)\b[^~'\"]*~\s*['\"][\s　]*({_WORDS})")
_NAME = re.compile(r"\bcustomer\.(addressee|full_name)\b")
_HONORIFIC = re.compile(r"\bcustomer\.honorific\b")
_TAG = re.compile(r"<[^>]*>")


def honorific_problems(source: Source, pieces: Sequence[Piece]) -> Iterator[Problem]:
    """A problem for each honorific beside `customer.addressee` or `customer.full_name`."""
    for index, piece in enumerate(pieces):
        if piece.kind != "expression" or not (found := _NAME.search(piece.inner)):
            continue
        joined = _JOINED.search(piece.inner)
        after = joined or _AFTER.match(_text_after(pieces, index))
        before = _BEFORE.search(_text_before(pieces, index))
        own = found[1] == "addressee" and _stands_before(pieces, index)
        if after is not None:
            yield source.problem(piece.line, _after_message(found[1], after[1]), piece.column)
        elif found[1] == "addressee" and (before is not None or own):
            word = before[1] if before is not None else "customer.honorific"
            message = f"'customer.addressee' brings its own honorific, so that '{word}' before it would be a second"
            yield source.problem(piece.line, f"{message}; leave '{word}' out", piece.column)


def _after_message(name: str, word: str) -> str:
    if name == "addressee":
        return f"'customer.addressee' already ends with 様 or 御中, so that '{word}' would be a second; leave it out"
    return (
        f"'customer.full_name' may be a person's or a company's name, and '{word}' is wrong for one of them; "
        "write {{ customer.addressee }}, which ends with 様 or 御中 as it should"
    )


def _text_after(pieces: Sequence[Piece], index: int) -> str:
    text = ""
    for piece in pieces[index + 1 :]:
        if piece.kind == "expression":
            break
        if piece.kind == "data":
            text += piece.text
            if _TAG.sub("", text).strip():
                break
    return _TAG.sub("", text)


def _text_before(pieces: Sequence[Piece], index: int) -> str:
    before = pieces[index - 1] if index else None
    return _TAG.sub("", before.text) if before is not None and before.kind == "data" else ""


def _stands_before(pieces: Sequence[Piece], index: int) -> bool:
    """Whether ``{{ customer.honorific }}`` is what prints right before."""
    for piece in reversed(pieces[:index]):
        if piece.kind == "expression":
            return _HONORIFIC.search(piece.inner) is not None
        if piece.kind == "data" and _TAG.sub("", piece.text).strip():
            return False
    return False
