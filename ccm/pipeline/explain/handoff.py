"""What was decided at hand-off about a message that had to wait again, or did not go after all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from sqlalchemy import Connection

from ccm.decide.grounds import Grounds
from ccm.decide.trace import words
from ccm.decide.unpacking import Trace
from ccm.model.message import Candidate
from ccm.pipeline.explain.basis import Basis
from ccm.pipeline.explain.words import detail_words, phrase, utc
from ccm.pipeline.project import Project
from ccm.pipeline.replay import expiry, handed_over


def at_handoffs(
    project: Project, connection: Connection, decisions: Sequence[tuple[Trace, Grounds | None]], language: str
) -> list[dict[str, Any]]:
    """Each decision at hand-off of `ccm.pipeline.traces.opened_all`, oldest first, with what it rests on."""
    first, *later = decisions
    expires_at = expiry(*first)
    found = []
    for trace, grounds in later:
        decision = trace.outcome
        waits = held(decision.detail, language) if decision.send else None
        code, about = (waits["reason"], waits["detail"]) if waits else (decision.reason, decision.detail)
        basis: list[dict[str, Any]] = []
        if grounds is not None and trace.facts is not None:
            # On the channel that it was to go on: no other was looked at.
            looked_at = Candidate(decision.channel or "", decision.send, decision.reason, decision.detail)
            known = Basis(
                project, connection, grounds, trace.facts, decision._replace(candidates=(looked_at,)), language,
                partial(handed_over, trace, grounds, expires_at),
            ).all()  # fmt: skip
            basis = list({one.text: asdict(one) for one in known}.values())
        found.append({
            "at": utc(decision.at), "send": decision.send, "reason": code, "why": words(code, language),
            "detail": about, "due": utc(decision.due_at), "basis": basis,
        })  # fmt: skip
    return found


def held(detail: str, language: str) -> dict[str, str] | None:
    """What the detail of a message, or of a decision to send, says it waits for: the reason, in words too, and its
    detail; None where it waits for nothing."""
    code, _, about = detail.partition(":")
    if not code.startswith(("held_for_", "deferred_by_")):
        return None
    return {"reason": code, "why": words(code, language), "detail": about}


def told_of_handoffs(found: Mapping[str, Any], language: str) -> Iterator[str]:
    """The same in lines."""
    for one in found.get("handoffs", ()):
        detail = detail_words(one["reason"], one["detail"], language)
        yield phrase("handoff_held" if one["send"] else "handoff_withheld", language, **{**one, "detail": detail})
        yield from (f"      {known['text']}" for known in one["basis"])
