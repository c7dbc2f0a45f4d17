from __future__ import annotations

import os
import stat
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from ccm.errors import Conflict, InputError, IntegrityError, NotAllowed, NotFound, TryAgain
from ccm.log.keys import Signer, Verifier, create_key, load_key, load_or_create
from ccm.log.merkle import EMPTY_ROOT
from ccm.log.note import Checkpoint, open_checkpoint, open_note, parse_checkpoint, sign_checkpoint, sign_note

# The example of golang.org/x/mod/sumdb/note: key pair, text and signature.
GO_SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = GO_TEXT + (
    "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_is_signed_byte_for_byte_as_go_signs_it() -> None:
    go = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(GO_SEED))
    assert sign_note(GO_TEXT, go) == GO_NOTE
    assert go.verifier.text == GO_VERIFIER


def test_a_note_that_go_signed_opens() -> None:
    assert open_note(GO_NOTE, Verifier.parse(GO_VERIFIER)) == GO_TEXT


def test_a_note_whose_text_was_changed_does_not_open() -> None:
    with pytest.raises(IntegrityError, match="signature of 'PeterNeumann' under the note is wrong"):
        open_note(GO_NOTE.replace("answer", "Answer"), Verifier.parse(GO_VERIFIER))


def test_a_note_of_somebody_else_does_not_open(signer: Signer) -> None:
    with pytest.raises(IntegrityError, match=r"no signature of 'example\.com/ccm'"):
        open_note(GO_NOTE, signer.verifier)


def test_signatures_of_witnesses_are_passed_over(signer: Signer) -> None:
    witness = GO_NOTE.rpartition("\n\n")[2]
    assert open_note(sign_note("a\n", signer) + witness, signer.verifier) == "a\n"


def test_one_wrong_signature_of_the_key_spoils_a_right_one(signer: Signer) -> None:
    other = sign_note("b\n", signer).rpartition("\n\n")[2]
    with pytest.raises(IntegrityError):
        open_note(sign_note("a\n", signer) + other, signer.verifier)


@pytest.mark.parametrize(
    "note",
    ["", "a\n", "a\n\n", GO_NOTE[:-1], GO_NOTE.replace("— ", "- "), GO_NOTE.replace("x08go", "x08g*"),
     GO_NOTE.replace("\n\n", "\n\x07\n\n"), GO_NOTE + "\n", "a\n\n— name AAAA\n", "a\n\n—  AAAAAAAA\n",
     "x" * 1_000_001],
)  # fmt: skip
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(InputError):
        open_note(note, Verifier.parse(GO_VERIFIER))


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "return\r\n", ""])
def test_what_cannot_be_a_note_is_not_signed(signer: Signer, text: str) -> None:
    with pytest.raises(InputError):
        sign_note(text, signer)


def test_a_checkpoint_is_origin_size_and_root(signer: Signer) -> None:
    note = sign_checkpoint(0, EMPTY_ROOT, signer)
    assert note.startswith("example.com/ccm\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— example.com/ccm ")
    assert open_checkpoint(note, signer.verifier) == Checkpoint("example.com/ccm", 0, EMPTY_ROOT)


def test_a_checkpoint_of_another_log_is_refused_even_if_our_key_signed_it(signer: Signer) -> None:
    note = sign_note(Checkpoint("example.com/other", 0, EMPTY_ROOT).text(), signer)
    with pytest.raises(IntegrityError, match=r"of log 'example\.com/other'"):
        open_checkpoint(note, signer.verifier)


@pytest.mark.parametrize(
    "text", ["", "o\n1\n", "o\n01\nAAAA\n", "o\n-1\nAAAA\n", "o\n١\nAAAA\n", "o\n1\nAAAA\n", "o\n1\n*\n", "\n1\nAAAA\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a checkpoint"):
        parse_checkpoint(text)


def test_a_verifier_key_survives_being_handed_out(signer: Signer) -> None:
    assert Verifier.parse(signer.verifier.text + "\n") == signer.verifier


@pytest.mark.parametrize(
    "text",
    ["", "name", "PeterNeumann+c74f20a3", GO_VERIFIER.replace("c7", "c8"), GO_VERIFIER.replace("Peter", "Petra"),
     GO_VERIFIER[:-4], GO_VERIFIER.replace("+AR", "+Ag"), GO_VERIFIER + "*", "+c74f20a3+" + GO_VERIFIER.split("+")[2]],
)  # fmt: skip
def test_a_mistyped_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Verifier.parse(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "full　width"])
def test_a_key_name_that_no_note_can_hold_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name"):
        create_key(tmp_path / "log.key", name)
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "log.key"
    made = create_key(path, "example.com/ccm")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, "example.com/ccm").verifier == made.verifier
    with pytest.raises(Conflict, match=r"log\.key: there is a file already"):
        create_key(path, "example.com/ccm")
    assert load_or_create(path, "example.com/ccm").verifier == made.verifier
    assert [entry.name for entry in path.parent.iterdir()] == ["log.key"]


def test_the_private_key_does_not_show_in_text(signer: Signer) -> None:
    assert "Private" not in repr(signer)


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"log\.key: there is no such file"):
        load_key(tmp_path / "log.key", "example.com/ccm")
    assert load_or_create(tmp_path / "log.key", "example.com/ccm").name == "example.com/ccm"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "log.key"
    create_key(path, "example.com/ccm")
    path.chmod(mode)
    with pytest.raises(NotAllowed, match=f"mode {mode:04o} lets others in"):
        load_key(path, "example.com/ccm")


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    pem, pkcs8 = Encoding.PEM, PrivateFormat.PKCS8
    locked = Ed25519PrivateKey.generate().private_bytes(pem, pkcs8, BestAvailableEncryption(b"secret"))
    elliptic = generate_private_key(SECP256R1()).private_bytes(pem, pkcs8, NoEncryption())
    for number, content in enumerate((b"", b"hello", locked, elliptic)):
        path = tmp_path / str(number)
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(InputError, match="log key"):
            load_key(path, "example.com/ccm")


def test_a_key_that_cannot_be_written_or_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TryAgain, match="cannot be written"):
        create_key(tmp_path / "file" / "log.key", "example.com/ccm")
    with pytest.raises(NotAllowed, match="cannot be read"):
        load_key(tmp_path / "file" / "log.key", "example.com/ccm")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(InputError, match="no file"):
        load_key(tmp_path / "pipe", "example.com/ccm")
