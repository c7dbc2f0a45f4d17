"""A message goes where it was addressed to, or nowhere: who receives, and where, is looked at again at hand-off."""

from typing import Any

import pytest
from handoff_parts import (
    DAY,
    LETTER,
    change,
    delivered,
    letter,
    notice,
    people,
    relate,
    row,
    rows,
    said,
    told_of,
    unrelate,
    with_terms,
)
from sqlalchemy import select
from support import Bank

from ccm.batch import coordinator, runs
from ccm.decide.trace import words
from ccm.inbound.receive import Event, receive
from ccm.pipeline import contents
from ccm.pipeline.erasure import erase
from ccm.store.tables import contacts, suppressions

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture(autouse=True)
def by_mail(bank: Bank) -> None:
    with_terms(bank, channels=("email",))


def outbox(bank: Bank) -> list[Any]:
    return [path for path in bank.project.outbox.rglob("*") if path.is_file()]


def recipient(bank: Bank, message: str) -> str:
    return contents.load(bank.project, [row(bank, message)])[message].recipient


def released(bank: Bank, message: str) -> bool:
    with bank.project.store.read() as connection:
        return connection.scalar(select(contacts.c.status).where(contacts.c.id == message)) == "released"


@pytest.mark.parametrize("kind", ["guardian", "correspondence"])
def test_whoever_was_appointed_after_composing_keeps_it_from_the_old_address(bank: Bank, kind: str) -> None:
    customer, other = people(bank, 2)
    message = notice(bank, customer).message_id
    relate(bank, customer, kind, other)
    assert delivered(bank, message) == ("withheld", "receiver_changed")
    assert outbox(bank) == []
    assert released(bank, message)
    assert "who receives for the customer, or where, has changed since it was written" in told_of(bank, message, "en")
    assert "作成後に、代わりに受け取る方またはその宛先が変わったため" in told_of(bank, message, "ja")
    assert [(leaf["kind"], leaf.get("detail")) for leaf in said(bank, message)[1:]] == [("event", "receiver_changed")]


def test_one_who_receives_no_longer_gets_nothing_more(bank: Bank) -> None:
    customer, other = people(bank, 2)
    relate(bank, customer, "guardian", other)
    message = notice(bank, customer).message_id
    assert recipient(bank, message) == "c1@example.com"
    unrelate(bank)
    assert delivered(bank, message) == ("withheld", "receiver_changed")
    assert outbox(bank) == []


def test_another_guardian_or_one_who_moved_gets_it_composed_anew(bank: Bank) -> None:
    customer, one, other = people(bank, 3)
    relate(bank, customer, "guardian", one)
    first = notice(bank, customer, "k1").message_id
    unrelate(bank)
    relate(bank, customer, "guardian", other)
    second = notice(bank, customer, "k2").message_id
    assert delivered(bank, first) == ("withheld", "receiver_changed")
    assert row(bank, second)["state"] == "accepted"
    third = notice(bank, customer, "k3").message_id
    change(bank, other, contact_points={"email": "moved@example.com"})
    assert delivered(bank, third) == ("withheld", "receiver_changed")


def test_a_relation_for_other_purposes_changes_nothing(bank: Bank) -> None:
    customer, other = people(bank, 2)
    message = notice(bank, customer).message_id
    relate(bank, customer, "guardian", other, purposes="marketing")
    assert delivered(bank, message)[0] == "accepted"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_customers_new_address_does_not_get_what_was_written_for_the_old_one(bank: Bank, language: str) -> None:
    [customer] = people(bank, 1)
    message = notice(bank, customer).message_id
    change(bank, customer, contact_points={"email": "new@example.com"})
    assert delivered(bank, message) == ("withheld", "address_changed")
    assert outbox(bank) == []
    assert words("address_changed", language) in told_of(bank, message, language)


@ONE_DATABASE
def test_an_address_that_is_only_written_otherwise_is_the_same(bank: Bank) -> None:
    [customer] = people(bank, 1)
    message = notice(bank, customer).message_id
    change(bank, customer, contact_points={"email": "C0@Example.com"})
    assert delivered(bank, message)[0] == "accepted"


@ONE_DATABASE
def test_a_letter_names_who_takes_it_in_and_goes_to_nobody_else_there(bank: Bank) -> None:
    customer, one, other = people(bank, 3)
    with_letters(bank)
    office = {"line1": "9 Court", "city": "Leith", "country": "GB"}
    for person in (one, other):
        change(bank, person, address=office)
    relate(bank, customer, "guardian", one)
    message = letter(bank, customer).message_id
    assert recipient(bank, message) == "c/o Ada Family1, GB, Leith, 9 Court"
    unrelate(bank)
    relate(bank, customer, "guardian", other)
    assert delivered(bank, message) == ("withheld", "receiver_changed")


@ONE_DATABASE
def test_a_returned_letter_stops_the_address_and_not_the_name_before_it(bank: Bank) -> None:
    customer, other = people(bank, 2)
    with_letters(bank)
    relate(bank, customer, "guardian", other)
    message = letter(bank, customer).message_id
    assert delivered(bank, message)[0] == "accepted"
    receive(bank.project, [Event(kind="bounced", at=DAY, message_id=message)])
    with bank.project.store.read() as connection:
        [point] = connection.scalars(select(suppressions.c.contact_point)).all()
        assert point == connection.scalar(select(contacts.c.contact_point).where(contacts.c.id == message))
    assert letter(bank, customer, "k2").reason == "no_channel"


def with_letters(bank: Bank, *, keeps_address: bool = False) -> None:
    with_terms(bank, of=LETTER, channels=("letter",), keeps_address=keeps_address)
    bank.approve(LETTER)


@ONE_DATABASE
@pytest.mark.parametrize("keeps", [True, False])
def test_only_a_notice_to_the_former_address_goes_there(bank: Bank, keeps: bool) -> None:
    [customer] = people(bank, 1)
    assert bank.project.workspace.communications[LETTER].keeps_address, "as it is shipped"
    with_letters(bank, keeps_address=keeps)
    message = letter(bank, customer).message_id
    change(bank, customer, address={"line1": "7 New Street", "city": "Leith", "country": "GB"})
    told = delivered(bank, message)
    assert told[0] == "accepted" if keeps else told == ("withheld", "address_changed")


def test_a_copy_to_one_who_is_no_joint_holder_any_more_is_withheld(bank: Bank) -> None:
    with_terms(bank, copies="joint", channels=("email",))
    customer, holder = people(bank, 2)
    relate(bank, customer, "joint", holder)
    own = notice(bank, customer).message_id
    [copy] = [one["id"] for one in rows(bank) if one["part"]]
    unrelate(bank)
    assert delivered(bank, copy) == ("withheld", "no_longer_joint")
    assert row(bank, own)["state"] == "accepted"
    assert "the recipient is no joint holder any more" in told_of(bank, copy, "en")
    assert "共同名義ではなくなったため" in told_of(bank, copy, "ja")


@ONE_DATABASE
def test_a_copy_goes_though_the_customer_was_erased_meanwhile(bank: Bank) -> None:
    with_terms(bank, copies="joint", channels=("email",))
    customer, holder = people(bank, 2)
    relate(bank, customer, "joint", holder)
    notice(bank, customer)
    [copy] = [one["id"] for one in rows(bank) if one["part"]]
    erase(bank.project, customer, bank.project.workspace.person("aoi"), "asked for it")
    assert delivered(bank, copy)[0] == "accepted"


@pytest.mark.offers_due
def test_a_run_is_composed_again_for_those_whose_address_changed(bank: Bank) -> None:
    moved = next(one for one in rows(bank) if one["state"] == "due" and one["channel"] == "email")
    change(bank, moved["customer_id"], contact_points={"email": "new@example.com"})
    assert delivered(bank, moved["id"]) == ("withheld", "address_changed")
    again = runs.again(bank.project, moved["run_id"], DAY)
    assert again.intended == 1
    coordinator.execute(bank.project, again.id, workers=1)
    [anew] = [one for one in rows(bank) if one["run_id"] == again.id]
    assert (anew["state"], recipient(bank, anew["id"])) == ("due", "new@example.com")
