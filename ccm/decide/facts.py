"""What a decision is taken from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ccm.model.customer import Case, Consent, Contact, Customer, Preference, Relation, Suppression
from ccm.model.requirements import PolicyRequirements

UNSAID = "-"
"""Stands in facts that a trace kept, where they say only that there is something: an address, another person's id.
A phone number is this and the names of the zones that its prefix told, with commas between."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one customer when the decision is taken."""

    customer: Customer
    preferences: tuple[Preference, ...] = ()
    consents: tuple[Consent, ...] = ()
    cases: tuple[Case, ...] = ()
    contacts: tuple[Contact, ...] = ()
    """Those that take room in caps, and those of communications that this one must not follow too soon."""
    requirements: Mapping[str, PolicyRequirements] = field(default_factory=dict)
    """Channel to what rules ask for where the customer is."""
    suppressions: tuple[Suppression, ...] = ()
    relations: tuple[Relation, ...] = ()
    proxy: Customer | None = None
    """Who receives instead of the customer: a guardian, or a person for correspondence."""
    document: str = field(default="", repr=False, compare=False)
    """The customer as the store has it; a decision looks at `customer` only."""
