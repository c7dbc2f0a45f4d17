"""Messages that are collected become one message a customer and window, once, or say why they do not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from digest_parts import CLOSES, WEDNESDAY, agree, deliver_at, digests_of, readers, rows_of, tell
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from support import Bank

from ccm.compliance import stops
from ccm.errors import InputError
from ccm.log.verify import verify_messages
from ccm.pipeline import contents, digest_closing
from ccm.pipeline.digest_closing import close_digests
from ccm.pipeline.digests import window_of
from ccm.pipeline.erasure import erase
from ccm.pipeline.evidence.collect import About, collect
from ccm.pipeline.explain import explained, told
from ccm.pipeline.trigger import send
from ccm.store.tables import messages, preferences, release_actions
from ccm.workspace.collecting import Collects
from ccm.workspace.sendtimes import WEEKDAYS

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
    text = text_of(bank, row)
    assert text.index("Savings evening at our Leith branch") < text.index("Pensions lunch at our Leith branch")
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


def test_a_part_whose_communication_was_filed_otherwise_meanwhile_is_still_what_it_was(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    tell(bank, customer, "k1")
    known = bank.project.workspace.communications
    filed = known["branch-news"].model_copy(update={"category": "service"})
    bank.project.workspace = replace(bank.project.workspace, communications={**known, "branch-news": filed})
    refused = {"customer_id": customer, "category": "news", "channel": "email", "allowed": False, "row_digest": ""}
    with bank.project.store.write() as connection:
        connection.execute(insert(preferences), [refused])
    deliver_at(bank, CLOSES)
    [part] = rows_of(bank, "branch-news")
    assert (part["state"], part["reason"]) == ("withheld", "opted_out")


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
    text = text_of(bank, row)
    assert "店舗からのお知らせ" in text
    assert "2026年5月14日に神戸三宮支店にて「資産形成セミナー」を開催いたします。参加は無料です。" in text


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


@pytest.mark.parametrize(
    ("collects", "at", "start", "end"),
    [
        (Collects(every="day", at="17:00"), "2026-03-29T12:00Z", "2026-03-28T17:00Z", "2026-03-29T16:00Z"),
        (Collects(every="day", at="17:00"), "2026-10-25T12:00Z", "2026-10-24T16:00Z", "2026-10-25T17:00Z"),
        # 01:30 comes twice on the last Sunday of October, and not at all on that of March.
        (Collects(every="day", at="01:30"), "2026-10-25T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"),
        (Collects(every="day", at="01:30"), "2026-03-29T00:59Z", "2026-03-28T01:30Z", "2026-03-29T01:00Z"),
        (Collects(every="week", at="17:00", day="fri"), "2026-04-03T16:00Z", "2026-04-03T16:00Z", "2026-04-10T16:00Z"),
        (Collects(every="week", at="17:00", day="fri"), "2026-04-03T15:59Z", "2026-03-27T17:00Z", "2026-04-03T16:00Z"),
    ],
)  # fmt: skip
def test_windows_end_by_the_clock_on_the_wall(collects: Collects, at: str, start: str, end: str) -> None:
    window = window_of(collects, datetime.fromisoformat(at), "Europe/London")
    assert window == (datetime.fromisoformat(start), datetime.fromisoformat(end))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([None, *WEEKDAYS]), st.integers(0, 1439), st.sampled_from(["Europe/London", "Asia/Tokyo",
    "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
    st.integers(1_577_836_800, 2_051_222_400).map(lambda second: datetime.fromtimestamp(second, UTC)),
)  # fmt: skip
def test_windows_follow_each_other_without_a_gap(day: Any, minutes: int, zone: str, at: datetime) -> None:
    clock = f"{minutes // 60:02}:{minutes % 60:02}"
    collects = Collects.model_validate({"every": "week" if day else "day", "at": clock} | ({"day": day} if day else {}))
    start, end = window_of(collects, at, zone)
    assert start <= at < end
    assert window_of(collects, start, zone) == window_of(collects, end - timedelta(seconds=1), zone) == (start, end)
    assert window_of(collects, end, zone)[0] == end


def told_by(bank: Bank, row: Any, language: str) -> str:
    with bank.project.store.read() as connection:
        return "\n".join(told(explained(bank.project, connection, row, language), language))


def test_explain_leads_from_a_part_to_its_digest_and_back(bank: Bank) -> None:
    [customer] = readers(bank, 1)
    tell(bank, customer, "a")
    [part] = rows_of(bank, "branch-news")
    assert "waits for news-digest, which goes from 2026-04-03T08:00:00" in told_by(bank, part, "en")
    close_digests(bank.project, CLOSES)
    [part], [digest] = rows_of(bank, "branch-news"), rows_of(bank, "news-digest")
    assert f"told in message {digest['id']} (news-digest), which is: will be sent" in told_by(bank, part, "en")
    assert f"メッセージ {digest['id']}（news-digest）に収録。その状況：送信予定" in told_by(bank, part, "ja")
    assert f"collected {part['id']} (branch-news): joined a digest" in told_by(bank, digest, "en")
    found = {one.row["id"] for one in collect(bank.project, About("message", digest["id"])).messages}
    assert found == {digest["id"], part["id"]}
    assert {one.row["id"] for one in collect(bank.project, About("message", part["id"])).messages} == found
