"""The archive: nothing in it changes, nothing half-written is ever referred to, and nothing is read without its key."""

import hashlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.errors import IntegrityError
from ccm.store.archive import Archive, BodyRef, Content

KEY, OTHER = b"k" * 32, b"o" * 32


def content(body: bytes) -> Content:
    return Content("anna@example.com", "ご利用明細", body)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.binary(max_size=2000), st.booleans()), max_size=8),
    st.binary(max_size=500),
    st.text(max_size=20),
)
def test_contents_come_back_byte_for_byte_encrypted_or_not(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[tuple[bytes, bool]], dictionary: bytes, words: str
) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    contents = [Content(words, words[::-1], body) for body, _ in bodies]
    keys = [hashlib.sha256(b"%d" % number).digest() if sealed else None for number, (_, sealed) in enumerate(bodies)]
    assert archive.load(archive.store(contents, keys, dictionary), keys) == contents


def test_mails_of_one_release_take_little_room(tmp_path: Path) -> None:
    layout = bytes(range(32, 127)) * 150
    bodies = [content(layout + f"Dear customer {number}".encode()) for number in range(50)]
    refs = Archive(tmp_path).store(bodies, [KEY] * 50, layout + b"Dear sample")
    assert max(ref.length for ref in refs) < 140


def test_nothing_of_a_customer_stands_in_a_pack_but_under_the_key(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    body = content(b"Dear Anna Moss, your balance is 1,204.50" * 3)
    [ref] = archive.store([body], [KEY], b"Dear Sample Name, your balance is 10.00")
    [pack] = tmp_path.rglob("*.pack")
    assert b"Anna" not in pack.read_bytes()
    with pytest.raises(IntegrityError, match="was changed"):
        archive.load([ref], [OTHER])
    with pytest.raises(IntegrityError, match="is damaged"):
        archive.load([ref], [None])


def test_bodies_of_older_versions_are_still_read(tmp_path: Path) -> None:
    first, second = b"Dear Anna, welcome" * 9, b"Dear Ben, welcome" * 9
    shared = zstandard.ZstdCompressionDict(first, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    dictionary = zstandard.ZstdCompressor(level=3).compress(first)
    frames = [zstandard.ZstdCompressor(level=3, dict_data=shared).compress(body) for body in (first, second)]
    head = b"CCMPACK1" + len(dictionary).to_bytes(4, "big") + dictionary
    packed = head + b"".join(frames)
    pack = hashlib.sha256(packed).hexdigest()
    (tmp_path / pack[:2]).mkdir()
    (tmp_path / pack[:2] / f"{pack}.pack").write_bytes(packed)
    ref = BodyRef(pack, len(head) + len(frames[0]), len(frames[1]), hashlib.sha256(second).hexdigest())
    assert Archive(tmp_path).load([ref], [None]) == [Content("", "", second)]


def test_a_changed_pack_is_found(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for key in (KEY, None):
        [ref] = archive.store([content(b"what was said" * 20)], [key])
        pack = tmp_path / ref.pack[:2] / f"{ref.pack}.pack"
        changed = bytearray(pack.read_bytes())
        changed[-3] ^= 0xFF
        pack.write_bytes(changed)
        with pytest.raises(IntegrityError, match=ref.pack):
            archive.load([ref], [key])


def test_a_missing_pack_and_a_wrong_digest_are_named(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    [ref] = archive.store([content(b"what was said")], [KEY])
    with pytest.raises(IntegrityError, match="was changed"):
        archive.load([BodyRef(ref.pack, ref.offset, ref.length, "0" * 64)], [KEY])
    with pytest.raises(IntegrityError, match="is missing"):
        archive.load([BodyRef("ab" * 32, ref.offset, ref.length, ref.digest)], [KEY])


def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # A limit on file size meets the same code as a full disk (EFBIG beside ENOSPC), and needs no root.
    program = textwrap.dedent("""
        import os, resource, signal, sys
        from pathlib import Path
        from ccm.errors import TryAgain
        from ccm.store.archive import Archive, Content
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            Archive(Path(sys.argv[1])).store([Content("", "", os.urandom(50_000))], [None])
        except TryAgain as error:
            print(error)
    """)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "archive is full" in done.stdout
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
