"""What each stage returns. The next stage takes only that type, so a wrong order does not type-check.

decide -> Decision, render -> Draft, check -> ApprovedMessage, dispatch -> Receipt.

What has many fields and is made for every message is a tuple: a frozen dataclass takes up to four times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from ccm.model.customer import Customer

MessageState = Literal[
    "due",
    "claimed",
    "sending",
    "accepted",
    "delivered",
    "failed",
    "unknown",
    "withheld",
    "set_aside",
    "cancelled",
    "digested",
]
"""`withheld`: decided not to send. `set_aside`: the data did not allow it. `digested`: it became a part of a digest,
which is a message of its own. All are final, as are
`accepted` (the supplier took it), `delivered`, `failed` and `cancelled`. `unknown` waits for an event or a person."""
NEVER_WENT: tuple[MessageState, ...] = ("withheld", "set_aside", "failed", "cancelled")
"""States in which the customer certainly got nothing."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One channel that was considered, and why it was taken or passed over."""

    channel: str
    taken: bool
    reason: str
    """A stable code, such as ``no_consent``; `ccm explain` puts it in words."""
    detail: str = ""
    """What the code was decided on: a time, a rule id, a limit. No personal data."""


class Decision(NamedTuple):
    """Whether a customer gets a communication, on which channel, from when, and why."""

    customer_id: str
    communication: str
    at: datetime
    """The instant the decision was taken for (UTC)."""
    send: bool
    reason: str
    """``preferred``, ``default_order``, ``fallback`` where `send`; else why not (``deceased``, ``cap``, …)."""
    channel: str | None = None
    due_at: datetime | None = None
    """Not before this instant (UTC); later than `at` where quiet hours hold the message."""
    candidates: tuple[Candidate, ...] = ()
    detail: str = ""
    variant: str = ""
    """Of the communication's experiment; empty where it has none."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that the decision, and then the check of the message, came under."""
    also: tuple[str, ...] = ()
    """Further channels that the message goes out on at once; each is a message of its own."""
    digest: str = ""
    """Communication that collects this one with others; then `send` is False and `reason` is ``digested``."""


class WordingUse(NamedTuple):
    """Which approved wording stands in a message: id, version and digest of the file it came from."""

    id: str
    version: str
    digest: str
    text: str
    """As it must appear on this channel, placeholders filled."""
    occurs: str = "at_least_once"
    """Or ``exactly_once``."""
    position: str = "anywhere"
    """``start``, ``end``, ``beside`` or ``anywhere``."""
    beside: tuple[str, ...] = ()
    """The words beside which it must stand."""
    minimum_points: float | None = None
    """Of its type on a letter."""


class RenderContext(NamedTuple):
    """Everything one message renders from."""

    message_id: str
    customer: Customer
    language: str
    """The communication's language chosen for the customer: ``en`` or ``ja``."""
    jurisdiction: str
    at: datetime
    recipient: str
    """Address on the channel: addr-spec, E.164 number, or the postal address as one line."""
    data: Mapping[str, Any]
    """The communication's data: plain dicts, lists, str, bool, int, Decimal, date, None."""
    wording: Mapping[str, Any] = MappingProxyType({})
    """Slot id (``deposit-protection``) to the `ccm.workspace.wording.Wording` in force."""
    preview: bool = False
    variant: str = ""
    """Of the communication's experiment; empty where it has none."""
    preference_token: str = ""
    """Of the link to the preference page, URL-safe; empty: the link does not say whose it is."""


@dataclass(frozen=True, slots=True)
class TypeRun:
    """Words that are printed in one size."""

    points: float
    text: str


class Rendered(NamedTuple):
    """One rendered body, byte for byte what the supplier gets."""

    channel: str
    media_type: str
    """``message/rfc822``, ``text/plain; charset=utf-8`` or ``application/pdf``."""
    body: bytes
    text: str
    """What a customer reads, as plain text, for the checks."""
    subject: str = ""
    links: tuple[str, ...] = ()
    wording: tuple[WordingUse, ...] = ()
    segments: int = 0
    """SMS parts."""
    pages: int = 0
    """Letter pages (also of a letter that is attached to an e-mail)."""
    html: str = ""
    """What a screen shows, where that is a page: of an e-mail and of an inbox message."""
    type_runs: Callable[[], tuple[TypeRun, ...]] = tuple
    """Measures the sizes of a letter's words in its PDF: some ten milliseconds, so only where a rule asks."""
    attached: str = ""
    """The words of the letter attached to an e-mail; they are the end of `text`."""


class Draft(NamedTuple):
    """A rendered message that nobody has checked yet."""

    message_id: str
    decision: Decision
    language: str
    jurisdiction: str
    recipient: str
    rendered: Rendered


class ApprovedMessage(NamedTuple):
    """A message whose rendered result passed every rule, under an approved release."""

    message_id: str
    communication: str
    customer_id: str
    channel: str
    language: str
    recipient: str
    """Address on the channel: addr-spec, E.164 number, or the postal address as one line."""
    media_type: str
    body: bytes
    """Byte for byte what the supplier gets: RFC 5322 message, text, or PDF."""
    subject: str
    release: str
    """Digest of the release it was rendered from."""
    jurisdiction: str = ""
    """ISO 3166-1 alpha-2, where the customer is served; an SMS may have a sender of its own there."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The supplier took the message."""

    supplier_reference: str
    """The supplier's own id of the message, by which later events name it."""
    detail: str = ""
