"""A new link to the preference page for somebody who has lost it, by the road of every other trigger.

It goes to the e-mail address that the organisation has on file, never to the words that were typed, and only where
the two are the same. So what is typed can lead nobody's link elsewhere, however it is written.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Connection

from ccm.errors import NotAllowed, NotFound
from ccm.pipeline.gate import require_approved
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Compiled, Project
from ccm.pipeline.trigger import send
from ccm.store import feeds

MOST = 10
"""Customers of one address who get a link each; the address of more is an office's, and no customer's own."""


def offered(project: Project, at: datetime) -> bool:
    """Whether a link can be promised: ``ccm.toml`` names a communication for it, and its release is in force."""
    name = project.workspace.settings.preference_page.lost_link
    if name is None:
        return False
    with suppress(NotAllowed), project.store.read() as connection:
        require_approved(connection, project.compiled(name).release, at)
        return True
    return False


def send_links(project: Project, address: str, at: datetime) -> int:
    """Triggers a link for each customer who is written to at an e-mail address; returns how many they are.

    A customer gets one an hour, counted by the clock, whatever number of processes is asked: the hour is in the key of
    the trigger, and a repeat of it finds the message that is there. For an address that nobody has, a message is
    composed and thrown away, so that a process is as busy as with one that somebody has. Raises as `trigger.send`.
    """
    name = project.workspace.settings.preference_page.lost_link
    if name is None:
        return 0
    compiled = project.compiled(name)
    with project.store.read() as connection:
        reading = _readers(connection, project, compiled, address, at)
        somebody = None if reading else feeds.somebody_with_email(connection)
    for customer_id in reading:
        with suppress(NotFound):  # erased this instant
            send(project, name, customer_id, None, key=f"{customer_id}/{at.astimezone(UTC):%Y%m%dT%H}", at=at)
    if somebody is not None:
        send(project, name, somebody, None, key="nobody", at=at, dry_run=True)
    return len(reading)


def _readers(connection: Connection, project: Project, compiled: Compiled, address: str, at: datetime) -> list[str]:
    """Customers whose messages come to an address: their own, or that of who receives in their place."""
    owners = feeds.customers_by_email(connection, address, MOST)
    others = feeds.related_to(connection, owners)
    known = gather(connection, project, compiled.communication, sorted({*owners, *others}), at)
    return [
        customer_id for customer_id, facts in known.items()
        if (facts.customer.reach("email") or "").lower() == address.lower()
    ][:MOST]  # fmt: skip
