"""A message that waits for its hour is looked at anew when the hour comes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select, update
from support import Bank

from ccm.delivery import deliver
from ccm.pipeline.trigger import Accepted, send
from ccm.store import feeds
from ccm.store.tables import customers, messages, preferences

NIGHT = datetime(2026, 4, 1, 21, tzinfo=UTC)  # 22:00 in London
MORNING = datetime(2026, 4, 2, 7, tzinfo=UTC)
PAYMENT = {"payment": {"amount": "120.50", "currency": "GBP", "received_on": "2026-04-01", "payer": "A. Moss"}}


@pytest.fixture
def waiting(bank: Bank) -> Accepted:
    """A payment notice by SMS that waits for a morning in London."""
    bank.approve("payment-received")
    bank.clock.now = NIGHT
    with bank.project.store.read() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100))
        preferring = feeds.preferences(connection, list(everybody))
    person = next(
        person.id for person in everybody.values()
        if person.status == "active" and person.reach("sms") and person.timezone == "Europe/London"
        and not preferring.get(person.id)
    )  # fmt: skip
    accepted = send(bank.project, "payment-received", person, PAYMENT, key="k1", at=NIGHT)
    assert (accepted.channel, row(bank)["due_at"]) == ("sms", MORNING)
    return accepted


def row(bank: Bank) -> Any:
    with bank.project.store.read() as connection:
        return connection.execute(select(messages)).mappings().one()


def delivered(bank: Bank, moment: datetime) -> tuple[str, str, datetime]:
    deliver(bank.project, moment=lambda: moment)
    found = row(bank)
    return found["state"], found["reason"], found["due_at"]


def moved_to(bank: Bank, zone: str) -> None:
    mine = customers.c.id == row(bank)["customer_id"]
    with bank.project.store.write() as connection:
        document = orjson.loads(connection.execute(select(customers.c.document).where(mine)).scalar_one())
        changed = orjson.dumps(document | {"timezone": zone}).decode()
        connection.execute(update(customers).where(mine).values(document=changed))


@pytest.mark.usefixtures("waiting")
def test_it_goes_when_its_hour_comes_and_not_before(bank: Bank) -> None:
    assert delivered(bank, MORNING - timedelta(seconds=1))[0] == "due"
    assert delivered(bank, MORNING)[0] == "accepted"


@pytest.mark.usefixtures("waiting")
def test_a_customer_who_moved_is_left_in_peace_until_morning_there(bank: Bank) -> None:
    moved_to(bank, "America/Los_Angeles")
    morning_there = datetime(2026, 4, 2, 15, tzinfo=UTC)
    assert delivered(bank, MORNING)[::2] == ("due", morning_there)
    assert delivered(bank, morning_there)[0] == "accepted"


@pytest.mark.usefixtures("waiting")
def test_it_expires_rather_than_arrive_stale(bank: Bank) -> None:
    with bank.project.store.write() as connection:
        connection.execute(update(messages).values(expires_at=MORNING + timedelta(hours=4)))
    moved_to(bank, "America/Los_Angeles")
    assert delivered(bank, MORNING)[:2] == ("withheld", "expires_in_quiet_hours")


@pytest.mark.usefixtures("waiting")
def test_one_that_nobody_delivered_in_time_has_expired(bank: Bank) -> None:
    with bank.project.store.write() as connection:
        connection.execute(update(messages).values(expires_at=MORNING + timedelta(hours=4)))
    assert delivered(bank, MORNING + timedelta(hours=4))[:2] == ("withheld", "expired")


@pytest.mark.usefixtures("waiting")
def test_hours_that_the_customer_prefers_never_let_it_expire(bank: Bank) -> None:
    with bank.project.store.write() as connection:
        connection.execute(update(messages).values(expires_at=MORNING + timedelta(hours=4)))
        connection.execute(
            insert(preferences).values(
                customer_id=row(bank)["customer_id"], category="*", channel="*", allowed=True, hours="18:00-20:00",
                row_digest="",
            )
        )  # fmt: skip
    assert delivered(bank, MORNING)[0] == "accepted"


@pytest.mark.usefixtures("waiting")
def test_who_opted_out_in_the_night_hears_nothing_in_the_morning(bank: Bank) -> None:
    with bank.project.store.write() as connection:
        connection.execute(
            insert(preferences).values(
                customer_id=row(bank)["customer_id"], category="*", channel="sms", allowed=False, row_digest=""
            )
        )
    assert delivered(bank, MORNING)[:2] == ("withheld", "opted_out")
