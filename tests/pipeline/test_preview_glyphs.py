"""Customers whose names no font of the letters has, found before a run."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from support import Bank

from ccm.model.customer import Customer
from ccm.pipeline import glyphs
from ccm.pipeline.glyphs import Unprintable, unprintable, unprintable_customers
from ccm.store import Store, tables
from ccm.store.customer_documents import customer_document
from ccm.store.feeds import printed_names

EMOJI, UNSEEN = "\U0001f600", "\U0002ffff"


def add(store: Store, customer_id: str, **fields: object) -> None:
    values = {"id": customer_id, "family_name": "高橋", "language": "ja", "jurisdiction": "JP", **fields}
    row = {"id": customer_id, "document": customer_document(Customer.model_validate(values)), "row_digest": "x"}
    with store.write() as connection:
        connection.execute(insert(tables.customers), [row])


def test_customers_are_named_by_id_and_code_points_alone(bank: Bank) -> None:
    add(bank.project.store, "Z1", given_name=f"春{EMOJI}香{UNSEEN}{EMOJI}")
    add(bank.project.store, "Z2", address={"line1": f"{UNSEEN}町1-2", "country": "JP"})
    add(bank.project.store, "Z3", organisation_name="株式会社髙﨑", address={"line1": "三宮町1", "country": "JP"})
    assert list(unprintable_customers(bank.project)) == [
        Unprintable("Z1", ("U+1F600", "U+2FFFF")), Unprintable("Z2", ("U+2FFFF",)),
    ]  # fmt: skip


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_who_gets_no_message_is_not_told(bank: Bank) -> None:
    add(bank.project.store, "Z1", given_name=EMOJI, status="closed")
    add(bank.project.store, "Z2", given_name=EMOJI, status="deceased")
    assert not list(unprintable_customers(bank.project))


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_limit_of_a_run_and_the_size_of_chunks_lose_nobody(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    add(bank.project.store, "A1", given_name=EMOJI)
    add(bank.project.store, "Z1", given_name=EMOJI)
    monkeypatch.setattr(glyphs, "CHUNK", 7)
    assert [found.customer_id for found in unprintable_customers(bank.project)] == ["A1", "Z1"]
    assert [found.customer_id for found in unprintable_customers(bank.project, limit=8)] == ["A1"]
    assert not list(unprintable_customers(bank.project, limit=0))
    with bank.project.store.read() as connection:
        first, second = printed_names(connection, None, 2)
        assert first.customer_id == "A1"
        assert first.text.split("\n")[:4] == ["", "", "高橋", EMOJI]
        assert printed_names(connection, first.customer_id, 1) == [second]


def test_a_form_of_a_character_that_no_font_has_is_missing_and_one_that_a_font_has_is_not() -> None:
    # U+845B with VS17 and VS18 are the two registered forms of 葛; VS40 is none.
    customers = [("C1", "葛\U000e0100"), ("C2", "葛\U000e0117"), ("C3", "葛"), ("C4", "\U000e0100")]
    assert list(unprintable(customers)) == [
        Unprintable("C2", ("U+845B U+E0117",)), Unprintable("C4", ("U+E0100",)),
    ]  # fmt: skip
