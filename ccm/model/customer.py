"""One customer data model, from which every channel renders.

Rows of which a customer has many are tuples: they are made and read a hundred thousand times in a run. What comes from
outside is checked before one is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

CustomerStatus = Literal["active", "closed", "deceased"]
AccessibleFormat = Literal["", "large_print"]
Purpose = Literal["marketing", "servicing", "transactional", "regulatory"]

CONTACT_CHANNELS = ("email", "sms", "letter", "line", "whatsapp", "push", "social", "inbox")
"""Channel ids in the order screens list them."""


class Frozen(BaseModel):
    """A value: never changed after it was made, and without room for fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PostalAddress(Frozen):
    """A postal address as the customer gave it; never normalised."""

    line1: str
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str
    """ISO 3166-1 alpha-2."""


class Customer(Frozen):
    """Who a message is for.

    Names are kept code point for code point. `language` is a BCP 47 tag (``ja-JP``), `jurisdiction`
    an ISO 3166-1 alpha-2 code, `timezone` an IANA key or None where unknown.
    """

    id: str
    family_name: str = ""
    given_name: str = ""
    honorific: str = ""
    """What the person asks to be called by (Dr, 先生); empty means the language's default."""
    organisation_name: str = ""
    """Set for a company, which takes 御中 in Japanese instead of 様."""
    language: str
    jurisdiction: str
    timezone: str | None = None
    status: CustomerStatus = "active"
    segment: str = ""
    accessible_format: AccessibleFormat = ""
    birth_date: date | None = None
    address: PostalAddress | None = None
    contact_points: Mapping[str, str] = Field(default_factory=dict)
    """Channel id to address: ``email`` an addr-spec, ``sms`` an E.164 number, ``line`` a user id."""
    account_ids: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = Field(default_factory=dict)
    """Extra attributes, each declared in ccm.toml."""
    care_of: Customer | None = Field(default=None, exclude=True)
    """Whose addresses these are, where a guardian or a person for correspondence receives; no part of the customer's
    own record."""

    def reach(self, channel: str) -> str | None:
        """The address of this customer on `channel`, or None where there is none.

        A letter's address is the postal address as one line (for the record; the letter prints its own block).
        """
        if not self.is_reached(channel):
            return None
        if channel == "letter" and (a := self.address):
            parts = (a.postcode, a.country, a.region, a.city, a.line1, a.line2)
            return ", ".join(part for part in parts if part)
        return self.contact_points[channel]

    def is_reached(self, channel: str) -> bool:
        """Whether there is an address on `channel`."""
        if channel == "letter":
            return self.address is not None and bool(self.address.line1)
        return bool(self.contact_points.get(channel))

    def addressed(self, channel: str) -> str | None:
        """What a message's record has as its recipient: the address, on a letter with who takes it in for the customer.

        None where there is no address.
        """
        address, who = self.reach(channel), self.care_of
        if address is None or who is None or channel != "letter":
            return address
        name = who.organisation_name or f"{who.given_name} {who.family_name}".strip()
        return f"c/o {name}, {address}" if name else address


def together(row: type[NamedTuple], first: str, last: str) -> Callable[[Any], tuple[Any, ...]]:
    """Takes the fields from `first` to `last` of such rows in one look-up, which is quicker than by their names."""
    fields = row._fields
    return itemgetter(slice(fields.index(first), fields.index(last) + 1))


class Preference(NamedTuple):
    """What a customer asked for: `category` and `channel` may be ``*``; rank 1 comes first."""

    customer_id: str
    category: str
    channel: str
    rank: int | None = None
    allowed: bool = True
    hours: str = ""
    """When the customer likes to hear, on the customer's clock: ``18:00-20:00``; empty: at any time."""
    paused_until: datetime | None = None
    """Nothing of this category and channel before this instant; afterwards `allowed` counts again."""


class Consent(NamedTuple):
    """One row of the append-only consent record; the newest by `at` counts."""

    customer_id: str
    purpose: str
    """``marketing``, ``e_delivery``, …"""
    channel: str
    basis: str
    granted: bool
    at: datetime
    evidence: str = ""


NOTHING_WENT = frozenset({"released", "failed"})
"""Contact states in which certainly nothing was said; every other takes a slot, an unknown outcome too."""


class Contact(NamedTuple):
    """One thing said to a customer: imported history or a reservation of our own."""

    customer_id: str
    at: datetime
    communication: str
    category: str
    channel: str
    status: str
    purpose: str = ""
    """Empty where nobody knows: an imported row of a communication that the workspace does not have."""
    priority: str = ""
    """The class that it was sent in; empty where nobody knows, which is the lowest."""
    counts: bool = True
    """Whether it takes room in the organisation's caps; in the limits of rules it does in any case."""
    message_id: str | None = None


class Case(NamedTuple):
    """A complaint or another case that is, or was, open."""

    case_id: str
    customer_id: str
    kind: str
    status: Literal["open", "closed"]
    opened_at: datetime
    closed_at: datetime | None = None
    channel: str = ""


SuppressionKind = Literal[
    "hard_bounce",
    "complaint",
    "opt_out",
    "invalid_contact_point",
    "bereavement",
    "vulnerable",
    "legal_hold",
    "do_not_contact",
]
"""Why nothing, or not everything, may be said to a customer. ``channels/policy.yaml`` says what each kind stops."""


class Suppression(NamedTuple):
    """A customer, or one address of a customer, that must be left in peace."""

    customer_id: str
    kind: SuppressionKind
    channel: str
    """A channel, or ``*`` for all of them."""
    at: datetime
    """From when on."""
    until: datetime | None = None
    """Exclusive; None: until somebody lifts it."""
    contact_point: str = ""
    """Digest of the address that it concerns, so that a new address of the customer is free; empty: any address."""


RelationKind = Literal["household", "joint", "guardian", "correspondence"]
"""``household``: `related_id` names the household. ``joint``: a joint holder, who gets copies. ``guardian`` and
``correspondence``: a person who receives instead of the customer."""


class Relation(NamedTuple):
    """How one customer belongs to another person or to a household."""

    customer_id: str
    kind: RelationKind
    related_id: str
    """A customer's id; of a household its own id, equal for all members."""
    purposes: tuple[str, ...] = ()
    """Purposes for which it holds; empty: all of them."""
