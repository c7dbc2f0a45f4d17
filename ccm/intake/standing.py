"""Feeds of how customers stand: preferences, suppressions, relations to other people."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

from ccm.intake import values
from ccm.intake.fields import Field, FieldProblem, digest_of
from ccm.intake.values import Bad
from ccm.model.customer import CONTACT_CHANNELS, Purpose, RelationKind, SuppressionKind

Instant = Callable[[str], datetime]
_ANY_CHANNEL = values.one_of(*CONTACT_CHANNELS, "*")
_HOURS = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9]")


def preference_fields(instant: Instant) -> tuple[Field, ...]:
    """Of the preferences feed."""
    return (
        Field("customer_id", values.identifier, needed=True),
        Field("category", values.text(64, empty=False), needed=True),
        Field("channel", _ANY_CHANNEL, needed=True),
        Field("rank", values.optional(values.integer), default=None),
        Field("allowed", values.boolean, needed=True),
        Field("paused_until", values.optional(instant), default=None),
        Field("hours", hours, vital=False),
        Field("at", values.optional(instant), default=None),
    )


def preference(row: dict[str, Any], _problem: FieldProblem) -> dict[str, Any]:
    """The row of table ``preferences``, as the feed states it."""
    row["row_digest"] = digest_of(row)
    row["source"] = "feed"
    return row


def suppression_fields(instant: Instant) -> tuple[Field, ...]:
    """Of the suppressions feed. A row stops every address of its channel: the feed does not say which one it was."""
    return (
        Field("customer_id", values.identifier, needed=True),
        Field("kind", values.one_of(*get_args(SuppressionKind)), needed=True),
        Field("channel", _ANY_CHANNEL, needed=True),
        Field("at", instant, needed=True),
        Field("until", values.optional(instant), default=None),
        Field("evidence", values.text(500), vital=False),
    )


def suppression(row: dict[str, Any], _problem: FieldProblem) -> dict[str, Any]:
    """The row of table ``suppressions``; raises `Bad` for one that ends before it begins."""
    if row["until"] is not None and row["until"] < row["at"]:
        raise Bad("", "until is before at", "time")
    row["row_digest"] = digest_of(row)
    row["contact_point"] = ""
    return row


def purposes(value: str) -> str:
    """Purposes separated by spaces or semicolons, each once, in the engine's order; empty for all."""
    named, known = set(re.split(r"[ ;]+", value.strip())) - {""}, get_args(Purpose)
    if unknown := named - set(known):
        raise Bad(value, f"{len(unknown)} of its words are none of {', '.join(known)}")
    return " ".join(purpose for purpose in known if purpose in named)


def hours(value: str) -> str:
    """A span of the day on a 24-hour clock, ``18:00-20:00``; one over midnight belongs to its first day."""
    if value and (not _HOURS.fullmatch(value) or value[:5] == value[6:]):
        raise Bad(value, "are no hours of the form 18:00-20:00, from and to different")
    return value


RELATION_FIELDS = (
    Field("customer_id", values.identifier, needed=True),
    Field("kind", values.one_of(*get_args(RelationKind)), needed=True),
    Field("related_id", values.identifier, needed=True),
    Field("purposes", purposes),
)


def relation(row: dict[str, Any], _problem: FieldProblem) -> dict[str, Any]:
    """The row of table ``relations``; raises `Bad` for a customer who would stand in for themselves."""
    if row["kind"] != "household" and row["related_id"] == row["customer_id"]:
        raise Bad("", f"a customer cannot be their own {row['kind']}", "same key twice")
    row["row_digest"] = digest_of(row)
    return row
