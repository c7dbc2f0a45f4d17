"""Each kind of page of the shipped letters looks as it did when a person last looked at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pixels import UPDATE, assert_looks_like, difference, picture
from statement_parts import statement


@pytest.mark.parametrize(
    ("who", "large", "page", "name"),
    [
        ("en", "", 0, "statement-a4-en-1"),
        ("en", "", 1, "statement-a4-en-2"),
        ("us", "", 0, "statement-us-letter-en-1"),
        ("us", "", 1, "statement-us-letter-en-2"),
        ("ja", "", 0, "statement-a4-ja-1"),
        ("ja", "", 1, "statement-a4-ja-2"),
        ("en", "large_print", 0, "statement-large-print-en-1"),
        ("ja", "large_print", 1, "statement-large-print-ja-2"),
    ],
)
def test_page_looks_as_it_did(who: str, large: str, page: int, name: str, tmp_path: Path) -> None:
    assert_looks_like(statement(who, 40, accessible_format=large).body, page, name, tmp_path)


def test_page_that_moved_by_a_line_is_noticed_and_pictured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(UPDATE, raising=False)
    longer = statement("en", 40, address={"line1": "1 High Street", "city": "Leeds", "country": "GB"}).body
    assert difference(picture(longer, 0), picture(statement("en", 40).body, 0)) > 0
    with pytest.raises(AssertionError, match=r"of page 2 differ from statement-a4-en-2\.png"):
        assert_looks_like(statement("en", 39).body, 1, "statement-a4-en-2", tmp_path)
    assert sorted(path.name.rpartition("-")[2] for path in tmp_path.iterdir()) == [
        "difference.png", "kept.png", "seen.png",
    ]  # fmt: skip
