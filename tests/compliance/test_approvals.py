"""Approvals: two persons, one digest, in order, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from ccm.compliance import approvals
from ccm.compliance.approvals import ReleaseAction
from ccm.compliance.releases import Release, canonical
from ccm.errors import Conflict, InputError, IntegrityError, NotAllowed, NotFound
from ccm.store import Store
from ccm.store.tables import release_actions, releases
from ccm.workspace.settings import Person

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def state_of(store: Store, release: Release) -> str:
    with store.read() as connection:
        return approvals.state(connection, release.digest).state


def test_submit_then_approve_by_another_puts_a_release_in_force(
    store: Store, release: Release, person: Callable[[str], Person], record: Any
) -> None:
    assert state_of(store, release) == "draft"
    approvals.submit(store, release, person("ben"), NOW, record=record)
    assert state_of(store, release) == "submitted"
    with store.read() as connection:
        assert not approvals.in_force(connection, release.digest, NOW)
    done = approvals.approve(store, release.digest, person("chie"), later(1), "read all of it", record=record)
    assert done == ReleaseAction(
        release.digest, "quarterly-statement", "approved", "chie", "read all of it", later(1)
    )  # fmt: skip
    with store.read() as connection:
        assert approvals.in_force(connection, release.digest, later(1))
        state = approvals.state(connection, release.digest)
        assert approvals.stored_release(connection, release.digest) == release
    assert (state.state, state.communication) == ("approved", "quarterly-statement")
    assert list(state.actions) == record.actions
    assert [action.action for action in record.actions] == ["submitted", "approved"]


def test_what_the_audit_log_does_not_take_did_not_happen(
    store: Store, release: Release, person: Callable[[str], Person], record: Any
) -> None:
    record.broken = True
    with pytest.raises(OSError, match="full"):
        approvals.submit(store, release, person("ben"), NOW, record=record)
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(releases)) == 0
        assert connection.scalar(select(func.count()).select_from(release_actions)) == 0


@pytest.mark.parametrize("name", ["chie", "ops"])
def test_only_an_author_or_administrator_may_submit(
    store: Store, release: Release, person: Callable[[str], Person], record: Any, name: str
) -> None:
    with pytest.raises(NotAllowed, match="needs the role author or administrator"):
        approvals.submit(store, release, person(name), NOW, record=record)
    assert state_of(store, release) == "draft"


@pytest.mark.parametrize("name", ["ben", "ops", "root"])
def test_only_compliance_may_approve_or_reject(
    store: Store, release: Release, person: Callable[[str], Person], record: Any, name: str
) -> None:
    approvals.submit(store, release, person("root"), NOW, record=record)
    with pytest.raises(NotAllowed, match="needs the role compliance"):
        approvals.approve(store, release.digest, person(name), NOW, record=record)
    with pytest.raises(NotAllowed, match="needs the role compliance"):
        approvals.reject(store, release.digest, person(name), NOW, "no", record=record)
    assert state_of(store, release) == "submitted"


@pytest.mark.parametrize("name", ["aoi", "AOI@bank.example"])
def test_the_submitter_cannot_approve_by_any_name(
    store: Store, release: Release, person: Callable[[str], Person], record: Any, name: str
) -> None:
    approvals.submit(store, release, person("aoi@bank.example"), NOW, record=record)
    with pytest.raises(NotAllowed, match="'aoi' submitted this change"):
        approvals.approve(store, release.digest, person(name), NOW, record=record)
    assert state_of(store, release) == "submitted"


def test_a_submitter_who_became_an_alias_of_another_person_is_still_that_person(
    store: Store, release: Release, person: Callable[[str], Person], record: Any
) -> None:
    former = person("ben").model_copy(update={"id": "chie-old"})
    approvals.submit(store, release, former, NOW, record=record)
    merged = person("chie").model_copy(update={"aliases": ("Chie-Old",)})
    with pytest.raises(NotAllowed, match="submitted this change"):
        approvals.approve(store, release.digest, merged, NOW, record=record)


def test_an_earlier_submitter_since_the_last_approval_is_an_author(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Any
) -> None:
    first, second, third = (releases_of(number) for number in (1, 2, 3))
    approvals.submit(store, first, person("aoi"), NOW, record=record)
    approvals.reject(store, first.digest, person("chie"), NOW, "a typing mistake", record=record)
    approvals.submit(store, second, person("ben"), later(1), record=record)
    with pytest.raises(NotAllowed, match="'aoi' submitted this change"):
        approvals.approve(store, second.digest, person("aoi"), later(2), record=record)
    approvals.approve(store, second.digest, person("chie"), later(2), record=record)
    # Aoi's part of the work was approved with the second one; she may judge Ben's next.
    approvals.submit(store, third, person("ben"), later(3), record=record)
    approvals.approve(store, third.digest, person("aoi"), later(4), record=record)
    assert state_of(store, third) == "approved"


def test_who_once_submitted_this_very_release_stays_its_author(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Any
) -> None:
    mine, other = releases_of(1), releases_of(2)
    approvals.submit(store, mine, person("aoi"), NOW, record=record)
    approvals.withdraw(store, mine.digest, person("aoi"), NOW, "not yet", record=record)
    approvals.submit(store, other, person("ben"), NOW, record=record)
    approvals.approve(store, other.digest, person("chie"), NOW, record=record)
    approvals.submit(store, mine, person("ben"), NOW, record=record)
    with pytest.raises(NotAllowed):
        approvals.approve(store, mine.digest, person("aoi"), NOW, record=record)


def test_authors_of_other_communications_may_approve(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Any
) -> None:
    approvals.submit(store, releases_of(1, "notice"), person("aoi"), NOW, record=record)
    approvals.submit(store, releases_of(1), person("ben"), NOW, record=record)
    approvals.approve(store, releases_of(1).digest, person("aoi"), NOW, record=record)
    assert state_of(store, releases_of(1)) == "approved"
    assert state_of(store, releases_of(1, "notice")) == "submitted"


def test_a_changed_file_is_not_approved(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Any
) -> None:
    approvals.submit(store, releases_of(1), person("ben"), NOW, record=record)
    approvals.approve(store, releases_of(1).digest, person("chie"), NOW, record=record)
    assert state_of(store, releases_of(2)) == "draft"
    with pytest.raises(NotFound, match="was submitted"):
        approvals.approve(store, releases_of(2).digest, person("chie"), NOW, record=record)


def test_each_action_is_possible_in_its_states_only(
    store: Store, release: Release, person: Callable[[str], Person], record: Any
) -> None:
    digest, chie, ben = release.digest, person("chie"), person("ben")
    approvals.submit(store, release, ben, NOW, record=record)
    with pytest.raises(Conflict, match="was submitted by ben"):
        approvals.submit(store, release, ben, NOW, record=record)
    approvals.reject(store, digest, chie, NOW, "not plain enough", record=record)
    for action in (approvals.approve, approvals.reject, approvals.withdraw):
        with pytest.raises(Conflict, match=r"was rejected by chie at 2026-04-01T09:00:00.*submit it again"):
            action(store, digest, chie, NOW, "again", record=record)
    approvals.submit(store, release, ben, NOW, record=record)
    approvals.approve(store, digest, chie, NOW, record=record)
    with pytest.raises(Conflict, match="was approved by chie"):
        approvals.reject(store, digest, chie, NOW, "too late", record=record)
    with pytest.raises(Conflict, match="was approved by chie"):
        approvals.submit(store, release, ben, NOW, record=record)
    approvals.withdraw(store, digest, ben, NOW, "wrong rate", record=record)
    assert state_of(store, release) == "withdrawn"
    with store.read() as connection:
        assert not approvals.in_force(connection, digest, NOW)
    with pytest.raises(Conflict, match="was withdrawn by ben"):
        approvals.approve(store, digest, chie, NOW, record=record)


def test_rejecting_and_withdrawing_need_a_reason(
    store: Store, release: Release, person: Callable[[str], Person], record: Any
) -> None:
    approvals.submit(store, release, person("ben"), NOW, record=record)
    for action in (approvals.reject, approvals.withdraw):
        with pytest.raises(InputError, match="says why"):
            action(store, release.digest, person("chie"), NOW, " ", record=record)
    with pytest.raises(InputError, match="2,001 characters"):
        approvals.reject(store, release.digest, person("chie"), NOW, "x" * 2001, record=record)
    assert state_of(store, release) == "submitted"


def test_a_clock_that_went_backwards_is_refused(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Any
) -> None:
    approvals.submit(store, releases_of(1), person("ben"), NOW, record=record)
    with pytest.raises(NotAllowed, match="before the last action on 'offer'"):
        approvals.approve(store, releases_of(1).digest, person("chie"), NOW - timedelta(seconds=1), record=record)
    with pytest.raises(NotAllowed, match="before the last action on 'offer'"):
        approvals.submit(store, releases_of(2), person("ben"), NOW - timedelta(seconds=1), record=record)
    approvals.approve(store, releases_of(1).digest, person("chie"), NOW, record=record)


def test_twelve_characters_of_a_digest_are_enough_and_eleven_are_not(
    store: Store, release: Release, person: Callable[[str], Person], record: Any
) -> None:
    approvals.submit(store, release, person("ben"), NOW, record=record)
    for wrong in (release.digest[:11], "", "%" * 12, "g" * 12, release.digest + "0"):
        with pytest.raises(InputError, match="at least 12"):
            approvals.approve(store, wrong, person("chie"), NOW, record=record)
    done = approvals.approve(store, release.digest[:12].upper(), person("chie"), NOW, record=record)
    assert done.digest == release.digest


def test_a_beginning_that_two_digests_share_is_refused(store: Store) -> None:
    shared = "ab" * 10
    with store.write() as connection:
        for end in ("0", "1"):
            row = {"digest": shared + end * 44, "communication": "offer", "manifest": "{}", "created_at": NOW}
            connection.execute(releases.insert(), row)
    with store.read() as connection:
        with pytest.raises(InputError, match="several digests"):
            approvals.find(connection, shared)
        assert approvals.find(connection, shared + "1") == shared + "1" * 44


def test_releases_are_listed_oldest_first(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Any
) -> None:
    for minutes, (number, communication) in enumerate([(1, "offer"), (1, "notice"), (2, "offer")]):
        approvals.submit(store, releases_of(number, communication), person("ben"), later(minutes), record=record)
    approvals.approve(store, releases_of(2).digest, person("chie"), later(9), record=record)
    with store.read() as connection:
        listed = approvals.list_releases(connection)
        assert [(one.communication, one.state) for one in listed] == [
            ("offer", "submitted"), ("notice", "submitted"), ("offer", "approved"),
        ]  # fmt: skip
        mine = approvals.list_releases(connection, "offer")
        assert [one.digest for one in mine] == [releases_of(1).digest, releases_of(2).digest]


def test_an_altered_manifest_is_noticed(
    store: Store, release: Release, person: Callable[[str], Person], record: Any
) -> None:
    approvals.submit(store, release, person("ben"), NOW, record=record)
    with store.write() as connection:
        connection.execute(update(releases).values(manifest=canonical({**release.manifest, "ccm.toml#x": "0"})))
    with store.read() as connection, pytest.raises(IntegrityError):
        approvals.stored_release(connection, release.digest)
