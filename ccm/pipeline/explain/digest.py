"""What became of a digest that a message is a part of, and the parts of a message that is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from ccm.decide.trace import words
from ccm.log.leaves import instant
from ccm.model.message import NEVER_WENT
from ccm.pipeline.digests import digest_of
from ccm.pipeline.explain.words import phrase, state_name
from ccm.store.tables import messages


def of_digest(connection: Connection, row: Mapping[Any, Any], language: str) -> dict[str, Any] | None:
    """The digest of a row of `messages`, its window, its message once there is one, and what it collected.

    None where the message has to do with no digest.
    """
    digest = digest_of(connection, row)
    if digest is None:
        return None
    m = messages.c
    told = connection.execute(
        select(m.id, m.communication, m.state, m.reason).where(m.digest == digest["id"]).order_by(m.decided_at, m.id)
    ).mappings()
    found = [
        {"message": one["id"], "communication": one["communication"], "state": one["state"], "reason": one["reason"],
         "why": words(one["reason"], language)}
        for one in told
    ]  # fmt: skip
    own = digest["message_id"]
    return {
        "id": digest["id"], "communication": digest["communication"], "state": digest["state"],
        "window_start": instant(digest["window_start"]), "window_end": instant(digest["window_end"]),
        "message": next((one for one in found if one["message"] == own), None),
        "parts": [one for one in found if one["message"] != own],
    }  # fmt: skip


def told_of_digest(found: Mapping[str, Any], language: str) -> Iterator[str]:
    """The same in lines."""
    digest = found.get("digest")
    if digest is None:
        return
    own = digest["message"]
    if own is not None and own["message"] == found["message"]:
        for part in digest["parts"]:
            state = state_name(part["state"], language)
            yield phrase("digest_part", language, **{**part, "state": state})
    elif own is not None:
        went = "digest_untold" if own["state"] in NEVER_WENT else "digest_message"
        yield phrase(went, language, **{**own, "state": state_name(own["state"], language)})
    elif digest["state"] == "open":
        yield phrase("digest_open", language, communication=digest["communication"], at=digest["window_end"])
    else:
        yield phrase("digest_empty", language, communication=digest["communication"])
