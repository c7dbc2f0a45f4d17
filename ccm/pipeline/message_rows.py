"""Outcomes as rows: of messages, of the ledger that caps are counted on, and as leaves of the log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from ccm.log import leaves
from ccm.model.message import WordingUse
from ccm.pipeline import traces
from ccm.pipeline.compose import Composed, Occasion, trigger_key
from ccm.pipeline.contents import Kept
from ccm.pipeline.project import Compiled, Project


class MessageRows:
    """The rows of one communication's messages about one occasion."""

    def __init__(self, project: Project, compiled: Compiled, occasion: Occasion) -> None:
        self._project, self._compiled, self._occasion = project, compiled, occasion
        self._terms = project.workspace.policy.terms(compiled.communication)
        hours = compiled.communication.expires_after_hours
        self._expires = {"expires_at": occasion.at + timedelta(hours=hours)} if hours else {}

    def shared(self, now: datetime) -> dict[str, Any]:
        """The columns that all of them have in common; `now`: when they are written."""
        communication, occasion = self._compiled.communication, self._occasion
        return {
            "run_id": occasion.run_id,
            "occasion": occasion.id,
            "communication": communication.id,
            "category": communication.category,
            "purpose": communication.purpose,
            "priority": self._terms.priority,
            "subject": "",
            "release": self._compiled.release.digest,
            "decided_at": occasion.at,
            "fence": 0,
            "attempts": 0,
            "updated_at": now,
        }

    def row(self, outcome: Composed, kept: Kept | None, trace: traces.Kept) -> dict[str, Any]:
        """The other columns of one, but for the digest that it joined; without those that are NULL."""
        decision, message, rendered = outcome.decision, outcome.message, outcome.rendered
        adapter = ""
        if message is not None and decision.send:
            adapter = self._project.workspace.channels[message.channel].adapter
        row = {
            "id": outcome.message_id,
            "trigger_key": trigger_key(
                self._occasion, self._compiled.communication.id, decision.customer_id, outcome.part, outcome.about
            ),
            "customer_id": decision.customer_id,
            "part": outcome.part,
            "variant": decision.variant,
            "jurisdiction": outcome.jurisdiction,
            "state": outcome.state,
            "reason": outcome.reason,
            "detail": outcome.detail,
            "media_type": message.media_type if message else "",
            "segments": rendered.segments if rendered else 0,
            "pages": rendered.pages if rendered else 0,
            "wording": _wording(rendered.wording) if rendered else "[]",
            "trace": trace.trace,
            "policy": trace.policy,
            "adapter": adapter,
        }
        if decision.channel is not None:
            row["channel"] = decision.channel
        if outcome.language is not None:
            row["language"] = outcome.language
        if message is not None:
            row |= self._expires
            if decision.due_at is not None:
                row["due_at"] = decision.due_at
            if kept is not None:
                row |= _content(kept)
        return row

    def shared_reservation(self) -> dict[str, Any]:
        """The columns that the ledger's rows have in common."""
        communication = self._compiled.communication
        return {
            "communication": communication.id,
            "category": communication.category,
            "status": "reserved",
            "counts": self._terms.counts_toward_caps,
            "purpose": communication.purpose,
            "priority": self._terms.priority,
            "row_digest": "",
        }

    def leaf(self, row: Mapping[str, Any], subject: str) -> bytes:
        """The log's entry about a row; `subject`: the log's name of the customer."""
        return leaves.decision_leaf(
            message_id=row["id"],
            subject=subject,
            communication=self._compiled.communication.id,
            at=self._occasion.at,
            state=row["state"],
            reason=row["reason"],
            channel=row.get("channel"),
            release=self._compiled.release.digest,
            body_digest=row.get("body_digest"),
            trace_digest=hashlib.sha256(row["trace"]).hexdigest(),
            run=self._occasion.run_id,
        )


def reservation(row: Mapping[str, Any], contact_point: str) -> dict[str, Any]:
    """The ledger's row of a message that is due. Each of those that go out at once takes room: it is a contact too."""
    return {
        "id": row["id"],
        "customer_id": row["customer_id"],
        "channel": row["channel"],
        "at": row["due_at"],
        "contact_point": contact_point,
    }


def _content(kept: Kept) -> dict[str, Any]:
    ref = kept.ref
    columns = {
        "body_digest": ref.digest,
        "archive_pack": ref.pack,
        "archive_offset": ref.offset,
        "archive_length": ref.length,
    }
    return columns if kept.salt is None else {**columns, "content_salt": kept.salt}


def _wording(uses: Sequence[WordingUse]) -> str:
    return orjson.dumps([[use.id, use.version, use.digest] for use in uses]).decode()
