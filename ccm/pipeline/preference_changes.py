"""What a customer changes through the organisation's own doors: the preference page, a reply, a person of staff.

One transaction: the rows of preferences, choices and consents, and an entry of the log for each change. What says
nothing new leaves no row and no entry, so a repeat is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Connection, select

from ccm.errors import InputError, NotFound
from ccm.log import leaves, sequencer
from ccm.model.customer import CONTACT_CHANNELS, AccessibleFormat
from ccm.pipeline.choices import Choices, Consents, Preferences
from ccm.pipeline.project import Project
from ccm.pipeline.reserve import lock_guards
from ccm.store.tables import customers

Source = Literal["page", "reply", "staff"]
LONGEST_EVIDENCE = 500
_CATEGORY = re.compile(r"\*|[a-z0-9][a-z0-9-]{0,63}")
_HOURS = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")


@dataclass(frozen=True, slots=True)
class SetAllowed:
    """Messages of a category on a channel are wanted, or not; ``*`` is every category, or every channel."""

    category: str
    channel: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class SetOrder:
    """Channels of a category in the order to try them; those that are not named lose their rank."""

    category: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetPause:
    """Nothing before `until` (None: the pause ends). One for ``*`` also replaces the narrower ones inside it."""

    until: datetime | None
    category: str = "*"
    channel: str = "*"


@dataclass(frozen=True, slots=True)
class SetHours:
    """When the customer likes to hear, on the customer's clock: ``18:00-20:00``; empty: at any time."""

    hours: str
    category: str = "*"
    channel: str = "*"


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """No more of a category on a channel; consent to marketing on other matters stays."""

    category: str
    channel: str


@dataclass(frozen=True, slots=True)
class UnsubscribeFromMarketing:
    """Consent to marketing is withdrawn on these channels; empty: on every channel there is."""

    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentToMarketing:
    """Consent to marketing on these channels, and in writing where `written` says so."""

    channels: tuple[str, ...]
    written: bool = False


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """The language to be written to in, a BCP 47 tag such as ``ja-JP``; counts more than the feed's."""

    language: str


@dataclass(frozen=True, slots=True)
class SetAccessibleFormat:
    """``large_print``, or empty for the usual one; counts more than the feed's."""

    format: AccessibleFormat


Change = (
    SetAllowed | SetOrder | SetPause | SetHours | Unsubscribe | UnsubscribeFromMarketing | ConsentToMarketing
    | SetLanguage | SetAccessibleFormat
)  # fmt: skip


def change_preferences(
    project: Project, customer_id: str, changes: Sequence[Change], *, source: Source, evidence: str, at: datetime
) -> int:
    """Makes the changes, all or none, and returns how many rows they changed.

    `evidence` says how the organisation knows, for the consent record (``preference page, link of message 4f…``); no
    address belongs in it. `at` is when the customer said it: what was stated later than that stays as it is. Raises
    `InputError` for a change that is none, and `NotFound` for a customer that does not exist.
    """
    _check(changes, source, evidence, at)
    with project.store.write() as connection:
        return apply_changes(project, connection, customer_id, changes, source=source, evidence=evidence, at=at)


def apply_changes(
    project: Project, connection: Connection, customer_id: str, changes: Iterable[Change], *, source: Source,
    evidence: str, at: datetime,
) -> int:  # fmt: skip
    """As `change_preferences`, for checked changes and inside a transaction that writes."""
    lock_guards(project, connection, [customer_id])
    if connection.scalar(select(customers.c.id).where(customers.c.id == customer_id)) is None:
        raise NotFound(f"customer '{customer_id}' does not exist")
    subject = leaves.subjects(connection, [customer_id], project.random_bytes)[customer_id]
    rows = Preferences(project.store, connection, customer_id, subject, source, at)
    consents = Consents(project.store, connection, customer_id, subject, source, at, evidence)
    choices = Choices(project.store, connection, customer_id, subject, source, at)
    for change in changes:
        match change:
            case SetAllowed(category, channel, allowed):
                rows.change(category, channel, allowed=allowed)
            case Unsubscribe(category, channel):
                rows.change(category, channel, allowed=False)
            case SetOrder(category, channels):
                rows.order(category, channels)
            case SetPause(until, category, channel):
                rows.pause(category, channel, until)
            case SetHours(hours, category, channel):
                rows.change(category, channel, hours=hours)
            case UnsubscribeFromMarketing(channels):
                consents.marketing(channels or CONTACT_CHANNELS, granted=False, basis="withdrawn")
            case ConsentToMarketing(channels, written):
                consents.marketing(channels, granted=True, basis="opt_in_written" if written else "opt_in")
            case SetLanguage(language):
                choices.choose("language", language)
            case SetAccessibleFormat(format_):
                choices.choose("accessible_format", format_)
    entries = [*rows.save(), *consents.entries, *choices.entries]
    sequencer.append(connection, entries)
    return len(entries)


def _check(changes: Sequence[Change], source: str, evidence: str, at: datetime) -> None:
    if source not in get_args(Source):
        raise InputError(f"source '{source}' is none of {', '.join(get_args(Source))}")
    if at.tzinfo is None:
        raise InputError("the instant of a change needs a time zone")
    if not 0 < len(evidence.strip()) <= LONGEST_EVIDENCE or not evidence.isprintable():
        raise InputError(f"evidence of a change: 1 to {LONGEST_EVIDENCE} printable characters")
    for change in changes:
        _check_one(change)


def _check_one(change: Change) -> None:
    """Raises `InputError`: changes come from a page that anybody can post to."""
    category = getattr(change, "category", "*")
    if not _CATEGORY.fullmatch(category):
        raise InputError("a category has small letters, digits and hyphens, or is *")
    channel = getattr(change, "channel", "*")
    named = getattr(change, "channels", ())
    for name in (*(() if channel == "*" else (channel,)), *named):
        if name not in CONTACT_CHANNELS:
            raise InputError(f"a channel is one of {', '.join(CONTACT_CHANNELS)}")
    match change:
        case SetOrder(channels=channels) if len(set(channels)) < len(channels):
            raise InputError("an order of channels names one of them twice")
        case ConsentToMarketing(channels=()):
            raise InputError("consent to marketing names no channel")
        case SetPause(until=until) if until is not None and until.tzinfo is None:
            raise InputError("the end of a pause needs a time zone")
        case SetHours(hours=hours) if hours and (not _HOURS.fullmatch(hours) or hours[:5] == hours[6:]):
            raise InputError("hours are written as 18:00-20:00, two different times, or empty for any time")
        case SetLanguage(language=language) if not _LANGUAGE.fullmatch(language):
            raise InputError("a language is a BCP 47 tag such as en-GB or ja-JP")
        case SetAccessibleFormat(format=format_) if format_ not in get_args(AccessibleFormat):
            raise InputError("an accessible format is empty or large_print")
