"""Several people acting on one release at the same moment, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from ccm.compliance import approvals
from ccm.compliance.approvals import Record, ReleaseAction, Submission, Terms
from ccm.compliance.releases import Release
from ccm.errors import Conflict, NotAllowed
from ccm.store import Store
from ccm.workspace.settings import Person

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


def at_once(*calls: Callable[[], ReleaseAction]) -> list[ReleaseAction | Exception]:
    """Runs the calls in threads that start together; returns what each gave or raised."""
    gate = threading.Barrier(len(calls))
    results: list[ReleaseAction | Exception] = []

    def run(call: Callable[[], ReleaseAction]) -> None:
        gate.wait()
        try:
            results.append(call())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_people_who_approve_at_once_one_is_told(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Record
) -> None:
    for number in range(5):
        release = releases_of(number)
        approvals.submit(store, release, person("ben"), NOW, record=record)
        results = at_once(*(
            lambda name=name: approvals.approve(store, release.digest, person(name), NOW, record=record)  # noqa: B023
            for name in ("chie", "dan")
        ))  # fmt: skip
        told = [result for result in results if isinstance(result, Conflict)]
        assert len(told) == 1, results
        assert "was approved by" in str(told[0])
        with store.read() as connection:
            actions = approvals.state(connection, release.digest).actions
        assert [action.action for action in actions] == ["submitted", "approved"]


def test_of_two_people_who_submit_the_same_at_once_one_is_told(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Record
) -> None:
    for number in range(5):
        release = releases_of(number)
        results = at_once(*(
            lambda name=name: approvals.submit(store, release, person(name), NOW, record=record)  # noqa: B023
            for name in ("aoi", "ben")
        ))  # fmt: skip
        assert sum(isinstance(result, Conflict) for result in results) == 1, results
        assert sum(isinstance(result, ReleaseAction) for result in results) == 1, results


def test_approval_and_withdrawal_at_once_never_leave_a_withdrawn_release_in_force(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Record
) -> None:
    for number in range(5):
        release = releases_of(number)
        approvals.submit(store, release, person("ben"), NOW, record=record)
        at_once(
            lambda: approvals.approve(store, release.digest, person("chie"), NOW, record=record),  # noqa: B023
            lambda: approvals.withdraw(store, release.digest, person("ben"), NOW, "stop", record=record),  # noqa: B023
        )
        with store.read() as connection:
            assert approvals.state(connection, release.digest).state == "withdrawn"


def test_of_two_approvers_at_once_both_count_and_the_release_is_let_out_once(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Record
) -> None:
    two = Terms(approvers=2)
    for number in range(5):
        release = releases_of(number)
        approvals.submit_all(store, [Submission(release, two)], person("ben"), NOW, record=record)
        results = at_once(*(
            lambda name=name: approvals.approve(
                store, release.digest, person(name), NOW, record=record, terms=two,  # noqa: B023
            )
            for name in ("chie", "dan")
        ))  # fmt: skip
        assert all(isinstance(result, ReleaseAction) for result in results), results
        with store.read() as connection:
            found = approvals.state(connection, release.digest)
        assert (found.state, sorted(found.approvers)) == ("approved", ["chie", "dan"])


def test_of_one_person_approving_twice_at_once_one_is_told(
    store: Store, releases_of: Callable[..., Release], person: Callable[[str], Person], record: Record
) -> None:
    two = Terms(approvers=2)
    for number in range(5):
        release = releases_of(number)
        approvals.submit_all(store, [Submission(release, two)], person("ben"), NOW, record=record)
        call = lambda: approvals.approve(  # noqa: E731
            store, release.digest, person("chie"), NOW, record=record, terms=two,  # noqa: B023
        )  # fmt: skip
        results = at_once(call, call)
        assert sum(isinstance(result, NotAllowed) for result in results) == 1, results
        with store.read() as connection:
            assert approvals.state(connection, release.digest).state == "submitted"
