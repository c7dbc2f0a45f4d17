"""WhatsApp: a message template that Meta approved, with this message's values.

A business may start a conversation only with an approved template. Its words are written here as any other
text; every ``{{ … }}`` becomes one of the template's numbered placeholders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from jinja2 import Template

from ccm.errors import Problem, RenderError
from ccm.model.message import Rendered
from ccm.render.channels.base import Channel, Filling
from ccm.render.environment import render
from ccm.render.kit import Kit
from ccm.render.language import Piece
from ccm.render.links import links_in
from ccm.render.renderer import Renderer
from ccm.render.structured import allowed, checked_text, read_structure

MAX_BODY = 1024
"""Characters of a template's body with its values (Meta, WhatsApp Business Platform, "Message templates")."""
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_NOT_IN_A_VALUE = re.compile(r"[\n\t]| {5,}")
"""What Meta refuses in a value: line ends, tabs, more than four spaces in a row (Cloud API, error 132018)."""


@dataclass(frozen=True, slots=True)
class WhatsAppTemplate:
    """The approved template and what fills it."""

    name: str
    language: str
    approved: str
    """The body as it is registered with Meta, with ``{{1}}`` and so on."""
    text: Template
    values: tuple[Template, ...]


class WhatsApp(Channel):
    """One template message as the ``template`` object of the Cloud API."""

    name: ClassVar[str] = "whatsapp"

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        document = read_structure(kit)
        if document is None or not allowed(kit, document, {"template", "text"}, {"language"}):
            return None
        name, language = document.data["template"], document.data.get("language", kit.file.language.replace("-", "_"))
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            message = "'template' is the name under which Meta approved it: small letters, digits and _"
            kit.problems.append(Problem(document.path, document.line(("template",)), message))
        pieces: Sequence[Piece] | None = checked_text(kit, document, ("text",))
        for piece in pieces or ():
            if piece.kind == "block":
                line = document.line(("text",)) + piece.line - 1
                message = "'if' and 'for' cannot stand here: Meta approved one text, in which only values change"
                kit.problems.append(Problem(document.path, line, message))
        if pieces is None:
            return None
        return lambda: _template(kit, name, str(language), pieces)

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        """Raises `RenderError` ``too_long``, or ``bad_data`` for a value that Meta would refuse."""
        template: WhatsAppTemplate = filling.template
        text = render(template.text, filling.plain).strip()
        if len(text) > MAX_BODY:
            raise RenderError("too_long", f"the message has {len(text):,} characters, more than {MAX_BODY:,}")
        values = [render(value, filling.plain).strip() for value in template.values]
        for number, value in enumerate(values, 1):
            if not value or _NOT_IN_A_VALUE.search(value):
                raise RenderError("bad_data", f"value {number} is empty, or has a line end, a tab or five spaces")
        parameters = [{"type": "text", "text": value} for value in values]
        message = {
            "name": template.name, "language": {"code": template.language},
            "components": [{"type": "body", "parameters": parameters}] if parameters else [],
        }  # fmt: skip
        body = json.dumps({"preview": True} | message if filling.mark else message, ensure_ascii=False).encode()
        return Rendered(
            "whatsapp", "application/json", body, text, links=links_in(text), wording=filling.words.in_text(text)
        )  # fmt: skip


def _template(kit: Kit, name: str, language: str, pieces: Sequence[Piece]) -> WhatsAppTemplate:
    values = [piece for piece in pieces if piece.kind == "expression"]
    numbers = iter(range(1, len(values) + 1))
    approved = "".join(f"{{{{{next(numbers)}}}}}" if piece.kind == "expression" else piece.text for piece in pieces)
    return WhatsAppTemplate(
        name, language, approved.strip(), kit.text(pieces), tuple(kit.text([value]) for value in values)
    )  # fmt: skip


CHANNEL = WhatsApp
