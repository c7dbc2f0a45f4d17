"""What a phone shows: an SMS in its parts, the messages of a chat, with the regions of approved wording."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ccm.model.message import Rendered, WordingUse
from ccm.render.sms import encode_info, split_parts


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, and the wording it belongs to (``id@version``), if any."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One piece of a message: an SMS part, a chat message, or one line of a card."""

    kind: str
    """``text``, ``strong``, ``link`` or ``rule``."""
    runs: tuple[Run, ...] = ()
    units: int = 0
    """Of an SMS part."""


def sms_bubbles(rendered: Rendered) -> tuple[list[Bubble], str, int]:
    """The parts of an SMS as they travel, its encoding, and its units in all."""
    info = encode_info(rendered.text)
    spans = _spans(rendered.text, rendered.wording)
    bubbles, start = [], 0
    for part in split_parts(rendered.text, info.encoding):
        end = start + len(part)
        # All parts have one encoding, also one whose own characters would allow the cheaper.
        units = encode_info(part).units if info.encoding == "GSM-7" else len(part.encode("utf-16-le")) // 2
        bubbles.append(Bubble("text", tuple(_runs(rendered.text, start, end, spans)), units))
        start = end
    return bubbles, info.encoding, info.units


def text_bubble(text: str, wording: Sequence[WordingUse]) -> Bubble:
    """One message of plain text."""
    return Bubble("text", tuple(_runs(text, 0, len(text), _spans(text, wording))))


def line_messages(rendered: Rendered) -> list[list[Bubble]]:
    """The messages of a LINE push: each a text, or a card of lines and buttons."""
    messages: list[dict[str, Any]] = json.loads(rendered.body)["messages"]
    shown = []
    for message in messages:
        if message["type"] == "text":
            shown.append([text_bubble(message["text"], rendered.wording)])
        else:
            shown.append(list(_card(message.get("contents"), rendered.wording)))
    return shown


def _card(part: Any, wording: Sequence[WordingUse]) -> Iterator[Bubble]:
    if isinstance(part, list):
        for inner in part:
            yield from _card(inner, wording)
    elif isinstance(part, dict):
        kind = part.get("type")
        if kind == "text" and isinstance(part.get("text"), str):
            strong = part.get("weight") == "bold"
            yield Bubble("strong" if strong else "text", text_bubble(part["text"], wording).runs)
        elif kind == "separator":
            yield Bubble("rule")
        elif kind == "button" and isinstance(part.get("action"), dict):
            yield Bubble("link", (Run(str(part["action"].get("label", ""))),))
        else:
            for inner in part.values():
                yield from _card(inner, wording)


def _spans(text: str, wording: Sequence[WordingUse]) -> list[tuple[int, int, str]]:
    spans = []
    for use in wording:
        start = text.find(use.text) if use.text else -1
        if start >= 0:
            spans.append((start, start + len(use.text), f"{use.id}@{use.version}"))
    return sorted(spans)


def _runs(text: str, start: int, end: int, spans: Sequence[tuple[int, int, str]]) -> Iterator[Run]:
    """The text from `start` to `end`, cut where wording begins and ends."""
    at = start
    for first, last, label in spans:
        first, last = max(first, at), min(last, end)
        if first < last:
            if at < first:
                yield Run(text[at:first])
            yield Run(text[first:last], label)
            at = last
    if at < end:
        yield Run(text[at:end])
