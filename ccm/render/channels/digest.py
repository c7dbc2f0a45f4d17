"""What a communication adds to a digest: ``digest.txt``, one line that says what it is about.

No supplier ever gets it. It is filled when the communication is collected, kept, and told with others later.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import orjson
from jinja2 import Template

from ccm.errors import Problem, RenderError
from ccm.model.message import Rendered
from ccm.render.channels.base import Channel, Filling
from ccm.render.environment import render
from ccm.render.kit import Kit
from ccm.render.links import links_in
from ccm.render.renderer import Renderer
from ccm.workspace.communication import DIGEST_PART, LONGEST_PAGE, LONGEST_SUMMARY

_PAGE = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_PAGE - 1}}})")


class _Words(NamedTuple):
    summary: Template
    page: str


class Digest(Channel):
    """A summary, with the page of the organisation's website on which there is more."""

    name: ClassVar[str] = DIGEST_PART

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        page, before = kit.file.meta.get("page", ""), len(kit.problems)
        if page and not _PAGE.fullmatch(page):
            message = f"page '{page[:60]}' must be the name of one page of the website, as in page: branches"
            kit.problems.append(Problem(kit.file.path, 2, message))
        if "\n" in kit.file.body.strip():
            message = "is one line: a digest has room for a sentence or two of each message"
            kit.problems.append(Problem(kit.file.path, kit.file.body_line + 1, message))
        text = kit.only_text()
        return None if text is None or len(kit.problems) > before else lambda: _Words(text(), page)

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        """JSON: ``name``, ``summary`` and, where there is one, ``page``.

        Raises `RenderError` ``too_long`` for a summary over `LONGEST_SUMMARY`, ``missing_data`` for an empty one.
        """
        words: _Words = filling.template
        summary = render(words.summary, filling.plain).strip()
        if not summary:
            raise RenderError("missing_data", "the summary for the digest is empty")
        if len(summary) > LONGEST_SUMMARY:
            told = f"{len(summary):,} characters, more than {LONGEST_SUMMARY:,}"
            raise RenderError("too_long", f"the summary for the digest has {told}")
        name = filling.mark + self.communication.name.of(filling.context.language)
        parts = {"name": name, "summary": summary} | ({"page": words.page} if words.page else {})
        more = f"{self.workspace.settings.organisation.website}/{words.page}"
        links = dict.fromkeys((*links_in(summary), *([more] if words.page else [])))
        return Rendered(
            self.name, "application/json", orjson.dumps(parts), summary, name, tuple(links),
            filling.words.in_text(summary),
        )  # fmt: skip


CHANNEL = Digest
