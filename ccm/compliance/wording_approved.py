"""A version of a wording that was approved is never edited: what was said stays readable for good.

Releases name wording by path and digest, and a path tells the version (`Wording.file_name`), so the manifests of
approved releases say what each version was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ccm.errors import Problem
from ccm.store.tables import release_actions, releases
from ccm.workspace.wording import Wording

EDITED = "WD01"
"""Code of an approved version whose file was changed."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A file of wording as it was approved."""

    digest: str
    release: str
    communication: str
    at: datetime


def approved_files(connection: Connection) -> dict[str, tuple[Approved, ...]]:
    """Path of a wording's file to each content of it that was part of an approved release, first approval first."""
    query = (
        select(releases.c.digest, releases.c.communication, releases.c.manifest, release_actions.c.at)
        .join(release_actions, release_actions.c.digest == releases.c.digest)
        .where(release_actions.c.action == "approved")
        .order_by(release_actions.c.id)
    )
    found: dict[str, dict[str, Approved]] = {}
    for digest, communication, manifest, at in connection.execute(query):
        for path, content in json.loads(manifest).items():
            if path.startswith("compliance/wording/"):
                found.setdefault(path, {}).setdefault(content, Approved(content, digest, communication, at))
    return {path: tuple(contents.values()) for path, contents in found.items()}


def edited(connection: Connection, wordings: Iterable[Wording]) -> list[Problem]:
    """A problem for each approved version whose file is another one now; says how to make the change."""
    approved = approved_files(connection)
    problems = []
    for wording in wordings:
        known = approved.get(wording.path, ())
        if known and wording.digest not in {one.digest for one in known}:
            first = known[-1]
            following = wording.model_copy(update={"version": str(wording.order[0] + 1)}).file_name
            message = (
                f"{EDITED} version {wording.version} was approved with release {first.release[:12]} of "
                f"'{first.communication}' at {first.at.isoformat(timespec='seconds')} and must not be edited: put the "
                f"approved text back, and write the change as a new version, in {following}"
            )
            problems.append(Problem(wording.path, wording.lines.get("version", 0), message, code=EDITED))
    return problems
