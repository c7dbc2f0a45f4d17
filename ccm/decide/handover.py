"""The decision at hand-off, in the shape of all decisions, so that it can be kept, explained and taken again."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from ccm.decide.decide import recheck
from ccm.decide.facts import Facts
from ccm.decide.plan import plan_for
from ccm.decide.relations import instead
from ccm.model.message import Decision
from ccm.model.requirements import NOTHING
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

GOES, HELD = "goes", "held_again"
"""Reasons of decisions at hand-off to send: now, and from a later `due_at` on."""


def without(facts: Facts, message: str) -> Facts:
    """Without the contact of a message: the room that it has taken itself is its own."""
    return replace(facts, contacts=tuple(one for one in facts.contacts if one.message_id != message))


def beside(facts: Facts, parts: Collection[str]) -> Facts:
    """With the contacts of `parts`, which one decision sends on several channels, as contacts of no communication.

    Each takes room that the others do not have; but they are one thing said once, and none of them comes too soon
    after another.
    """
    if not any(one.message_id in parts for one in facts.contacts):
        return facts
    said = (one._replace(communication="") if one.message_id in parts else one for one in facts.contacts)
    return replace(facts, contacts=tuple(said))


def at_handoff(
    communication: Communication, policy: Policy, channels: Mapping[str, Channel], facts: Facts, channel: str,
    at: datetime, *, expires_at: datetime | None = None,
) -> Decision:  # fmt: skip
    """What becomes at `at` of a message that is there, and goes on this channel or not at all.

    `facts` are those of now, `without` the message's own contact; `expires_at` is when it expires, as its first
    decision said. The reason is `GOES`, `HELD`, or why it is withheld.
    """
    reason, detail, due = recheck(communication, policy, channels, facts, channel, at, expires_at=expires_at)
    plan = plan_for(communication, policy, channels)
    # Who ranks channels gets only those; what is taken without a rank is so still.
    if not reason and channel not in (*plan.asked(facts.preferences).wanted, plan.fallback, *plan.at_once):
        reason, detail = "not_preferred", ""
    rules = facts.requirements.get(channel, NOTHING).rules
    if reason:
        return Decision(
            facts.customer.id, communication.id, at, False, reason, channel, detail=detail, rules=rules
        )  # fmt: skip
    why = HELD if due > at else GOES
    return Decision(facts.customer.id, communication.id, at, True, why, channel, due, detail=detail, rules=rules)


def readdressed(communication: Communication, facts: Facts, channel: str, recipient: str, received: str) -> str:
    """Why a message that says `recipient` must not go there any more; empty where it may.

    `received` is the kind of the relation by which somebody else was to receive it, empty where the customer was:
    ``receiver_changed`` where somebody else receives now, or did; else ``address_changed``, unless the communication
    keeps the address. Letter case, full-width forms and how much space there is make no difference.
    """
    now = facts.customer.addressed(channel)
    if now is not None and plain(now) == plain(recipient):
        return ""
    if received or instead(facts.relations, communication.purpose):
        return "receiver_changed"
    return "" if communication.keeps_address else "address_changed"


def plain(address: str) -> str:
    """An address in one form for all ways to write it, see `readdressed`."""
    return " ".join(unicodedata.normalize("NFKC", address).casefold().split())
