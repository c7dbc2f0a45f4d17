"""A log whose key was changed: what each key may sign, and who can follow."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from log_parts import NOW, add, keys_of, proofs, signer_of, verified
from sqlalchemy import Connection, delete, insert, select, update

from ccm.ccm_verify import Keys, parse_key, read_keys
from ccm.errors import InputError, IntegrityError, NotAllowed
from ccm.log import sequencer
from ccm.log.canonical import canonical
from ccm.log.keys import Signer
from ccm.log.merkle import leaf_hash, root
from ccm.log.note import open_checkpoint, sign_checkpoint
from ccm.log.prove import newest_checkpoint
from ccm.log.rotation import HEADER, parse_rotation, periods, rotation_leaf
from ccm.log.verify import verify_store
from ccm.store import Store
from ccm.store.tables import log_checkpoints, log_keys, log_leaves

FIRST, SECOND, THIRD, STRANGER = (signer_of(number) for number in (1, 2, 3, 9))
sqlite_only = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture
def log(store: Store) -> Store:
    """FIRST signs up to 300 leaves, SECOND 301 to 401, THIRD from 402 on; 500 leaves."""
    add(store, 0, 300)
    sequencer.rotate(store, FIRST, SECOND, NOW, "noa")
    add(store, 301, 401)
    sequencer.checkpoint(store, SECOND, NOW)
    sequencer.rotate(store, SECOND, THIRD, NOW, "noa")
    add(store, 402, 500)
    sequencer.checkpoint(store, THIRD, NOW)
    return store


def note_of(log: Store, size: int) -> str:
    with log.read() as connection:
        return newest_checkpoint(connection, size)


def test_each_key_signs_its_own_sizes(log: Store) -> None:
    with log.read() as connection:
        known = periods(connection)
        signed = [(row.size, row.note) for row in connection.execute(select(log_checkpoints).order_by("size"))]
    assert [(period.verifier, period.first, period.last) for period in known] == [
        (FIRST.verifier, 0, 300), (SECOND.verifier, 301, 401), (THIRD.verifier, 402, None),
    ]  # fmt: skip
    assert [size for size, _ in signed] == [300, 301, 401, 402, 500]
    for (_, note), signer in zip(signed, (FIRST, SECOND, SECOND, THIRD, THIRD), strict=True):
        open_checkpoint(note, signer.verifier)


@pytest.mark.parametrize("trusted", [FIRST, SECOND, THIRD])
def test_any_key_of_the_log_verifies_the_whole_of_it(log: Store, trusted: Signer) -> None:
    report = verify_store(log, trusted.verifier)
    assert (report.faults, report.checkpoints, report.signed) == ((), 5, 500)
    for size in (300, 500):
        assert verify_store(log, trusted.verifier, known_checkpoint=note_of(log, size)).faults == ()


def test_a_key_of_another_log_verifies_nothing(log: Store) -> None:
    faults = verify_store(log, STRANGER.verifier).faults
    assert "does not hold the trusted key once" in faults[0]
    assert sum("no signature of 'example.com/ccm' with key" in fault for fault in faults) == 5


@pytest.mark.parametrize("wrong", [FIRST, SECOND, STRANGER])
def test_only_the_key_in_force_signs(log: Store, wrong: Signer) -> None:
    add(log, 500, 501)
    with pytest.raises(NotAllowed, match=r"is not the key of log 'example\.com/ccm': key .* signs it since 402 leaves"):
        sequencer.checkpoint(log, wrong, NOW)
    with pytest.raises(NotAllowed, match="a new key is made with: ccm log rotate-key"):
        sequencer.rotate(log, wrong, signer_of(4), NOW, "noa")
    assert sequencer.checkpoint(log, THIRD, NOW).startswith("example.com/ccm\n501\n")


@sqlite_only
def test_a_log_signed_before_keys_were_listed_keeps_its_key(log: Store) -> None:
    with log.write() as connection:
        connection.execute(delete(log_keys))
    add(log, 500, 501)
    with pytest.raises(NotAllowed, match="its last checkpoint: the note has no signature"):
        sequencer.checkpoint(log, STRANGER, NOW)
    sequencer.checkpoint(log, THIRD, NOW)
    with log.read() as connection:
        assert [(period.verifier, period.first) for period in periods(connection)] == [(THIRD.verifier, 0)]


def test_a_change_that_was_interrupted_is_finished_by_doing_it_again(log: Store) -> None:
    note = sequencer.rotate(log, THIRD, signer_of(4), NOW, "noa")
    assert sequencer.rotate(log, THIRD, signer_of(4), NOW, "noa") == note
    with log.read() as connection:
        assert len(periods(connection)) == 4


def test_a_log_without_entries_can_change_its_key(store: Store) -> None:
    sequencer.rotate(store, FIRST, SECOND, NOW, "noa")
    report = verify_store(store, FIRST.verifier)
    assert (report.leaves, report.signed, report.faults) == (1, 1, ())


def test_a_rotation_is_from_one_key_to_another_of_the_same_log() -> None:
    for new in (FIRST, Signer("example.com/other", SECOND.key)):
        with pytest.raises(InputError, match="from one key to another of the same log"):
            rotation_leaf(FIRST, new, NOW, "noa")
    assert parse_rotation(rotation_leaf(FIRST, SECOND, NOW, "noa")) == (FIRST.verifier, SECOND.verifier)


def forged(old: Signer, new: Signer, by: Signer) -> bytes:
    """A rotation on which the old key's signature is missing: another key's stands for it."""
    fields = json.loads(rotation_leaf(old, new, NOW, "noa"))
    lines = fields["note"].split("\n")
    lines[4] = json.loads(rotation_leaf(by, new, NOW, "noa"))["note"].split("\n")[4]
    return canonical({**fields, "note": "\n".join(lines)})


def named(person: object) -> bytes:
    """A rotation by both keys that names somebody; None: nobody, as those of older versions."""
    fields = json.loads(rotation_leaf(FIRST, SECOND, NOW, "noa"))
    del fields["person"]
    return canonical(fields if person is None else {**fields, "person": person})


def test_a_rotation_names_who_asked_for_it_and_older_ones_need_not() -> None:
    assert json.loads(rotation_leaf(FIRST, SECOND, NOW, "noa"))["person"] == "noa"
    assert parse_rotation(named(None)) == parse_rotation(named("noa")) == (FIRST.verifier, SECOND.verifier)


@pytest.mark.parametrize(
    "entry",
    [b"x", b"[]", b"{}", canonical({"kind": "rotation"}), canonical({"kind": "rotation", "note": f"{HEADER}\na\nb\n"}),
     canonical({"kind": "rotation", "note": "example.com/ccm\n1\n\n\n"}), forged(FIRST, SECOND, STRANGER),
     named(""), named(7)],
)  # fmt: skip
def test_a_leaf_that_is_no_rotation_by_both_keys_is_refused(entry: bytes) -> None:
    with pytest.raises((InputError, IntegrityError)):
        parse_rotation(entry)


def to_stranger(connection: Connection) -> None:
    connection.execute(update(log_keys).where(log_keys.c.size == 402).values(verifier=STRANGER.verifier.text))


def put_stranger(connection: Connection) -> None:
    connection.execute(insert(log_keys).values(size=451, verifier=STRANGER.verifier.text, at=NOW))


@sqlite_only
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (to_stranger, "the leaf at position 401 does not put it into force: it is about other keys"),
        (put_stranger, "the leaf at position 450 does not put it into force: the leaf is no rotation"),
        (lambda c: c.execute(delete(log_keys).where(log_keys.c.size == 0)), "does not start with its first key"),
        (lambda c: c.execute(delete(log_keys).where(log_keys.c.size == 301)), "it is about other keys"),
        (lambda c: c.execute(update(log_keys).where(log_keys.c.size == 301).values(size=320)), "is no rotation"),
        (lambda c: c.execute(update(log_keys).values(verifier="x")), "the log's list of keys: "),
        (lambda c: c.execute(delete(log_leaves).where(log_leaves.c.position == 300)), "there is no such leaf"),
    ],
)  # fmt: skip
def test_a_list_of_keys_that_was_changed_is_found(log: Store, damage: Callable[[Connection], Any], told: str) -> None:
    with log.write() as connection:
        damage(connection)
    assert any(told in fault for fault in verify_store(log, FIRST.verifier).faults)


def test_a_checkpoint_signed_by_a_retired_key_is_found(log: Store) -> None:
    with log.write() as connection:
        hashes = [leaf_hash(entry) for (entry,) in connection.execute(select(log_leaves.c.entry).order_by("position"))]
        note = sign_checkpoint(500, root(hashes), FIRST)
        connection.execute(update(log_checkpoints).where(log_checkpoints.c.size == 500).values(note=note))
    [fault] = verify_store(log, THIRD.verifier).faults
    assert fault.startswith("the checkpoint of 500 leaves: the note has no signature of 'example.com/ccm' with key")


@pytest.mark.parametrize("trusted", [FIRST, SECOND, THIRD])
def test_ccm_verify_follows_the_keys_when_the_rotations_are_there(log: Store, trusted: Signer) -> None:
    found = proofs(log, 7, 450)
    texts = [proof.text for proof in (*found.entries, *found.rotations)]
    assert [result.fault for result in verified(keys_of(trusted), *texts)] == [""] * 4
    without = [result.fault for result in verified(keys_of(trusted), *texts[:2])]
    assert without == ([""] * 2 if trusted is THIRD else ["no key that is believed signed the checkpoint"] * 2)
    old = proofs(log, 7, note=note_of(log, 300)).entries[0].text  # signed by FIRST
    assert verified(keys_of(trusted), old, *texts[2:])[0].fault == ""


def test_ccm_verify_takes_the_key_file_that_ccm_writes(log: Store) -> None:
    with log.read() as connection:
        lines = "\n".join(period.line() for period in periods(connection))
    assert lines.endswith(" 402-")
    keys = read_keys(lines)
    for size in (300, 301, 401, 402, 500):
        assert verified(keys, note_of(log, size))[0].fault == ""
    found = proofs(log, 7)
    assert [result.fault for result in verified(keys, found.entries[0].text, found.rotations[0].text)] == ["", ""]
    assert "may not sign" in verified(keys, sign_checkpoint(500, bytes(32), FIRST))[0].fault


def entry_proof(entry: bytes, before: int, signer: Signer) -> str:
    """The proof of an entry at the end of a tree of `before` other entries, which somebody makes and signs alone."""
    hashes = [leaf_hash(b"%d" % number) for number in range(before)]
    path = [b64encode(root(hashes)).decode()] if before else []
    body = "\n".join(["c2sp.org/tlog-proof@v1", f"extra {b64encode(entry).decode()}", f"index {before}", *path])
    return f"{body}\n\n" + sign_checkpoint(before + 1, root([*hashes, leaf_hash(entry)]), signer)


def key_faults(keys: Keys, *texts: str) -> str:
    """What was found of the rotations; nothing that they would have led to is believed then."""
    results = verified(keys, *texts)
    assert results[0].file == "change of the log's key"
    assert all(result.fault for result in results)
    return results[0].fault


def test_ccm_verify_follows_nobody_whom_no_believed_key_names(log: Store) -> None:
    rotation = proofs(log, 7).rotations[0].text
    assert "no key that is believed" in key_faults(keys_of(STRANGER), rotation)
    assert "no key that is believed" in key_faults(
        keys_of(FIRST), entry_proof(rotation_leaf(STRANGER, signer_of(8), NOW, "noa"), 4, signer_of(8))
    )
    forgery = entry_proof(forged(FIRST, STRANGER, SECOND), 4, STRANGER)
    assert "not signed by both keys" in key_faults(keys_of(FIRST), forgery)
    half = entry_proof(rotation_leaf(FIRST, STRANGER, NOW, "noa"), 4, signer_of(8))  # both signed, and it is in no log
    assert "no key that is believed signed the checkpoint" in key_faults(keys_of(FIRST), half)


def test_ccm_verify_does_not_choose_between_two_successors() -> None:
    one, other = (entry_proof(rotation_leaf(FIRST, new, NOW, "noa"), 4, new) for new in (SECOND, THIRD))
    assert [result.fault for result in verified(keys_of(FIRST), one)] == [""]
    assert key_faults(keys_of(FIRST), one, other) == "a key has two successors"


def test_ccm_verify_believes_a_key_file_over_a_rotation() -> None:
    """Whoever steals a retired key can name a successor, but not at the place where the key ended."""
    keys = read_keys(f"{FIRST.verifier.text} 0-300\n{SECOND.verifier.text} 301-")
    stolen = entry_proof(rotation_leaf(FIRST, STRANGER, NOW, "noa"), 4, STRANGER)
    results = verified(keys, stolen)
    assert (
        results[0].fault == f"key example.com/ccm+{FIRST.verifier.key_id.hex()} begins or ends at two different sizes"
    )
    assert parse_key(STRANGER.verifier.text) not in keys.known
