"""The shared bank feed, where it is there: real accounts, invented people, dirty on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from intake_parts import BANK

from ccm.store import feeds

pytestmark = pytest.mark.skipif(not BANK.is_dir(), reason="the shared bank feed (shared/data/bank) is not here")
ROWS = {"customers": 1229, "accounts": 1229, "transactions": 20897, "preferences": 2547, "consents": 3764,
        "history": 1647, "cases": 86}  # fmt: skip
FILES = {kind: BANK / f"{'contact_history' if kind == 'history' else kind}.csv" for kind in ROWS}


def test_the_bank_feed_is_taken_and_a_second_time_changes_nothing(importer: Any, errors: Callable[[Any], Any]) -> None:
    first = {kind: importer.file(kind, file) for kind, file in FILES.items()}
    assert {kind: report.rows_new for kind, report in first.items()} == ROWS
    assert sum(report.rows_set_aside + report.orphans for report in first.values()) == 0
    assert Counter(error["column"] for error in errors(first["customers"])) == {"mobile": 25, "email": 27}
    with importer.store.read() as connection:
        ids = feeds.customer_ids(connection, None, 2000)
        people = list(feeds.customers(connection, ids).values())
    assert (len(ids), ids) == (1229, sorted(ids))
    assert sum(person.timezone is None for person in people) == 28
    assert sum("sms" not in person.contact_points for person in people) == 96 + 25
    assert sum("email" not in person.contact_points for person in people) == 142 + 27
    assert sum(person.reach("letter") is None for person in people) == 22
    for kind, file in FILES.items():
        assert importer.file(kind, file) == replace(first[kind], rows_new=0, rows_unchanged=ROWS[kind])


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_cp932_copy_of_the_japanese_customers_gives_equal_rows(importer: Any) -> None:
    header, *rows = FILES["customers"].read_text("utf-8").splitlines()
    japanese = [row for row in rows if ",ja-JP," in row]
    assert len(japanese) == 485
    text = "\r\n".join([header, *japanese]) + "\r\n"
    assert importer.text("customers", text).rows_new == 485
    report = importer.text("customers", text.encode("cp932"))
    assert (report.encoding, report.rows_unchanged) == ("cp932", 485)
