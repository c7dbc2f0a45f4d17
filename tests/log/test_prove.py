"""Proofs that are handed out, checked by the program that is handed out with them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import cryptography
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm import ccm_verify
from ccm.ccm_verify import Key, Keys, Refused
from ccm.errors import InputError, IntegrityError, NotFound
from ccm.log import sequencer
from ccm.log.canonical import canonical
from ccm.log.keys import Signer
from ccm.log.leaves import event_leaf
from ccm.log.merkle import consistency_path, inclusion_path, leaf_hash, root
from ccm.log.note import sign_checkpoint
from ccm.log.prove import Proofs, find_leaves, prove, prove_consistency
from ccm.log.rotation import periods
from ccm.store import Store
from ccm.store.tables import log_leaves

NOW = datetime(2026, 4, 1, tzinfo=UTC)
sqlite_only = pytest.mark.parametrize("dialect", ["sqlite"])


def entries(start: int, end: int) -> list[bytes]:
    return [event_leaf(message_id=f"m{n % 100}", state="届いた", detail=f'"{n}"', at=NOW) for n in range(start, end)]


def add(store: Store, start: int, end: int) -> None:
    with store.write() as connection:
        sequencer.append(connection, entries(start, end))


def key_of(signer: Signer) -> Key:
    return ccm_verify.parse_key(signer.verifier.text)


def proofs(store: Store, *positions: int) -> Proofs:
    with store.read() as connection:
        return prove(connection, positions)


@pytest.fixture
def log(store: Store, signer: Signer) -> Store:
    """600 entries under checkpoints of 300 and 600."""
    for start in (0, 300):
        add(store, start, start + 300)
        sequencer.checkpoint(store, signer, NOW)
    return store


@pytest.fixture
def new_signer(signer: Signer) -> Signer:
    return Signer(signer.name, Ed25519PrivateKey.from_private_bytes(b"2" * 32))


def alone(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a copy of ccm-verify where nothing but `cryptography` can be imported beside the standard library."""
    program = folder / "ccm_verify.py"
    program.write_bytes(Path(ccm_verify.__file__).read_bytes())
    only = folder / "only"
    only.mkdir(exist_ok=True)
    packages = Path(cryptography.__file__).parent.parent
    for name in ("cryptography", "cffi", "_cffi_backend", "pycparser"):  # and what it needs itself
        for found in packages.glob(f"{name}*"):
            if not (only / found.name).exists():
                (only / found.name).symlink_to(found)
    start = "import runpy, sys; del sys.argv[0]; sys.path.append(sys.argv.pop(0)); "
    start += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", start, only, program, *arguments]
    return subprocess.run(command, capture_output=True, check=False, encoding="utf-8")


@sqlite_only
def test_the_program_stands_alone(log: Store, signer: Signer, tmp_path: Path) -> None:
    keys = tmp_path / "keys.txt"
    keys.write_text(f"# the bank's log\n{signer.verifier.text} 0-\n", encoding="utf-8")
    (tmp_path / "7.tlog-proof").write_text(proofs(log, 7).entries[0].text, encoding="utf-8")
    done = alone(tmp_path, "--key", keys, tmp_path / "7.tlog-proof")
    assert (done.returncode, done.stderr) == (0, "")
    assert "holds: entry 7 of 600 leaves of example.com/ccm, key" in done.stdout
    assert '"state": "届いた"' in done.stdout
    done = alone(tmp_path, "--json", "--key", keys, tmp_path / "7.tlog-proof")
    assert json.loads(done.stdout)["results"][0]["entry"] == json.loads(entries(7, 8)[0])
    missing = alone(tmp_path, "--key", tmp_path / "none", tmp_path / "7.tlog-proof")
    assert missing.returncode == 2
    assert missing.stderr == f"ccm-verify: {tmp_path / 'none'}: cannot be read: No such file or directory\n"
