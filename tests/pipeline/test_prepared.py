"""What is made before the lock is taken fits what stands in the store under it, or is made again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, update
from support import RUN_AT, Bank

from ccm.log import leaves
from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.pipeline.prepared import Prepared
from ccm.store import feeds
from ccm.store.tables import consents, customer_salts, customers

OCCASION = Occasion("savings-offer/x", "run", RUN_AT, {})


def made(bank: Bank, count: int = 20) -> tuple[list[Composed], str, Prepared]:
    compiled = bank.project.compiled("savings-offer")
    with bank.project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, count)
    outcomes, material = compose(bank.project, compiled, OCCASION, ids)
    prepared = Prepared(bank.project, compiled, OCCASION)
    prepared.add(outcomes)
    return outcomes, prepared.input_digest(material, outcomes), prepared


def name_in(leaf: bytes) -> Any:
    return orjson.loads(leaf)["subject"]


def test_a_leaf_names_the_customer_by_the_salt_that_is_there_under_the_lock(bank: Bank) -> None:
    with bank.project.store.read() as connection:
        [first, second, *_] = feeds.customer_ids(connection, None, 20)
    with bank.project.store.write() as connection:
        salt = leaves.salts(connection, [first], bank.project.random_bytes)[first]
    outcomes, _, prepared = made(bank)
    rows = {outcome.decision.customer_id: prepared.row(outcome) for outcome in outcomes}
    assert name_in(prepared.leaf(rows[first], salt)) == leaves.subject(salt, first)
    for customer in (first, second):  # one was erased and came again meanwhile, the other had no name yet
        anew = bytes(32)
        assert name_in(prepared.leaf(rows[customer], anew)) == leaves.subject(anew, customer)
    with bank.project.store.read() as connection:
        assert set(connection.scalars(select(customer_salts.c.customer_id))) >= {first}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_chunks_input_digest_is_of_what_messages_are_made_of_and_of_what_was_decided_by(bank: Bank) -> None:
    _, before, _ = made(bank)
    assert made(bank)[1] == before
    store = bank.project.store
    with store.read() as connection:
        customer, document = connection.execute(select(customers.c.id, customers.c.document).limit(1)).one()
    plain = orjson.loads(document)
    with store.write() as connection:
        renamed = orjson.dumps({**plain, "given_name": "Another"}).decode()
        connection.execute(update(customers).where(customers.c.id == customer).values(document=renamed))
    _, renamed_digest, _ = made(bank)
    assert renamed_digest != before
    with store.write() as connection:  # it was said a day earlier, which changes no decision
        at = connection.scalar(select(func.min(consents.c.at)).where(consents.c.customer_id == customer))
        earlier = update(consents).where(consents.c.customer_id == customer, consents.c.at == at)
        connection.execute(earlier.values(at=at - timedelta(days=1)))
    assert made(bank)[1] not in (before, renamed_digest)
