"""Proof of consent: the rows that a message rested on when it was decided, with their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ccm.decide.consent import purposes_needed
from ccm.log.leaves import instant
from ccm.pipeline.project import Project
from ccm.store import feeds


def rested_on(project: Project, connection: Connection, row: Mapping[Any, Any]) -> list[dict[str, Any]]:
    """The newest consent of each purpose that the message needed on its channel; empty where it needed none.

    `row` is the message's. The purposes are those of the communication as it is now; of one that is gone, marketing
    where the message was marketing.
    """
    channel = row["channel"]
    if channel is None:
        return []
    communication = project.workspace.communications.get(row["communication"])
    usual = ("marketing",) if row["purpose"] == "marketing" else ()
    purposes = usual if communication is None else purposes_needed(communication, channel)
    rows = feeds.consents(connection, [row["customer_id"]]).get(row["customer_id"], []) if purposes else []
    found = []
    for purpose in purposes:
        mine = [one for one in rows if (one.purpose, one.channel) == (purpose, channel) and one.at <= row["decided_at"]]
        if mine:
            newest = max(mine, key=lambda one: (one.at, not one.granted))
            found.append({
                "purpose": purpose, "channel": channel, "basis": newest.basis, "granted": newest.granted,
                "at": instant(newest.at), "evidence": newest.evidence,
            })  # fmt: skip
    return found
