"""One message for an address or a household that several customers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Wanted(NamedTuple):
    """A message that is about to be recorded."""

    id: str
    customer_id: str
    contact_point: str = ""
    """Digest of the address that is to get it once; empty where it may be shared."""
    household: str = ""
    """The household that gets one message only; empty where each member gets one."""


def refused(
    rows: Sequence[Wanted], points: Mapping[str, str], households: Mapping[str, str]
) -> dict[str, str]:  # fmt: skip
    """Message id to why it must not go: ``duplicate_contact_point`` or ``household_served``.

    Of the rows the first customer in code point order goes. `points` and `households` name the customer whom each was
    served by before.
    """
    by_point, by_household = dict(points), dict(households)
    found: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (row.customer_id, row.id)):
        if row.contact_point and by_point.get(row.contact_point, row.customer_id) != row.customer_id:
            found[row.id] = "duplicate_contact_point"
        elif row.household and by_household.get(row.household, row.customer_id) != row.customer_id:
            found[row.id] = "household_served"
        else:
            # Both only now: who is refused for one keeps nobody else from the other.
            by_point[row.contact_point] = by_household[row.household] = row.customer_id
    return found
