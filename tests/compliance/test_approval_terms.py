"""Two approvers, approvals that begin later and end, comments, and one decision for many releases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ccm.compliance import approvals
from ccm.compliance.approvals import Submission, Terms
from ccm.compliance.releases import Release
from ccm.errors import Conflict, InputError, IntegrityError, NotAllowed, NotFound
from ccm.store import Store
from ccm.store.tables import release_actions
from ccm.workspace.settings import Person

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
PLAIN, TWO = Terms(), Terms(approvers=2)
People = Callable[[str], Person]
Releases = Callable[..., Release]


def later(**parts: int) -> datetime:
    return NOW + timedelta(**parts)


def standing(store: Store, release: Release, at: datetime = NOW) -> str:
    with store.read() as connection:
        return next(one.state for one in approvals.standings(connection, at) if one.release.digest == release.digest)


def refusal(store: Store, release: Release, at: datetime) -> str:
    with store.read() as connection:
        return approvals.refusal(connection, release.digest, at)


def approved(
    store: Store, release: Release, person: People, record: Any, terms: Terms = PLAIN, at: datetime = NOW
) -> None:
    approvals.submit(store, release, person("ben"), at, record=record)
    approvals.approve(store, release.digest, person("chie"), at, record=record, terms=terms)


def test_two_different_people_must_approve_where_the_policy_asks(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    release = releases_of(1)
    approvals.submit_all(store, [Submission(release, TWO)], person("ben"), NOW, record=record)
    approvals.approve(store, release.digest, person("chie"), NOW, record=record, terms=TWO)
    assert standing(store, release) == "submitted"
    assert refusal(store, release, NOW) == "release_not_approved"
    with pytest.raises(NotAllowed, match="already; 1 more must, and not the same person"):
        approvals.approve(store, release.digest, person("chie"), NOW, record=record, terms=TWO)
    approvals.approve(store, release.digest, person("dan"), NOW, record=record, terms=TWO)
    assert standing(store, release) == "in_force"


def test_one_person_under_two_aliases_is_one_approver(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    release = releases_of(1)
    approvals.submit_all(store, [Submission(release, TWO)], person("ben"), NOW, record=record)
    former = person("chie").model_copy(update={"id": "c-old"})
    approvals.approve(store, release.digest, former, NOW, record=record, terms=TWO)
    for same in ({"aliases": ("C-OLD",)}, {"email": "C-Old"}):
        with pytest.raises(NotAllowed, match="approved release"):
            merged = person("chie").model_copy(update=same)
            approvals.approve(store, release.digest, merged, NOW, record=record, terms=TWO)
    assert standing(store, release) == "submitted"


@pytest.mark.parametrize("asked", [(2, 1), (1, 2)])
def test_the_stricter_policy_of_submission_and_approval_counts(
    store: Store, releases_of: Releases, person: People, record: Any, asked: tuple[int, int]
) -> None:
    release = releases_of(1)
    approvals.submit_all(store, [Submission(release, Terms(asked[0]))], person("ben"), NOW, record=record)
    approvals.approve(store, release.digest, person("chie"), NOW, record=record, terms=Terms(asked[1]))
    assert standing(store, release) == "submitted"


def test_a_submission_after_a_rejection_needs_both_approvals_anew(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    release = releases_of(1)
    for _ in range(2):
        approvals.submit_all(store, [Submission(release, TWO)], person("ben"), NOW, record=record)
        approvals.approve(store, release.digest, person("chie"), NOW, record=record, terms=TWO)
        approvals.reject(store, release.digest, person("dan"), NOW, "too long", record=record)
    assert standing(store, release) == "rejected"


def test_an_approval_ends_and_is_renewed_by_submitting_and_approving_again(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    release = releases_of(1)
    approved(store, release, person, record, Terms(expires_at=later(days=30)))
    assert refusal(store, release, later(days=30, microseconds=-1)) == ""
    assert refusal(store, release, later(days=30)) == "approval_expired"
    assert standing(store, release, later(days=30)) == "expired"
    # Renewed in time: what stands goes on while the renewal is looked at, and after it was rejected.
    approvals.submit(store, release, person("ben"), later(days=20), record=record)
    assert refusal(store, release, later(days=29)) == ""
    assert standing(store, release, later(days=31)) == "submitted"
    approvals.reject(store, release.digest, person("chie"), later(days=21), "not now", record=record)
    assert refusal(store, release, later(days=29)) == ""
    approvals.submit(store, release, person("ben"), later(days=22), record=record)
    renewed = Terms(expires_at=later(days=60))
    approvals.approve(store, release.digest, person("chie"), later(days=23), record=record, terms=renewed)
    assert refusal(store, release, later(days=59)) == ""


def test_an_approval_that_stands_can_be_withdrawn_while_its_renewal_was_rejected(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    release = releases_of(1)
    approved(store, release, person, record, Terms(expires_at=later(days=30)))
    approvals.submit(store, release, person("ben"), NOW, record=record)
    approvals.reject(store, release.digest, person("chie"), NOW, "no", record=record)
    approvals.withdraw(store, release.digest, person("chie"), NOW, "wrong rate", record=record)
    assert refusal(store, release, NOW) == "release_not_approved"


def test_a_release_is_in_force_from_its_instant_on_and_supersedes_the_one_before(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    first, second = releases_of(1), releases_of(2)
    approved(store, first, person, record)
    approved(store, second, person, record, Terms(effective_from=later(days=5)), later(hours=1))
    before, after = later(days=5, microseconds=-1), later(days=5)
    assert (standing(store, first, before), standing(store, second, before)) == ("in_force", "approved")
    assert (standing(store, first, after), standing(store, second, after)) == ("superseded", "in_force")
    assert refusal(store, second, before) == "release_not_yet_effective"
    assert refusal(store, first, after) == "", "what was composed while it was in force may still go"
    approvals.withdraw(store, second.digest, person("chie"), later(days=6), "wrong", record=record)
    assert standing(store, first, later(days=6)) == "in_force"


def test_a_superseded_release_comes_back_by_a_new_approval(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    first, second = releases_of(1), releases_of(2)
    approved(store, first, person, record)
    with pytest.raises(Conflict, match="was approved by chie"):
        approvals.submit(store, first, person("ben"), NOW, record=record)
    approved(store, second, person, record, at=later(hours=1))
    approved(store, first, person, record, at=later(hours=2))
    assert (standing(store, first, later(hours=3)), standing(store, second, later(hours=3))) == (
        "in_force", "superseded",
    )  # fmt: skip


def test_the_later_of_two_approvers_instants_counts(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    release = releases_of(1)
    approvals.submit_all(store, [Submission(release, TWO)], person("ben"), NOW, record=record)
    asked = Terms(2, effective_from=later(days=9))
    approvals.approve(store, release.digest, person("chie"), NOW, record=record, terms=asked)
    with pytest.raises(InputError, match="before it begins"):
        ends = Terms(2, expires_at=later(days=9))
        approvals.approve(store, release.digest, person("dan"), NOW, record=record, terms=ends)
    approvals.approve(store, release.digest, person("dan"), NOW, record=record, terms=TWO)
    assert (standing(store, release), standing(store, release, later(days=9))) == ("approved", "in_force")


def test_who_wrote_a_part_may_not_approve(store: Store, releases_of: Releases, person: People, record: Any) -> None:
    release = releases_of(1)
    approvals.submit_all(store, [Submission(release, Terms(authors=("chie",)))], person("ben"), NOW, record=record)
    with pytest.raises(NotAllowed, match="'chie' wrote a part of this change"):
        approvals.approve(store, release.digest, person("chie"), NOW, record=record)
    with pytest.raises(NotAllowed, match="'dan' wrote a part of this change"):
        approvals.approve(store, release.digest, person("dan"), NOW, record=record, terms=Terms(authors=("dan",)))
    approvals.approve(store, release.digest, person("dan"), NOW, record=record)


def test_a_half_given_approval_does_not_make_its_authors_work_approved(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    first, second = releases_of(1), releases_of(2)
    approvals.submit_all(store, [Submission(first, TWO)], person("aoi"), NOW, record=record)
    approvals.approve(store, first.digest, person("chie"), NOW, record=record, terms=TWO)
    approvals.submit(store, second, person("ben"), NOW, record=record)
    with pytest.raises(NotAllowed, match="'aoi' submitted this change"):
        approvals.approve(store, second.digest, person("aoi"), NOW, record=record)


def test_a_comment_stays_with_the_release_and_changes_nothing(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    release = releases_of(1)
    with pytest.raises(NotFound):
        approvals.comment(store, release.digest, person("chie"), NOW, "?", record=record)
    approvals.submit(store, release, person("ben"), NOW, record=record)
    reviewer = person("ops").model_copy(update={"id": "rei", "roles": ("reviewer",)})
    approvals.comment(store, release.digest, reviewer, NOW, "The second sentence is long.", record=record)
    with pytest.raises(NotAllowed, match="needs the role"):
        approvals.comment(store, release.digest, person("ops"), NOW, "Hello", record=record)
    with pytest.raises(InputError, match="comment is needed"):
        approvals.comment(store, release.digest, reviewer, NOW, " ", record=record)
    approvals.approve(store, release.digest, person("chie"), NOW, record=record)
    with store.read() as connection:
        actions = approvals.state(connection, release.digest).actions
    assert [action.action for action in actions] == ["submitted", "commented", "approved"]
    assert list(actions) == record.actions


def test_terms_that_somebody_changed_in_the_store_let_nothing_out(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    release = releases_of(1)
    approved(store, release, person, record)
    for changed in ("no JSON", "[]", '{"approver": 0}', '{"expires_at": "soon"}'):
        with store.write() as connection:
            connection.execute(release_actions.update().values(terms=changed))
        with pytest.raises(IntegrityError, match="terms"):
            refusal(store, release, NOW)


def test_one_decision_for_many_is_all_or_nothing(
    store: Store, releases_of: Releases, person: People, record: Any
) -> None:
    many = [releases_of(number, f"notice-{number}") for number in range(3)]
    approvals.submit_all(store, [Submission(one) for one in many], person("ben"), NOW, record=record)
    spoilt = {one.digest: Terms() for one in many} | {many[1].digest: Terms(authors=("chie",))}
    with pytest.raises(NotAllowed, match="'chie' wrote"):
        approvals.approve_all(store, spoilt, person("chie"), NOW, "new wording", record=record)
    assert {standing(store, one) for one in many} == {"submitted"}
    with pytest.raises(InputError, match="named twice"):
        twice = {many[0].digest: Terms(), many[0].digest[:20]: Terms()}
        approvals.approve_all(store, twice, person("chie"), NOW, record=record)
    done = approvals.approve_all(
        store, {one.digest: Terms() for one in many}, person("chie"), NOW, "new wording", record=record
    )
    assert {standing(store, one) for one in many} == {"in_force"}
    assert sorted(action.digest for action in done) == sorted(one.digest for one in many)
    assert {action.comment for action in done} == {"new wording"}
