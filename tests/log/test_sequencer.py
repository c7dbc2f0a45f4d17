from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from ccm.errors import InputError, IntegrityError
from ccm.log import sequencer
from ccm.log.keys import Signer
from ccm.log.merkle import EMPTY_ROOT, leaf_hash, root, tiles, verify_consistency, verify_inclusion
from ccm.log.note import open_checkpoint
from ccm.log.proofs import consistency_proof, inclusion_proof, root_at
from ccm.log.waiting import waiting_leaves
from ccm.store import Store
from ccm.store.tables import log_checkpoints, log_leaves, log_state, log_tiles, log_waiting

NOW = datetime(2026, 4, 1, tzinfo=UTC)
sqlite_only = pytest.mark.parametrize("dialect", ["sqlite"])


def entries(number: int, start: int = 0) -> list[bytes]:
    return [f'{{"n":{start + n}}}'.encode() for n in range(number)]


def add(store: Store, number: int, start: int = 0) -> None:
    with store.write() as connection:
        sequencer.append(connection, entries(number, start))


def positions(store: Store) -> dict[bytes, int | None]:
    with store.read() as connection:
        waiting: dict[bytes, int | None] = {entry: None for _, entry in waiting_leaves(connection)}
        rows = connection.execute(select(log_leaves.c.entry, log_leaves.c.position))
        return waiting | {bytes(entry): position for entry, position in rows}


def test_leaves_get_places_in_the_order_they_were_added(store: Store) -> None:
    add(store, 600)
    assert sequencer.integrate(store) == 600
    assert positions(store) == {entry: number for number, entry in enumerate(entries(600))}


def test_leaves_stand_in_the_log_only_if_their_transaction_commits(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as connection:
        sequencer.append(connection, entries(3))
        raise RuntimeError
    add(store, 2, start=10)
    assert sequencer.integrate(store) == 2
    assert positions(store) == {entry: number for number, entry in enumerate(entries(2, start=10))}


def test_a_leaf_that_commits_late_comes_after_those_already_placed(store: Store) -> None:
    add(store, 3)
    with store.write() as connection:  # packs 4 and 5 are taken, and one of them is not there yet
        connection.execute(insert(log_waiting), [{"id": 5, "leaves": b"5"}])
    sequencer.integrate(store)
    with store.write() as connection:
        connection.execute(insert(log_waiting), [{"id": 4, "leaves": b"4"}])
    assert sequencer.integrate(store) == 1
    assert [positions(store)[entry] for entry in (b"5", b"4")] == [3, 4]
    with store.read() as connection:
        assert root_at(connection, 5) == root([leaf_hash(entry) for entry in (*entries(3), b"5", b"4")])


def test_nothing_to_add_is_no_error(store: Store) -> None:
    add(store, 0)
    assert sequencer.integrate(store) == 0


def test_a_leaf_that_would_read_as_two_is_refused(store: Store) -> None:
    for number in (1, 3):
        with store.write() as connection, pytest.raises(InputError, match="has a line break"):
            sequencer.append(connection, [*entries(number), b'{"n":\n1}'])
    assert positions(store) == {}


def test_a_transaction_of_many_leaves_adds_several_packs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "PACK", 100)
    add(store, 950)
    with store.read() as connection:
        assert [entry for _, entry in waiting_leaves(connection)] == entries(950)
        assert {number for number, _ in waiting_leaves(connection)} == set(range(1, 11))
    assert sequencer.integrate(store) == 950
    assert positions(store) == {entry: number for number, entry in enumerate(entries(950))}


def test_a_backlog_is_placed_in_several_transactions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "INTEGRATION_BATCH", 100)
    monkeypatch.setattr(sequencer, "PACK", 30)
    add(store, 950)
    assert sequencer.integrate(store) == 950
    with store.read() as connection:
        assert root_at(connection, 950) == root([leaf_hash(entry) for entry in entries(950)])


@sqlite_only
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 700), min_size=1, max_size=5), st.data())
def test_tiles_roots_and_proofs_are_the_same_however_leaves_arrive(
    store_factory: Callable[[], Store], steps: list[int], data: st.DataObject
) -> None:
    store = store_factory()
    size = 0
    for step in steps:
        add(store, step, start=size)
        sequencer.integrate(store)
        size += step
    hashes = [leaf_hash(entry) for entry in entries(size)]
    with store.read() as connection:
        stored = {
            (level, number): len(content) // 32 for level, number, content in connection.execute(select(log_tiles))
        }
        expected = {}
        for level, full, partial in tiles(size):
            expected |= {(level, number): 256 for number in range(full)}
            expected |= {(level, full): partial} if partial else {}
        assert stored == expected
        old = data.draw(st.integers(1, size))
        position = data.draw(st.integers(0, old - 1))
        old_root, new_root = root(hashes[:old]), root(hashes)
        assert root_at(connection, old) == old_root
        proof = inclusion_proof(connection, position, old)
        assert verify_inclusion(hashes[position], position, old, proof, old_root)
        assert verify_consistency(old, size, old_root, new_root, consistency_proof(connection, old, size))


@sqlite_only
def test_a_tree_over_three_levels_of_tiles_is_right(store: Store) -> None:
    add(store, 65_536 + 300)
    sequencer.integrate(store)
    hashes = [leaf_hash(entry) for entry in entries(65_536 + 300)]
    with store.read() as connection:
        widths = {row.level: len(row.hashes) // 32 for row in connection.execute(select(log_tiles))}
        assert widths == {0: 44, 1: 1, 2: 1}
        assert root_at(connection, len(hashes)) == root(hashes)
        proof = inclusion_proof(connection, 65_535, len(hashes))
        assert verify_inclusion(hashes[65_535], 65_535, len(hashes), proof, root(hashes))


def test_proofs_are_refused_for_what_is_not_in_the_tree(store: Store) -> None:
    with store.read() as connection:
        assert root_at(connection, 0) == EMPTY_ROOT
        assert consistency_proof(connection, 0, 0) == []
        with pytest.raises(InputError, match="position 0 is not in a tree of 0 leaves"):
            inclusion_proof(connection, 0, 0)
        with pytest.raises(InputError, match="cannot begin"):
            consistency_proof(connection, 2, 1)
        with pytest.raises(IntegrityError, match="tile 0/0 is missing"):
            root_at(connection, 1)


def test_two_sequencers_at_once_never_give_a_place_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "INTEGRATION_BATCH", 50)
    monkeypatch.setattr(sequencer, "PACK", 20)
    add(store, 1000)
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(sequencer.integrate(store))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 1000
    assert sorted(position for position in positions(store).values() if position is not None) == list(range(1000))
    with store.read() as connection:
        assert root_at(connection, 1000) == root([leaf_hash(entry) for entry in entries(1000)])


def test_a_checkpoint_signs_everything_that_waits(store: Store, signer: Signer) -> None:
    add(store, 300)
    note = sequencer.checkpoint(store, signer, NOW)
    signed = open_checkpoint(note, signer.verifier)
    assert (signed.size, signed.root) == (300, root([leaf_hash(entry) for entry in entries(300)]))
    with store.read() as connection:
        assert connection.execute(select(log_checkpoints)).all() == [(300, note, NOW, None)]


def test_the_empty_log_can_be_signed(store: Store, signer: Signer) -> None:
    assert open_checkpoint(sequencer.checkpoint(store, signer, NOW), signer.verifier).root == EMPTY_ROOT


def test_a_log_that_did_not_grow_keeps_its_checkpoint(store: Store, signer: Signer) -> None:
    add(store, 3)
    first = sequencer.checkpoint(store, signer, NOW)
    assert sequencer.checkpoint(store, signer, NOW.replace(year=2027)) == first
    with store.read() as connection:
        assert len(connection.execute(select(log_checkpoints)).all()) == 1


def test_a_log_that_was_cut_back_is_never_signed_again(store: Store, signer: Signer) -> None:
    add(store, 3)
    sequencer.checkpoint(store, signer, NOW)
    with store.write() as connection:
        for table in (log_leaves, log_tiles, log_state):
            connection.execute(delete(table))
    add(store, 2)
    with pytest.raises(IntegrityError, match="2 leaves, but 3 at its last checkpoint"):
        sequencer.checkpoint(store, signer, NOW)


def test_a_log_that_was_written_anew_is_never_signed_again(store: Store, signer: Signer) -> None:
    add(store, 3)
    sequencer.checkpoint(store, signer, NOW)
    with store.write() as connection:
        for table in (log_leaves, log_tiles, log_state):
            connection.execute(delete(table))
    add(store, 5, start=100)
    with pytest.raises(IntegrityError, match="its first 3 leaves are not those of its last checkpoint"):
        sequencer.checkpoint(store, signer, NOW)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (delete(log_tiles), "tile 0/0 has 0 hashes, not 3"),
        (update(log_tiles).values(hashes=b"x" * 64), "tile 0/0 has 2 hashes, not 3"),
        (update(log_state).values(size=2), "its size is 2, but its last leaf has position 2"),
        (delete(log_state), "its size is 0, but its last leaf has position 2"),
        (delete(log_leaves).where(log_leaves.c.position == 2), "its size is 3, but its last leaf has position 1"),
    ],
)
def test_a_damaged_log_is_not_grown(store: Store, damage: object, told: str) -> None:
    add(store, 3)
    sequencer.integrate(store)
    with store.write() as connection:
        connection.execute(damage)  # type: ignore[call-overload]
    add(store, 2, start=3)
    before = positions(store)
    with pytest.raises(IntegrityError, match=told):
        sequencer.integrate(store)
    assert positions(store) == before


def test_a_tile_that_should_not_be_there_yet_is_told(store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(log_tiles).values(level=0, number=0, hashes=b"x" * 32))
    add(store, 1)
    with pytest.raises(IntegrityError, match="taken already"):
        sequencer.integrate(store)
