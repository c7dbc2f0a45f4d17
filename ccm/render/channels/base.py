"""What every channel is, and what it fills a message from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from markupsafe import Markup

from ccm.errors import Problem
from ccm.model.message import RenderContext, Rendered, WordingUse
from ccm.render.email_links import Link
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication

if TYPE_CHECKING:
    from ccm.render.kit import Kit
    from ccm.render.renderer import Renderer

PREVIEW = {"en": "[PREVIEW] ", "ja": "【プレビュー】"}
"""Marks whatever is not approved for sending; English where a language has no mark."""

DEAD_TOKEN = "preview"  # noqa: S105  the point of it is that it opens nothing
"""In links to the preference page of whatever is not approved for sending; the page shows nobody's choices for it."""
TOKEN_MARK = "\0"  # noqa: S105
"""Stands for the token in words that are kept for many messages; neither wording nor data can hold it."""


@dataclass(frozen=True, slots=True)
class Words:
    """A message's wording, as text and as marked HTML regions, by slot name."""

    uses: tuple[WordingUse, ...]
    plain: Mapping[str, str]
    html: Mapping[str, Any]

    def with_token(self, token: str) -> Words:
        """The same words with `token` for `TOKEN_MARK`; filling them anew would take half as long as the e-mail."""
        if not any(TOKEN_MARK in use.text for use in self.uses):
            return self
        uses = tuple([use._replace(text=use.text.replace(TOKEN_MARK, token)) if TOKEN_MARK in use.text else use
                      for use in self.uses])  # fmt: skip
        plain = {name: text.replace(TOKEN_MARK, token) for name, text in self.plain.items()}
        return Words(uses, plain, {name: Markup(page.replace(TOKEN_MARK, token)) for name, page in self.html.items()})  # noqa: S704

    def in_text(self, text: str) -> tuple[WordingUse, ...]:
        """The wording that stands in a filled text; a slot in a branch that was not taken brings none."""
        for use in self.uses:
            if use.text not in text:
                return tuple([use for use in self.uses if use.text in text])
        return self.uses

    def in_page(self, page: str) -> tuple[WordingUse, ...]:
        """The wording whose marked region stands in a filled page."""
        return tuple([use for use in self.uses if f'data-wording="{use.id}@{use.version}"' in page])


class Filling(NamedTuple):
    """One message on one channel, about to be filled."""

    context: RenderContext
    template: Any
    """What the channel's `compile` made."""
    plain: dict[str, Any]
    """The values for a template of text, by the names that it reads."""
    words: Words
    mark: str
    """Stands before what a preview shows; empty in a message that may go out."""

    @property
    def html(self) -> dict[str, Any]:
        """The values for a template of HTML."""
        return {**self.plain, "wording": self.words.html}


class Channel:
    """How one channel's messages of one communication are compiled and filled."""

    name: ClassVar[str]
    gsm: ClassVar[bool] = False
    """Formats keep to characters that a text message has cheaply."""

    personal_links: ClassVar[bool] = False
    """Links to the preference page say whose message they stand in; for where one person sees and clicks them."""

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        self.workspace, self.communication = workspace, communication

    def problems(self) -> list[Problem]:
        """What in the workspace keeps this channel from being rendered."""
        return []

    def preload(self) -> None:
        """Loads what rendering needs, before a fork."""

    def remember(self, folder: Path) -> None:
        """For checks: may keep in `folder` what was found of a preview, and leave its body empty."""

    @abstractmethod
    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        """Checks one file, with whatever is wrong appended to the kit's problems.

        Returns what makes its template; it is called only where nothing was wrong.
        """

    def links(self, template: Any) -> tuple[Link, ...]:
        """The links of what `compile` made, where the channel has typed ones."""
        return ()

    @abstractmethod
    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        """The message, byte for byte what the supplier gets; raises `RenderError`."""
