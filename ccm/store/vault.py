"""Keys of contents: one random key a customer, wrapped by a key-encryption key; destroying it erases the contents.

Three levels. The *key-encryption key* (32 bytes) is in a file that only its owner reads, or is wrapped by a key in AWS
KMS. Each customer's *data key* is wrapped by it with AES-256-GCM (NIST SP 800-38D) and stands in `customer_keys`. Each
message has a key of its own, derived from its customer's key and a random salt in its row (one step of HMAC-SHA256,
NIST SP 800-108): destroying the salt destroys one message, and the packs of the archive never change.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, or_, select

from ccm.errors import Conflict, IntegrityError, NotAllowed
from ccm.store import kms
from ccm.store.engine import Store
from ccm.store.queries import Query, one_of
from ccm.store.secretfile import create_key, read_key
from ccm.store.tables import customer_keys, vault_keys

KEY_SIZE = 32
NONCE_SIZE = 12
WHAT = "archive key"
_LABEL = b"ccm message key v1\n"
_KEYS = Query(
    select(customer_keys.c.customer_id, customer_keys.c.source, customer_keys.c.wrapped)
    .where(one_of(customer_keys.c.customer_id, "ids"))
)  # fmt: skip
_ADD = {
    "sqlite": "INSERT INTO customer_keys (customer_id, source, wrapped) VALUES (?, ?, ?)"
    " ON CONFLICT (customer_id) DO NOTHING",
    "postgresql": "INSERT INTO customer_keys (customer_id, source, wrapped)"
    " SELECT * FROM unnest(%b::text[], %b::text[], %b::bytea[]) ON CONFLICT (customer_id) DO NOTHING",
}


def message_key(customer_key: bytes, salt: bytes) -> bytes:
    """The key of one message's content; without the salt nobody gets it, the customer's key or not."""
    return hmac.digest(customer_key, _LABEL + salt, "sha256")


@dataclass(frozen=True, slots=True)
class Vault:
    """The key-encryption keys by their names; `source` is the one that wraps new keys."""

    source: str
    keys: Mapping[str, AESGCM] = field(repr=False)

    def data_keys(
        self, connection: Connection, customer_ids: Collection[str], random_bytes: Callable[[int], bytes] | None = None
    ) -> dict[str, bytes]:
        """Customer id to data key, in one statement; customers without one are left out.

        With `random_bytes` (`secrets.token_bytes`) keys that are missing are made, so `connection` must be one that
        writes. Raises `IntegrityError` where a stored key was changed.
        """
        wanted = sorted(set(customer_ids))  # in order, so that two transactions never wait for each other in a ring
        found = self._read(connection, wanted)
        missing = [customer for customer in wanted if customer not in found]
        if missing and random_bytes is not None:
            rows = [(customer, self.source, self._wrap(customer, random_bytes)) for customer in missing]
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(_ADD["sqlite"], rows)
            else:
                connection.exec_driver_sql(
                    _ADD["postgresql"], tuple(list(column) for column in zip(*rows, strict=True))
                )
            found |= self._read(connection, missing)  # read again: another transaction's key may have come first
        return found

    def _wrap(self, customer_id: str, random_bytes: Callable[[int], bytes]) -> bytes:
        nonce = random_bytes(NONCE_SIZE)
        return nonce + self.keys[self.source].encrypt(nonce, random_bytes(KEY_SIZE), customer_id.encode())

    def _read(self, connection: Connection, customer_ids: list[str]) -> dict[str, bytes]:
        found = {}
        for customer_id, source, wrapped in _KEYS(connection, ids=customer_ids):
            key = self.keys.get(source)
            if key is None:
                raise IntegrityError(f"a customer's data key is wrapped by {source}, which this store does not list")
            blob = bytes(wrapped)
            try:
                # The id is authenticated too: nobody's key can be put in another's place.
                found[customer_id] = key.decrypt(blob[:NONCE_SIZE], blob[NONCE_SIZE:], customer_id.encode())
            except (InvalidTag, ValueError) as error:
                raise IntegrityError("a customer's data key was changed, or belongs to another customer") from error
        return found


def open_vault(store: Store, path: Path, kms_key: str, random_bytes: Callable[[int], bytes], now: datetime) -> Vault:
    """The vault of a store; the key-encryption key is made on first use, but never beside one that is missing.

    `path` is the key file; with `kms_key` (id, ARN or alias) new keys are wrapped by a key that AWS KMS wraps. Raises
    `NotFound` where the key file is missing, `NotAllowed` where it is another one or KMS refuses, `TryAgain` where KMS
    does not answer.
    """
    keys = _listed(store, path)
    wanted = f"kms:{kms_key}:" if kms_key else "file:"
    source = next((name for name in reversed(keys) if name.startswith(wanted)), None)
    if source is None:
        with store.write() as connection:
            made = kms.new_key(kms_key) if kms_key else (_new_file_key(path, random_bytes), None)
            name = wanted + _name(made[0])
            connection.execute(
                store.insert(vault_keys).on_conflict_do_nothing(),
                {"source": name, "wrapped": made[1], "made_at": now},
            )
        keys = _listed(store, path)
        source = next(name for name in reversed(keys) if name.startswith(wanted))
    return Vault(source, {name: AESGCM(key) for name, key in keys.items()})


def _listed(store: Store, path: Path) -> dict[str, bytes]:
    with store.read() as connection:
        mine = or_(vault_keys.c.source.startswith("file:"), vault_keys.c.source.startswith("kms:"))
        query = select(vault_keys).where(mine).order_by(vault_keys.c.made_at, vault_keys.c.source)
        rows = connection.execute(query).all()
    found = {}
    for row in rows:
        key = (
            _file_key(path)
            if row.source.startswith("file:")
            else kms.unwrap(row.source.removeprefix("kms:").rpartition(":")[0], bytes(row.wrapped))
        )
        if row.source.rpartition(":")[2] != _name(key):
            raise NotAllowed(f"{WHAT} {path}: it is not the key that this store's contents are under ({row.source})")
        found[row.source] = key
    return found


def _name(key: bytes) -> str:
    """By which a key is told from others; says nothing about it."""
    return sha256(b"ccm archive key name v1\n" + key).hexdigest()[:16]


def _new_file_key(path: Path, random_bytes: Callable[[int], bytes]) -> bytes:
    with suppress(Conflict):  # another process was quicker, or the store is new and the file is not
        create_key(path, random_bytes(KEY_SIZE), WHAT)
    return _file_key(path)


def _file_key(path: Path) -> bytes:
    return read_key(path, WHAT, KEY_SIZE, "no message of this store can be read")
