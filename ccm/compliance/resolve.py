"""Which approved wording a message takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.wording import Wording, resolve


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
    languages = communication.languages_behind(language)
    missing = []
    for wording_id in sorted({*communication.wording, *slots}):
        tried = (resolve(workspace.wordings, wording_id, own, jurisdiction, at) for own in languages)
        wording = next((wording for wording in tried if wording is not None), None)
        if wording is None:
            missing.append(wording_id)
        else:
            found[wording_id] = wording
    return MissingWording(tuple(missing)) if missing else found
