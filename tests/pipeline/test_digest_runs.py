"""Digests under many hands: runs whose messages join them, processes that join and close at the same time."""

import multiprocessing
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from digest_parts import CLOSES, WEDNESDAY, agree, deliver_at, digests_of, readers, rows_of, tell
from sqlalchemy import insert, update
from support import Bank

from ccm.batch import coordinator, runs
from ccm.batch.certificate import certificate
from ccm.errors import InputError
from ccm.log.verify import verify_messages
from ccm.pipeline.compose import compose
from ccm.pipeline.digest_closing import close_digests
from ccm.pipeline.record import record
from ccm.pipeline.trigger import send
from ccm.store.tables import contacts, messages, preferences

SUMMARY = {
    "en": "A deposit at {{ offer.rate }} a year until {{ offer.until|date('long') }}.",
    "ja": "{{ offer.until|date('long') }}までのお申し込みで年{{ offer.rate }}の定期預金です。",
}


@pytest.fixture
def joining(bank: Bank) -> Bank:
    """A bank whose offers join the digest where a cap is full."""
    folder = bank.project.workspace.root / "templates" / "savings-offer"
    for language, words in SUMMARY.items():
        (folder / language / "digest.txt").write_text(words + "\n", encoding="utf-8")
    file = folder / "communication.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("wording:", "on_cap: digest\ndigest: {into: news-digest}\nwording:", 1), encoding="utf-8"
    )
    found = bank.reopened()
    found.approve("savings-offer")
    return found


def fill(bank: Bank, customer: str) -> None:
    rows = [{"id": f"{customer}-{number}", "customer_id": customer, "communication": "other", "category": "offers",
             "channel": "email", "at": WEDNESDAY - timedelta(days=number + 1), "status": "sent", "counts": True,
             "row_digest": ""} for number in range(2)]  # fmt: skip
    with bank.project.store.write() as connection:
        connection.execute(insert(contacts), rows)


def collected_from(joining: Bank, *customer_ids: str) -> runs.Run:
    """A run of offers; those of these customers, whose caps are full, became parts of a digest, and do not expire."""
    for customer_id in customer_ids:
        fill(joining, customer_id)
    run = runs.start(joining.project, "savings-offer", WEDNESDAY)
    coordinator.execute(joining.project, run.id, workers=1)
    with joining.project.store.write() as connection:
        connection.execute(update(messages).where(messages.c.run_id == run.id).values(expires_at=None))
    return run


def test_a_run_accounts_for_those_who_joined_also_when_the_digest_leaves_them_out(joining: Bank) -> None:
    first, second = readers(joining, 2)
    fill(joining, first)
    run = runs.start(joining.project, "savings-offer", WEDNESDAY)
    coordinator.execute(joining.project, run.id, workers=2)
    for hour in (10, 19):
        deliver_at(joining, WEDNESDAY + timedelta(hours=hour))
    found = certificate(joining.project, run.id)
    assert (found.digested, found.sent, found.adds_up) == (1, 1, True)
    states = {row["customer_id"]: (row["state"], row["detail"]) for row in rows_of(joining, "savings-offer")}
    assert states[first] == ("digested", "offers-week")
    assert states[second][0] == "accepted"
    # An offer itself expires after two days, before the window of the week closes.
    assert deliver_at(joining, CLOSES)["news-digest", "digest empty"] == 1
    found = certificate(joining.project, run.id)
    assert (found.digested, found.withheld_by_reason["expired"], found.adds_up) == (0, 1, True)
    assert not verify_messages(joining.project.store)


def test_a_run_counts_those_as_withheld_whose_digest_did_not_go_out(joining: Bank) -> None:
    [customer] = readers(joining, 1)
    run = collected_from(joining, customer)
    close_digests(joining.project, CLOSES)
    found = certificate(joining.project, run.id)
    assert (found.digested, found.withheld_by_reason.get("digest_withheld")) == (1, None)
    agree(joining, customer, CLOSES + timedelta(minutes=1), granted=False)
    deliver_at(joining, rows_of(joining, "news-digest")[0]["due_at"])
    found = certificate(joining.project, run.id)
    assert (found.digested, found.withheld_by_reason["digest_withheld"], found.adds_up) == (0, 1, True)
    assert not verify_messages(joining.project.store)


def test_a_digest_tells_nothing_of_a_run_that_was_cancelled(joining: Bank) -> None:
    first, second = readers(joining, 2)
    run = collected_from(joining, first, second)
    tell(joining, second, "a")
    assert runs.cancel(joining.project, run.id) == (0, 2)
    assert close_digests(joining.project, CLOSES) == {("news-digest", "empty"): 1, ("news-digest", "due"): 1}
    [part] = rows_of(joining, "branch-news")
    assert part["state"] == "digested"
    found = certificate(joining.project, run.id)
    assert (found.digested, found.withheld_by_reason["run_cancelled"], found.adds_up) == (0, 2, True)
    assert not verify_messages(joining.project.store)


def test_what_a_digest_told_before_its_run_was_cancelled_stays_told(joining: Bank) -> None:
    [customer] = readers(joining, 1)
    run = collected_from(joining, customer)
    close_digests(joining.project, CLOSES)
    assert runs.cancel(joining.project, run.id) == (0, 0)
    [digest] = rows_of(joining, "news-digest")
    assert digest["state"] == "due"


def test_who_turns_out_to_be_over_the_cap_under_lock_joins_with_words(joining: Bank) -> None:
    [customer] = readers(joining, 1)
    compiled = joining.project.compiled("savings-offer")
    run = runs.start(joining.project, "savings-offer", WEDNESDAY, limit=1)
    occasion = runs.Occasion("savings-offer/x", None, WEDNESDAY, {})
    outcomes, _ = compose(joining.project, compiled, occasion, [customer])
    assert (outcomes[0].state, run.intended) == ("due", 1)
    fill(joining, customer)
    [outcome] = record(joining.project, compiled, occasion, outcomes)
    assert outcome.state == "digested"
    [row] = rows_of(joining, "savings-offer")
    assert (row["media_type"], row["digest"]) == ("application/json", digests_of(joining)[0]["id"])
    assert row["body_digest"]
    assert not verify_messages(joining.project.store)


def test_a_part_whose_category_the_customer_refused_on_the_digests_channel_is_left_out(joining: Bank) -> None:
    [customer] = readers(joining, 1)
    fill(joining, customer)
    send(joining.project, "savings-offer", customer, None, key="k", at=CLOSES - timedelta(hours=1))
    tell(joining, customer, "a")
    refused = {"customer_id": customer, "channel": "email", "allowed": False, "category": "news", "row_digest": ""}
    with joining.project.store.write() as connection:
        connection.execute(insert(preferences), [refused])
    assert close_digests(joining.project, CLOSES) == {("news-digest", "due"): 1}
    [news], [offer], [digest] = (rows_of(joining, name) for name in ("branch-news", "savings-offer", "news-digest"))
    assert (news["state"], news["reason"]) == ("withheld", "opted_out")
    assert (offer["state"], offer["digest"]) == ("digested", digest["digest"])
    assert digest["detail"].startswith("deferred_by_cap:offers-week")
    assert digest["due_at"] > CLOSES


def test_no_run_starts_for_a_communication_that_collects(bank: Bank) -> None:
    bank.approve("news-digest")
    with pytest.raises(InputError, match="goes by itself when its windows close"):
        runs.start(bank.project, "news-digest", WEDNESDAY)


def in_processes(actions: list[Callable[[], object]]) -> list[int | None]:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=action) for action in actions]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    return [worker.exitcode for worker in workers]


def test_processes_that_join_at_once_join_one_digest_and_closing_it_makes_one_message(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    project = bank.project

    def join(number: int) -> None:
        project.reopen()
        for each in range(4):
            tell(bank, customer, f"{number}-{each}", WEDNESDAY + timedelta(seconds=number))

    def close() -> None:
        project.reopen()
        close_digests(project, CLOSES)

    project.store.close()
    assert in_processes([lambda number=number: join(number) for number in range(4)]) == [0] * 4  # type: ignore[misc]
    project.reopen()
    [digest] = digests_of(bank)
    assert [row["digest"] for row in rows_of(bank, "branch-news")] == [digest["id"]] * 16
    project.store.close()
    assert in_processes([close, close, lambda: join(4), lambda: join(5)]) == [0] * 4
    project.reopen()
    close_digests(project, CLOSES + timedelta(days=7))
    told = Counter(row["digest"] for row in rows_of(bank, "news-digest"))
    assert set(told) == {row["id"] for row in digests_of(bank) if row["message_id"]}
    assert set(told.values()) == {1}, "a window has one message"
    parts = rows_of(bank, "branch-news")
    assert len(parts) == 24
    assert {row["digest"] for row in parts} == set(told), "nobody's part is lost"
    assert not verify_messages(project.store)
