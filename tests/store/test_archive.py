"""The archive: nothing in it changes, and nothing half-written is ever referred to."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.errors import IntegrityError
from ccm.store.archive import Archive, BodyRef


@settings(deadline=None, max_examples=40)
@given(st.lists(st.binary(max_size=2000), max_size=8))
def test_bodies_come_back_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    assert archive.load(archive.store(bodies)) == bodies


def test_equal_bodies_are_kept_once_and_equal_packs_are_one_file(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    first, second, _ = archive.store([b"same", b"same", b"other"])
    assert first == second
    assert archive.store([b"same", b"same", b"other"])[0] == first
    assert len(list(tmp_path.rglob("*.pack"))) == 1


def test_mails_of_one_release_take_little_room(tmp_path: Path) -> None:
    layout = bytes(range(32, 127)) * 150
    refs = Archive(tmp_path).store([layout + f"Dear customer {number}".encode() for number in range(50)])
    assert max(ref.length for ref in refs[1:]) < 100


def test_a_changed_pack_is_found(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    [ref] = archive.store([b"what was said" * 20])
    [pack] = tmp_path.rglob("*.pack")
    content = bytearray(pack.read_bytes())
    content[-3] ^= 0xFF
    pack.write_bytes(content)
    with pytest.raises(IntegrityError, match=ref.pack):
        archive.load([ref])


def test_a_missing_pack_and_a_wrong_digest_are_named(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    [ref] = archive.store([b"what was said"])
    with pytest.raises(IntegrityError, match="was changed"):
        archive.load([BodyRef(ref.pack, ref.offset, ref.length, "0" * 64)])
    with pytest.raises(IntegrityError, match="is missing"):
        archive.load([BodyRef("ab" * 32, ref.offset, ref.length, ref.digest)])


def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # A limit on file size meets the same code as a full disk (EFBIG beside ENOSPC), and needs no root.
    program = textwrap.dedent("""
        import os, resource, signal, sys
        from pathlib import Path
        from ccm.errors import TryAgain
        from ccm.store.archive import Archive
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            Archive(Path(sys.argv[1])).store([os.urandom(50_000)])
        except TryAgain as error:
            print(error)
    """)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "archive is full" in done.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
