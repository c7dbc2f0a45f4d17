"""Keys of the links in messages: the newest makes links, older ones still read them.

A key has 64 bytes (AES-256-SIV, RFC 5297: two keys of 256 bits) and is in a file that only its owner reads. The store
lists its name in `vault_keys`, so that a host without the file, or with another one, stops instead of making links that
no other host can read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select

from ccm.errors import Conflict, NotAllowed, NotFound, TryAgain
from ccm.store.engine import Store
from ccm.store.secretfile import create_key, read_key
from ccm.store.tables import vault_keys

KEY_SIZE = 64
NAME_SIZE = 4
"""Bytes of a key's name, which stands in each link."""
WHAT = "link key"
SOURCE = "links:"
"""Before the name, in the list of the store's keys."""


def name_of(key: bytes) -> bytes:
    """By which a key is told from others; says nothing about it."""
    return sha256(b"ccm link key name v1\n" + key).digest()[:NAME_SIZE]


def open_link_keys(store: Store, path: Path, random_bytes: Callable[[int], bytes], now: datetime) -> tuple[bytes, ...]:
    """The keys, newest first; the first one of a store is made here.

    Raises `NotFound` where the file of a key that the store lists is missing, `NotAllowed` where the newest file holds
    a key that is not listed or that others can read, `InputError` where a file holds no key.
    """
    listed = _listed(store)
    if not listed:
        with suppress(Conflict):  # another process was quicker
            create_key(path, random_bytes(KEY_SIZE), WHAT)
        _list(store, name_of(_key(path)), now)
        listed = _listed(store)
    newest = _key(path)
    if name_of(newest).hex() not in listed:
        raise NotAllowed(f"{WHAT} {path}: it is not the key that links of this store are made with")
    found = {name_of(key).hex(): key for key in (newest, *map(_key, _retired(path)))}
    if missing := [name for name in listed if name not in found]:
        lost = _retired_name(path, missing[0])
        raise NotFound(f"{WHAT} {lost}: put it back: without it links in messages that went out lead nowhere")
    rest = [found[name] for name in listed if found[name] != newest]
    return (newest, *rest)


def rotate(store: Store, path: Path, random_bytes: Callable[[int], bytes], now: datetime) -> Path:
    """Puts a new key in place of the newest, which is kept beside it and still reads its links. Returns where that is.

    Raises as `open_link_keys`, and `TryAgain` where a file cannot be written.
    """
    newest = open_link_keys(store, path, random_bytes, now)[0]
    retired = _retired_name(path, name_of(newest).hex())
    key = random_bytes(KEY_SIZE)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # of a rotation that ended half way
    create_key(fresh, key, WHAT)
    _list(store, name_of(key), now)
    try:
        if not retired.exists():
            retired.hardlink_to(path)
        fresh.replace(path)
    except OSError as error:
        raise TryAgain(f"{WHAT} {path}: it cannot be replaced: {error.strerror}") from error
    return retired


def _listed(store: Store) -> list[str]:
    """Names in hex, newest first."""
    query = (
        select(vault_keys.c.source)
        .where(vault_keys.c.source.startswith(SOURCE, autoescape=True))
        .order_by(vault_keys.c.made_at.desc(), vault_keys.c.source)
    )
    with store.read() as connection:
        return [source.removeprefix(SOURCE) for source in connection.scalars(query)]


def _list(store: Store, name: bytes, now: datetime) -> None:
    with store.write() as connection:
        row = {"source": SOURCE + name.hex(), "wrapped": None, "made_at": now}
        connection.execute(store.insert(vault_keys).on_conflict_do_nothing(), row)


def _retired(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*.retired"))


def _retired_name(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{name}.retired")


def _key(path: Path) -> bytes:
    return read_key(path, WHAT, KEY_SIZE, "links in messages that went out lead nowhere")
