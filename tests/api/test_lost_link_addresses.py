"""How an address that was typed is read, and how customers are found by it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from support import Bank

from ccm.api.lost_links import read_address
from ccm.store import feeds
from ccm.store.tables import customers


def test_customers_are_found_by_address_through_an_index(bank: Bank) -> None:
    with bank.project.store.read() as connection:
        names = feeds.customer_ids(connection, None, 100)
        by_address: dict[str, list[str]] = {}
        for name, customer in feeds.customers(connection, names).items():
            if address := customer.contact_points.get("email"):
                by_address.setdefault(address.lower(), []).append(name)
        for address, expected in by_address.items():
            assert feeds.customers_by_email(connection, address.upper(), 100) == expected
        assert feeds.customers_by_email(connection, "nobody@example.com", 100) == []
        assert connection.scalar(select(func.count()).select_from(customers)) > len(by_address) > 5
        if bank.project.store.dialect == "sqlite":
            plan = "EXPLAIN QUERY PLAN SELECT id FROM customers WHERE lower(json_extract(document, "
            told = connection.exec_driver_sql(plan + "'$.contact_points.email')) = lower('x')").all()
            assert "ix_customers_email" in str(told)


@pytest.mark.parametrize(("typed", "read"), [
    ("a.b+c@Example.com", "a.b+c@example.com"), ("ａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "a@example.com"),
    ("a@例え.jp", "a@xn--r8jz45g.jp"), ("a" * 321, None), ("a@b", None),
])  # fmt: skip
def test_an_address_is_read_as_people_type_it(typed: str, read: str | None) -> None:
    assert read_address(typed) == read
