"""Retention: the longest period counts, holds keep, what is disposed of is gone, and the log says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from support import Bank
from test_erasure import ONE_DATABASE, everything, one, person, row, sent, verified

from ccm.batch import runs
from ccm.errors import Erased, InputError, NotAllowed, WorkspaceError
from ccm.log.crosscheck import verify_messages
from ccm.pipeline import contents, holds
from ccm.pipeline.check import check_workspace
from ccm.pipeline.retention import Report, dispose, report
from ccm.store.tables import log_waiting, messages
from ccm.workspace.retention import FILE, Period, load_retention

LATER = datetime(2033, 4, 1, tzinfo=UTC)


def schedule(bank: Bank, *periods: str) -> None:
    lines = "".join(f"  - {{{period}, source: the policy}}\n" for period in periods)
    root = bank.project.workspace.root
    (root / FILE).write_text(f"periods:\n{lines}" if periods else "periods: []\n")
    bank.project.workspace = replace(bank.project.workspace, retention=load_retention(root))


def final(bank: Bank) -> None:
    """Everything that waited has gone nowhere."""
    runs.cancel(bank.project, sent(bank))


def ids(found: Report) -> set[str]:
    return {item.message for item in found.due}


@ONE_DATABASE
def test_the_period_that_ends_last_counts(bank: Bank) -> None:
    final(bank)
    schedule(bank, "id: short, years: 1, purposes: [marketing]", "id: long, years: 7, jurisdictions: [JP]")
    due = report(bank.project, datetime(2027, 6, 1, tzinfo=UTC)).due
    assert due
    assert {item.jurisdiction for item in due} == {"GB", "US"}
    everybody = report(bank.project, datetime(2033, 6, 1, tzinfo=UTC)).due
    assert {item.periods for item in everybody if item.jurisdiction == "JP"} == {("short", "long", "jp-mail-record")}
    schedule(bank)
    kept = report(bank.project, datetime(2200, 1, 1, tzinfo=UTC))
    assert kept.due == ()
    assert sum(kept.unlimited.values()) == len(everybody)


@ONE_DATABASE
def test_a_rule_keeps_longer_than_the_schedule_and_ends_nothing_by_itself(bank: Bank) -> None:
    final(bank)
    rule = bank.project.workspace.root / "compliance/rules/RT01.yaml"
    rule.write_text(
        "id: RT01\nname: {en: kept, ja: 保存}\nkind: retention\napplies: {jurisdictions: [JP]}\nreason: proof\n"
        "source: the law\nparams: {at_least: {value: 7, unit: years}}\n"
    )
    bank = bank.reopened()
    schedule(bank, "id: short, years: 1")
    assert {item.jurisdiction for item in report(bank.project, datetime(2027, 6, 1, tzinfo=UTC)).due} == {"GB", "US"}
    everybody = report(bank.project, datetime(2033, 6, 1, tzinfo=UTC)).due
    assert {item.periods for item in everybody if item.jurisdiction == "JP"} == {("short", "jp-mail-record", "rt01")}
    schedule(bank)
    assert report(bank.project, datetime(2200, 1, 1, tzinfo=UTC)).due == ()


def rule(bank: Bank, name: str, params: str, applies: str = "") -> None:
    (bank.project.workspace.root / f"compliance/rules/{name}.yaml").write_text(
        f"id: {name}\nname: {{en: kept, ja: 保存}}\nkind: retention\napplies: {{{applies}}}\nreason: proof\n"
        f"source: the law\nparams: {{{params}}}\n"
    )


@ONE_DATABASE
def test_the_smallest_maximum_of_the_rules_is_above_the_schedule(bank: Bank) -> None:
    final(bank)
    rule(bank, "RT01", "at_most: {value: 30, unit: days}", "jurisdictions: [GB], channels: [email]")
    rule(bank, "RT02", "at_most: {value: 90, unit: days}", "purposes: [marketing], jurisdictions: [GB]")
    bank = bank.reopened()
    for periods in (["id: long, years: 10"], []):
        schedule(bank, *periods)
        first = report(bank.project, datetime(2026, 6, 1, tzinfo=UTC)).due
        assert {item.jurisdiction for item in first} == {"GB"}
        assert {item.periods for item in first} == {("rt01",)}
        assert {row(bank, item.message)["channel"] for item in first} == {"email"}
        later = report(bank.project, datetime(2026, 8, 1, tzinfo=UTC)).due
        assert {item.periods for item in later} == {("rt01",), ("rt02",)}
        assert len(later) > len(first)
    schedule(bank, "id: short, days: 5")
    [*both] = {item.periods for item in report(bank.project, datetime(2026, 6, 1, tzinfo=UTC)).due
               if item.jurisdiction == "GB"}  # fmt: skip
    assert both == [("short",)], "a schedule may end sooner than the maximum"


@ONE_DATABASE
def test_where_rules_contradict_each_other_the_longer_counts_and_both_are_named(bank: Bank) -> None:
    final(bank)
    rule(bank, "RT01", "at_most: {value: 30, unit: days}", "jurisdictions: [GB]")
    rule(bank, "RT02", "at_least: {value: 100, unit: days}", "jurisdictions: [GB], purposes: [marketing]")
    rule(bank, "RT03", "at_least: {value: 100, unit: days}", "jurisdictions: [US]")
    bank = bank.reopened()
    schedule(bank)
    told = "RT01 ends content after 30 days, RT02 keeps it for 100: the longer counts"
    found = report(bank.project, datetime(2026, 6, 1, tzinfo=UTC))
    assert (found.due, found.contradictions) == ((), (told,))
    later = datetime(2026, 9, 1, tzinfo=UTC)
    assert {item.periods for item in report(bank.project, later).due} == {("rt01", "rt02")}
    one_of_them = report(bank.project, later).due[0]
    holds.act(bank.project, one_of_them.customer_id, "placed", person(bank), "Case 17")
    bank.clock.now = later
    document = orjson.loads(dispose(bank.project, later, person(bank)).report)
    assert document["contradictions"] == [told]
    assert one_of_them.message not in {item["message"] for item in document["messages"]}
    assert row(bank, one_of_them.message)["erased_at"] is None
    assert verified(bank) == ()
    checked = check_workspace(bank.project.workspace.root, bank.clock, later, processes=1)
    assert [problem.path for problem in checked.warnings if problem.message == told] == ["compliance/rules/RT01.yaml"]


def test_what_is_disposed_of_is_gone_and_the_log_verifies(bank: Bank, tmp_path: Path) -> None:
    sent(bank)
    message, keep = one(bank), one(bank, "sms")
    runs.cancel(bank.project, message["run_id"])
    schedule(bank, "id: all, years: 6")
    content = contents.load(bank.project, [message])[message["id"]]
    holds.act(bank.project, keep["customer_id"], "placed", person(bank), "Case 17")
    bank.clock.now = LATER
    found = report(bank.project, LATER)
    assert keep["id"] in {item.message for item in found.held}
    done = dispose(bank.project, LATER, person(bank))
    assert sha256(done.report).hexdigest() == done.digest
    document = orjson.loads(done.report)
    assert {item["message"] for item in document["messages"]} == ids(found)
    assert message["customer_id"] not in done.report.decode()
    with pytest.raises(Erased):
        contents.load(bank.project, [row(bank, message["id"])])
    with pytest.raises(Exception, match=r"was changed|is damaged"):  # the row of a backup, without its salt
        contents.load(bank.project, [{**message, "content_salt": None}])
    assert content.recipient in everything(bank)  # the customer is one still, and only the message is gone
    assert row(bank, message["id"])["customer_id"].startswith("erased:")
    assert contents.load(bank.project, [row(bank, keep["id"])])
    assert verified(bank) == ()
    assert report(bank.project, LATER).due == ()


@ONE_DATABASE
def test_a_disposal_that_the_log_does_not_know_is_found(bank: Bank) -> None:
    final(bank)
    schedule(bank, "id: all, days: 1")
    bank.clock.now = LATER
    found = dispose(bank.project, LATER, person(bank))
    with bank.project.store.write() as connection:
        packs = connection.execute(select(log_waiting)).all()
        [pack] = [number for number, leaves in packs if b'"kind":"disposal"' in leaves]
        connection.execute(log_waiting.delete().where(log_waiting.c.id == pack))
    faults = verify_messages(bank.project.store)
    assert len(faults) == found.messages
    assert all("no erasure or disposal" in fault for fault in faults)


@ONE_DATABASE
def test_what_may_still_go_and_what_is_asked_too_early_is_kept(bank: Bank) -> None:
    sent(bank)
    schedule(bank, "id: all, days: 1")
    with bank.project.store.read() as connection:
        waiting = set(connection.scalars(select(messages.c.id).where(messages.c.state == "due")))
    assert waiting
    assert not waiting & ids(report(bank.project, LATER))
    with pytest.raises(InputError, match="yet to come"):
        dispose(bank.project, LATER, person(bank))
    with pytest.raises(NotAllowed, match="mika may not dispose"):
        dispose(bank.project, bank.clock(), person(bank, "mika"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("periods:\n  - {id: a, source: law}\n", "2: periods.0: a period has years or days"),
        (
            "periods:\n  - {id: a, source: law, years: 1}\n  - {id: a, source: law, days: 1}\n",
            "the id 'a' stands twice",
        ),
        ("periods:\n  - {id: a, source: law, years: 1, purposes: [fun]}\n", "'fun' is none of marketing, servicing"),
        ("periods:\n  - {id: a, years: 1}\n", "'periods.0.source' is missing"),
        ("- x\n", "must be a mapping"),
    ],
)
def test_a_schedule_that_does_not_load_says_where(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "compliance").mkdir()
    (tmp_path / FILE).write_text(text)
    with pytest.raises(WorkspaceError) as refused:
        load_retention(tmp_path)
    assert told in str(refused.value)
    assert FILE in str(refused.value)


def test_a_period_over_a_leap_day_ends_on_a_day_that_exists() -> None:
    values: dict[str, Any] = {"id": "a", "source": "law"}
    leap = datetime(2028, 2, 29, tzinfo=UTC)
    assert Period(years=1, **values).over_before(leap) == datetime(2027, 2, 28, tzinfo=UTC)
    assert Period(days=30, **values).over_before(leap) == leap - timedelta(days=30)


def test_the_shipped_schedule_loads_and_no_enabled_period_is_shorter_than_one_that_waits_for_a_check() -> None:
    periods = load_retention(Path(__file__).parent.parent.parent).periods
    for purpose in ("marketing", "servicing", "transactional", "regulatory"):
        for place in ("JP", "GB", "US"):
            enabled = max(period.years for period in periods if period.applies(purpose, place))
            waiting = [
                p for p in periods if not p.enabled and p.model_copy(update={"enabled": True}).applies(purpose, place)
            ]
            assert all(enabled >= period.years for period in waiting)
