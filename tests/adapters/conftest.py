from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from adapter_parts import Opener, a_channel

from ccm.adapters import Adapter, open_adapter


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens adapters in a workspace of their own, and closes them."""
    adapters: list[Adapter] = []

    def open_it(
        adapter: str, channel: str = "email", environ: Mapping[str, str] | None = None, **options: Any
    ) -> Adapter:
        clock = options.pop("clock", lambda: datetime(2026, 4, 1, 23, 30, tzinfo=UTC))
        made = open_adapter(
            a_channel(adapter, channel, **options), tmp_path, outbox=tmp_path / "outbox", environ=environ or {},
            clock=clock,
        )  # fmt: skip
        adapters.append(made)
        return made

    yield open_it
    for made in adapters:
        made.close()
