"""Who looks at what customers were told: a person, and it is written down before anything is shown."""

from __future__ import annotations

import getpass
from collections.abc import Collection

from ccm.errors import NotAllowed, NotFound
from ccm.log import leaves, sequencer
from ccm.pipeline.project import Project
from ccm.workspace.settings import Person

UNIDENTIFIED = "unidentified"
"""Stands in the log for a reader whom nobody named, of what shows no content."""


def reader(project: Project, named: str | None) -> Person | None:
    """The person who was named, else the one whose alias is the name of the operating system's user, else None.

    Raises `NotFound` where a name was given that is nobody's.
    """
    if named:
        return project.workspace.person(named)
    try:
        return project.workspace.person(getpass.getuser())
    except (NotFound, OSError, KeyError):  # a process without an entry in the list of users
        return None


def reader_of_content(project: Project, named: str | None) -> Person:
    """As `reader`; raises `NotAllowed` where nobody is known: content is shown to persons only."""
    person = reader(project, named)
    if person is None:
        raise NotAllowed("this shows what a customer was told: say who looks with --as USER, or set CCM_USER")
    return person


def looked_at(project: Project, messages: Collection[str], person: Person | None, purpose: str) -> None:
    """Writes into the log that a person looks at these messages."""
    name, now = person.id if person else UNIDENTIFIED, project.clock()
    with project.store.write() as connection:
        entries = [leaves.access_leaf(message_id=message, person=name, purpose=purpose, at=now) for message in messages]
        sequencer.append(connection, entries)


def previewed(project: Project, customer_id: str, person: Person) -> None:
    """Writes into the log that a person looks at what a customer would be told."""
    with project.store.write() as connection:
        [subject] = leaves.subjects(connection, [customer_id], project.random_bytes).values()
        leaf = leaves.access_leaf(
            message_id=None,
            subject=subject,
            person=person.id,
            purpose="preview",
            at=project.clock(),
        )
        sequencer.append(connection, [leaf])
