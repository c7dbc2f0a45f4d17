"""C2SP signed notes (https://c2sp.org/signed-note) and tree checkpoints (https://c2sp.org/tlog-checkpoint).

A checkpoint's text is three lines: the log's origin, the number of leaves in decimal, the root in base64.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from ccm.errors import InputError, IntegrityError
from ccm.log.keys import Signer, Verifier
from ccm.log.merkle import HASH_SIZE

_MAX_NOTE = 1_000_000
_DASH = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: how many leaves its tree has, and the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def sign_note(text: str, signer: Signer) -> str:
    """`text`, which ends with a newline, as a note signed by one key."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise InputError("a note's text ends with a newline and has no other control characters")
    signature = b64encode(signer.verifier.key_id + signer.sign(text.encode())).decode()
    return f"{text}\n{_DASH}{signer.name} {signature}\n"


def sign_checkpoint(size: int, root: bytes, signer: Signer) -> str:
    """The signed note for a tree; the key's name is the log's origin."""
    return sign_note(Checkpoint(signer.name, size, root).text(), signer)


def open_note(note: str, verifier: Verifier) -> str:
    """The text of a note that `verifier`'s key signed.

    Signatures of other keys (witnesses) are passed over. Raises `InputError` where it is no signed note, and
    `IntegrityError` where the key did not sign it or its signature is wrong.
    """
    if len(note) > _MAX_NOTE or _CONTROL.search(note):
        raise InputError("not a signed note: too long, or it has control characters")
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise InputError("not a signed note: no blank line before the signatures, or no newline at the end")
    text += "\n"
    verified = False
    for line in signatures[:-1].split("\n"):
        name, key_id, signature = _signature(line)
        if (name, key_id) == (verifier.name, verifier.key_id):
            if not verifier.verify(text.encode(), signature):
                raise IntegrityError(f"the signature of '{verifier.name}' under the note is wrong")
            verified = True
    if not verified:
        raise IntegrityError(f"the note has no signature of '{verifier.name}' with key {verifier.key_id.hex()}")
    return text


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint in a signed note. Raises as `open_note`, and `IntegrityError` for another log's origin."""
    checkpoint = parse_checkpoint(open_note(note, verifier))
    if checkpoint.origin != verifier.name:
        raise IntegrityError(f"the checkpoint is of log '{checkpoint.origin}', not of '{verifier.name}'")
    return checkpoint


def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from a note, or a note's text; signatures are not looked at. Raises `InputError`."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0]:
        raise InputError("not a checkpoint: it needs the lines origin, size and root")
    if not _SIZE.fullmatch(lines[1]):
        raise InputError("not a checkpoint: line 2 is no number of leaves")
    root = _base64(lines[2])
    if root is None or len(root) != HASH_SIZE:
        raise InputError("not a checkpoint: line 3 is no hash of 32 bytes in base64")
    return Checkpoint(lines[0], int(lines[1]), root)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.removeprefix(_DASH).split(" ")
    blob = _base64(parts[-1])
    if not line.startswith(_DASH) or len(parts) != 2 or not parts[0] or blob is None or len(blob) < 5:
        raise InputError("not a signed note: a signature line is no em dash, name and base64 signature")
    return parts[0], blob[:4], blob[4:]


def _base64(text: str) -> bytes | None:
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
