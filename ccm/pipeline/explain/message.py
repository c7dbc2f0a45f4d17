"""Why a message went out, on that channel, at that time, or why it did not; and what would have to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from ccm.compliance import approvals
from ccm.decide import decide
from ccm.decide.facts import Facts
from ccm.decide.grounds import Grounds
from ccm.decide.relations import instead
from ccm.decide.trace import words
from ccm.decide.whatif import Step, Way, ways_out
from ccm.model.message import Decision
from ccm.pipeline.copies import PART
from ccm.pipeline.explain.basis import Basis
from ccm.pipeline.explain.digest import of_digest
from ccm.pipeline.explain.handoff import at_handoffs, held
from ccm.pipeline.explain.people import people
from ccm.pipeline.explain.words import channel_name, clock, detail_words, phrase, reason_words, shown, utc
from ccm.pipeline.project import Project
from ccm.pipeline.replay import AFTERWARDS, is_of_nobody
from ccm.pipeline.traces import load, opened_all


def explained(project: Project, connection: Connection, row: Mapping[Any, Any], language: str) -> dict[str, Any]:
    """A row of `messages`, its decision and its release's approvals, in English or Japanese.

    Raises `IntegrityError` where its trace, or the policy that it was decided by, cannot be read.
    """
    decisions = opened_all(row, load(connection, [row]))
    trace, grounds = decisions[0]
    decision = trace.outcome
    actions = approvals.state(connection, row["release"]).actions
    return {
        "message": row["id"], "customer": row["customer_id"], "communication": row["communication"],
        "run": row["run_id"], "state": row["state"], "reason": row["reason"],
        "why": words(row["reason"], language), "detail": row["detail"], "channel": row["channel"],
        "language": row["language"], "variant": row["variant"], "jurisdiction": row["jurisdiction"],
        "due": utc(row["due_at"]),
        **people(connection, row, trace.facts),
        **decided(project, connection, decision, grounds, trace.facts, language),
        "handoffs": at_handoffs(project, connection, decisions, language),
        "after_decision": row["reason"] if _came_after(row["reason"], decision) else "",
        "rules": _rules(project, row["reason"], decision, language),
        "release": row["release"],
        "approvals": [{"action": a.action, "by": a.person, "at": utc(a.at)} for a in actions],
        "wording": [{"id": w[0], "version": w[1], "digest": w[2]} for w in orjson.loads(row["wording"])],
        "body_digest": row["body_digest"], "segments": row["segments"], "pages": row["pages"],
        "adapter": row["adapter"], "attempts": row["attempts"], "supplier_reference": row["supplier_reference"],
        "updated": utc(row["updated_at"]), "digest": of_digest(connection, row, language),
    }  # fmt: skip


def tried(
    project: Project, connection: Connection, decision: Decision, grounds: Grounds, facts: Facts, language: str
) -> dict[str, Any]:
    """A decision that is taken now and recorded nowhere, as `explained` has those that were."""
    return {
        "message": None, "customer": decision.customer_id, "communication": decision.communication, "run": None,
        "state": "would_send" if decision.send else "would_digest" if decision.digest else "would_withhold",
        "reason": decision.reason,
        "why": words(decision.reason, language), "detail": decision.detail, "channel": decision.channel,
        "variant": decision.variant, "due": utc(decision.due_at), "receiver": _receiver(grounds, facts),
        **decided(project, connection, decision, grounds, facts, language),
        "after_decision": "", "rules": _rules(project, decision.reason, decision, language),
    }  # fmt: skip


def summary(row: Mapping[Any, Any], language: str) -> dict[str, Any]:
    """A message in a line."""
    return {
        "message": row["id"], "customer": row["customer_id"], "communication": row["communication"],
        "state": row["state"], "reason": row["reason"], "why": words(row["reason"], language),
        "channel": row["channel"], "decided_for": utc(row["decided_at"]), "due": utc(row["due_at"]),
        "copy": row["part"].startswith(PART),
    }  # fmt: skip


def decided(
    project: Project, connection: Connection, decision: Decision, grounds: Grounds | None, facts: Facts | None,
    language: str,
) -> dict[str, Any]:  # fmt: skip
    """The decision itself: candidates, what they rest on, and what would have to change."""
    basis: Sequence[Any] = ()
    ways: list[dict[str, Any]] = []
    untold = grounds is not None and is_of_nobody(decision.customer_id, grounds)
    if grounds is not None and facts is not None and not untold:
        again = partial(_again, grounds, decision)
        basis = Basis(project, connection, grounds, facts, decision, language, again).all()
        zone = clock(facts.customer.timezone)
        ways = [_way(way, zone, language) for way in ways_out(grounds, facts, decision.at)]
    return {
        "decision": {
            "reason": decision.reason, "why": words(decision.reason, language), "send": decision.send,
            "channel": decision.channel, "detail": decision.detail, "digest": decision.digest,
            "also": list(decision.also), "due": utc(decision.due_at),
            "held": held(decision.detail, language),
        },
        "decided_for": utc(decision.at),
        "candidates": [
            {"channel": c.channel, "taken": c.taken, "reason": c.reason, "detail": c.detail,
             "why": reason_words(c.reason, c.detail, language)} for c in decision.candidates
        ],
        "basis": [asdict(one) for one in basis],
        "would_change": ways, "untold": "erased" if untold else "",
        "policy": grounds.digest if grounds is not None else "",
        "engine": grounds.engine if grounds is not None else "",
    }  # fmt: skip


def _came_after(reason: str, decision: Decision) -> bool:
    """Whether a message came to something else than the decision about it, which was that it should be told."""
    return reason in AFTERWARDS or (reason != decision.reason and (decision.send or bool(decision.digest)))


def _again(grounds: Grounds, decision: Decision, facts: Facts) -> Decision:
    return decide(grounds.communication, grounds.policy, grounds.channels, facts, decision.at)


def _receiver(grounds: Grounds, facts: Facts) -> str:
    relation = instead(facts.relations, grounds.communication.purpose)
    return relation.kind if relation else ""


def _way(way: Way, zone: str, language: str) -> dict[str, Any]:
    result = way.result
    due = shown(result.due_at or result.at, zone)
    steps = [step for step in way.steps if step.code != "wait"]
    wait = next((step for step in way.steps if step.code == "wait"), None)
    if wait is not None and wait.at is not None:
        last = dict(wait.values)
        reason, detail = last["reason"], last["detail"]
        why = reason_words(reason, detail, language) + detail_words(reason, detail, language)
        channel = channel_name(result.channel or "", language)
        would = phrase("wait", language, at=shown(wait.at, zone), due=due, why=why, channel=channel)
    else:
        would = phrase("would_go", language, channel=channel_name(result.channel or "", language), due=due)
    if steps:
        told = phrase("and", language).join(_step(step, language) for step in steps)
        would = phrase("if", language, steps=told, result=would)
    return {
        "text": would, "channel": result.channel, "due": utc(result.due_at),
        "steps": [{"code": step.code, **dict(step.values), **({"at": utc(step.at)} if step.at else {})}
                  for step in way.steps],
    }  # fmt: skip


def _step(step: Step, language: str) -> str:
    values = dict(step.values)
    if "channel" in values:
        values["channel"] = channel_name(values["channel"], language)
    return phrase(step.code, language, **values)


def _rules(project: Project, reason: str, decision: Decision, language: str) -> list[dict[str, str]]:
    """The rules that decision and message came under with their names; the one that stopped it with its reason."""
    known = {file.id: file for file in project.workspace.rules}
    broken = reason.removeprefix("rule_")
    found = []
    for rule in decision.rules:
        file = known.get(rule)
        name = file.name.of(language) if file is not None else ""
        found.append({"id": rule, "name": name, "reason": file.reason if file and rule == broken else ""})
    return found
