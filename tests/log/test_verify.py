from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, insert, select, update

from ccm.errors import InputError
from ccm.log import sequencer, walk
from ccm.log.keys import Signer
from ccm.log.merkle import leaf_hash, root
from ccm.log.note import sign_checkpoint
from ccm.log.verify import verify_store
from ccm.store import Store
from ccm.store.tables import log_checkpoints, log_leaves, log_state, log_tiles

NOW = datetime(2026, 4, 1, tzinfo=UTC)
SIZE = 700
ROOT = root([leaf_hash(b"entry %d" % number) for number in range(SIZE)])
Damage = Callable[[Connection], Any]
both = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])


@pytest.fixture
def dialect() -> str:
    """SQLite, unless a test says `both`: what a fault is does not depend on the database, only reading does."""
    return "sqlite"


def add(store: Store, start: int, end: int) -> None:
    with store.write() as connection:
        sequencer.append(connection, [b"entry %d" % number for number in range(start, end)])


@pytest.fixture
def log(store: Store, signer: Signer) -> Store:
    """A log of 700 leaves, in tiles of 256, 256, 188 and the level above, signed at 3, 256, 400 and 700."""
    before = 0
    for size in (3, 256, 400, SIZE):
        add(store, before, size)
        sequencer.checkpoint(store, signer, NOW)
        before = size
    return store


def damaged(log: Store, signer: Signer, damage: Damage, **options: Any) -> tuple[str, ...]:
    with log.write() as connection:
        damage(connection)
    return verify_store(log, signer.verifier, **options).faults


def tile(level: int, number: int) -> Any:
    return (log_tiles.c.level == level) & (log_tiles.c.number == number)


def set_hash(level: int, number: int, place: int, value: bytes) -> Damage:
    def change(connection: Connection) -> None:
        hashes = connection.execute(select(log_tiles.c.hashes).where(tile(level, number))).scalar_one()
        hashes = hashes[: place * 32] + value + hashes[place * 32 + 32 :]
        connection.execute(update(log_tiles).where(tile(level, number)).values(hashes=hashes))

    return change


def entry(position: int, value: bytes) -> Any:
    return update(log_leaves).where(log_leaves.c.position == position).values(entry=value)


@both
@pytest.mark.parametrize("deep", [True, False])
def test_a_whole_log_has_no_faults(log: Store, signer: Signer, deep: bool) -> None:
    add(log, SIZE, SIZE + 5)
    report = verify_store(log, signer.verifier, deep=deep)
    assert report.faults == ()
    assert (report.leaves, report.waiting, report.checkpoints, report.signed) == (SIZE, 5, 4, SIZE)
    with log.read() as connection:
        note = connection.execute(select(log_checkpoints.c.note).where(log_checkpoints.c.size == SIZE)).scalar_one()
    assert report.root == note.split("\n")[2]
    assert verify_store(log, signer.verifier, deep=deep, known_checkpoint=note).faults == ()


def test_an_empty_log_has_no_faults(store: Store, signer: Signer) -> None:
    report = verify_store(store, signer.verifier)
    assert (report.leaves, report.faults) == (0, ())
    note = sequencer.checkpoint(store, signer, NOW)
    assert verify_store(store, signer.verifier, known_checkpoint=note).faults == ()


def test_leaves_after_the_last_checkpoint_are_not_called_signed(log: Store, signer: Signer) -> None:
    add(log, SIZE, SIZE + 5)
    sequencer.integrate(log)
    report = verify_store(log, signer.verifier)
    assert (report.leaves, report.signed, report.faults) == (SIZE + 5, SIZE, ())


@both
def test_a_changed_entry_is_found(log: Store, signer: Signer) -> None:
    assert damaged(log, signer, lambda connection: connection.execute(entry(300, b"forged"))) == (
        "leaves at positions 300: their entries are not those that tile 0/1 records",
    )


def test_two_entries_that_changed_places_are_found(log: Store, signer: Signer) -> None:
    def swap(connection: Connection) -> None:
        connection.execute(entry(10, b"entry 11"))
        connection.execute(entry(11, b"entry 10"))

    assert damaged(log, signer, swap) == (
        "leaves at positions 10 to 11: their entries are not those that tile 0/0 records",
    )


@both
def test_a_deleted_leaf_is_found(log: Store, signer: Signer) -> None:
    assert damaged(log, signer, lambda c: c.execute(delete(log_leaves).where(log_leaves.c.position == 500))) == (
        "the log's size is 700, but it has 699 leaves with a position",
        "leaves at positions 500: missing",
    )


def test_a_leaf_taken_out_of_the_tree_is_found(log: Store, signer: Signer) -> None:
    damage = delete(log_leaves).where(log_leaves.c.position == 699)
    assert damaged(log, signer, lambda connection: connection.execute(damage)) == (
        "the log's size is 700, but its last leaf has position 698",
        "the log's size is 700, but it has 699 leaves with a position",
        "leaves at positions 699: missing",
    )


def test_a_deleted_first_leaf_with_all_others_moved_up_is_found(log: Store, signer: Signer) -> None:
    def move(connection: Connection) -> None:
        connection.execute(delete(log_leaves).where(log_leaves.c.position == 0))
        for moved in (-log_leaves.c.position, -log_leaves.c.position - 1):  # by way of free positions
            connection.execute(update(log_leaves).values(position=moved))

    faults = damaged(log, signer, move)
    assert "leaves at positions 0 to 255: their entries are not those that tile 0/0 records" in faults


@both
def test_leaves_that_were_put_in_are_found(log: Store, signer: Signer) -> None:
    rows = [{"entry": b"x", "position": position} for position in (-1, 700, 701, 10_000_000)]
    assert damaged(log, signer, lambda connection: connection.execute(insert(log_leaves), rows)) == (
        "the log's size is 700, but its last leaf has position 10000000",
        "the log's size is 700, but it has 704 leaves with a position",
        "leaves at positions -1: not part of a tree of 700 leaves",
        "leaves at positions 700 to 701: not part of a tree of 700 leaves",
        "leaves at positions 10000000: not part of a tree of 700 leaves",
    )


@both
def test_a_changed_tile_is_found(log: Store, signer: Signer) -> None:
    assert damaged(log, signer, set_hash(0, 0, 100, b"x" * 32)) == (
        "leaves at positions 100: their entries are not those that tile 0/0 records",
        "the checkpoint of 256 leaves: the first 256 leaves do not have the root it signs",
        "the checkpoint of 400 leaves: the first 400 leaves do not have the root it signs",
        "the checkpoint of 700 leaves: the first 700 leaves do not have the root it signs",
        "tile 1/0: it does not fit the tiles under it",
    )


@pytest.mark.parametrize("deep", [True, False])
def test_a_changed_entry_with_its_tile_is_found_by_the_signed_roots(log: Store, signer: Signer, deep: bool) -> None:
    def forge(connection: Connection) -> None:
        connection.execute(entry(650, b"forged"))
        set_hash(0, 2, 650 - 512, leaf_hash(b"forged"))(connection)

    assert damaged(log, signer, forge, deep=deep) == (
        "the checkpoint of 700 leaves: the first 700 leaves do not have the root it signs",
    )


def test_a_changed_tile_above_is_found(log: Store, signer: Signer) -> None:
    assert damaged(log, signer, set_hash(1, 0, 1, b"x" * 32)) == ("tile 1/0: it does not fit the tiles under it",)


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (delete(log_tiles).where(tile(0, 1)), "tile 0/1: it is missing"),
        (delete(log_tiles).where(tile(1, 0)), "tile 1/0: it is missing"),
        (update(log_tiles).where(tile(0, 2)).values(hashes=b"x"), "tile 0/2: it has 1 bytes, not 188 hashes of 32"),
        (insert(log_tiles).values(level=0, number=3, hashes=b"x" * 32), "tile 0/3: not part of a tree of 700 leaves"),
        (insert(log_tiles).values(level=0, number=-1, hashes=b"x"), "tile 0/-1: not part of a tree of 700 leaves"),
        (insert(log_tiles).values(level=1, number=1, hashes=b"x"), "tile 1/1: not part of a tree of 700 leaves"),
        (insert(log_tiles).values(level=7, number=0, hashes=b"x"), "tile 7/0: not part of a tree of 700 leaves"),
    ],
)  # fmt: skip
def test_tiles_that_are_missing_short_or_too_many_are_found(
    log: Store, signer: Signer, damage: Any, fault: str
) -> None:
    faults = damaged(log, signer, lambda connection: connection.execute(damage))
    assert fault in faults
    assert not any("checkpoint" in told or "cannot be built" in told for told in faults)  # the leaves still tell


@both
def test_where_leaf_and_tile_are_gone_the_tree_ends(log: Store, signer: Signer) -> None:
    def cut(connection: Connection) -> None:
        connection.execute(delete(log_tiles).where(tile(0, 1)))
        connection.execute(delete(log_leaves).where(log_leaves.c.position == 300))

    assert damaged(log, signer, cut) == (
        "the log's size is 700, but it has 699 leaves with a position",
        "tile 0/1: it is missing",
        "leaves at positions 300: missing",
        "from position 256 on the tree cannot be built",
        "the checkpoint of 400 leaves: the tree cannot be built up to its size",
        "the checkpoint of 700 leaves: the tree cannot be built up to its size",
    )


def test_a_hole_in_leaves_and_tiles_is_found(log: Store, signer: Signer) -> None:
    def cut(connection: Connection) -> None:
        connection.execute(delete(log_tiles).where(tile(0, 1)))
        connection.execute(delete(log_leaves).where(log_leaves.c.position.between(256, 511)))

    faults = damaged(log, signer, cut)
    assert "positions 256 to 511: nothing is there, neither leaves nor tiles" in faults
    assert "the checkpoint of 700 leaves: the tree cannot be built up to its size" in faults


def test_a_log_emptied_of_leaves_and_tiles_is_found(log: Store, signer: Signer) -> None:
    def empty(connection: Connection) -> None:
        connection.execute(delete(log_tiles))
        connection.execute(delete(log_leaves))

    faults = damaged(log, signer, empty)
    assert "positions 0 to 699: nothing is there, neither leaves nor tiles" in faults


def cut_back(connection: Connection) -> None:
    """The log exactly as it was at 400 leaves, later checkpoints gone too: consistent in itself."""
    connection.execute(delete(log_leaves).where(log_leaves.c.position >= 400))
    connection.execute(delete(log_tiles).where(tile(0, 2)))
    hashes = connection.execute(select(log_tiles.c.hashes).where(tile(0, 1))).scalar_one()
    connection.execute(update(log_tiles).where(tile(0, 1)).values(hashes=hashes[: (400 - 256) * 32]))
    hashes = connection.execute(select(log_tiles.c.hashes).where(tile(1, 0))).scalar_one()
    connection.execute(update(log_tiles).where(tile(1, 0)).values(hashes=hashes[:32]))
    connection.execute(update(log_state).values(size=400))


@both
def test_a_log_that_was_cut_back_is_found_by_its_checkpoints(log: Store, signer: Signer) -> None:
    assert damaged(log, signer, cut_back) == (
        "the checkpoint of 700 leaves: it covers 700 leaves, but the log has 400 only",
    )


def test_a_perfectly_cut_back_log_is_found_by_a_checkpoint_kept_outside(log: Store, signer: Signer) -> None:
    kept = sequencer.checkpoint(log, signer, NOW)

    def perfectly(connection: Connection) -> None:
        cut_back(connection)
        connection.execute(delete(log_checkpoints).where(log_checkpoints.c.size > 400))

    assert damaged(log, signer, perfectly) == ()
    assert verify_store(log, signer.verifier, known_checkpoint=kept).faults == (
        "the checkpoint kept outside: the log has none of 700 leaves any more",
        "the checkpoint kept outside: it covers 700 leaves, but the log has 400 only",
    )


def test_a_log_written_anew_with_the_right_key_is_found_by_a_checkpoint_kept_outside(
    log: Store, signer: Signer
) -> None:
    kept = sequencer.checkpoint(log, signer, NOW)
    with log.write() as connection:
        for table in (log_leaves, log_tiles, log_state, log_checkpoints):
            connection.execute(delete(table))
    add(log, 1, SIZE + 1)
    sequencer.checkpoint(log, signer, NOW)
    assert verify_store(log, signer.verifier).faults == ()
    assert verify_store(log, signer.verifier, known_checkpoint=kept).faults == (
        "the checkpoint kept outside: the first 700 leaves do not have the root it signs",
    )


def test_a_checkpoint_kept_outside_must_be_of_this_log(log: Store, signer: Signer) -> None:
    stranger = Signer(signer.name, Ed25519PrivateKey.generate())
    for note in ("hello", sign_checkpoint(SIZE, ROOT, stranger)):
        with pytest.raises(InputError):
            verify_store(log, signer.verifier, known_checkpoint=note)


def checkpoint(size: int) -> Any:
    return update(log_checkpoints).where(log_checkpoints.c.size == size)


@both
def test_a_changed_checkpoint_is_found(log: Store, signer: Signer) -> None:
    def change(connection: Connection) -> None:
        note = connection.execute(select(log_checkpoints.c.note).where(log_checkpoints.c.size == 400)).scalar_one()
        connection.execute(checkpoint(400).values(note=note.replace("\n400\n", "\n401\n")))

    assert damaged(log, signer, change) == (
        "the checkpoint of 400 leaves: the signature of 'example.com/ccm' under the note is wrong",
    )


def test_a_checkpoint_signed_with_another_key_is_found(log: Store, signer: Signer) -> None:
    stranger = Signer(signer.name, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    note = sign_checkpoint(SIZE, ROOT, stranger)
    [fault] = damaged(log, signer, lambda connection: connection.execute(checkpoint(SIZE).values(note=note)))
    assert fault.startswith("the checkpoint of 700 leaves: the note has no signature of 'example.com/ccm' with key")


def test_a_checkpoint_that_is_none_is_found(log: Store, signer: Signer) -> None:
    [fault] = damaged(log, signer, lambda connection: connection.execute(checkpoint(256).values(note="hello")))
    assert fault.startswith("the checkpoint of 256 leaves: not a checkpoint")


def test_a_checkpoint_moved_to_another_size_is_found(log: Store, signer: Signer) -> None:
    assert damaged(log, signer, lambda connection: connection.execute(checkpoint(400).values(size=500))) == (
        "the checkpoint of 500 leaves: its note is about 400 leaves",
    )


def test_a_wrong_size_in_the_state_is_found(log: Store, signer: Signer) -> None:
    for size in (699, 701, 10**15):
        faults = damaged(
            log, signer, lambda connection, size=size: connection.execute(update(log_state).values(size=size))
        )
        assert faults[0] == f"the log's size is {size}, but its last leaf has position 699"
    faults = damaged(log, signer, lambda connection: connection.execute(delete(log_state)))
    assert faults == ("the log's state has 0 rows instead of one",)


def test_of_very_many_faults_the_first_are_told_and_the_others_counted(
    log: Store, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MAX_FAULTS", 2)
    rows = [{"entry": b"x", "position": 1000 * number} for number in range(1, 11)]
    faults = damaged(log, signer, lambda connection: connection.execute(insert(log_leaves), rows))
    assert len(faults) == 3
    assert faults[2] == "and 10 more"


def test_a_tree_over_three_levels_of_tiles_verifies(store: Store, signer: Signer) -> None:
    add(store, 0, 65_536 + 300)
    sequencer.checkpoint(store, signer, NOW)
    assert verify_store(store, signer.verifier).faults == ()
    assert damaged(store, signer, set_hash(2, 0, 0, b"x" * 32)) == ("tile 2/0: it does not fit the tiles under it",)


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_log_that_grows_while_it_is_verified_verifies(
    log: Store, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = walk.Walk.take

    def meanwhile(self: walk.Walk, found: walk.Tile) -> None:
        if found.number == 0:
            add(log, SIZE, SIZE + 500)
            sequencer.checkpoint(log, signer, NOW)
        take(self, found)

    monkeypatch.setattr(walk.Walk, "take", meanwhile)
    report = verify_store(log, signer.verifier)
    assert (report.leaves, report.faults) == (SIZE, ())
    monkeypatch.undo()
    assert verify_store(log, signer.verifier).leaves == SIZE + 500
