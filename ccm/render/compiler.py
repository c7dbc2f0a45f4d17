"""Compiles every template of one communication, and reports every problem of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ccm.errors import Problem, TemplateError
from ccm.render.channels.base import Channel
from ccm.render.kit import Kit
from ccm.render.language import Lines, Source
from ccm.render.layouts import Layouts
from ccm.render.schema import schema_of, slot_name
from ccm.render.wording import wording_problems, wording_uses
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, TemplateFile
from ccm.workspace.garbage import collected_later

Key = tuple[str, str, str]
"""Channel, language, variant (empty for the common one)."""


@dataclass(frozen=True, slots=True)
class Part:
    """One channel's template in one language and variant, ready to fill."""

    file: TemplateFile
    template: Any
    """What the channel made of it."""
    slots: tuple[str, ...]
    """Ids of the wordings that stand in it, in order."""
    uses: frozenset[str]
    """Names that it reads, its wording's placeholders included."""
    sources: tuple[Source, ...]
    """The texts it was compiled from, layout included."""


class Compiler:
    """Reads the templates of one communication from a workspace."""

    def __init__(self, workspace: Workspace, communication: Communication, channels: Mapping[str, Channel]) -> None:
        self._workspace = workspace
        self._communication = communication
        self._channels = channels
        self._problems: list[Problem] = []
        self._names = schema_of(workspace, communication, self._problems)
        self._layouts = Layouts(workspace, self._names, self._problems)
        self._slot_ids = {slot_name(wording_id): wording_id for wording_id in workspace.wording_ids}

    @collected_later()
    def compile(self) -> dict[Key, Part]:
        """Every template that is served; raises `TemplateError` with all problems."""
        parts: dict[Key, Part] = {}
        for channel in self._channels.values():
            self._problems.extend(channel.problems())
        for file in self._workspace.templates[self._communication.id]:
            part = self._part(file)
            if part is not None:
                parts[file.channel, file.language, file.variant] = part
        if self._problems:
            raise TemplateError(self._problems)
        return parts

    def _part(self, file: TemplateFile) -> Part | None:
        before = len(self._problems)
        languages = self._communication.languages_behind(file.language)
        kit = Kit(file, self._workspace, self._names, languages, self._layouts, self._problems)
        finish = self._channels[file.channel].compile(kit)
        slots = self._slots(kit)
        uses = frozenset(kit.uses) | self._wording_uses(languages, slots)
        if finish is None or len(self._problems) > before:
            return None
        template = finish()
        return None if template is None else Part(file, template, tuple(sorted(slots)), uses, tuple(kit.sources))

    def _slots(self, kit: Kit) -> frozenset[str]:
        ids = set()
        for name in kit.uses:
            base, _, slot = name.partition(".")
            if base == "wording" and slot:
                ids.add(self._slot_ids[slot])
        for wording_id in sorted(ids - set(self._communication.wording)):
            message = f"wording '{wording_id}' is not in the list 'wording' of communication.yaml; add it there"
            found = re.search(rf"\bwording\.{slot_name(wording_id)}\b", kit.file.body)
            # One that stands in the layout or the front matter is told of the whole file.
            place = Lines(kit.file.body).at(found.start()) if found else None
            problem = kit.source.problem(place[0], message, place[1]) if place else Problem(kit.file.path, 0, message)
            self._problems.append(problem)
        return frozenset(ids)

    def _wording_uses(self, languages: tuple[str, ...], slots: frozenset[str]) -> frozenset[str]:
        uses: set[str] = set()
        for wording in self._workspace.wordings:
            if wording.id in slots and wording.language in languages:
                self._problems.extend(wording_problems(wording, self._names))
                uses |= wording_uses(wording)
        return frozenset(uses)
