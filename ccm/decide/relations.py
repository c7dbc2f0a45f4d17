"""Persons who receive instead of a customer, and households."""

from __future__ import annotations

from collections.abc import Iterable

from ccm.decide.facts import Facts
from ccm.model.customer import Customer, Relation
from ccm.workspace.communication import Communication

INSTEAD = ("guardian", "correspondence")
"""Kinds of relation in which somebody else receives; a guardian comes before an address for correspondence."""


def instead(relations: Iterable[Relation], purpose: str) -> Relation | None:
    """Who receives communications of a purpose in the customer's place: the first by kind, then by id."""
    holding = [row for row in relations if row.kind in INSTEAD and (not row.purposes or purpose in row.purposes)]
    return min(holding, key=lambda row: (INSTEAD.index(row.kind), row.related_id), default=None)


def household(relations: Iterable[Relation], purpose: str) -> str | None:
    """The household whose members share communications of a purpose; of several the first in code point order."""
    return min(
        (row.related_id for row in relations
         if row.kind == "household" and (not row.purposes or purpose in row.purposes)),
        default=None,
    )  # fmt: skip


def joint_holders(relations: Iterable[Relation], purpose: str) -> tuple[str, ...]:
    """Who gets copies of communications of a purpose: ids of customers, in code point order."""
    return tuple(sorted(
        row.related_id for row in relations if row.kind == "joint" and (not row.purposes or purpose in row.purposes)
    ))  # fmt: skip


def lacks_proxy(communication: Communication, facts: Facts) -> bool:
    """Whether somebody must receive instead of the customer, and nobody knows them as an active customer."""
    if instead(facts.relations, communication.purpose) is None:
        return False
    return facts.proxy is None or facts.proxy.status != "active"


def addressed(customer: Customer, proxy: Customer) -> Customer:
    """The customer at the proxy's addresses, and in the zone in which they are: quiet hours are for who receives.

    Language, jurisdiction, preferences and consents stay the customer's own: it is what the customer is told.
    """
    return customer.model_copy(
        update={
            "contact_points": proxy.contact_points, "address": proxy.address, "timezone": proxy.timezone,
            "care_of": proxy,
        }
    )  # fmt: skip
