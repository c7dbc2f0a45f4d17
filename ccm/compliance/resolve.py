"""Which approved wording a message takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.wording import Wording, resolve_for


@dataclass(frozen=True, slots=True)
class MissingWording:
    """Wording that has no version in force; the customer is withheld with the reason ``wording_missing``."""

    ids: tuple[str, ...]
    """In order, without repeats."""


def resolve_wording(
    workspace: Workspace,
    communication: Communication,
    slots: Iterable[str],
    language: str,
    jurisdiction: str,
    at: datetime,
) -> dict[str, Wording] | MissingWording:
    """The version in force of every wording of a communication, by id.

    `slots` are the ids that the templates of the message use; the communication's own list is taken besides,
    because every rendering must be able to take it. `language` is one of the communication's, `jurisdiction` an ISO
    3166-1 alpha-2 code, `at` the instant decisions are taken for.
    """
    found: dict[str, Wording] = {}
    missing = []
    for wording_id in sorted({*communication.wording, *slots}):
        wording = resolve_for(workspace.wordings, communication, wording_id, language, jurisdiction, at)
        if wording is None:
            missing.append(wording_id)
        else:
            found[wording_id] = wording
    return MissingWording(tuple(missing)) if missing else found


@dataclass(slots=True)
class InForceNow:
    """Whether the wording that stands in messages is still in force at one instant; each place is looked up once."""

    workspace: Workspace
    at: datetime
    _found: dict[tuple[str, str, str, str], Wording | None] = field(default_factory=dict)

    def changed(
        self, communication: Communication, used: Iterable[Sequence[str]], language: str, jurisdiction: str
    ) -> str:
        """Which of the `used` wordings (id, version, digest) are not the ones in force any more; empty: none.

        As in ``deposit-protection 1 was replaced by 2``. A file that was edited counts as another wording.
        """
        told = []
        for wording_id, version, digest in used:
            now = self._in_force(communication, wording_id, language, jurisdiction)
            if now is None:
                told.append(f"{wording_id} {version} has ended")
            elif now.digest != digest:
                became = "was edited" if now.version == version else f"was replaced by {now.version}"
                told.append(f"{wording_id} {version} {became}")
        return "; ".join(told)

    def _in_force(
        self, communication: Communication, wording_id: str, language: str, jurisdiction: str
    ) -> Wording | None:
        key = (communication.id, wording_id, language, jurisdiction)
        if key not in self._found:
            self._found[key] = resolve_for(
                self.workspace.wordings, communication, wording_id, language, jurisdiction, self.at
            )
        return self._found[key]
