"""A bank on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import Bank, make_bank


@pytest.fixture
def bank(tmp_path: Path, store_url: str) -> Iterator[Bank]:
    made = make_bank(tmp_path, store_url)
    yield made
    made.project.store.close()
