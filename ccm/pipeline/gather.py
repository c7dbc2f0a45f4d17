"""What is known of a chunk of customers, in one bulk query a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from ccm.compliance.places import Place, place_of
from ccm.decide import Facts, plan_for
from ccm.decide.consent import purposes_looked_at
from ccm.decide.relations import addressed, instead
from ccm.decide.suppression import OF_ADDRESS
from ccm.model.customer import Contact, Customer, Relation, Suppression
from ccm.model.requirements import PolicyRequirements
from ccm.pipeline import contact_points
from ccm.pipeline.project import Project
from ccm.store import feeds
from ccm.workspace.communication import Communication


def gather(
    connection: Connection, project: Project, communication: Communication, customer_ids: Sequence[str], at: datetime,
    *, whole: bool = False,
) -> dict[str, Facts]:  # fmt: skip
    """Facts by customer, in the order of `customer_ids`; unknown ids are left out. Empty tables are not asked.

    Of consents and preferences only those that a decision about `communication` looks at. `whole`: all of them, for
    decisions about other communications, but nothing of the ledger.
    """
    documents = feeds.documents(connection, customer_ids)
    found = feeds.customers_of(connection, documents)
    if whole:
        preferences, consents = feeds.preferences(connection, customer_ids), feeds.consents(connection, customer_ids)
    else:
        preferences = feeds.preferences_about(connection, customer_ids, communication.category)
        consents = feeds.consents_for(connection, customer_ids, purposes_looked_at(communication))
    used = feeds.in_use(connection, "cases", "suppressions", "relations")
    cases = feeds.cases(connection, customer_ids) if "cases" in used else {}
    suppressions = feeds.suppressions(connection, customer_ids) if "suppressions" in used else {}
    relations = feeds.relations(connection, customer_ids) if "relations" in used else {}
    proxies = _proxies(connection, communication, relations)
    for customer_id, proxy in proxies.items():
        if customer_id in found:
            found[customer_id] = addressed(found[customer_id], proxy)
    if "suppressions" in used:
        suppressions = _with_receivers(connection, suppressions, proxies)
    if suppressions:
        suppressions = _of_addresses_in_use(connection, found, suppressions)
    asked = _requirements(project, communication, found, at)
    said = {} if whole else _ledger(connection, project, communication, asked, at)
    return {
        customer_id: Facts(
            customer,
            tuple(preferences.get(customer_id, ())),
            tuple(consents.get(customer_id, ())),
            tuple(cases.get(customer_id, ())),
            tuple(said.get(customer_id, ())),
            asked[customer_id],
            tuple(suppressions.get(customer_id, ())),
            tuple(relations.get(customer_id, ())),
            proxies.get(customer_id),
            documents[customer_id],
        )
        for customer_id, customer in found.items()
    }


def _ledger(
    connection: Connection, project: Project, communication: Communication,
    asked: Mapping[str, Mapping[str, PolicyRequirements]], at: datetime,
) -> Mapping[str, Sequence[Contact]]:  # fmt: skip
    """The contacts, by customer, that a decision at `at` looks at; `asked` is what rules ask for, by customer."""
    since, *others = _looked_at(project, communication, asked, at)
    return {} if since is None else feeds.contacts(connection, list(asked), since, *others)


def ledger_again(
    connection: Connection, project: Project, communication: Communication, known: Mapping[str, Facts], at: datetime
) -> Mapping[str, Sequence[Contact]]:
    """The contacts of customers as they are now: mostly as in the facts of before, which three columns tell.

    Read under the customers' guards nobody else can change them.
    """
    asked = {customer_id: facts.requirements for customer_id, facts in known.items()}
    since, *others = _looked_at(project, communication, asked, at)
    if since is None:
        return {}
    before = {one.message_id: (one.status, one.at) for facts in known.values() for one in facts.contacts}
    if feeds.contact_states(connection, list(known), since, *others) == before:
        return {customer_id: facts.contacts for customer_id, facts in known.items()}
    return feeds.contacts(connection, list(known), since, *others)


def _looked_at(
    project: Project, communication: Communication, asked: Mapping[str, Mapping[str, PolicyRequirements]], at: datetime
) -> tuple[datetime | None, Sequence[str], Sequence[str]]:
    """From when on contacts are needed, None: none are; and what is needed though it counts toward no cap.

    That is: the communications that this one must not follow, and the categories that rules limit.
    """
    plan = plan_for(communication, project.workspace.policy, project.workspace.channels)
    by_place = {id(by_channel): by_channel for by_channel in asked.values()}.values()
    requirements = [one for by_channel in by_place for one in by_channel.values()]
    return plan.look_back(requirements, at), plan.follows, sorted(plan.counted(requirements))


def _proxies(
    connection: Connection, communication: Communication, relations: Mapping[str, Sequence[Relation]]
) -> dict[str, Customer]:
    """Customer to the person who receives this communication instead, where that person is known."""
    related = {
        customer_id: row.related_id for customer_id, rows in relations.items()
        if (row := instead(rows, communication.purpose)) is not None
    }  # fmt: skip
    known = feeds.customers(connection, sorted(set(related.values()))) if related else {}
    return {customer_id: known[proxy] for customer_id, proxy in related.items() if proxy in known}


def _with_receivers(
    connection: Connection, suppressions: Mapping[str, list[Suppression]], proxies: Mapping[str, Customer]
) -> dict[str, list[Suppression]]:
    """With those of the addresses of who receives instead: one that is gone is so whoever the mail is for."""
    theirs = feeds.suppressions(connection, sorted({one.id for one in proxies.values()})) if proxies else {}
    found = dict(suppressions)
    for customer_id, proxy in proxies.items():
        rows = [row._replace(customer_id=customer_id) for row in theirs.get(proxy.id, ()) if row.kind in OF_ADDRESS]
        if rows:
            found[customer_id] = [*suppressions.get(customer_id, ()), *rows]
    return found


def _of_addresses_in_use(
    connection: Connection, customers: Mapping[str, Customer], suppressions: Mapping[str, Sequence[Suppression]]
) -> dict[str, list[Suppression]]:
    """Without those of an address that the message would not go to: a new address of the customer is free."""
    salt = contact_points.salt(connection)
    found: dict[str, list[Suppression]] = {}
    for customer_id, rows in suppressions.items():
        points: Mapping[str, str] = {}
        if salt is not None and customer_id in customers and any(row.contact_point for row in rows):
            points = contact_points.contact_points(customers[customer_id], salt)
        found[customer_id] = [
            row for row in rows if not row.contact_point or row.contact_point == points.get(row.channel)
        ]
    return found


def _requirements(
    project: Project, communication: Communication, customers: Mapping[str, Customer], at: datetime
) -> dict[str, Mapping[str, PolicyRequirements]]:
    """What rules ask for on each channel where each customer is; the same object for all who are in one place."""
    asked: dict[Place, Mapping[str, PolicyRequirements]] = {}
    found = {}
    for customer_id, customer in customers.items():
        place = place_of(customer)
        if place not in asked:
            asked[place] = project.rules.requirements(
                communication, place.jurisdiction, place.region, at, place.number
            )  # fmt: skip
        found[customer_id] = asked[place]
    return found
