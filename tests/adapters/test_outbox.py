from __future__ import annotations

import json
import multiprocessing
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from adapter_parts import BODIES, Opener, a_channel, a_message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccm.adapters import files
from ccm.adapters.suppliers.outbox import Outbox
from ccm.errors import OutcomeUnknown, SupplierRefused


def index_of(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "outbox" / "index.jsonl").read_text().splitlines()]


def everything_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes: writing fails as on a full disk, after the part that fits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(("channel", "suffix"), [("email", "eml"), ("sms", "txt"), ("letter", "pdf")])
def test_a_message_becomes_a_file_with_its_bytes_and_a_line_in_the_index(
    opened: Opener, tmp_path: Path, channel: str, suffix: str
) -> None:
    receipt = opened("outbox", channel).send(a_message(channel))
    assert receipt.supplier_reference == f"{channel}/m-/m-0001.{suffix}"
    assert (tmp_path / "outbox" / receipt.supplier_reference).read_bytes() == BODIES[channel]
    (line,) = index_of(tmp_path)
    assert line == {
        "message_id": "m-0001", "channel": channel, "communication": "payment-received", "customer_id": "c-77",
        "language": "ja", "file": receipt.supplier_reference, "sha256": receipt.detail.removeprefix("sha256:"),
        **({"sender": "HINOKI"} if channel == "sms" else {}),
    }  # fmt: skip


def test_the_index_tells_the_sender_of_a_text_message_by_jurisdiction(opened: Opener, tmp_path: Path) -> None:
    outbox = opened("outbox", "sms", sender={"US": "+12025550199", "GB": "HINOKI"})
    for number, jurisdiction in enumerate(("US", "GB", "FR")):
        outbox.send(a_message("sms", message_id=f"m-{number}", jurisdiction=jurisdiction))
    assert [line.get("sender") for line in index_of(tmp_path)] == ["+12025550199", "HINOKI", None]


def test_the_index_holds_no_recipient_and_only_the_owner_reads_the_outbox(opened: Opener, tmp_path: Path) -> None:
    opened("outbox").send(a_message())
    assert "customer.example" not in (tmp_path / "outbox" / "index.jsonl").read_text()
    for path in [tmp_path / "outbox", *(tmp_path / "outbox").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_the_same_message_again_changes_nothing(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("outbox")
    assert adapter.send(a_message()) == adapter.send(a_message())
    assert len(index_of(tmp_path)) == 1
    assert everything_below(tmp_path / "outbox") == ["email/m-/m-0001.eml", "index.jsonl"]


def test_the_same_message_on_another_channel_is_another_file(opened: Opener, tmp_path: Path) -> None:
    opened("outbox").send(a_message())
    opened("outbox", "letter").send(a_message("letter"))
    opened("outbox", "letter").send(a_message("letter"))
    assert [line["channel"] for line in index_of(tmp_path)] == ["email", "letter"]


def test_another_body_under_the_same_id_is_never_written(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("outbox")
    adapter.send(a_message())
    with pytest.raises(OutcomeUnknown, match="another body under the same id"):
        adapter.send(a_message(body=b"other"))
    assert (tmp_path / "outbox/email/m-/m-0001.eml").read_bytes() == BODIES["email"]
    assert everything_below(tmp_path / "outbox") == ["email/m-/m-0001.eml", "index.jsonl"]


def test_find_says_none_for_a_message_that_was_never_taken(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("outbox")
    assert adapter.find("m-0001") is None
    adapter.send(a_message())
    assert adapter.find("m-0002") is None
    assert len(index_of(tmp_path)) == 1


def killed_after_the_file(folder: Path) -> None:
    """What `kill -9` between file and index leaves: the file is there, the process never came to its line."""
    stop = multiprocessing.get_context("fork").Process(target=_die_before_the_index, args=(folder,))
    stop.start()
    stop.join()
    assert stop.exitcode == -9


def _die_before_the_index(folder: Path) -> None:
    import os
    import signal

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    files.append = die
    Outbox(folder / "outbox", a_channel("outbox")).send(a_message())


def test_find_after_a_crash_between_file_and_index_gives_the_receipt_and_repairs_the_index(
    opened: Opener, tmp_path: Path
) -> None:
    killed_after_the_file(tmp_path)
    assert everything_below(tmp_path / "outbox") == ["email/m-/m-0001.eml", "index.jsonl"]
    assert index_of(tmp_path) == []
    adapter = opened("outbox")
    found = adapter.find("m-0001")
    assert found is not None
    assert [(line["message_id"], line["file"]) for line in index_of(tmp_path)] == [("m-0001", "email/m-/m-0001.eml")]
    assert adapter.find("m-0001") == adapter.send(a_message()) == found
    assert len(index_of(tmp_path)) == 1


def test_sending_again_after_that_crash_goes_once(opened: Opener, tmp_path: Path) -> None:
    killed_after_the_file(tmp_path)
    opened("outbox").send(a_message())
    assert [line["customer_id"] for line in index_of(tmp_path)] == ["c-77"]


def test_a_crash_before_the_name_leaves_nothing_that_counts(opened: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "outbox/email/m-"
    folder.mkdir(parents=True)
    (folder / ".m-0001.x7.tmp").write_bytes(b"half a bo")
    adapter = opened("outbox")
    assert adapter.find("m-0001") is None
    assert everything_below(folder) == []


def test_a_torn_line_is_cut_before_the_next_and_repaired_when_looked_for(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("outbox")
    adapter.send(a_message())
    index = tmp_path / "outbox" / "index.jsonl"
    whole = index.read_bytes()
    index.write_bytes(whole[:-20])
    adapter.send(a_message(message_id="m-0002"))
    assert [line["message_id"] for line in index_of(tmp_path)] == ["m-0002"]
    assert adapter.find("m-0001")
    assert [line["message_id"] for line in index_of(tmp_path)] == ["m-0002", "m-0001"]


def test_a_torn_line_does_not_pass_for_a_whole_one(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("outbox")
    adapter.send(a_message())
    index = tmp_path / "outbox" / "index.jsonl"
    index.write_bytes(index.read_bytes()[:-1])
    adapter.send(a_message())
    assert [line["message_id"] for line in index_of(tmp_path)] == ["m-0001"]
    assert index.read_bytes().endswith(b"}\n")


@given(lines=st.lists(st.integers(0, 90_000), max_size=4), torn=st.integers(0, 140_000))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_appending_keeps_whole_lines_and_cuts_the_torn_one_wherever_it_ends(
    tmp_path: Path, lines: list[int], torn: int
) -> None:
    file = tmp_path / "list"
    whole = b"".join(b"a" * length + b"\r\n" for length in lines)
    file.write_bytes(whole + b"b" * torn)
    with files.locked(file) as descriptor:
        files.append(descriptor, b"new\r\n", end=b"\r\n", unless=b"b")
    assert file.read_bytes() == whole + b"new\r\n"


def _send_many(folder: Path, together: Any, numbers: range) -> None:
    adapter = Outbox(folder / "outbox", a_channel("outbox", "sms"))
    for number in numbers:
        together.wait(timeout=60)
        adapter.send(a_message("sms", message_id=f"m-{number:04}"))


def test_processes_at_once_lose_and_repeat_no_line(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    together = context.Barrier(3)
    # Each message is sent by all of them at the same moment, as after leases that ended too early.
    workers = [context.Process(target=_send_many, args=(tmp_path, together, range(60))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert [line["message_id"] for line in index_of(tmp_path)] == [f"m-{number:04}" for number in range(60)]
    assert len(everything_below(tmp_path / "outbox")) == 61


def test_a_full_disk_is_refused_for_now_and_leaves_nothing(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("outbox", "letter")
    big = a_message("letter", body=b"%PDF-1.7" + b"x" * 9_000)
    with disk_full_at(4_096), pytest.raises(SupplierRefused) as refused:
        adapter.send(big)
    assert not refused.value.permanent
    assert everything_below(tmp_path / "outbox") == []
    assert adapter.send(big)
    assert len(index_of(tmp_path)) == 1


def test_a_disk_that_fills_within_the_index_takes_the_file_back(opened: Opener, tmp_path: Path) -> None:
    adapter = opened("outbox", "sms")
    for number in range(20):
        adapter.send(a_message("sms", message_id=f"m-1{number:03}"))
    before = (tmp_path / "outbox" / "index.jsonl").read_bytes()
    with disk_full_at(len(before) + 30), pytest.raises(SupplierRefused) as refused:
        adapter.send(a_message("sms"))
    assert not refused.value.permanent
    assert (tmp_path / "outbox" / "index.jsonl").read_bytes() == before
    assert adapter.find("m-0001") is None
    adapter.send(a_message("sms"))
    assert index_of(tmp_path)[-1]["message_id"] == "m-0001"


def test_a_folder_that_cannot_be_made_is_refused_for_now(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")
    with pytest.raises(SupplierRefused) as refused:
        opened("outbox").send(a_message())
    assert not refused.value.permanent


@pytest.mark.parametrize("message_id", ["", "..", "../../etc/passwd", "a/b", ".hidden", "a\nb", "a\x00b", "x" * 200])
def test_an_id_that_is_no_plain_name_reaches_no_file(opened: Opener, tmp_path: Path, message_id: str) -> None:
    with pytest.raises(SupplierRefused, match="message id"):
        opened("outbox").send(a_message(message_id=message_id))
    with pytest.raises(SupplierRefused, match="message id"):
        opened("outbox").find(message_id)
    assert everything_below(tmp_path) == []
