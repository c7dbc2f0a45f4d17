"""What decisions are taken from, read from the store: who receives, which addresses are free, who shares one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter
from sqlalchemy import insert, select, update
from support import RUN_AT, Bank

from ccm.batch import coordinator, runs
from ccm.decide import Facts, decide, plan_for
from ccm.decide.consent import demands, purposes_looked_at
from ccm.decide.sharing import Wanted
from ccm.decide.suppression import not_eligible, on_channel
from ccm.inbound.receive import Event, receive
from ccm.log import sequencer
from ccm.model.customer import Customer
from ccm.model.requirements import NOTHING
from ccm.pipeline import contact_points
from ccm.pipeline.contact_points import contact_point, shared_contact_points
from ccm.pipeline.erasure import erase
from ccm.pipeline.gather import gather
from ccm.pipeline.trigger import send
from ccm.store import feeds, tables
from ccm.store.tables import contacts, customers, messages, relations, suppressions

ONE, TWO = "H0000001", "H0000002"


def facts(bank: Bank, customer_id: str = ONE, communication: str = "payment-received") -> Facts:
    chosen = bank.project.workspace.communication(communication)
    with bank.project.store.read() as connection:
        return gather(connection, bank.project, chosen, [customer_id], RUN_AT)[customer_id]


def put(bank: Bank, table: Any, **values: Any) -> None:
    with bank.project.store.write() as connection:
        connection.execute(insert(table).values(row_digest="", **values))


def change(bank: Bank, customer_id: str, **values: Any) -> None:
    with bank.project.store.write() as connection:
        plain = orjson.loads(connection.scalar(select(customers.c.document).where(customers.c.id == customer_id)))
        document = orjson.dumps(plain | values).decode()
        connection.execute(update(customers).where(customers.c.id == customer_id).values(document=document))


def test_what_a_decision_does_not_look_at_is_left_out_and_changes_none(bank: Bank) -> None:
    project, sizes = bank.project, set()
    workspace = project.workspace
    with project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, 1000)
        for communication in workspace.communications.values():
            own = gather(connection, project, communication, ids, RUN_AT)
            everything = gather(connection, project, communication, ids, RUN_AT, whole=True)
            for customer, known in own.items():
                all_known = replace(everything[customer], contacts=known.contacts)
                decided = (decide(communication, workspace.policy, workspace.channels, one, RUN_AT)
                           for one in (known, all_known))  # fmt: skip
                assert len(set(decided)) == 1, (communication.id, customer)
                sizes |= {len(all_known.consents) - len(known.consents), len(all_known.preferences)}
            asked = purposes_looked_at(communication)
            assert {row.purpose for one in own.values() for row in one.consents} <= asked
            for requirements in {id(one.requirements): one.requirements for one in own.values()}.values():
                for channel in communication.channels:
                    needed = demands(communication, requirements.get(channel, NOTHING), channel)
                    assert {one.purpose for one in needed} <= asked
    assert len(sizes) > 2, "there was something to leave out"


def test_what_is_read_equals_what_is_checked_field_by_field(bank: Bank) -> None:
    with bank.project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, 100)
        for customer in feeds.customers(connection, ids).values():
            assert Customer.model_validate(customer.model_dump()) == customer
            assert customer.model_copy(update={"segment": "x"}).segment == "x"
        found = [feeds.preferences(connection, ids), feeds.consents(connection, ids), feeds.cases(connection, ids),
                 feeds.contacts(connection, ids, RUN_AT - timedelta(days=100))]  # fmt: skip
        for by_customer in found:
            assert by_customer
            for row in (row for rows in by_customer.values() for row in rows):
                assert TypeAdapter(type(row)).validate_python(row._asdict(), strict=True) == row


def test_a_guardian_receives_at_their_own_addresses_and_hours_in_the_customers_language(bank: Bank) -> None:
    change(bank, TWO, contact_points={"email": "guardian@example.com"}, timezone="Asia/Tokyo", status="active")
    before = facts(bank)
    put(bank, relations, customer_id=ONE, kind="guardian", related_id=TWO)
    after = facts(bank)
    assert after.customer.reach("email") == "guardian@example.com"
    assert (after.customer.timezone, after.customer.language) == ("Asia/Tokyo", before.customer.language)
    assert (after.preferences, after.consents) == (before.preferences, before.consents)
    assert after.proxy is not None


def test_rules_of_the_state_that_a_number_is_from_are_asked_for_too(bank: Bank) -> None:
    hawaii = {"line1": "1 Beach Rd", "region": "HI", "country": "US"}
    change(bank, ONE, jurisdiction="US", address=hawaii, contact_points={"sms": "+18085550100"})
    rules = facts(bank, communication="savings-offer").requirements["sms"].rules
    assert "US-FL-QUIET" not in rules
    change(bank, ONE, jurisdiction="US", address=hawaii, contact_points={"sms": "+13055550100"})
    asked = facts(bank, communication="savings-offer").requirements
    assert set(asked["sms"].rules) == {*rules, "US-FL-QUIET", "US-FL-FREQ"}
    assert "US-FL-QUIET" not in asked["email"].rules


def test_nothing_goes_out_where_the_guardian_is_not_known(bank: Bank) -> None:
    put(bank, relations, customer_id=ONE, kind="guardian", related_id="nobody")
    workspace = bank.project.workspace
    plan = plan_for(workspace.communication("payment-received"), workspace.policy, workspace.channels)
    assert not_eligible(plan, facts(bank), RUN_AT) == ("no_proxy", "")


def test_an_address_for_some_purposes_leaves_the_others_alone(bank: Bank) -> None:
    put(bank, relations, customer_id=ONE, kind="correspondence", related_id=TWO, purposes="regulatory")
    assert facts(bank).proxy is None
    assert facts(bank, communication="quarterly-statement").proxy is not None


def test_what_stops_an_address_of_the_guardian_stops_it_for_the_customer_too(bank: Bank) -> None:
    change(bank, TWO, contact_points={"email": "guardian@example.com", "sms": "+447700900001"}, status="active")
    put(bank, relations, customer_id=ONE, kind="guardian", related_id=TWO)
    with bank.project.store.write() as connection:
        salt = contact_points.made_salt(connection, bank.project.random_bytes)
    about = {"customer_id": TWO, "at": RUN_AT - timedelta(days=1)}
    there, elsewhere = (contact_point("email", f"{name}@example.com", salt) for name in ("guardian", "former"))
    put(bank, suppressions, kind="hard_bounce", channel="email", contact_point=there, **about)
    put(bank, suppressions, kind="complaint", channel="email", contact_point=elsewhere, **about)
    put(bank, suppressions, kind="invalid_contact_point", channel="sms", contact_point="", **about)
    put(bank, suppressions, kind="bereavement", channel="*", contact_point="", **about)  # the guardian's own
    found = facts(bank)
    assert {(row.customer_id, row.kind) for row in found.suppressions} == {
        (ONE, "hard_bounce"), (ONE, "invalid_contact_point")
    }  # fmt: skip
    workspace = bank.project.workspace
    plan = plan_for(workspace.communication("payment-received"), workspace.policy, workspace.channels)
    assert on_channel(plan, found, "email", RUN_AT) is not None


def test_in_a_rules_limit_what_counts_toward_no_cap_counts_too(bank: Bank) -> None:
    rule = bank.limit_by_rule("payments")
    bank.approve("payment-received")
    bank.clock.now = RUN_AT
    data = {"payment": {"amount": "1.00", "currency": "GBP", "received_on": "2026-04-01", "payer": "A. Moss"}}
    first, second = (
        send(bank.project, "payment-received", ONE, data, key=key, at=RUN_AT + timedelta(hours=hours))
        for key, hours in (("k1", 0), ("k2", 1))
    )
    assert first.state == "due"
    assert (second.state, second.reason, second.detail) == ("withheld", "cap", rule)
    assert [one.counts for one in facts(bank).contacts] == [False]


def bounced(bank: Bank, kind: str = "bounced") -> str:
    """Somebody's offer by e-mail came back; returns whose."""
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    coordinator.execute(bank.project, run.id, workers=1)
    query = select(messages).where(messages.c.state == "due", messages.c.channel == "email").order_by(messages.c.id)
    with bank.project.store.write() as connection:
        message = connection.execute(query.limit(1)).mappings().one()
        connection.execute(update(messages).where(messages.c.id == message["id"]).values(state="accepted"))
    event = Event(kind=kind, at=RUN_AT, message_id=message["id"])  # type: ignore[arg-type]
    assert receive(bank.project, [event, event]) == {kind: 1, "repeated": 1}
    return str(message["customer_id"])


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_bounced_address_is_left_alone_and_a_new_one_is_free(bank: Bank) -> None:
    who = bounced(bank)
    workspace = bank.project.workspace
    plan = plan_for(workspace.communication("savings-offer"), workspace.policy, workspace.channels)

    def why() -> str | None:
        row = on_channel(plan, facts(bank, who), "email", RUN_AT + timedelta(days=1))
        return row and row.kind

    assert why() == "hard_bounce"
    change(bank, who, contact_points={"email": "new@example.com"})
    assert why() is None


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_complaint_stops_marketing_to_the_address_and_stands_in_the_log(bank: Bank) -> None:
    who = bounced(bank, "complained")
    workspace = bank.project.workspace
    at = RUN_AT + timedelta(days=1)
    offer, notice = (
        plan_for(workspace.communication(name), workspace.policy, workspace.channels)
        for name in ("savings-offer", "address-changed")
    )
    row = on_channel(offer, facts(bank, who), "email", at)
    assert row is not None
    assert row.kind == "complaint"
    assert on_channel(notice, facts(bank, who), "email", at) is None
    sequencer.integrate(bank.project.store)
    with bank.project.store.read() as connection:
        entries = list(connection.scalars(select(tables.log_leaves.c.entry)))
    assert any(b'"kind":"consent"' in entry and b'"reply"' in entry for entry in entries)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_erased_customer_leaves_no_suppression_choice_or_relation(bank: Bank) -> None:
    put(bank, suppressions, customer_id=ONE, kind="vulnerable", channel="*", at=RUN_AT)
    put(bank, relations, customer_id=ONE, kind="household", related_id="F1")
    put(bank, relations, customer_id=TWO, kind="guardian", related_id=ONE)
    with bank.project.store.write() as connection:
        connection.execute(insert(tables.customer_choices).values(
            customer_id=ONE, name="language", value="ja-JP", at=RUN_AT, source="page"))  # fmt: skip
    done = erase(bank.project, ONE, bank.project.workspace.person("aoi"), "The customer asked for it.")
    assert [done.rows[name] for name in ("suppressions", "relations", "customer_choices")] == [1, 2, 1]


def test_an_address_is_the_same_however_it_is_written_and_another_on_another_channel() -> None:
    salt = b"s" * 32
    digest = contact_point("email", "Ada@example.com", salt)
    assert contact_point("email", "ada@EXAMPLE.com ", salt) == digest
    assert contact_point("letter", "〒150-0001　東京都", salt) == contact_point("letter", "〒150-0001 東京都", salt)
    assert len({digest, contact_point("sms", "Ada@example.com", salt), contact_point("email", "x", b"t" * 32)}) == 3
    assert "ada" not in digest


def test_of_customers_with_one_address_or_household_the_first_gets_it(bank: Bank) -> None:
    rows = [Wanted("m3", "C3", "p"), Wanted("m1", "C1", "p"), Wanted("m2", "C2", ""), Wanted("m4", "C4", "q", "F"),
            Wanted("m5", "C5", "", "F")]  # fmt: skip
    offer = bank.project.workspace.communication("savings-offer")
    with bank.project.store.read() as connection:
        found = shared_contact_points(connection, offer, "2026", rows)
    assert found == {"m3": "duplicate_contact_point", "m5": "household_served"}
    assert contact_points.guards(rows) == {" point p", " point q", " household F"}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_address_that_was_served_before_is_not_served_again_for_the_same_occasion(bank: Bank) -> None:
    bounced(bank)  # a run is there
    query = select(messages).where(messages.c.state == "due").order_by(messages.c.id).limit(1)
    with bank.project.store.write() as connection:
        message = connection.execute(query).mappings().one()
        connection.execute(update(contacts).where(contacts.c.id == message["id"]).values(contact_point="p"))
        connection.execute(insert(relations).values(
            customer_id=message["customer_id"], kind="household", related_id="F", row_digest=""))  # fmt: skip
    rows = [Wanted("m1", "C1", "p"), Wanted("m2", "C2", "", "F"), Wanted("m3", message["customer_id"], "p", "F")]
    offer = bank.project.workspace.communication("savings-offer")
    with bank.project.store.read() as connection:
        found = shared_contact_points(connection, offer, message["occasion"], rows)
        other = shared_contact_points(connection, offer, "another", rows)
    assert found == {"m1": "duplicate_contact_point", "m2": "household_served"}
    assert other == {"m3": "duplicate_contact_point"}
