"""What people did, against the log: terms of approvals, comments and stops that somebody changed are found."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, update
from support import Bank

from ccm.compliance import approvals, stops
from ccm.compliance.approvals import Terms
from ccm.log import sequencer
from ccm.log.verify import verify_messages
from ccm.store.tables import release_actions
from ccm.store.tables import stops as stops_table

END = "2026-05-01T00:00:00.000000+00:00"


@pytest.fixture
def told(bank: Bank) -> Bank:
    """A bank with a release that was commented on and approved until May, and a stopped channel."""
    project, people = bank.project, bank.project.workspace.person
    release, record = project.compiled("payment-received").release, project.record_release_action
    approvals.submit(project.store, release, people("mika"), bank.clock(), record=record)
    approvals.comment(project.store, release.digest, people("sam"), bank.clock(), "Long.", record=record)
    terms = Terms.read(f'{{"approvers":1,"expires_at":"{END}"}}')
    approvals.approve(project.store, release.digest, people("aoi"), bank.clock(), record=record, terms=terms)
    stops.stop(project.store, "channel", "sms", people("ren"), bank.clock(), "wrong sender", record=project.record_stop)
    sequencer.integrate(project.store)
    return bank


def test_terms_comments_and_stops_agree_with_the_log(told: Bank) -> None:
    assert verify_messages(told.project.store) == ()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (update(release_actions).where(release_actions.c.action == "approved").values(terms="{}"), "approved by aoi"),
        (update(release_actions).where(release_actions.c.action == "approved").values(terms="no JSON"), "approved by"),
        (delete(release_actions).where(release_actions.c.action == "commented"), "commented by sam"),
        (update(release_actions).where(release_actions.c.action == "submitted").values(terms='{"authors":["x"]}'),
         "submitted by mika"),
        (delete(stops_table), "channel sms: stopped by ren"),
        (update(stops_table).values(name="push"), "channel push: stopped by ren"),
        (update(stops_table).values(action="resumed"), "channel sms: resumed by ren"),
        (update(stops_table).values(comment="all well"), "channel sms: stopped by ren"),
    ],
)  # fmt: skip
def test_what_somebody_changed_in_the_store_is_found(told: Bank, statement: Any, fault: str) -> None:
    with told.project.store.write() as connection:
        connection.execute(statement)
    assert any(fault in line for line in verify_messages(told.project.store))


def test_a_stop_that_was_added_beside_the_log_is_found(told: Bank) -> None:
    with told.project.store.write() as connection:
        connection.execute(
            stops_table.insert(),
            {"action": "resumed", "target": "channel", "name": "sms", "person": "aoi", "comment": "",
             "at": told.clock()},
        )  # fmt: skip
    assert any("resumed by aoi" in line for line in verify_messages(told.project.store))
