"""Simulations beside runs that really happen: who depends on whom, and who has it already."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from support import Bank

from ccm.batch import coordinator, runs
from ccm.batch.simulate import Scenario, Simulation, simulate
from ccm.batch.simulate.bonds import Ties, bound
from ccm.batch.simulate.events import Events
from ccm.batch.simulate.served import served
from ccm.pipeline.copies import part_of
from ccm.store import feeds
from ccm.store.customer_documents import customer_document
from ccm.store.tables import contacts, customers, messages, relations
from ccm.workspace.calendar import Calendar
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)
OFFER, RUN_ON = "savings-offer", (date(2026, 5, 5), date(2026, 5, 7))
TWO_RUNS = Calendar.model_validate({"runs": [{"communication": OFFER, "on": RUN_ON, "time": "10:00"}]})


def with_terms(bank: Bank, policy: dict[str, Any] | None = None, **terms: Any) -> None:
    """Gives the offer other terms, and the bank another policy, for this test alone."""
    project = bank.project
    compiled = project.compiled(OFFER)
    communication = Communication.model_validate(compiled.communication.model_dump() | terms)
    project._compiled = {**project._compiled, OFFER: replace(compiled, communication=communication)}
    workspace = project.workspace
    rules = Policy.model_validate(workspace.policy.model_dump(exclude_defaults=True) | (policy or {}))
    communications = {**workspace.communications, OFFER: communication}
    project.workspace = replace(workspace, communications=communications, policy=rules)


def bind(bank: Bank) -> list[str]:
    """Puts addresses, households, joint holders and guardians among the customers; returns the ids in order."""
    with bank.project.store.write() as connection:
        ids = feeds.customer_ids(connection, None, 100)
        people = feeds.customers(connection, ids)
        for number, name in enumerate(ids[:12]):
            points = {**people[name].contact_points, "email": f"Shared{number // 3}@example.com"}
            if number % 3:
                points["email"] = points["email"].lower()
            document = customer_document(people[name].model_copy(update={"contact_points": points}))
            connection.execute(update(customers).where(customers.c.id == name).values(document=document))
        wanted = [(ids[number], "household", f"F{number // 4}") for number in range(8, 32)]
        wanted += [(ids[number], "joint", ids[39 - number]) for number in range(0, 40, 2)]
        wanted += [(ids[1], "joint", "GONE-1"), (ids[20], "joint", ids[21])]
        wanted += [(ids[33], "guardian", ids[5]), (ids[34], "guardian", "GONE-2"), (ids[35], "correspondence", ids[0])]
        rows = [
            {"customer_id": one, "kind": kind, "related_id": other, "purposes": "", "row_digest": ""}
            for one, kind, other in wanted
        ]
        rows.append({"customer_id": ids[36], "kind": "guardian", "related_id": ids[6],
                     "purposes": "regulatory servicing", "row_digest": ""})  # fmt: skip
        connection.execute(insert(relations), rows)
    return ids


def forecast_of(found: Simulation) -> Counter[str]:
    told: Counter[str] = Counter()
    for counts in (found.tally.sent, found.tally.withheld):
        for (_, name, _), count in counts.items():
            told[name] += count
    return told


def really_run(bank: Bank, but: str = "") -> Counter[str]:
    """What the runs do, by channel or reason, but for one of before; the release is that of the files."""
    for day in RUN_ON:
        bank.clock.now = at = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)  # 10:00 in Tokyo
        run = runs.start(bank.project, OFFER, at)
        coordinator.execute(bank.project, run.id, workers=1)
    with bank.project.store.read() as connection:
        query = select(messages.c.state, messages.c.channel, messages.c.reason).where(messages.c.run_id != but)
        rows = connection.execute(query).all()
    return Counter(row.channel if row.state == "due" else row.reason for row in rows)


CASES: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    ({}, {}, {"duplicate_contact_point"}),
    ({"one_per": "household"}, {}, {"duplicate_contact_point", "household_served"}),
    ({"one_per": "household"}, {"suppression": {"shared_contact_points": {"channels": ["sms"]}}}, {"household_served"}),
    ({}, {"caps": [{"id": "one", "limit": 1, "days": 7}]}, {"duplicate_contact_point", "cap"}),
    ({"purpose": "servicing", "copies": "joint"}, {}, {"unknown_customer"}),
    (
        {"purpose": "servicing", "copies": "joint", "obeys_caps": True, "counts_toward_caps": True},
        {"caps": [{"id": "one", "limit": 1, "days": 7}],
         "suppression": {"shared_contact_points": {"purposes": ["servicing"]}}},
        {"unknown_customer", "cap", "duplicate_contact_point"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("terms", "policy", "reasons"), CASES)
def test_runs_that_really_happen_do_what_was_simulated(
    bank: Bank, terms: dict[str, Any], policy: dict[str, Any], reasons: set[str]
) -> None:
    bind(bank)
    with_terms(bank, policy, **terms)
    (found,) = simulate([Scenario("now", bank.project)], TWO_RUNS, *RUN_ON, workers=1)
    forecast = forecast_of(found)
    bank.approve(OFFER)
    assert forecast == really_run(bank)
    assert reasons <= set(forecast)
    assert found.tally.events == sum(forecast.values())


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("terms", "policy"), [case[:2] for case in CASES])
def test_who_has_it_from_an_earlier_run_of_the_occasion_is_not_told_again(
    bank: Bank, terms: dict[str, Any], policy: dict[str, Any]
) -> None:
    bind(bank)
    with_terms(bank, policy, **terms)
    bank.approve(OFFER)
    bank.clock.now = datetime(2026, 5, 5, 1, tzinfo=UTC)
    pilot = runs.start(bank.project, OFFER, bank.clock.now, limit=15)
    coordinator.execute(bank.project, pilot.id, workers=1)
    (found,) = simulate([Scenario("now", bank.project)], TWO_RUNS, *RUN_ON, workers=1)
    forecast = forecast_of(found)
    assert {"already_sent", "cap"} & set(forecast)
    assert forecast == really_run(bank, but=pilot.id)
    assert found.tally.events == sum(forecast.values())


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_counts_toward_no_cap_fills_a_rules_limit_as_in_runs(bank: Bank) -> None:
    with_terms(bank, {"caps": []}, counts_toward_caps=False)
    bank.limit_by_rule("offers")
    with bank.project.store.write() as connection:
        connection.execute(insert(contacts), [
            {"id": f"told {name}", "customer_id": name, "communication": "branch-news", "category": "offers",
             "channel": "email", "at": datetime(2026, 5, 4, 12, tzinfo=UTC), "status": "sent", "counts": False,
             "purpose": "servicing", "row_digest": ""} for name in feeds.customer_ids(connection, None, 20)
        ])  # fmt: skip
    bank.approve(OFFER)
    (found,) = simulate([Scenario("now", bank.project)], TWO_RUNS, *RUN_ON, workers=1)
    forecast = forecast_of(found)
    assert forecast["cap"] > 5
    assert forecast == really_run(bank)


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("state", "part", "has", "channels"), [
    ("due", "", True, 1), ("due", "sms", True, 1), ("accepted", "", True, 1), ("digested", "", True, 0),
    ("withheld", "", False, 0), ("failed", "", False, 0), ("due", part_of("C1", "C2"), False, 1),
])  # fmt: skip
def test_who_has_it_by_what_became_of_a_message(bank: Bank, state: str, part: str, has: bool, channels: int) -> None:
    bank.approve(OFFER)
    run = runs.start(bank.project, OFFER, bank.clock.now, limit=5)
    coordinator.execute(bank.project, run.id, workers=1)
    due, m = messages.c.state == "due", messages.c
    with bank.project.store.write() as connection:
        name, about = connection.execute(select(m.customer_id, m.occasion).where(due)).first() or ("", "")
        connection.execute(update(messages).where(due, m.customer_id == name).values(state=state, part=part))
        found = served(connection, [OFFER], [about], [name])
    assert (found.has(name, about, ""), len(list(found.channels(name, about)))) == (has, channels)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_two_planned_runs_of_one_period_tell_it_once(bank: Bank) -> None:
    planned = Calendar.model_validate({"runs": [
        {"communication": "quarterly-statement", "on": ["2026-04-02", "2026-05-02"], "time": "02:00"}
    ]})  # fmt: skip
    (found,) = simulate([Scenario("now", bank.project)], planned, date(2026, 4, 1), date(2026, 6, 30), workers=1)
    days = Counter(key[2] for key in found.tally.sent.elements())
    assert days["2026-04-02"] > 20
    assert days["2026-04-02"] == forecast_of(found)["already_sent"]


def test_a_run_that_two_lines_of_the_calendar_name_happens_once() -> None:
    twice = Calendar.model_validate({"runs": [
        {"communication": OFFER, "every": "week", "day": "tue", "time": "10:00"},
        {"communication": OFFER, "on": RUN_ON, "time": "10:00"},
    ]})  # fmt: skip
    assert len(Events(twice, *RUN_ON, "Asia/Tokyo").runs) == 2


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_bound_customers_give_the_same_counts_however_they_are_divided(bank: Bank, monkeypatch: Any) -> None:
    bind(bank)
    with_terms(bank, one_per="household")
    (whole,) = simulate([Scenario("now", bank.project)], TWO_RUNS, FIRST, LAST, workers=1)
    monkeypatch.setattr("ccm.batch.simulate.run.CHUNK", 3)
    (parts,) = simulate([Scenario("now", bank.project)], TWO_RUNS, FIRST, LAST, workers=2)
    assert parts.tally == whole.tally
    assert parts.tally.customers == 40


def test_who_shares_an_address_or_a_household_stays_together(bank: Bank) -> None:
    ids = bind(bank)
    with bank.project.store.read() as connection:
        assert bound(connection, Ties()) == []
        by_address = bound(connection, Ties(frozenset({"email"})))
        by_home = bound(connection, Ties(kinds=frozenset({"household"})))
        both = bound(connection, Ties(frozenset({"email"}), frozenset({"household", "joint", "guardian"})))
        by_post = bound(connection, Ties(frozenset({"letter"})))
        addresses = Counter(one.reach("letter") for one in feeds.customers(connection, ids).values())
    assert [tuple(ids[number : number + 3]) for number in (0, 3, 6, 9)] == [
        group for group in by_address if group[0] in ids[:12]
    ]
    assert by_home == [tuple(ids[number : number + 4]) for number in range(8, 32, 4)]
    assert any(set(ids[0:3]) | {ids[39], ids[37]} <= set(group) for group in both)
    assert all(list(group) == sorted(group) for group in both)
    known = [name for group in both for name in group]
    assert len(known) == len(set(known))
    assert not {"GONE-1", "GONE-2"} & set(known)
    assert len(by_post) == sum(count > 1 for address, count in addresses.items() if address)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_trigger_is_no_occasion_of_others_and_a_guardian_receives_by_purpose(bank: Bank) -> None:
    ids = bind(bank)
    calendar = Calendar.model_validate({"triggers": [
        {"communication": name, "per_customer": 3} for name in ("payment-received", "payment-reminder")
    ]})  # fmt: skip
    (found,) = simulate([Scenario("now", bank.project)], calendar, FIRST, LAST, workers=1)
    assert not {"duplicate_contact_point", "household_served"} & {key[1] for key in found.tally.withheld}
    lost: Counter[str] = Counter()
    for (name, reason, _), count in found.tally.withheld.items():
        lost[name] += count if reason == "no_proxy" else 0
    # One guardian is no customer; the other one, who receives what is servicing alone, is.
    assert lost == Counter(event.communication for event in Events(calendar, FIRST, LAST, "Asia/Tokyo").of(ids[34]))
