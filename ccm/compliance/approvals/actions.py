"""What people do to releases, and on which terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import Connection

from ccm.compliance.releases import Release
from ccm.errors import IntegrityError
from ccm.workspace.settings import Role

Action = Literal["submitted", "approved", "rejected", "withdrawn", "commented"]
State = Literal["draft", "submitted", "approved", "rejected", "withdrawn"]
MAY: Mapping[Action, tuple[Role, ...]] = {
    "submitted": ("author", "administrator"),
    "approved": ("compliance",),
    "rejected": ("compliance",),
    "withdrawn": ("author", "compliance", "administrator"),  # stopping must be easier than starting
    "commented": ("author", "reviewer", "compliance", "administrator"),
}
"""The roles of which a person needs one for an action."""
FROM: Mapping[Action, tuple[State, ...]] = {
    "submitted": ("draft", "rejected", "withdrawn"),
    "approved": ("submitted",),
    "rejected": ("submitted",),
    "withdrawn": ("submitted", "approved"),
    "commented": ("submitted", "approved", "rejected", "withdrawn"),
}
"""The states in which an action is possible. An approval that ends, ended or was superseded can be renewed besides:
its release can be submitted again."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an action says beside who, when and why."""

    approvers: int = 1
    """Of a submission or an approval: how many different people must approve."""
    authors: tuple[str, ...] = ()
    """Of a submission: ids of further people who wrote parts of the change, as the version control knows them."""
    revision: str = ""
    """Of a submission: the commit that the files were at, in hexadecimal; empty outside of version control."""
    effective_from: datetime | None = None
    """Of an approval: not in force before this instant."""
    expires_at: datetime | None = None
    """Of an approval: not in force from this instant on."""

    def document(self) -> dict[str, Any]:
        """The terms as JSON values, without those that say nothing; instants in UTC with microseconds."""
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value != one.default:
                if isinstance(value, datetime):
                    value = value.astimezone(UTC).isoformat(timespec="microseconds")
                found[one.name] = list(value) if isinstance(value, tuple) else value
        return found

    def stored(self) -> str:
        """The document in the one form that is stored and logged."""
        return orjson.dumps(self.document(), option=orjson.OPT_SORT_KEYS).decode()

    @classmethod
    def read(cls, stored: str) -> Terms:
        """What `stored` gave; raises `IntegrityError` for anything else, which somebody must have put there."""
        try:
            found = orjson.loads(stored)
            for name in ("effective_from", "expires_at"):
                if name in found:
                    found[name] = datetime.fromisoformat(found[name])
            return cls(**{**found, "authors": tuple(found.get("authors", ()))})
        except (ValueError, TypeError, AttributeError) as error:
            raise IntegrityError("the terms of a release's action were changed in the store") from error


@dataclass(frozen=True, slots=True)
class ReleaseAction:
    """One thing that a person did to a release."""

    digest: str
    communication: str
    action: Action
    person: str
    """The person's id."""
    comment: str
    at: datetime
    terms: Terms = Terms()


@dataclass(frozen=True, slots=True)
class Submission:
    """A release to hand in, with its files, so that it can be shown when the workspace has moved on."""

    release: Release
    terms: Terms = Terms()
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Workspace path to content; `ccm.compliance.release_files` makes them."""


Record = Callable[[Connection, ReleaseAction], None]
"""Writes an action to the audit log, in the transaction it is handed; what it raises undoes the action."""
