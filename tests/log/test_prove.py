"""Proofs that are handed out, checked by the program that is handed out with them."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from log_parts import NOW, SIZE, add, alone, entries, keys_of, proofs, verified
from sqlalchemy import update

from ccm.errors import InputError, IntegrityError, NotFound
from ccm.log import sequencer
from ccm.log.keys import Signer
from ccm.log.prove import find_leaves, newest_checkpoint, prove_consistency
from ccm.store import Store
from ccm.store.tables import log_leaves

sqlite_only = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture
def log(store: Store, signer: Signer) -> Store:
    """600 entries under checkpoints of 300 and 600."""
    for start in (0, 300):
        add(store, start, start + 300)
        sequencer.checkpoint(store, signer, NOW)
    return store


@pytest.fixture
def keys(tmp_path: Path, signer: Signer) -> Path:
    path = tmp_path / "keys.txt"
    path.write_text(f"# the bank's log\n\n{signer.verifier.text} 0-  # the only key\n", encoding="utf-8")
    return path


def consistency(store: Store, old: int, new: int | None = None) -> str:
    with store.read() as connection:
        return prove_consistency(connection, old, new)


def checkpoint(store: Store, size: int) -> str:
    with store.read() as connection:
        return newest_checkpoint(connection, size)


@sqlite_only
def test_the_program_stands_alone(log: Store, keys: Path, tmp_path: Path) -> None:
    proof = tmp_path / "7.tlog-proof"
    proof.write_text(proofs(log, 7).entries[0].text, encoding="utf-8")
    done = alone(tmp_path, "--key", keys, proof)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{proof}: holds: entry 7 of 600 leaves of example.com/ccm, key ")
    assert '"state": "届いた"' in done.stdout
    document = json.loads(alone(tmp_path, "--json", "--key", keys, proof).stdout)
    assert document["holds"]
    assert document["results"][0]["entry"] == json.loads(entries(7, 8)[0])


@sqlite_only
def test_the_program_says_what_does_not_hold_and_what_is_wrong_use(log: Store, keys: Path, tmp_path: Path) -> None:
    proof = tmp_path / "x"
    proof.write_text(proofs(log, 7).entries[0].text.replace("index 7", "index 8"), encoding="utf-8")
    done = alone(tmp_path, "--key", keys, proof)
    assert (done.returncode, done.stderr) == (1, "")
    assert "x: DOES NOT HOLD: the entry is not what the log holds at position 8\n0 of 1 hold" in done.stdout
    for arguments in (
        ["--key", tmp_path / "none", proof], ["--key", keys, tmp_path / "none"], [proof], ["--key", proof, proof],
        ["--key", keys, "--entry", proof, proof, proof], ["--key", tmp_path, proof], [],
    ):  # fmt: skip
        done = alone(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert done.stderr.startswith("ccm-verify: ")
        assert done.stderr.count("\n") == 1


@sqlite_only
def test_an_archive_a_consistency_proof_and_a_checkpoint_are_checked(log: Store, keys: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m7.zip", "w") as archive:
        for name, content in proofs(log, 7, 107, 207).files():
            archive.writestr(name, content)
    (tmp_path / "old").write_text(checkpoint(log, 300), encoding="utf-8")
    (tmp_path / "grown").write_text(consistency(log, 300), encoding="utf-8")
    done = alone(tmp_path, "--key", keys, "--old", tmp_path / "old", tmp_path / "m7.zip", tmp_path / "grown",
                 tmp_path / "old")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "m7.zip: proofs/000000000107.tlog-proof: holds: entry 107 of 600" in done.stdout
    assert "grown: holds: begins with the 300 leaves of the old checkpoint" in done.stdout
    assert "5 of 5 hold" in done.stdout


def test_every_position_is_proved_under_old_and_new_checkpoints(log: Store, signer: Signer) -> None:
    for size in (300, SIZE):
        found = proofs(log, *range(0, size, 7), note=checkpoint(log, size))
        results = verified(keys_of(signer), *(proof.text for proof in found.entries))
        assert [result.fault for result in results] == [""] * len(found.entries)
        assert [result.position for result in results] == list(range(0, size, 7))


def test_the_entries_of_a_message_are_found_however_many_are_asked_for(log: Store) -> None:
    add(log, SIZE, SIZE + 100)  # waits for the sequencer, and has no position
    with log.read() as connection:
        assert find_leaves(connection, "message", ["m7", "m", "nobody"]) == {
            "m7": [7, 107, 207, 307, 407, 507], "m": [], "nobody": [],
        }  # fmt: skip
        many = find_leaves(connection, "message", [f"m{n}" for n in range(50)])
        assert many["m7"] == [7, 107, 207, 307, 407, 507]
        assert len(many) == 50
        assert find_leaves(connection, "message", ["m7"], ["send"]) == {"m7": []}
        assert find_leaves(connection, "detail", ['"7"', "7"]) == {'"7"': [7], "7": []}
        assert find_leaves(connection, "message", []) == {}


def test_a_consistency_proof_is_about_checkpoints_that_are_stored(log: Store) -> None:
    assert consistency(log, 300, 300) == "old 300\n\n" + checkpoint(log, 300)
    with pytest.raises(NotFound, match="no checkpoint of 400 leaves; make one with: ccm log checkpoint"):
        consistency(log, 300, 400)
    with pytest.raises(InputError, match="has 300 leaves, and cannot begin with 301"):
        consistency(log, 301, 300)


def test_a_position_after_the_checkpoint_has_no_proof(log: Store) -> None:
    with pytest.raises(InputError, match="position 600 is not in a tree of 600 leaves"):
        proofs(log, 600)


@sqlite_only
def test_no_proof_of_a_changed_entry_is_given_out(log: Store) -> None:
    with log.write() as connection:
        connection.execute(update(log_leaves).where(log_leaves.c.position == 7).values(entry=entries(8, 9)[0]))
    with pytest.raises(IntegrityError, match="position 7 does not fit the checkpoint: see ccm log verify"):
        proofs(log, 7)


def test_a_log_without_a_checkpoint_has_no_proofs(store: Store) -> None:
    with pytest.raises(NotFound, match="the log has no checkpoint"):
        proofs(store, 0)


@sqlite_only
def test_a_proof_without_its_entry_holds_for_that_entry_only(log: Store, keys: Path, tmp_path: Path) -> None:
    text = proofs(log, 7).entries[0].text
    lines = text.split("\n")
    (tmp_path / "proof").write_text("\n".join([lines[0], *lines[2:]]), encoding="utf-8")
    for number, told in ((7, "holds: entry 7"), (8, "the entry is not what the log holds at position 7")):
        (tmp_path / "entry").write_bytes(entries(number, number + 1)[0])
        assert told in alone(tmp_path, "--key", keys, "--entry", tmp_path / "entry", tmp_path / "proof").stdout
    assert "give it with --entry" in alone(tmp_path, "--key", keys, tmp_path / "proof").stdout
    (tmp_path / "proof").write_text(text, encoding="utf-8")
    found = alone(tmp_path, "--key", keys, "--entry", tmp_path / "entry", tmp_path / "proof")
    assert "about another entry than the one that was given" in found.stdout


def test_files_of_an_archive_have_names_in_order(log: Store) -> None:
    found = replace(proofs(log, 7, 100), rotations=proofs(log, 300).entries)
    assert [name for name, _ in found.files()] == [
        "checkpoint.txt", "proofs/000000000007.tlog-proof", "proofs/000000000100.tlog-proof",
        "rotations/000000000300.tlog-proof",
    ]  # fmt: skip
