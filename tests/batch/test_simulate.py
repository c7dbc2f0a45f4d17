"""Simulations: every decision counted, nothing written, and two scenarios that differ by their policies alone."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support import Bank

from ccm.batch.simulate import Scenario, Simulation, scenario_of, simulate
from ccm.batch.simulate.events import Events
from ccm.batch.simulate.report import report
from ccm.cli.preview import UiLanguage
from ccm.cli.simulate.page import report_page
from ccm.errors import InputError, WorkspaceError
from ccm.pipeline import approving
from ccm.store.tables import metadata
from ccm.workspace.calendar import Calendar, Prices

FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
PLANNED = Calendar.model_validate({
    "runs": [{"communication": "savings-offer", "every": "week", "day": "tue", "time": "10:00"}],
    "triggers": [{"communication": "payment-received", "per_customer": "1.5", "start": "07:00", "end": "22:00"}],
})  # fmt: skip


def simulated(bank: Bank, *against: Scenario, **options: Any) -> list[Simulation]:
    scenarios = [Scenario("now", bank.project), *against]
    return simulate(scenarios, PLANNED, FIRST, LAST, workers=1, **options)


def stored(bank: Bank) -> str:
    with bank.project.store.read() as connection:
        rows = [list(map(str, row)) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return sha256(str(rows).encode()).hexdigest()


def stricter(bank: Bank, tmp_path: Path) -> Path:
    file = tmp_path / "stricter.yaml"
    text = (bank.project.workspace.root / "channels/policy.yaml").read_text(encoding="utf-8")
    file.write_text(text.replace("limit: 5", "limit: 1"), encoding="utf-8")
    assert file.read_text(encoding="utf-8") != text
    return file


def test_every_decision_is_a_message_or_has_a_reason_and_nothing_is_written(bank: Bank) -> None:
    before = stored(bank)
    (found,) = simulated(bank)
    tally = found.tally
    assert tally.customers == 40
    assert tally.events == tally.sent.total() + tally.withheld.total() > 4 * 40
    assert not tally.digested
    assert sum(count * customers for count, customers in tally.reached.items()) == tally.sent.total()
    assert tally.sizes.total() == tally.sent.total()
    assert stored(bank) == before


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_same_customers_give_the_same_counts_however_they_are_divided(bank: Bank, monkeypatch: Any) -> None:
    (whole,) = simulated(bank)
    monkeypatch.setattr("ccm.batch.simulate.run.CHUNK", 7)
    scenarios = [Scenario("now", bank.project)]
    (parts,) = simulate(scenarios, PLANNED, FIRST, LAST, workers=2)
    assert parts.tally == whole.tally


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_stricter_policy_sends_fewer_offers_and_says_what_took_their_room(bank: Bank, tmp_path: Path) -> None:
    other = scenario_of(bank.project, str(stricter(bank, tmp_path)))
    now, then = simulated(bank, other)
    offers = [sum(count for key, count in one.tally.sent.items() if key[0] == "savings-offer") for one in (now, then)]
    payments = [
        sum(count for key, count in one.tally.sent.items() if key[0] == "payment-received") for one in (now, then)
    ]
    assert offers[0] > offers[1] > 0
    assert payments[0] == payments[1]
    displaced = {key for key in then.tally.displaced if key[0] == "savings-offer"}
    assert displaced == {("savings-offer", "offers-month", "savings-offer")}
    blocked = sum(count for key, count in then.tally.withheld.items() if key[1] == "cap")
    assert blocked == sum(then.tally.displaced.values())


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_is_collected_becomes_one_digest_a_customer_and_window(bank: Bank) -> None:
    planned = Calendar.model_validate(
        {"runs": [{"communication": "branch-news", "on": ["2026-05-05", "2026-05-06"], "time": "10:00"}]}
    )
    (found,) = simulate([Scenario("now", bank.project)], planned, FIRST, LAST, workers=1)
    tally, into = found.tally, "news-digest"
    joined, digests = tally.digested["branch-news", into], sum(n for key, n in tally.sent.items() if key[0] == into)
    refused = sum(n for key, n in tally.withheld.items() if key[0] == into)
    assert joined == 2 * (digests + refused) > 0
    assert tally.events == tally.sent.total() + tally.withheld.total() + tally.digested.total()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_earlier_release_stands_in_for_its_communication_alone(bank: Bank) -> None:
    [submitted] = approving.submit(bank.project, ["savings-offer"], bank.project.workspace.person("mika"))
    digest = submitted.action.digest
    workspace = bank.project.workspace
    offer = workspace.communications["savings-offer"].model_copy(update={"jurisdictions": ("JP",)})
    workspace.communications["savings-offer"] = offer
    before = scenario_of(bank.project, digest[:12])
    now, then = simulated(bank, before)
    assert before.name == f"savings-offer {digest[:12]}"
    assert ("savings-offer", "jurisdiction_not_served") in {key[:2] for key in now.tally.withheld}
    assert ("savings-offer", "jurisdiction_not_served") not in {key[:2] for key in then.tally.withheld}
    payments = [{key: n for key, n in one.tally.sent.items() if key[0] == "payment-received"} for one in (now, then)]
    assert payments[0] == payments[1]


@pytest.fixture
def wrong(bank: Bank, tmp_path: Path) -> tuple[Bank, Path]:
    file = tmp_path / "wrong.yaml"
    file.write_text("caps:\n  - id: offers-week\n    categories: [offer]\n    limit: 2\n    days: 7\n")
    return bank, file


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_policy_that_does_not_fit_is_refused(wrong: tuple[Bank, Path]) -> None:
    bank, file = wrong
    with pytest.raises(WorkspaceError, match="no communication has the category 'offer'"):
        scenario_of(bank.project, str(file))
    with pytest.raises(InputError, match="is no file, no folder and no release"):
        scenario_of(bank.project, "nothing")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_time_of_no_days_or_too_many_and_an_empty_calendar_are_refused(bank: Bank) -> None:
    now = [Scenario("now", bank.project)]
    for first, last in ((LAST, FIRST), (FIRST, FIRST + timedelta(days=92))):
        with pytest.raises(InputError, match="between 1 and 92 days"):
            simulate(now, PLANNED, first, last)
    with pytest.raises(InputError, match="nothing is planned or expected"):
        simulate(now, Calendar(), FIRST, LAST)


def test_triggers_come_as_often_as_expected_and_in_their_hours() -> None:
    events = Events(PLANNED, FIRST, LAST, "Asia/Tokyo")
    drawn = [
        event for number in range(4000) for event in events.of(f"C{number}") if event.communication != "savings-offer"
    ]
    assert abs(len(drawn) / 4000 - 1.5 * 31 / 30) < 0.03
    assert {event.at.hour for event in drawn} == set(range(22, 24)) | set(range(13))
    days = Counter((event.at + timedelta(hours=9)).date() for event in drawn)
    assert set(days) == {FIRST + timedelta(days=number) for number in range(31)}
    assert max(days.values()) < 1.35 * len(drawn) / 31
    assert events.of("C1") == Events(PLANNED, FIRST, LAST, "Asia/Tokyo").of("C1")


def test_two_triggers_of_one_communication_do_not_come_together() -> None:
    twice = [{"communication": "payment-received", "per_customer": "0.5", "start": start, "end": end}
             for start, end in (("09:00", "10:00"), ("15:00", "16:00"))]  # fmt: skip
    events = Events(Calendar.model_validate({"triggers": twice}), FIRST, LAST, "Asia/Tokyo")
    drawn = Counter(len(events.of(f"C{number}")) for number in range(4000))
    assert set(drawn) == {0, 1, 2}
    assert abs(drawn[2] / 4000 - (0.5 * 31 / 30) ** 2) < 0.03


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_report_adds_up(bank: Bank) -> None:
    prices = Prices.model_validate({
        "currency": "USD", "source": "a test",
        "channels": {"sms": {"segment": {"*": "0.10"}}, "email": {"message": {"*": "0.01"}}},
    })  # fmt: skip
    found = simulated(bank)
    document = report(found, FIRST, LAST, "Asia/Tokyo", prices)
    (one,) = document["scenarios"]
    assert one["messages"] == sum(one["channels"].values()) == sum(sum(day.values()) for day in one["by_day"].values())
    assert one["withheld"] == sum(one["reasons"].values())
    assert one["messages"] + one["withheld"] == one["decisions"]
    assert one["messages"] == sum(row["messages"] for row in one["costs"])
    emails = one["channels"]["email"]
    assert float(one["cost"]) == pytest.approx(emails * 0.01 + one["segments"] * 0.10, abs=0.5)
    assert one["segments"] >= one["channels"]["sms"]
    assert replace(found[0]).sizes["payment-received", "sms", "en"].samples > 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_report_says_for_which_messages_the_cost_is_too_low(bank: Bank) -> None:
    prices = Prices.model_validate({
        "currency": "USD", "source": "a test",
        "channels": {"sms": {"segment": {"US": "0.10", "GB": 0}, "message": {"*": "0.01"}}},
    })  # fmt: skip
    bank.project.workspace.samples["payment-received"] = ()
    (one,) = report(simulated(bank), FIRST, LAST, "Asia/Tokyo", prices)["scenarios"]
    for row in one["costs"]:
        unpriced = row["channel"] == "email" or row["jurisdiction"] == "JP"
        unsized = row["channel"] == "sms" and row["communication"] == "payment-received"
        assert row["lacks"] == ["price"] * unpriced + ["sample"] * unsized
    for what in ("price", "sample"):
        assert one["lacks"][what] == sum(row["messages"] for row in one["costs"] if what in row["lacks"]) > 0
    (free,) = report(simulated(bank), FIRST, LAST, "Asia/Tokyo", None)["scenarios"]
    assert free["lacks"]["price"] == 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_goes_out_after_the_last_day_is_told_beside_the_chart(bank: Bank) -> None:
    late = Calendar.model_validate({"runs": [{"communication": "savings-offer", "on": [LAST], "time": "23:30"}]})
    document = report(simulate([Scenario("now", bank.project)], late, FIRST, LAST, workers=1), FIRST, LAST, "UTC", None)
    (one,) = document["scenarios"]
    assert one["after"] == sum(one["by_day"]["2026-06-01"].values()) > 0
    for language, told in ((UiLanguage.EN, "Not in the chart: {}"), (UiLanguage.JA, "最終日より後に送られる通知{}件")):
        page = report_page(document, bank.project.workspace, language)
        assert told.format(one["after"]) in page
        rows = re.findall(r'<th scope="row">(2026-..-..)</th>(.*?)</tr>', page)
        assert (len(rows), rows[-1][0]) == (32, "2026-06-01")
        figures = [int(figure) for _, row in rows for figure in re.findall(r">(\d+)<", row)]
        assert sum(figures) == one["messages"] + one["withheld"]
