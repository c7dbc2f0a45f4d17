"""What the preference page shows of a customer: which messages come by which channel, and nothing that tells who it is.

Whoever has a link can look: the message may have been passed on. So no name, no account and no whole address is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ccm.decide.consent import Given
from ccm.decide.preferences import Wishes
from ccm.model.customer import CONTACT_CHANNELS, Consent, Customer, Preference
from ccm.pipeline.project import Project
from ccm.store import feeds
from ccm.workspace.communication import Communication
from ccm.workspace.languages import base

CHOSEN = ("marketing", "servicing")
"""Purposes that a customer can refuse. The others are owed: the law, or the customer's contract, asks for them."""
Cell = tuple[str, str]
"""A category and a channel."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One category: its communications, and the channels on which they can reach the customer."""

    category: str
    communications: tuple[Communication, ...]
    on: dict[str, bool]
    """Channel to whether messages come by it, in the order that screens list channels."""

    @property
    def marketing(self) -> bool:
        return any(one.purpose == "marketing" for one in self.communications)

    def names(self, language: str) -> str:
        """Names of its communications, as people read a list."""
        joint = "、" if base(language) == "ja" else ", "
        return joint.join(one.name.of(language) for one in self.communications)


@dataclass(frozen=True, slots=True)
class View:
    """A customer's side of the page at one instant."""

    customer: Customer
    topics: tuple[Topic, ...]
    owed: tuple[Topic, ...]
    """What cannot be switched off here, without advertising of the same category."""
    advertised: bool
    """Whether advertising can reach the customer, in whatever category."""
    paused_until: datetime | None
    rows: tuple[Preference, ...]
    consents: tuple[Consent, ...]
    hint: str
    """The e-mail address, masked; empty where there is none."""

    def cells(self) -> Iterator[tuple[Topic, str]]:
        """Every topic with each of its channels."""
        for topic in self.topics:
            for channel in topic.on:
                yield topic, channel

    def marketing_channels(self, at: datetime) -> list[tuple[str, bool]]:
        """Channels with consent to marketing, and whether it was given in writing."""
        found, given = [], Given(self.consents, at)
        for channel in CONTACT_CHANNELS:
            if given.why_not("marketing", channel) is None:
                mine = [row for row in self.consents if row.purpose == "marketing" and row.channel == channel]
                newest = max((row for row in mine if row.at <= at), key=lambda row: row.at)
                found.append((channel, newest.basis == "opt_in_written"))
        return found


def view_of(project: Project, customer_id: str, at: datetime) -> View | None:
    """The view of a customer who is known and alive; None for anybody else."""
    with project.store.read() as connection:
        customer = feeds.customers(connection, [customer_id]).get(customer_id)
        rows = tuple(feeds.preferences(connection, [customer_id]).get(customer_id, ()))
        consents = tuple(feeds.consents(connection, [customer_id]).get(customer_id, ()))
    if customer is None or customer.status == "deceased":
        return None
    topics = [
        _topic(customer, category, rows, consents, found, at) for category, found in _by_category(project, customer)
    ]
    chosen = tuple(topic for topic in topics if _is_chosen(topic) and topic.on)
    owed = tuple(_owed(topic) for topic in topics if not _is_chosen(topic))
    advertised = any(topic.marketing and topic.on for topic in topics)
    categories = {"*", *(topic.category for topic in chosen)}
    pauses = [
        row.paused_until for row in rows if row.paused_until and row.paused_until > at and row.category in categories
    ]
    return View(
        customer, chosen, owed, advertised, max(pauses, default=None), rows, consents,
        masked(customer.reach("email") or ""),
    )  # fmt: skip


def refuses(rows: tuple[Preference, ...], category: str, channel: str, at: datetime) -> bool:
    """Whether the customer said no to it; a pause is no refusal."""
    why = Wishes(rows, category).refusal(channel, at)
    return why is not None and why[0] != "paused"


def masked(address: str) -> str:
    """An e-mail address of which its owner knows the rest: ``a***@e***.com``."""
    local, at, domain = address.rpartition("@")
    name, dot, end = domain.rpartition(".")
    return f"{local[:1]}***@{name[:1]}***{dot}{end}" if at else ""


def _by_category(project: Project, customer: Customer) -> list[tuple[str, list[Communication]]]:
    found: dict[str, list[Communication]] = {}
    for communication in project.workspace.communications.values():
        if customer.jurisdiction in communication.jurisdictions:
            found.setdefault(communication.category, []).append(communication)
    # What is asked for most often first: marketing.
    return sorted(found.items(), key=lambda item: (all(one.purpose != "marketing" for one in item[1]), item[0]))


def _is_chosen(topic: Topic) -> bool:
    return all(one.purpose in CHOSEN for one in topic.communications)


def _owed(topic: Topic) -> Topic:
    return replace(topic, communications=tuple(one for one in topic.communications if one.purpose != "marketing"))


def _topic(
    customer: Customer, category: str, rows: tuple[Preference, ...], consents: tuple[Consent, ...],
    communications: list[Communication], at: datetime,
) -> Topic:  # fmt: skip
    marketing = any(one.purpose == "marketing" for one in communications)
    offered = {channel for one in communications for channel in one.channels}
    # A customer who ranked channels gets only those.
    wishes, given = Wishes(rows, category), Given(consents, at)
    ranked = {channel for one in communications for channel in wishes.ranked or one.channels}
    on: dict[str, bool] = {}
    for channel in CONTACT_CHANNELS:
        if channel in offered and customer.reach(channel):
            allowed = channel in ranked and not refuses(rows, category, channel, at)
            consented = not marketing or given.why_not("marketing", channel) is None
            on[channel] = allowed and consented
    return Topic(category, tuple(communications), on)
