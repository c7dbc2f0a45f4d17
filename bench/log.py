"""The audit log from a thousand to a million leaves: adding, proving, verifying, beside building the tree anew.

CPU times of this process, but for placing: there, waiting for the disk belongs to the work.
``python -m bench.log [URL]`` measures another store than the SQLite file that ``make bench`` takes; it must be empty.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select

from bench.measure import Row, wall
from ccm.ccm_verify import Keys, parse_key, read_proof, verify_entry
from ccm.log import merkle, sequencer
from ccm.log.keys import Signer
from ccm.log.leaves import decision_leaf
from ccm.log.proofs import consistency_proof, inclusion_proof
from ccm.log.prove import prove
from ccm.log.verify import verify_store
from ccm.store import Store
from ccm.store.tables import log_leaves

CHUNK = 1_000
SIZES = (1_000, 10_000, 100_000, 1_000_000)
PROOFS = 50
AT = datetime(2026, 4, 1, tzinfo=UTC)
ANEW = "tree built anew"


def entries(start: int) -> list[bytes]:
    """The decisions of a chunk: each has its own message, customer, body and trace."""
    return [
        decision_leaf(
            message_id=f"{n:064x}", subject=f"{n + 1:064x}", communication="savings-offer", at=AT, state="due",
            reason="ok", channel="email", release="7" * 64, body_digest=f"{n + 2:064x}", trace_digest=f"{n + 3:064x}",
            run="savings-offer-2026-04-01",
        )
        for n in range(start, start + CHUNK)
    ]  # fmt: skip


def rows(store: Store) -> Iterator[Row]:
    """Every figure, smallest log first."""
    signer = Signer("example.com/bench", Ed25519PrivateKey.generate())
    added: list[float] = []
    for size, before in zip(SIZES, (0, *SIZES), strict=False):
        placed = 0.0
        for start in range(before, size, CHUNK):
            added.append(_append(store, entries(start)))
            if (start + CHUNK) % (10 * CHUNK) == 0 or start + CHUNK == size:
                placed += wall(lambda: sequencer.integrate(store))
        sequencer.checkpoint(store, signer, AT)
        if size == SIZES[1]:
            yield _one_by_one(store, statistics.median(added))
        yield from _at(store, signer, size, placed / (size - before))


def _append(store: Store, part: list[bytes]) -> float:
    """Seconds within the transaction that records a chunk: its commit is not the log's.

    SQLite works in this process, and waits for the disk in the commit only; a server works in another.
    """
    clock = _cpu if store.dialect == "sqlite" else wall
    with store.write() as connection:
        return clock(lambda: sequencer.append(connection, part))


def _one_by_one(store: Store, chunk: float) -> Row:
    """A chunk's leaves at once, beside a transaction for each, rolled back so that the log keeps its size."""

    def single() -> None:
        for entry in entries(0)[:50]:
            with store.write() as connection:
                sequencer.append(connection, [entry])
                connection.get_transaction().rollback()  # type: ignore[union-attr]

    clock = _cpu if store.dialect == "sqlite" else wall
    return Row(f"log: add leaves of {CHUNK:,} messages", "chunks", chunk, clock(single) / 50 * CHUNK, "one by one")


def _at(store: Store, signer: Signer, size: int, placed: float) -> Iterator[Row]:
    name = f"log of {size:,}: "
    chosen = random.Random(size)
    positions = [chosen.randrange(size) for _ in range(PROOFS)]
    keys = Keys([parse_key(signer.verifier.text)])
    with store.read() as connection:
        anew = _cpu(lambda: _anew(connection))
        proofs = [read_proof(proof.text) for proof in prove(connection, positions).entries]
        included = _median(lambda n: inclusion_proof(connection, positions[n], size))
        begins = _median(lambda n: consistency_proof(connection, positions[n] + 1, size))
    whole = _cpu(lambda: _verify(store, signer))
    yield Row(f"{name}place", "leaves", placed)
    yield Row(f"{name}inclusion proof", "proofs", included, anew, ANEW)
    yield Row(f"{name}consistency proof", "proofs", begins, anew, ANEW)
    yield Row(f"{name}check a proof", "proofs", _median(lambda n: verify_entry(proofs[n], None, keys)), anew, ANEW)
    yield Row(f"{name}verify all", "leaves", whole / size, anew / size, ANEW)


def _anew(connection: Connection) -> bytes:
    """The naive way to prove or to verify anything: the root over every entry that is stored."""
    query = select(log_leaves.c.entry).order_by(log_leaves.c.position)
    return merkle.root([merkle.leaf_hash(entry) for (entry,) in connection.execute(query)])


def _verify(store: Store, signer: Signer) -> None:
    report = verify_store(store, signer.verifier)
    assert not report.faults, report.faults


def _cpu(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _median(work: Callable[[int], object]) -> float:
    return statistics.median(_cpu(lambda n=n: work(n)) for n in range(PROOFS))  # type: ignore[misc]


def main() -> None:
    """Prints every figure."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(sys.argv[1] if sys.argv[1:] else f"sqlite:///{Path(folder) / 'log.db'}")
        store.upgrade()
        for row in rows(store):
            print(row.told(), flush=True)
        store.close()


if __name__ == "__main__":
    main()
