"""RFC 3161 timestamps on checkpoints: somebody else's word that a checkpoint was there at a time.

A response is about the bytes of the note in UTF-8, hashed with SHA-512, and is kept whole (``TimeStampResp``), so that
``openssl ts -verify -data NOTE -in RESPONSE -CAfile ROOTS`` checks it too.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import datetime
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sqlalchemy import select, update

from ccm.errors import InputError, IntegrityError, TryAgain
from ccm.log.leaves import instant
from ccm.log.walk import ROWS, Faults
from ccm.store import Store
from ccm.store.tables import log_checkpoints

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_RESPONSE = 100_000
"""Bytes of a response; one with a chain of certificates has about 6,000."""
TIMEOUT = 20.0
"""Seconds for each wait."""


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:  # an authority answers where it was asked
        return None


def read_roots(path: Path) -> tuple[Certificate, ...]:
    """The root certificates of a PEM file. Raises `InputError`."""
    try:
        from cryptography.x509 import load_pem_x509_certificates  # slow to load, and few timestamps are asked for

        return tuple(load_pem_x509_certificates(path.read_bytes()))
    except OSError as error:
        raise InputError(f"log.timestamp_roots {path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"log.timestamp_roots {path}: holds no certificate in PEM") from error


def fetch_timestamp(url: str, note: str, roots: Sequence[Certificate]) -> bytes:
    """Asks an authority for a timestamp on a checkpoint, and checks the answer; the whole response.

    Raises `TryAgain` where the authority does not answer or refuses, `IntegrityError` where its answer does not hold,
    `InputError` where the package is not installed.
    """
    client = _client()
    asked = client.TimestampRequestBuilder().data(note.encode()).build()
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    request = Request(url, data=asked.as_bytes(), headers=headers)  # noqa: S310  settings allow http and https only
    try:
        with build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as reply:
            response = reply.read(MAX_RESPONSE + 1)
    except (URLError, HTTPException, ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise TryAgain(f"timestamp from {url}: no answer: {reason}") from error
    if len(response) > MAX_RESPONSE:
        raise TryAgain(f"timestamp from {url}: the answer has over {MAX_RESPONSE} bytes")
    _check(response, note, roots, asked.nonce)
    return bytes(response)


def check_timestamp(response: bytes, note: str, roots: Sequence[Certificate]) -> datetime:
    """When a checkpoint was there, by an authority under one of `roots`. Raises `IntegrityError`, `InputError`."""
    return _check(response, note, roots, None)


def _check(response: bytes, note: str, roots: Sequence[Certificate], nonce: int | None) -> datetime:
    client = _client()
    try:
        answer = client.decode_timestamp_response(response)
    except ValueError as error:
        raise IntegrityError("the timestamp is no RFC 3161 response") from error
    if answer.status not in (0, 1):
        words = "; ".join(answer.status_string)[:200] if answer.status_string else f"status {answer.status}"
        raise TryAgain(f"the time stamping authority refused: {words}")
    builder = client.VerifierBuilder()
    for root in dict.fromkeys(roots):
        builder = builder.add_root_certificate(root)
    if nonce is not None:
        builder = builder.nonce(nonce)
    try:
        builder.build().verify_message(answer, note.encode())
    except (client.VerificationError, ValueError) as error:
        raise IntegrityError(f"the timestamp does not hold: {error}") from error
    at: datetime = answer.tst_info.gen_time
    return at


def _client() -> ModuleType:
    try:
        return import_module("rfc3161_client")
    except ImportError as error:
        raise InputError("timestamps need the package rfc3161-client: install ccm-engine[timestamp]") from error


def stored_timestamp(store: Store, size: int) -> bytes | None:
    """The response about the checkpoint of `size` leaves, if there is one."""
    with store.read() as connection:
        found = connection.execute(select(log_checkpoints.c.timestamp).where(log_checkpoints.c.size == size)).scalar()
    return bytes(found) if found is not None else None


def store_timestamp(store: Store, size: int, response: bytes) -> None:
    """Keeps a response beside its checkpoint."""
    with store.write() as connection:
        connection.execute(update(log_checkpoints).where(log_checkpoints.c.size == size).values(timestamp=response))


def verify_timestamps(store: Store, roots: Sequence[Certificate]) -> tuple[int, tuple[str, ...]]:
    """How many timestamps hold, and in words what is wrong with the others.

    A checkpoint that was there later than its timestamp says, by the store's own clock, is told too.
    """
    faults, held = Faults(), 0
    columns = (log_checkpoints.c.size, log_checkpoints.c.note, log_checkpoints.c.timestamp)
    query = select(*columns).where(log_checkpoints.c.timestamp.is_not(None)).order_by(log_checkpoints.c.size)
    before: datetime | None = None
    with store.read() as connection:
        for size, note, response in connection.execute(query.execution_options(yield_per=ROWS)):
            name = f"the timestamp of the checkpoint of {size} leaves"
            try:
                at = check_timestamp(bytes(response), note, roots)
            except (IntegrityError, TryAgain) as error:
                faults.add(f"{name}: {error}")
                continue
            if before is not None and at < before:
                faults.add(f"{name} says {instant(at)}, and that of a smaller tree {instant(before)}")
            before, held = at, held + 1
    return held, faults.told()
