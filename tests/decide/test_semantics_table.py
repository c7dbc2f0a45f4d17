"""Every line of the tables in docs/reference/decisions.md is what the engine does."""

from collections import Counter

import pytest
from semantics import PAGE, Line, expected, lines, outcome

LINES = list(lines())


@pytest.mark.parametrize("line", LINES, ids=[line.id for line in LINES])
def test_the_line_holds(line: Line) -> None:
    wanted, found = expected(line), outcome(line)
    passed = wanted.get("passed", {})
    found["passed"] = {channel: reason for channel, reason in found.get("passed", {}).items() if channel in passed}
    assert {name: found.get(name) for name in wanted} == wanted


def test_each_line_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(line.id for line in LINES).items() if count > 1] == []


def test_every_line_of_the_tables_is_read() -> None:
    rows = [text for text in PAGE.read_text(encoding="utf-8").splitlines() if text.startswith("| ") and "`{" in text]
    assert len(rows) == len(LINES)
