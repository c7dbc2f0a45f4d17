"""Keys of contents: made once, useless to anybody without the key file or KMS, and told apart."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import select, update

from ccm.errors import IntegrityError, NotAllowed, NotFound
from ccm.store import Store
from ccm.store.tables import customer_keys
from ccm.store.vault import Vault, message_key, open_vault

NOW = datetime(2026, 4, 1, tzinfo=UTC)
ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


def opened(store: Store, path: Path, kms_key: str = "") -> Vault:
    return open_vault(store, path, kms_key, os.urandom, NOW)


def made(store: Store, vault: Vault, *customers: str) -> dict[str, bytes]:
    with store.write() as connection:
        return vault.data_keys(connection, customers, os.urandom)


def read(store: Store, vault: Vault, *customers: str) -> dict[str, bytes]:
    with store.read() as connection:
        return vault.data_keys(connection, customers)


def test_a_customers_key_is_made_once_and_found_again_by_another_process(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "archive.key"
    first = made(store, opened(store, path), "C1", "お客さま")
    again = opened(store, path)
    assert made(store, again, "C1", "C2")["C1"] == first["C1"]
    assert read(store, again, "お客さま", "nobody") == {"お客さま": first["お客さま"]}
    assert len(set(first.values())) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with store.read() as connection:
        wrapped = connection.scalars(select(customer_keys.c.wrapped)).all()
    assert not any(key in bytes(blob) for key in first.values() for blob in wrapped)


@ONE_DATABASE
def test_a_missing_or_other_key_file_is_told_and_never_replaced(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "archive.key"
    opened(store, path)
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(NotFound, match="put it back"):
        opened(store, path)
    assert not path.exists()
    path.write_bytes(b"A" * 43 + b"=\n")
    path.chmod(0o600)
    with pytest.raises(NotAllowed, match="not the key that this store's contents are under"):
        opened(store, path)
    path.write_bytes(kept)
    path.chmod(0o640)
    with pytest.raises(NotAllowed, match="mode 0640 lets others in"):
        opened(store, path)


@ONE_DATABASE
def test_a_key_in_another_customers_place_is_found(store: Store, tmp_path: Path) -> None:
    vault = opened(store, tmp_path / "archive.key")
    made(store, vault, "C1", "C2")
    with store.write() as connection:
        other = select(customer_keys.c.wrapped).where(customer_keys.c.customer_id == "C2").scalar_subquery()
        connection.execute(update(customer_keys).where(customer_keys.c.customer_id == "C1").values(wrapped=other))
    with pytest.raises(IntegrityError, match="belongs to another customer"):
        read(store, vault, "C1")


def test_each_message_has_a_key_of_its_own() -> None:
    assert len({message_key(b"k" * 32, b"1"), message_key(b"k" * 32, b"2"), message_key(b"o" * 32, b"1")}) == 3


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A key in a KMS of its own; gives its id."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    values = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "eu-west-2",
              "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    yield str(boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    server.stop()


@ONE_DATABASE
def test_kms_wraps_the_key_and_no_file_is_made(store: Store, tmp_path: Path, kms: str) -> None:
    path = tmp_path / "archive.key"
    first = made(store, opened(store, path, kms), "C1")
    assert read(store, opened(store, path, kms), "C1") == first
    assert not path.exists()
    with pytest.raises(NotAllowed, match="AWS KMS refuses generate_data_key: NotFoundException"):
        opened(store, path, "alias/nobody-made-it")


@ONE_DATABASE
def test_keys_of_a_file_are_read_after_the_change_to_kms(store: Store, tmp_path: Path, kms: str) -> None:
    path = tmp_path / "archive.key"
    first = made(store, opened(store, path), "C1")
    vault = opened(store, path, kms)
    assert read(store, vault, "C1") == first
    assert vault.source.startswith(f"kms:{kms}:")
    made(store, vault, "C2")
    assert read(store, opened(store, path, kms), "C1").keys() | {"C2"} == {"C1", "C2"}
