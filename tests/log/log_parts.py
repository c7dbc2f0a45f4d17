"""A log of known entries, and ccm-verify run as on a machine that has nothing else."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import cryptography
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, select, update

from ccm import ccm_verify
from ccm.ccm_verify import Keys, Result, verify_files
from ccm.log import sequencer
from ccm.log.keys import Signer
from ccm.log.leaves import event_leaf
from ccm.log.prove import Proofs, prove
from ccm.log.waiting import every_leaf, packed
from ccm.store import Store
from ccm.store.tables import log_leaves, log_waiting

NOW = datetime(2026, 4, 1, tzinfo=UTC)
SIZE = 600


def entries(start: int, end: int) -> list[bytes]:
    return [event_leaf(message_id=f"m{n % 100}", state="届いた", detail=f'"{n}"', at=NOW) for n in range(start, end)]


def add(store: Store, start: int, end: int) -> None:
    with store.write() as connection:
        sequencer.append(connection, entries(start, end))


def forget(connection: Connection, leaf: bytes) -> None:
    """Takes a leaf out of the log by hand, out of the tree or out of its pack."""
    assert leaf in [entry for _, entry in every_leaf(connection)]
    connection.execute(delete(log_leaves).where(log_leaves.c.entry == leaf))
    for number, pack in connection.execute(select(log_waiting.c.id, log_waiting.c.leaves)).all():
        left = [entry for entry in pack.split(b"\n") if entry != leaf]
        here = log_waiting.c.id == number
        connection.execute(
            update(log_waiting).where(here).values(leaves=packed(left)) if left else delete(log_waiting).where(here)
        )


def signer_of(number: int) -> Signer:
    """One of the keys that the tests' log has, one after the other."""
    return Signer("example.com/ccm", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def keys_of(*signers: Signer) -> Keys:
    return Keys([ccm_verify.parse_key(signer.verifier.text) for signer in signers])


def proofs(store: Store, *positions: int, note: str | None = None) -> Proofs:
    with store.read() as connection:
        return prove(connection, positions, note)


def verified(keys: Keys, *texts: str) -> list[Result]:
    return verify_files([(f"file {number}", text) for number, text in enumerate(texts)], keys)


def alone(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a copy of ccm-verify where nothing but `cryptography` can be imported beside the standard library."""
    program = folder / "ccm_verify.py"
    program.write_bytes(Path(ccm_verify.__file__).read_bytes())
    only = folder / "only"
    only.mkdir(exist_ok=True)
    for name in ("cryptography", "cffi", "_cffi_backend", "pycparser"):  # and what it needs itself
        for found in Path(cryptography.__file__).parent.parent.glob(f"{name}*"):
            if not (only / found.name).exists():
                (only / found.name).symlink_to(found)
    start = "import runpy, sys; del sys.argv[0]; sys.path.append(sys.argv.pop(0)); "
    start += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", start, only, program, *arguments]
    return subprocess.run(command, capture_output=True, check=False, encoding="utf-8")
