"""What is decided at hand-off is recorded, logged, explained in both languages, and can be decided again."""

from datetime import timedelta
from typing import Any

import pytest
from handoff_parts import (
    DAY,
    another_contact,
    change,
    delivered,
    notice,
    people,
    replayed_row,
    row,
    said,
    told_of,
    with_terms,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update
from support import Bank

from ccm.ccm_verify import read_keys, verify_pack
from ccm.decide.chain import appended, links
from ccm.errors import IntegrityError
from ccm.pipeline.erasure import erase
from ccm.pipeline.evidence import make_pack
from ccm.pipeline.explain import replayed
from ccm.store.tables import consents, messages, preferences
from ccm.workspace.policy import Policy

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])
WEEK = Policy.model_validate({"caps": [{"id": "week", "limit": 1, "days": 7}]})
NIGHT = DAY + timedelta(hours=11)  # 22:00 in London
MORNING = DAY + timedelta(hours=21)  # 08:00 there
THERE = DAY + timedelta(hours=29)  # 08:00 in Los Angeles


@pytest.fixture
def deferring(bank: Bank) -> str:
    """A notice that was to go at once, whose cap filled meanwhile; it waits for room."""
    terms = {"on_cap": "defer", "obeys_caps": True, "counts_toward_caps": True, "expires_after_hours": 300}
    with_terms(bank, WEEK, channels=("email",), **terms)
    [customer] = people(bank, 1)
    message = notice(bank, customer).message_id
    another_contact(bank, customer, DAY - timedelta(hours=1))
    return message


def by_text_message(bank: Bank) -> str:
    """A notice that waits for the morning in London, as do all of these customer's text messages."""
    with_terms(bank, channels=("sms",))
    [customer] = people(bank, 1)
    bank.clock.now = NIGHT
    return notice(bank, customer, at=NIGHT).message_id


def test_one_that_is_held_again_says_until_when_and_why(bank: Bank, deferring: str) -> None:
    assert delivered(bank, deferring) == ("due", row(bank, deferring)["reason"])
    until = DAY - timedelta(hours=1) + timedelta(days=7)
    assert row(bank, deferring)["due_at"] == until
    first, again = said(bank, deferring)
    assert ("held" in first, first["state"], again["state"]) == (False, "due", "due")
    assert (again["held"], again["due"]) == ("deferred_by_cap:week", until.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    assert again["at"] == DAY.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "the instant it was decided for"
    english, japanese = (told_of(bank, deferring, language) for language in ("en", "ja"))
    assert "at hand-off, 2026-04-01 10:00:00 UTC: to wait until 2026-04-08 09:00:00 UTC: held until a cap has" \
        " room (deferred_by_cap) [week]" in english  # fmt: skip
    assert "taken by rate-change by e-mail, 2026-04-01 10:00 BST" in english
    assert "引渡し時の判断（2026-04-01 10:00:00 UTC）：2026-04-08 09:00:00 UTCまで待機。送信回数の上限に" \
        "空きが出るまで保留（deferred_by_cap）［week］" in japanese  # fmt: skip
    assert "該当：rate-change・メール" in japanese


def test_it_is_decided_again_from_what_was_recorded(bank: Bank, deferring: str) -> None:
    delivered(bank, deferring)
    found = replayed_row(bank, deferring)
    assert (found.verdict, found.handoffs, found.logged, found.differences) == ("agrees", 1, True, ())
    assert "decisions at hand-off that were taken again, too: 1" in replayed(found, "en")
    assert "引渡し時の判断も再判断：1件" in replayed(found, "ja")


def test_each_time_that_it_is_held_stands_behind_the_one_before(bank: Bank) -> None:
    message = by_text_message(bank)
    before = bytes(row(bank, message)["trace"])
    customer = row(bank, message)["customer_id"]
    change(bank, customer, timezone="America/Los_Angeles")
    assert delivered(bank, message, MORNING)[0] == "due"
    change(bank, customer, timezone="Pacific/Honolulu")
    assert delivered(bank, message, THERE)[0] == "due"
    decisions = links(row(bank, message)["trace"])
    assert (len(decisions), decisions[0]) == (3, before), "the first decision stays as it was"
    assert [leaf["held"] for leaf in said(bank, message)[1:]] == ["held_for_quiet_hours"] * 2, "no zone in the log"
    assert replayed_row(bank, message).handoffs == 2
    until = "goes out from 2026-04-02 18:00:00 UTC: held until quiet hours end (held_for_quiet_hours)"
    english = told_of(bank, message, "en")
    assert f"  {until} [the recipient's own zone: Pacific/Honolulu]" in english
    assert "held_for_quiet_hours:" not in english, "a code, and no word"
    assert "送信停止時間帯のため、終了まで保留（held_for_quiet_hours）［受取人の時間帯：Pacific/Honolulu］" in \
        told_of(bank, message, "ja")  # fmt: skip
    there = row(bank, message)["due_at"]
    trace = row(bank, message)["trace"]
    assert delivered(bank, message, there)[0] == "accepted"
    assert row(bank, message)["trace"] == trace, "what goes leaves its hand-over, and no trace"
    assert [leaf["kind"] for leaf in said(bank, message)] == ["decision"] * 3 + ["send", "receipt"]
    assert replayed_row(bank, message).verdict == "agrees"


def test_one_that_simply_goes_leaves_nothing_more(bank: Bank) -> None:
    [customer] = people(bank, 1)
    message = notice(bank, customer).message_id
    trace = row(bank, message)["trace"]
    assert delivered(bank, message)[0] == "accepted"
    assert row(bank, message)["trace"] == trace
    assert [leaf["kind"] for leaf in said(bank, message)] == ["decision", "send", "receipt"]
    assert replayed_row(bank, message).handoffs == 0


@pytest.mark.parametrize("language", ["en", "ja"])
def test_one_that_is_withheld_for_a_full_cap_names_what_filled_it(bank: Bank, language: str) -> None:
    with_terms(bank, WEEK, on_cap="drop", obeys_caps=True, counts_toward_caps=True, channels=("email",))
    [customer] = people(bank, 1)
    message = notice(bank, customer).message_id
    another_contact(bank, customer, DAY - timedelta(hours=1))
    assert delivered(bank, message) == ("withheld", "cap")
    _, leaf = said(bank, message)
    assert (leaf["kind"], leaf["state"], leaf["reason"]) == ("decision", "withheld", "cap")
    assert replayed_row(bank, message).verdict == "agrees"
    text = told_of(bank, message, language)
    assert {
        "en": "at hand-off, 2026-04-01 10:00:00 UTC: withheld: it would be more than the cap allows (cap) [week]",
        "ja": "引渡し時の判断（2026-04-01 10:00:00 UTC）：送信見送り。送信回数の上限に達するため（cap）［week］",
    }[language] in text
    assert "rate-change" in text


def test_one_that_is_withheld_for_what_the_customer_said_meanwhile_is_decided_again(bank: Bank) -> None:
    [customer] = people(bank, 1)
    message = notice(bank, customer).message_id
    refused = {"customer_id": customer, "category": "*", "channel": "*", "allowed": False, "row_digest": ""}
    with bank.project.store.write() as connection:
        connection.execute(insert(preferences), [refused])
    assert delivered(bank, message) == ("withheld", "opted_out")
    assert replayed_row(bank, message).verdict == "agrees"
    assert "the customer's own preference for everything on every channel: no" in told_of(bank, message, "en")
    assert "お客さまのご希望（すべてのお知らせ・すべての手段）：希望しない" in told_of(bank, message, "ja")


@ONE_DATABASE
def test_one_whose_customer_ranked_other_channels_meanwhile_is_withheld_and_decided_again(bank: Bank) -> None:
    message = by_text_message(bank)
    values = {"category": "*", "channel": "email", "rank": 1, "allowed": True, "row_digest": ""}
    with bank.project.store.write() as connection:
        connection.execute(insert(preferences), [values | {"customer_id": row(bank, message)["customer_id"]}])
    assert delivered(bank, message, MORNING) == ("withheld", "not_preferred")
    assert replayed_row(bank, message).verdict == "agrees"
    assert "お客さまの希望する手段ではない" in told_of(bank, message, "ja")


def test_those_of_a_communication_that_was_filed_otherwise_meanwhile_are_still_what_they_were(bank: Bank) -> None:
    with_terms(bank, channels=("sms",), purpose="servicing", category="payments")
    opted_out, other = people(bank, 2)
    bank.clock.now = NIGHT
    one, two = (notice(bank, customer, customer, NIGHT).message_id for customer in (opted_out, other))
    with_terms(bank, purpose="marketing", category="news")
    values = {"category": "payments", "channel": "*", "allowed": False, "row_digest": ""}
    with bank.project.store.write() as connection:
        connection.execute(delete(consents))
        connection.execute(insert(preferences), [values | {"customer_id": opted_out}])
    assert delivered(bank, one, MORNING) == ("withheld", "opted_out")
    assert replayed_row(bank, one).verdict == "agrees"
    assert row(bank, two)["state"] == "accepted", "servicing needs no consent"


@ONE_DATABASE
def test_of_several_filings_of_one_communication_each_message_keeps_its_own(bank: Bank) -> None:
    ids, filed = people(bank, 2), ("payments", "security")
    bank.clock.now = NIGHT
    sent = []
    for customer, category in zip(ids, filed, strict=True):
        with_terms(bank, channels=("sms",), purpose="servicing", category=category)
        sent.append(notice(bank, customer, customer, NIGHT).message_id)
    with_terms(bank, category="news")
    with bank.project.store.write() as connection:
        connection.execute(insert(preferences), [
            {"customer_id": customer, "category": category, "channel": "*", "allowed": False, "row_digest": ""}
            for customer, category in zip(ids, filed, strict=True)
        ])  # fmt: skip
    assert [delivered(bank, one, MORNING) for one in sent] == [("withheld", "opted_out")] * 2
    assert [replayed_row(bank, one).verdict for one in sent] == ["agrees"] * 2


def test_a_decision_at_handoff_that_somebody_changed_is_not_the_one_in_the_log(bank: Bank, deferring: str) -> None:
    delivered(bank, deferring)
    trace = bytes(row(bank, deferring)["trace"])
    for changed in (links(trace)[0], trace[:-1] + bytes([trace[-1] ^ 1])):
        with bank.project.store.write() as connection:
            connection.execute(update(messages).where(messages.c.id == deferring).values(trace=changed))
        assert replayed_row(bank, deferring).verdict == "tampered"


@ONE_DATABASE
def test_a_decision_at_handoff_that_does_not_follow_from_its_facts_is_shown(
    bank: Bank, deferring: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As another version would that decides otherwise."""
    delivered(bank, deferring)

    def otherwise(*_: Any, **__: Any) -> tuple[str, str, Any]:
        return "", "deferred_by_cap:week", DAY + timedelta(days=9)

    monkeypatch.setattr("ccm.decide.handover.recheck", otherwise)
    found = replayed_row(bank, deferring)
    assert (found.verdict, [name for name, _, _ in found.differences]) == ("differs", ["handoff 1: due_at"])
    assert any("handoff 1: due_at: recorded 2026-04-08" in line for line in replayed(found, "en"))


@ONE_DATABASE
def test_evidence_of_one_that_waited_proves_every_decision_about_it(bank: Bank, deferring: str, tmp_path: Any) -> None:
    delivered(bank, deferring)
    person = bank.project.workspace.person("aoi")
    pack = make_pack(bank.project, deferring, person, "complaint", "en")
    (tmp_path / "pack.zip").write_bytes(pack.content)
    results = verify_pack(tmp_path / "pack.zip", read_keys(bank.project.signer().verifier.text))
    assert [result.fault for result in results if result.fault] == []
    assert any("byte for byte what was decided at position" in result.proved for result in results if result.proved)


@ONE_DATABASE
def test_an_erased_customers_decisions_at_handoff_are_taken_again_too(bank: Bank, deferring: str) -> None:
    delivered(bank, deferring)
    erase(bank.project, row(bank, deferring)["customer_id"], bank.project.workspace.person("aoi"), "asked for it")
    found = replayed_row(bank, deferring)
    assert (found.verdict, found.handoffs) == ("agrees", 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=40).map(lambda end: b"\2" + end), min_size=2, max_size=5))
def test_a_trace_only_grows_at_its_end_and_gives_back_every_decision(traces: list[bytes]) -> None:
    whole = traces[0]
    for number, trace in enumerate(traces[1:], 2):
        longer = appended(whole, trace)
        assert number == 2 or longer.startswith(whole)
        whole = longer
        assert links(whole) == tuple(traces[:number])
    for cut in range(1, len(whole)):
        try:
            assert links(whole[:cut]) == tuple(traces)[: len(links(whole[:cut]))]
        except IntegrityError:
            continue
