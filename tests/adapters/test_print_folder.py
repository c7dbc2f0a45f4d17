from __future__ import annotations

import csv
import hashlib
import multiprocessing
import os
import resource
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from adapter_parts import BODIES, Opener, a_channel, a_message

from ccm.adapters import files, open_adapter
from ccm.errors import OutcomeUnknown, SupplierRefused, WorkspaceError

SETTINGS = {"folder": "print", "timezone": "Asia/Tokyo"}
DIGEST = hashlib.sha256(BODIES["letter"]).hexdigest()


def rows(day: Path) -> list[list[str]]:
    with (day / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, strict=True))


def visible(folder: Path) -> list[str]:
    """What the print house sees."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob("[!.]*/*"))


def test_a_letter_lies_in_the_folder_of_its_day_with_a_row_in_the_manifest(opened: Opener, tmp_path: Path) -> None:
    receipt = opened("print-folder", "letter", settings=SETTINGS).send(a_message("letter"))
    # 23:30 UTC on 1 April is the morning of the 2nd in Tokyo.
    assert receipt.supplier_reference == "2026-04-02/m-0001.pdf"
    day = tmp_path / "print" / "2026-04-02"
    assert (day / "m-0001.pdf").read_bytes() == BODIES["letter"]
    assert (day / "manifest.csv").read_bytes() == (
        f"message_id,file,sha256,communication,language\r\nm-0001,m-0001.pdf,{DIGEST},payment-received,ja\r\n"
    ).encode()


def test_the_same_letter_on_the_next_day_is_not_printed_twice(opened: Opener, tmp_path: Path) -> None:
    first = opened("print-folder", "letter", settings=SETTINGS).send(a_message("letter"))
    later = opened("print-folder", "letter", settings=SETTINGS, clock=lambda: datetime(2026, 4, 3, tzinfo=UTC))
    assert later.send(a_message("letter")) == later.find("m-0001") == first
    assert visible(tmp_path / "print") == ["2026-04-02/m-0001.pdf", "2026-04-02/manifest.csv"]


def test_a_letter_that_the_print_house_took_away_counts_as_taken(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("print-folder", "letter", settings=SETTINGS)
    first = adapter.send(a_message("letter"))
    shutil.rmtree(tmp_path / "print" / "2026-04-02")
    assert adapter.find("m-0001") == adapter.send(a_message("letter")) == first
    assert visible(tmp_path / "print") == []


def test_another_body_under_the_same_id_is_never_handed_over(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("print-folder", "letter", settings=SETTINGS)
    adapter.send(a_message("letter"))
    with pytest.raises(OutcomeUnknown, match="another body"):
        adapter.send(a_message("letter", body=b"%PDF-1.7 other"))
    assert (tmp_path / "print/2026-04-02/m-0001.pdf").read_bytes() == BODIES["letter"]


def test_what_is_no_pdf_is_refused_for_good(opened: Opener) -> None:
    with pytest.raises(SupplierRefused) as refused:
        opened("print-folder", "letter", settings=SETTINGS).send(a_message("letter", body=b"<html>"))
    assert refused.value.permanent


def test_a_cell_that_looks_like_a_formula_stays_text(opened: Opener, tmp_path: Path) -> None:
    hostile = '=HYPERLINK("https://evil.example","x"),\r\nm-9,'
    opened("print-folder", "letter", settings=SETTINGS).send(a_message("letter", communication=hostile, language="@x"))
    assert rows(tmp_path / "print/2026-04-02")[1] == ["m-0001", "m-0001.pdf", DIGEST, f"'{hostile}", "'@x"]


def test_a_torn_row_is_cut_and_repaired(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("print-folder", "letter", settings=SETTINGS)
    adapter.send(a_message("letter"))
    manifest = tmp_path / "print/2026-04-02/manifest.csv"
    for torn in (30, 60, manifest.stat().st_size - 1):
        manifest.write_bytes(manifest.read_bytes()[:torn])
        assert adapter.find("m-0001")
        assert [row[0] for row in rows(manifest.parent)] == ["message_id", "m-0001"]


def _die_at(folder: Path, step: str, call: int, after: bool) -> None:
    """Sends a letter and is killed at the n-th call of one step, before or after it took effect."""
    real, seen = getattr(files, step), []

    def maybe(*arguments: Any, **options: Any) -> Any:
        seen.append(step)
        if len(seen) == call and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if len(seen) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(files, step, maybe)
    channel = a_channel("print-folder", "letter", settings=SETTINGS)
    open_adapter(channel, folder, outbox=folder, environ={}, clock=lambda: datetime(2026, 4, 1, tzinfo=UTC)).send(
        a_message("letter")
    )


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("step", "call"),
    [
        *(("stage", 1), ("publish", 1), ("stage", 2), ("publish", 2)),  # the PDF, then the note
        *(("publish", 3), ("append", 1), ("append", 2)),  # handed over; the manifest's head and row
    ],
)
def test_killed_at_any_step_a_letter_is_handed_over_once(
    opened: Opener, tmp_path: Path, step: str, call: int, after: bool
) -> None:
    process = multiprocessing.get_context("fork").Process(target=_die_at, args=(tmp_path, step, call, after))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    seen_by_print_house = [name for name in visible(tmp_path / "print") if name.endswith(".pdf")]
    adapter = opened("print-folder", "letter", settings=SETTINGS)
    found = adapter.find("m-0001")
    assert (found is not None) == bool(seen_by_print_house)
    adapter.send(a_message("letter"))
    letters = [name for name in visible(tmp_path / "print") if name.endswith(".pdf")]
    assert len(letters) == 1
    day = (tmp_path / "print" / letters[0]).parent
    assert [row[0] for row in rows(day)] == ["message_id", "m-0001"]
    assert not list((tmp_path / "print/.staged").iterdir())


@contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_refused_for_now_and_the_print_house_sees_nothing(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("print-folder", "letter", settings=SETTINGS)
    for number in range(20):
        adapter.send(a_message("letter", message_id=f"m-1{number:03}"))
    manifest = tmp_path / "print/2026-04-02/manifest.csv"
    before = visible(tmp_path / "print"), manifest.read_bytes()
    for limit, body in ((2_000, b"%PDF" + b"-" * 9_000), (manifest.stat().st_size + 9, BODIES["letter"])):
        with disk_full_at(limit), pytest.raises(SupplierRefused) as refused:
            adapter.send(a_message("letter", body=body))
        assert not refused.value.permanent
        assert (visible(tmp_path / "print"), manifest.read_bytes()) == before
        assert adapter.find("m-0001") is None
        assert not list((tmp_path / "print/.staged").iterdir())
    adapter.send(a_message("letter"))
    assert rows(manifest.parent)[-1][0] == "m-0001"


@pytest.mark.parametrize("own", [{}, {"folder": ""}, {"folder": "print", "timezone": "Asia/Tokio"}])
def test_settings_that_cannot_work_are_told_when_the_channel_is_opened(opened: Opener, own: dict[str, Any]) -> None:
    with pytest.raises(WorkspaceError, match=r"channels/letter\.yaml:4: '?settings\."):
        opened("print-folder", "letter", settings=own)
