from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from log_parts import NOW, add
from sqlalchemy import update
from tsa_parts import Authority, authority_at

from ccm.errors import InputError, IntegrityError, TryAgain
from ccm.log import sequencer, timestamp
from ccm.log.keys import Signer
from ccm.store import Store
from ccm.store.tables import log_checkpoints

NOTE = "example.com/ccm\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example.com/ccm AAAAAAAA\n"
sqlite_only = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority_at(tmp_path_factory.mktemp("tsa") / "one") as authority:
        yield authority


@pytest.fixture(scope="module")
def response(tsa: Authority) -> bytes:
    return timestamp.fetch_timestamp(tsa.url, NOTE, timestamp.read_roots(tsa.roots))


def test_a_timestamp_says_when_the_checkpoint_was_there(tsa: Authority, response: bytes) -> None:
    at = timestamp.check_timestamp(response, NOTE, timestamp.read_roots(tsa.roots))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)


def test_openssl_verifies_what_is_kept(tsa: Authority, response: bytes) -> None:
    (tsa.folder / "note").write_bytes(NOTE.encode())
    (tsa.folder / "tsr").write_bytes(response)
    assert b"OK" in tsa.openssl("ts", "-verify", "-data", "note", "-in", "tsr", "-CAfile", "root.pem")


def test_a_timestamp_on_something_else_or_from_somebody_else_does_not_hold(
    tsa: Authority, response: bytes, tmp_path: Path
) -> None:
    roots = timestamp.read_roots(tsa.roots)
    with pytest.raises(IntegrityError, match="does not hold: Mismatch between messages"):
        timestamp.check_timestamp(response, NOTE.replace("\n0\n", "\n1\n"), roots)
    for changed in (response[:-40] + bytes([response[-40] ^ 1]) + response[-39:], b"", b"hello", response[:200]):
        with pytest.raises(IntegrityError):
            timestamp.check_timestamp(changed, NOTE, roots)
    with authority_at(tmp_path / "other") as other:
        with pytest.raises(IntegrityError, match="does not hold"):
            timestamp.check_timestamp(response, NOTE, timestamp.read_roots(other.roots))


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (500, b"", TryAgain, "no answer: Internal Server Error"),
        (302, b"", TryAgain, "no answer: Found"),
        (200, b"x" * 100_001, TryAgain, "over 100000 bytes"),
        (200, b"hello", IntegrityError, "no RFC 3161 response"),
        (200, bytes.fromhex("30053003020102"), TryAgain, "refused: status 2"),
    ],
)
def test_an_authority_that_gives_no_timestamp_is_told(
    tsa: Authority, status: int, body: bytes, error: type[Exception], told: str
) -> None:
    tsa.plan.append((status, body))
    with pytest.raises(error, match=told):
        timestamp.fetch_timestamp(tsa.url, NOTE, timestamp.read_roots(tsa.roots))


def test_an_answer_to_an_earlier_question_is_refused(tsa: Authority, response: bytes) -> None:
    tsa.plan.append((200, response))
    with pytest.raises(IntegrityError, match="Nonce mismatch"):
        timestamp.fetch_timestamp(tsa.url, NOTE, timestamp.read_roots(tsa.roots))


def test_an_authority_that_is_not_there_is_told(tsa: Authority) -> None:
    with pytest.raises(TryAgain, match=r"timestamp from http://127.+: no answer"):
        timestamp.fetch_timestamp("http://127.0.0.1:1/", NOTE, timestamp.read_roots(tsa.roots))


def test_a_file_of_roots_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x", encoding="utf-8")
    for name, told in (("x", "holds no certificate in PEM"), ("none", "cannot be read")):
        with pytest.raises(InputError, match=told):
            timestamp.read_roots(tmp_path / name)


@sqlite_only
def test_a_changed_note_or_timestamp_in_the_store_is_found(store: Store, signer: Signer, tsa: Authority) -> None:
    roots = timestamp.read_roots(tsa.roots)
    for start in (0, 3):
        add(store, start, start + 3)
        note = sequencer.checkpoint(store, signer, NOW)
        timestamp.store_timestamp(store, start + 3, timestamp.fetch_timestamp(tsa.url, note, roots))
    assert timestamp.verify_timestamps(store, roots) == (2, ())
    stored = timestamp.stored_timestamp(store, 3)
    with store.write() as connection:
        connection.execute(update(log_checkpoints).where(log_checkpoints.c.size == 6).values(timestamp=stored))
    held, [fault] = timestamp.verify_timestamps(store, roots)
    assert (held, fault.partition(":")[0]) == (1, "the timestamp of the checkpoint of 6 leaves")
    timestamp.store_timestamp(store, 6, b"x")
    assert "no RFC 3161 response" in timestamp.verify_timestamps(store, roots)[1][0]
    assert timestamp.stored_timestamp(store, 7) is None
