"""Compiles every template of one communication, and reports every problem of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Template

from ccm.errors import Problem, TemplateError
from ccm.render.compile import HTML as HTML_ENVIRONMENT
from ccm.render.compile import PLAIN, Checked, check_source, compile_source, join, plain_source
from ccm.render.dialects import HTML, MJML, Dialect
from ccm.render.email import EmailTemplate, compile_email
from ccm.render.language import Piece, Source
from ccm.render.mime import is_address
from ccm.render.schema import schema_of, slot_name
from ccm.render.wording import wording_problems, wording_uses
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, TemplateFile

_LAYOUTS: dict[str, tuple[str, Dialect]] = {"email": ("email.mjml", MJML), "letter": ("letter.html", HTML)}


@dataclass(frozen=True, slots=True)
class Part:
    """One channel's template in one language, ready to fill."""

    template: Template | EmailTemplate
    title: Template | None
    """Of a letter."""
    slots: frozenset[str]
    """Ids of the wordings that stand in it."""
    uses: frozenset[str]
    """Names that it reads, its wording's placeholders included."""


class Compiler:
    """Reads the templates of one communication from a workspace."""

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        self._workspace = workspace
        self._communication = communication
        self._problems: list[Problem] = []
        self._names = schema_of(workspace, communication, self._problems)
        self._layouts: dict[str, Checked] = {}
        self._slot_ids = {slot_name(wording_id): wording_id for wording_id in workspace.wording_ids}

    def compile(self) -> dict[tuple[str, str], Part]:
        """Channel and language to its part; raises `TemplateError` with all problems."""
        parts: dict[tuple[str, str], Part] = {}
        self._check_sender()
        for file in self._workspace.templates[self._communication.id]:
            part = self._part(file)
            if part is not None:
                parts[file.channel, file.language] = part
        if self._problems:
            raise TemplateError(self._problems)
        return parts

    def _part(self, file: TemplateFile) -> Part | None:
        layout = self._layout(file.channel)
        dialect = _LAYOUTS[file.channel][1] if file.channel in _LAYOUTS else None
        body = self._check(Source(file.path, file.body, file.body_line), dialect)
        meta = {name: self._check(self._meta_source(file, name)) for name in sorted(file.meta)}
        checked = [layout, body, *meta.values()]
        slots = self._slots(file, checked)
        uses = frozenset(name for part in checked for name in part.uses) | self._wording_uses(file, slots)
        if self._problems or layout.pieces is None or body.pieces is None:
            return None
        heads = {name: part.pieces for name, part in meta.items() if part.pieces is not None}
        compiled = self._compiled(file, layout.pieces, body.pieces, heads)
        if compiled is None:
            return None
        title = self._text(heads["title"], file.path) if file.channel == "letter" else None
        return Part(compiled, title, slots, uses)

    def _compiled(
        self, file: TemplateFile, layout: Sequence[Piece], body: Sequence[Piece], meta: Mapping[str, Sequence[Piece]]
    ) -> Template | EmailTemplate | None:
        if file.channel == "email":
            return compile_email(layout, body, meta, self._names, file.language, file.path, self._problems)
        if file.channel == "letter":
            return compile_source(plain_source(join(layout, body)), self._names, HTML_ENVIRONMENT, file.path)
        return self._text(body, file.path)

    def _text(self, pieces: Sequence[Piece], path: str) -> Template:
        return compile_source(plain_source(pieces), self._names, PLAIN, path)

    def _check(self, source: Source, dialect: Dialect | None = None, *, layout: bool = False) -> Checked:
        assets = self._workspace.brand.keys() if dialect is HTML else ()
        return check_source(source, self._names, self._problems, dialect, layout=layout, assets=assets)

    def _layout(self, channel: str) -> Checked:
        if channel not in _LAYOUTS:
            return Checked([])
        if channel not in self._layouts:
            name, dialect = _LAYOUTS[channel]
            path = f"templates/_brand/{name}"
            content = self._workspace.brand.get(name)
            try:
                text = (content or b"").decode("utf-8-sig").replace("\r\n", "\n")
            except UnicodeDecodeError:
                text = ""
            if not text:
                self._problems.append(Problem(path, 0, "is missing, empty or not UTF-8"))
                self._layouts[channel] = Checked(None)
            else:
                self._layouts[channel] = self._check(Source(path, text), dialect, layout=True)
                if dialect is MJML and not (re.search(r"<mjml\b", text) and "</mj-head>" in text):
                    self._problems.append(Problem(path, 1, "an e-mail's layout is <mjml> with an <mj-head>"))
        return self._layouts[channel]

    def _meta_source(self, file: TemplateFile, name: str) -> Source:
        # The loader keeps values only; the file itself says on which line of the front matter each stands.
        line = column = 1
        try:
            text = (self._workspace.root / file.path).read_text(encoding="utf-8-sig")
        except OSError:
            text = ""
        for number, row in enumerate(text.split("\n")[: file.body_line], 1):
            if found := re.match(rf"{name}\s*:\s*[\"']?", row):
                line, column = number, found.end() + 1
        return Source(file.path, file.meta[name], line, column)

    def _slots(self, file: TemplateFile, checked: Sequence[Checked]) -> frozenset[str]:
        ids = set()
        for part in checked:
            for name in part.uses:
                base, _, slot = name.partition(".")
                if base == "wording" and slot:
                    ids.add(self._slot_ids[slot])
        for wording_id in sorted(ids - set(self._communication.wording)):
            message = f"wording '{wording_id}' is not in the list 'wording' of communication.yaml"
            self._problems.append(Problem(file.path, 0, message))
        return frozenset(ids)

    def _wording_uses(self, file: TemplateFile, slots: frozenset[str]) -> frozenset[str]:
        uses: set[str] = set()
        for wording in self._workspace.wordings:
            if wording.id in slots and wording.language == file.language:
                self._problems.extend(wording_problems(wording, self._names))
                uses |= wording_uses(wording)
        return frozenset(uses)

    def _check_sender(self) -> None:
        email = self._workspace.channels.get("email")
        if "email" in self._communication.channels and (email is None or not is_address(email.sender)):
            self._problems.append(Problem("channels/email.yaml", 0, "'sender' must be a plain e-mail address"))
