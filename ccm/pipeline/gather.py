"""What is known of a chunk of customers, in one bulk query a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from ccm.compliance.places import region_of
from ccm.decide import Facts, caps
from ccm.model.customer import Contact, Customer
from ccm.model.requirements import PolicyRequirements
from ccm.pipeline.project import Project
from ccm.store import feeds
from ccm.workspace.communication import Communication


def gather(
    connection: Connection, project: Project, communication: Communication, customer_ids: Sequence[str], at: datetime
) -> dict[str, Facts]:
    """Facts by customer, in the order of `customer_ids`; unknown ids are left out. Empty tables are not asked."""
    found = feeds.customers(connection, customer_ids)
    preferences = feeds.preferences(connection, customer_ids)
    consents = feeds.consents(connection, customer_ids)
    used = feeds.in_use(connection, "cases", "suppressions", "relations")
    cases = feeds.cases(connection, customer_ids) if "cases" in used else {}
    suppressions = feeds.suppressions(connection, customer_ids) if "suppressions" in used else {}
    relations = feeds.relations(connection, customer_ids) if "relations" in used else {}
    asked = _requirements(project, communication, found, at)
    contacts = _contacts(connection, project, communication, customer_ids, asked, at)
    return {
        customer_id: Facts(
            customer,
            tuple(preferences.get(customer_id, ())),
            tuple(consents.get(customer_id, ())),
            tuple(cases.get(customer_id, ())),
            tuple(contacts.get(customer_id, ())),
            asked[customer_id],
            tuple(suppressions.get(customer_id, ())),
            tuple(relations.get(customer_id, ())),
        )
        for customer_id, customer in found.items()
    }


def _contacts(
    connection: Connection, project: Project, communication: Communication, customer_ids: Sequence[str],
    asked: Mapping[str, Mapping[str, PolicyRequirements]], at: datetime,
) -> Mapping[str, Sequence[Contact]]:  # fmt: skip
    counted = {limit for one in {id(one): one for one in asked.values()}.values()
               for limit in caps.limits(communication, project.workspace.policy, one, None)}  # fmt: skip
    return feeds.contacts(connection, customer_ids, caps.look_back(counted, at)) if counted else {}


def _requirements(
    project: Project, communication: Communication, customers: Mapping[str, Customer], at: datetime
) -> dict[str, Mapping[str, PolicyRequirements]]:
    """What rules ask for on each channel where each customer is; the same object for all who are in one place."""
    asked: dict[tuple[str, str], Mapping[str, PolicyRequirements]] = {}
    found = {}
    for customer_id, customer in customers.items():
        place = (customer.jurisdiction, region_of(customer))
        if place not in asked:
            asked[place] = project.rules.requirements(communication, *place, at)
        found[customer_id] = asked[place]
    return found
