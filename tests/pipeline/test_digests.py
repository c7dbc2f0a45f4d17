"""Messages that are collected become one message a customer and window, once, or say why they do not."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from digest_parts import CLOSES, WEDNESDAY, agree, deliver_at, digests_of, readers, rows_of, tell
from sqlalchemy import delete
from support import Bank

from ccm.compliance import stops
from ccm.errors import InputError
from ccm.log.verify import verify_messages
from ccm.pipeline import contents, digest_closing
from ccm.pipeline.digest_closing import close_digests
from ccm.pipeline.digests import window_of
from ccm.pipeline.erasure import erase
from ccm.pipeline.trigger import send
from ccm.store.tables import messages, release_actions
from ccm.workspace.collecting import Collects

WEEK = timedelta(days=7)


def text_of(bank: Bank, row: Any) -> str:
    mail = message_from_bytes(contents.load(bank.project, [row])[row["id"]].body, policy=default)
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_two_of_one_window_become_one_message_that_tells_of_both(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    for hour, event in enumerate(("Savings evening", "Pensions lunch")):
        at = WEDNESDAY + timedelta(hours=hour)
        assert tell(bank, customer, event, at, event=event).state == "digested"
    assert not deliver_at(bank, CLOSES - timedelta(seconds=1))
    assert rows_of(bank, "news-digest") == []
    assert deliver_at(bank, CLOSES)["news-digest", "digest due"] == 1
    [row] = rows_of(bank, "news-digest")
    [digest] = digests_of(bank)
    assert (digest["state"], digest["message_id"], row["digest"]) == ("closed", row["id"], digest["id"])
    told = text_of(bank, row)
    assert told.index("Savings evening at our Leith branch") < told.index("Pensions lunch at our Leith branch")
    assert {one["digest"] for one in rows_of(bank, "branch-news")} == {digest["id"]}
    assert not close_digests(bank.project, CLOSES), "it is closed once"
    assert not verify_messages(bank.project.store)


def test_what_comes_at_the_closing_time_or_later_is_told_in_the_next_window(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    tell(bank, customer, "a", CLOSES - timedelta(seconds=1))
    tell(bank, customer, "b", CLOSES)
    assert close_digests(bank.project, CLOSES) == {("news-digest", "due"): 1}
    assert close_digests(bank.project, CLOSES + WEEK) == {("news-digest", "due"): 1}
    first, second = digests_of(bank)
    assert first["window_end"] == second["window_start"] == CLOSES
    assert first["message_id"] != second["message_id"]


def test_what_was_decided_before_the_window_closed_and_recorded_after_it_is_not_lost(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    tell(bank, customer, "a")
    close_digests(bank.project, CLOSES)
    tell(bank, customer, "late")
    assert [digest["state"] for digest in digests_of(bank)] == ["closed", "open"]
    assert close_digests(bank.project, CLOSES + WEEK) == {("news-digest", "due"): 1}


def test_a_consent_withdrawn_meanwhile_withholds_the_digest_and_its_parts_say_so(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    tell(bank, customer, "a")
    agree(bank, customer, CLOSES - timedelta(hours=1), granted=False)
    assert close_digests(bank.project, CLOSES) == {("news-digest", "withheld"): 1}
    [digest], [part] = rows_of(bank, "news-digest"), rows_of(bank, "branch-news")
    assert (digest["state"], digest["reason"]) == ("withheld", "consent_withdrawn")
    assert (part["state"], part["reason"], part["detail"]) == ("withheld", "digest_withheld", "consent_withdrawn")
    assert not verify_messages(bank.project.store)


def test_a_part_that_was_stopped_or_is_stale_is_left_out_and_without_any_there_is_no_message(bank: Bank) -> None:
    first, second = readers(bank, 2)
    for customer in (first, second):
        tell(bank, customer, "a")
    [row, _] = sorted(rows_of(bank, "branch-news"), key=lambda row: bool(row["customer_id"] != first))
    with bank.project.store.write() as connection:
        connection.execute(messages.update().where(messages.c.id == row["id"]).values(expires_at=CLOSES))
    assert close_digests(bank.project, CLOSES) == {("news-digest", "empty"): 1, ("news-digest", "due"): 1}
    by_customer = {row["customer_id"]: row for row in rows_of(bank, "branch-news")}
    assert (by_customer[first]["state"], by_customer[first]["reason"]) == ("withheld", "expired")
    assert by_customer[second]["state"] == "digested"
    assert [row["customer_id"] for row in rows_of(bank, "news-digest")] == [second]
    tell(bank, first, "b", CLOSES)
    stop(bank, "branch-news")
    assert close_digests(bank.project, CLOSES + WEEK) == {("news-digest", "empty"): 1}
    assert rows_of(bank, "branch-news")[-1]["reason"] == "stopped_communication"
    assert not verify_messages(bank.project.store)


def stop(bank: Bank, communication: str) -> None:
    person = bank.project.workspace.person("mika")
    stops.stop(
        bank.project.store, "communication", communication, person, bank.clock(), "wrong date",
        record=bank.project.record_stop,
    )  # fmt: skip


def test_a_digest_that_is_not_approved_waits_open(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    tell(bank, customer, "a")
    digest = bank.project.compiled("news-digest").release.digest
    with bank.project.store.write() as connection:
        connection.execute(delete(release_actions).where(release_actions.c.digest == digest))
    assert close_digests(bank.project, CLOSES) == {("news-digest", "held"): 1}
    assert digests_of(bank)[0]["state"] == "open"


def test_an_erased_customer_gets_no_digest_and_the_words_for_it_are_gone(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    tell(bank, customer, "a")
    erase(bank.project, customer, bank.project.workspace.person("aoi"), "asked for it")
    [part] = rows_of(bank, "branch-news")
    assert (part["state"], part["reason"]) == ("withheld", "erased")
    assert part["archive_pack"] is None
    assert not close_digests(bank.project, CLOSES)
    assert [row["customer_id"].startswith("erased:") for row in digests_of(bank)] == [True]
    assert not verify_messages(bank.project.store)


def test_whoever_dies_while_a_digest_is_closed_leaves_it_open_and_whole(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    [customer] = readers(bank, 1)
    tell(bank, customer, "a")

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(digest_closing, "_became", killed)  # the message and its contact are written by then
        with pytest.raises(Killed):
            close_digests(bank.project, CLOSES)
    assert rows_of(bank, "news-digest") == []
    assert digests_of(bank)[0]["state"] == "open"
    assert close_digests(bank.project, CLOSES) == {("news-digest", "due"): 1}
    assert len(rows_of(bank, "news-digest")) == 1


def test_japanese_customers_are_told_in_japanese(bank: Bank) -> None:
    [customer] = readers(bank, 1, "ja")
    data = {"news": {"branch": "神戸三宮支店", "event": "資産形成セミナー", "held_on": "2026-05-14"}}
    assert send(bank.project, "branch-news", customer, data, key="k", at=WEDNESDAY).state == "digested"
    close_digests(bank.project, CLOSES)
    [row] = rows_of(bank, "news-digest")
    told = text_of(bank, row)
    assert "店舗からのお知らせ" in told
    assert "2026年5月14日に神戸三宮支店にて「資産形成セミナー」を開催いたします。参加は無料です。" in told


def test_only_the_newest_are_told_where_there_are_too_many(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    for number in range(12):
        tell(bank, customer, str(number), WEDNESDAY + timedelta(minutes=number), event=f"Talk {number}")
    close_digests(bank.project, CLOSES)
    states = [(row["state"], row["reason"]) for row in rows_of(bank, "branch-news")]
    assert states == [("withheld", "digest_full")] * 2 + [("digested", "digested")] * 10


def test_a_communication_that_collects_is_not_sent_by_hand(bank: Bank) -> None:
    with pytest.raises(InputError, match="'news-digest' goes by itself when its windows close"):
        send(bank.project, "news-digest", "C1", {"items": []}, key="k", at=WEDNESDAY)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("collects", "at", "window"),
    [
        (Collects(every="day", at="17:00"), utc(2026, 3, 29, 12), (utc(2026, 3, 28, 17), utc(2026, 3, 29, 16))),
        (Collects(every="day", at="17:00"), utc(2026, 10, 25, 12), (utc(2026, 10, 24, 16), utc(2026, 10, 25, 17))),
        # 01:30 comes twice on the last Sunday of October, and not at all on that of March.
        (Collects(every="day", at="01:30"), utc(2026, 10, 25, 0, 30), (utc(2026, 10, 25, 0, 30), utc(2026, 10, 26, 1, 30))),
        (Collects(every="day", at="01:30"), utc(2026, 3, 29, 0, 59), (utc(2026, 3, 28, 1, 30), utc(2026, 3, 29, 1))),
        (Collects(every="week", at="17:00", day="fri"), utc(2026, 4, 3, 16), (utc(2026, 4, 3, 16), utc(2026, 4, 10, 16))),
        (Collects(every="week", at="17:00", day="fri"), utc(2026, 4, 3, 15, 59), (utc(2026, 3, 27, 17), utc(2026, 4, 3, 16))),
    ],
)  # fmt: skip
def test_windows_end_by_the_clock_on_the_wall(
    collects: Collects, at: datetime, window: tuple[datetime, datetime]
) -> None:
    assert window_of(collects, at, "Europe/London") == window
