"""Python's collector of garbage waits while a workspace is read, and is then as it was."""

from __future__ import annotations

import gc

import pytest

from ccm.workspace.garbage import collected_later


@pytest.mark.parametrize("on", [True, False])
def test_collector_is_afterwards_as_it_was(on: bool) -> None:
    seen: list[bool] = []

    @collected_later()
    def work(depth: int) -> None:
        seen.append(gc.isenabled())
        if depth:
            work(depth - 1)
        raise ValueError("stopped")

    before = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        for _ in range(2):
            with pytest.raises(ValueError, match="stopped"):
                work(1)
            assert gc.isenabled() is on
    finally:
        (gc.enable if before else gc.disable)()
    assert seen == [False] * 4
