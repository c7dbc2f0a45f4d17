"""ccm-verify: checks proofs of an audit log on any machine, without ccm, its database or a network.

One file. It needs Python 3.11 or later and the package ``cryptography``, and nothing else:

    python ccm_verify.py --key KEYS FILE...

A FILE is a proof of an entry (https://c2sp.org/tlog-proof), a consistency proof (the request body ``add-checkpoint``
of https://c2sp.org/tlog-witness), a checkpoint (https://c2sp.org/tlog-checkpoint) or a ZIP archive of proofs. Only
KEYS is believed: the log's verifier keys, one a line, as the log's operator published them. Exit status: 0 everything
holds, 1 something does not, 2 wrong use.
"""

from __future__ import annotations

import argparse
import binascii
import json
import lzma
import re
import struct
import sys
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
ROTATION_HEADER = "ccm log key rotation v1"
MAX_TEXT = 1_000_000
"""Bytes of one proof, note or key file."""
MAX_ENTRY = 65_535
MAX_HASHES = 63
MAX_SIGNATURES = 100
MAX_MEMBERS = 100_000
"""Files in one archive."""
MAX_ARCHIVE = 2_000_000_000
"""Bytes of them all."""
BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, OSError, EOFError,
                  ValueError, struct.error)  # fmt: skip
"""What `zipfile` raises for archives that are none."""
DASH = "\N{EM DASH} "
MAX_MEMBER = 100_000_000
"""Bytes of one file of an evidence pack."""
MAX_RATIO = 200
"""How much longer a file of over 1 MB may be than its compressed form."""
EVIDENCE = "ccm-evidence 1"
UNLISTED = frozenset({"manifest.json", "access.tlog-proof"})
"""The files that an evidence pack's manifest cannot list."""
MEMBER = re.compile(r"[A-Za-z0-9_%~-][A-Za-z0-9_.%~-]*(/[A-Za-z0-9_%~-][A-Za-z0-9_.%~-]*)*", re.ASCII)
"""Names of files in an evidence pack: relative, and without the names of hidden files and folders."""
NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Refused(Exception):
    """What was to be checked does not hold, or is no such thing."""


class WrongUse(Exception):
    """The program was called with something that it cannot work with."""


@dataclass(frozen=True)
class Key:
    """A log's name and Ed25519 public key, and the tree sizes that it may sign: `first` to `last` (None: no end)."""

    name: str
    public: bytes
    first: int = 0
    last: int | None = None

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names the key."""
        return sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]

    def signs(self, size: int) -> bool:
        """Whether a tree of that size is this key's to sign."""
        return self.first <= size and (self.last is None or size <= self.last)

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether the key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Note:
    """A signed note: its text, and (name, key id, signature) of each signature."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def signed_by(self, key: Key) -> bool:
        """Whether the key signed; raises `Refused` where a signature in its name is wrong."""
        mine = [signature for name, key_id, signature in self.signatures if (name, key_id) == (key.name, key.id)]
        if not all(key.verify(self.text, signature) for signature in mine):
            raise Refused(f"the signature of {key.name} with key {key.id.hex()} is wrong")
        return bool(mine)


@dataclass(frozen=True)
class Checkpoint:
    """A log's state that a trusted key signed: number of leaves, and the root over them."""

    origin: str
    size: int
    root: bytes
    key: Key


@dataclass(frozen=True)
class Proof:
    """A proof file, read but not checked. `old` is the old size of a consistency proof, None for an entry's proof."""

    index: int
    hashes: tuple[bytes, ...]
    note: str
    entry: bytes | None = None
    old: int | None = None


@dataclass(frozen=True)
class Proven:
    """An entry that stands in the log at `position`."""

    position: int
    entry: dict[str, Any]
    checkpoint: Checkpoint


@dataclass
class Keys:
    """The keys that are believed."""

    known: list[Key] = field(default_factory=list)

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in a note that one of the keys signed; raises `Refused`."""
        read = read_note(note)
        lines = read.text.split("\n")
        if len(lines) < 4 or not NUMBER.fullmatch(lines[1]):
            raise Refused("it is no checkpoint: it needs the lines origin, size and root")
        size, signers = int(lines[1]), [key for key in self.known if read.signed_by(key)]
        root = base64(lines[2])
        if len(root) != 32:
            raise Refused("it is no checkpoint: line 3 is no hash of 32 bytes in base64")
        for key in signers:
            if key.name == lines[0] and key.signs(size):
                return Checkpoint(lines[0], size, root, key)
        for key in signers:
            told = f"of {lines[0]}" if key.name != lines[0] else f"of {size} leaves"
            raise Refused(f"the checkpoint is {told}, which key {key.name}+{key.id.hex()} may not sign")
        raise Refused("no key that is believed signed the checkpoint")

    def follow(self, rotations: Iterable[Proof]) -> Keys:
        """These keys, and those that one of them named as its successor or predecessor; raises `Refused`.

        Each rotation is the proof of an entry of kind ``rotation``. Both keys signed it, and it stands in the log
        where the new key begins. With two successors of one key nothing is believed: somebody has split the log.
        """
        keys = Keys(list(self.known))
        left = given = [(proof, *_rotation(proof)) for proof in rotations]
        if len({old.public for _, old, _ in left}) < len(left):
            raise Refused("a key has two successors")
        while found := [each for each in left if keys._knows(each[1]) or keys._knows(each[2])]:
            for proof, old, new in found:
                keys._believe(replace(old, last=proof.index))
                keys._believe(replace(new, first=proof.index + 1))
            left = [each for each in left if each not in found]
        if left:
            raise Refused("a rotation names no key that is believed")
        for proof, _, _ in given:  # after all are known: each stands under a checkpoint of the newest
            verify_entry(proof, None, keys)
        return keys

    def _knows(self, key: Key) -> bool:
        return any((known.name, known.public) == (key.name, key.public) for known in self.known)

    def _believe(self, key: Key) -> None:
        for number, known in enumerate(self.known):
            if (known.name, known.public) == (key.name, key.public):
                if (key.first and known.first not in (0, key.first)) or (
                    key.last is not None and known.last not in (None, key.last)
                ):
                    raise Refused(f"key {key.name}+{key.id.hex()} begins or ends at two different sizes")
                last = known.last if key.last is None else key.last
                self.known[number] = replace(known, first=max(known.first, key.first), last=last)
                return
        self.known.append(key)


def read_keys(text: str) -> Keys:
    """A key file: on each line a verifier key, and after a space the sizes it may sign, ``700-`` or ``701-1200``."""
    keys = Keys()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split() if not line.startswith("#") else []
        if not words:
            continue
        try:
            key = parse_key(words[0])
            if words[1:]:
                first, dash, last = words[1].partition("-")
                if len(words) > 2 or not dash or not all(NUMBER.fullmatch(part) for part in (first, last or "0")):
                    raise Refused(f"'{' '.join(words[1:])}' is no range of tree sizes such as 701-1200 or 701-")
                key = replace(key, first=int(first), last=int(last) if last else None)
        except Refused as error:
            raise WrongUse(f"line {number}: {error}") from error
        keys.known.append(key)
    if not keys.known:
        raise WrongUse("it holds no verifier key")
    return keys


def parse_key(text: str) -> Key:
    """A verifier key, ``name+id+base64``; raises `Refused`."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    blob = base64(encoded) if encoded else b""
    if not name or len(blob) != 33 or blob[0] != 1:
        raise Refused("it is no verifier key: name+id+base64 of an Ed25519 key")
    key = Key(name, blob[1:])
    if key.id.hex() != key_id:
        raise Refused("the verifier key was mistyped or changed: its id is not that of its name and key")
    return key


def read_note(note: str) -> Note:
    """Reads a signed note; no signature is checked. Raises `Refused`."""
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or CONTROL.search(note):
        raise Refused("it is no signed note: text, a blank line, and signatures that end with a newline")
    signatures = []
    for line in lines[:-1].split("\n"):
        words = line.removeprefix(DASH).split(" ")
        blob = base64(words[-1])
        if not line.startswith(DASH) or len(words) != 2 or not words[0] or len(blob) < 5:
            raise Refused("it is no signed note: a signature line is no dash, name and base64")
        signatures.append((words[0], blob[:4], blob[4:]))
    if len(signatures) > MAX_SIGNATURES:
        raise Refused(f"the note has over {MAX_SIGNATURES} signatures")
    return Note(text + "\n", tuple(signatures))


def read_proof(text: str) -> Proof:
    """A ``tlog-proof`` file, or a consistency proof; raises `Refused`."""
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    entry = old = None
    if lines[0] == PROOF_HEADER:
        lines.pop(0)
        if lines and lines[0].startswith("extra "):
            entry = base64(lines.pop(0)[6:])
        word = "index"
    else:
        word = "old"
    name, _, number = lines.pop(0).partition(" ") if lines else ("", "", "")
    if not blank or name != word or not NUMBER.fullmatch(number):
        raise Refused(f"it is no proof: there is no line '{word} NUMBER', or no blank line before the checkpoint")
    if len(lines) > MAX_HASHES:
        raise Refused(f"a proof has at most {MAX_HASHES} hashes, and this one {len(lines)}")
    hashes = tuple(base64(line) for line in lines)
    if any(len(value) != 32 for value in hashes):
        raise Refused("it is no proof: a line is no hash of 32 bytes in base64")
    if word == "old":
        old = int(number)
    return Proof(int(number), hashes, note, entry, old)


def base64(text: str) -> bytes:
    """Strict base64; raises `Refused`."""
    try:
        value = b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Refused("a part is no base64") from error
    if binascii.b2a_base64(value, newline=False) != text.encode("ascii"):
        raise Refused("a part is no canonical base64")
    return value


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1."""
    return sha256(b"\x01" + left + right).digest()


def root_of_inclusion(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to (RFC 9162 section 2.1.3.2), None where it is too long or too short."""
    place, last, result = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            return None
        if place % 2 or place == last:
            result = node_hash(sibling, result)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        place, last = place >> 1, last >> 1
    return result if last == 0 else None


def roots_of_consistency(old: int, new: int, old_root: bytes, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The old and new root that a proof leads to (RFC 9162 section 2.1.4.2); 0 < old < new."""
    path = [old_root, *hashes] if old & (old - 1) == 0 else list(hashes)
    if not path:
        return None
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if place % 2 or place == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while place % 2 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        place, last = place >> 1, last >> 1
    return (first, second) if last == 0 else None


def verify_entry(proof: Proof, entry: bytes | None, keys: Keys) -> Proven:
    """Checks that an entry stands in the log; `entry` where the proof does not bring it. Raises `Refused`."""
    if proof.entry is not None and entry is not None and proof.entry != entry:
        raise Refused("the proof is about another entry than the one that was given")
    content = proof.entry if entry is None else entry
    if content is None:
        raise Refused("the proof does not bring its entry; give it with --entry")
    checkpoint = keys.open(proof.note)
    if proof.index >= checkpoint.size:
        raise Refused(f"position {proof.index} is not in a tree of {checkpoint.size} leaves")
    leaf = sha256(b"\x00" + content).digest()
    if root_of_inclusion(leaf, proof.index, checkpoint.size, proof.hashes) != checkpoint.root:
        raise Refused(f"the entry is not what the log holds at position {proof.index}")
    return Proven(proof.index, read_entry(content), checkpoint)


def read_entry(content: bytes) -> dict[str, Any]:
    """An entry's fields. Raises `Refused` where it is not one JSON object in canonical form, which reads one way."""
    if len(content) > MAX_ENTRY:
        raise Refused(f"an entry has at most {MAX_ENTRY} bytes")
    try:
        fields = json.loads(content.decode(), parse_float=_no_number, parse_constant=_no_number)
        again = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise Refused("the entry is no JSON in UTF-8") from error
    if not isinstance(fields, dict) or again != content:
        raise Refused("the entry is no JSON object in canonical form")
    return fields


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"an entry has whole numbers only, not {text}")


def verify_consistency(proof: Proof, old: Checkpoint, keys: Keys) -> Checkpoint:
    """Checks that the log of the proof's checkpoint begins with the whole of `old`. Raises `Refused`."""
    new = keys.open(proof.note)
    if (new.origin, proof.old) != (old.origin, old.size):
        raise Refused(f"the proof starts at {proof.old} leaves of {new.origin}, the old checkpoint is another")
    if not old.size <= new.size:
        raise Refused(f"the log shrank from {old.size} to {new.size} leaves")
    if old.size == new.size or old.size == 0:
        holds = not proof.hashes and (old.root == new.root if old.size == new.size else old.root == sha256().digest())
    else:
        holds = roots_of_consistency(old.size, new.size, old.root, proof.hashes) == (old.root, new.root)
    if not holds:
        raise Refused(f"the log of {new.size} leaves does not begin with that of {old.size}: its past was changed")
    return new


def _rotation(proof: Proof) -> tuple[Key, Key]:
    """The old and the new key that a rotation names; both have signed it."""
    entry = read_entry(proof.entry or b"")
    if not (isinstance(person := entry.get("person", "before persons were named"), str) and person):
        raise Refused("it is no rotation: its person is no id")
    note = read_note(str(entry.get("note", "")))
    lines = note.text.split("\n")
    if lines[0] != ROTATION_HEADER or len(lines) != 4:
        raise Refused(f"it is no rotation: its note is not '{ROTATION_HEADER}' and two verifier keys")
    old, new = parse_key(lines[1]), parse_key(lines[2])
    if old.name != new.name or old.public == new.public or not (note.signed_by(old) and note.signed_by(new)):
        raise Refused("the rotation is not signed by both keys, or they are not two keys of one log")
    return old, new


@dataclass(frozen=True)
class Result:
    """What was found of one file; `fault` is empty where it holds."""

    file: str
    fault: str = ""
    checkpoint: Checkpoint | None = None
    position: int | None = None
    entry: dict[str, Any] | None = None
    old: int | None = None
    proved: str = ""
    unproved: str = ""

    def document(self) -> dict[str, Any]:
        """As JSON."""
        signed = self.checkpoint and {
            "origin": self.checkpoint.origin, "size": self.checkpoint.size, "root": self.checkpoint.root.hex(),
            "key": self.checkpoint.key.id.hex(),
        }  # fmt: skip
        found = {"file": self.file, "holds": not self.fault, "fault": self.fault or None, "checkpoint": signed}
        found |= {"position": self.position, "entry": self.entry, "old_size": self.old}
        return found | {"proved": self.proved or None, "not_proved": self.unproved or None}

    def words(self) -> str:
        """In one or two lines."""
        if not self.fault and (self.proved or self.unproved):
            return printable(f"{self.file}: " + (f"PROVED: {self.proved}" if self.proved else
                                                 f"NOT PROVED: {self.unproved}"))  # fmt: skip
        if self.fault or self.checkpoint is None:
            return printable(f"{self.file}: DOES NOT HOLD: {self.fault}")
        under = f"{self.checkpoint.size} leaves of {self.checkpoint.origin}, key {self.checkpoint.key.id.hex()}"
        if self.entry is not None:
            told = json.dumps(self.entry, ensure_ascii=False)
            return printable(f"{self.file}: holds: entry {self.position} of {under}") + "\n  " + printable(told)
        if self.old is not None:
            return printable(f"{self.file}: holds: begins with the {self.old} leaves of the old checkpoint; {under}")
        return printable(f"{self.file}: holds: checkpoint of {under}")


def verify_files(
    texts: Sequence[tuple[str, str]], keys: Keys, entry: bytes | None = None, old: str | None = None
) -> list[Result]:
    """Checks proofs and checkpoints, given as (name, text); rotations among them are followed first."""
    read: list[tuple[str, Proof | str | Refused]] = []
    for name, text in texts:
        try:
            read.append((name, read_proof(text) if text.startswith((PROOF_HEADER + "\n", "old ")) else text))
        except Refused as error:
            read.append((name, error))
    try:
        keys = keys.follow(proof for _, proof in read if isinstance(proof, Proof) and _is_rotation(proof))
        broken = []
    except Refused as error:
        broken = [Result("change of the log's key", str(error))]
    return broken + [_checked(name, found, keys, entry, old) for name, found in read]


def _is_rotation(proof: Proof) -> bool:
    try:
        return proof.entry is not None and read_entry(proof.entry).get("kind") == "rotation"
    except Refused:
        return False


def _checked(name: str, found: Proof | str | Refused, keys: Keys, entry: bytes | None, old: str | None) -> Result:
    try:
        if isinstance(found, Refused):
            raise found
        if isinstance(found, str):
            return Result(name, checkpoint=keys.open(found))
        if found.old is not None:
            if old is None:
                raise Refused("a consistency proof needs the checkpoint that it starts from; give it with --old")
            return Result(name, checkpoint=verify_consistency(found, keys.open(old), keys), old=found.old)
        proven = verify_entry(found, entry, keys)
        return Result(name, checkpoint=proven.checkpoint, position=proven.position, entry=proven.entry)
    except Refused as error:
        return Result(name, str(error))


def verify_pack(path: Path, keys: Keys) -> list[Result]:
    """Checks every ``.tlog-proof`` in a ZIP archive; nothing is unpacked to the disk."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if len(members) > MAX_MEMBERS or len(set(names)) != len(names):
                raise Refused(f"the archive has over {MAX_MEMBERS} files, or two of one name")
            if sum(member.file_size for member in members) > MAX_ARCHIVE:
                raise Refused(f"the archive has over {MAX_ARCHIVE} bytes")
            if "manifest.json" in names:
                return [replace(result, file=f"{path}: {result.file}") for result in Evidence(archive, keys).check()]
            texts = [(name, _text(read_member(archive, name))) for name in names if name.endswith(".tlog-proof")]
    except BROKEN_ARCHIVE as error:
        return [Result(str(path), f"the archive cannot be read: {error}")]
    except Refused as error:
        return [Result(str(path), str(error))]
    except (KeyError, TypeError, AttributeError, IndexError) as error:  # a part of a pack that is none
        return [Result(str(path), f"the pack is not made as evidence packs are: {type(error).__name__}")]
    if not texts:
        return [Result(str(path), "the archive holds no proof")]
    return [replace(result, file=f"{path}: {result.file}") for result in verify_files(texts, keys)]


class Evidence:
    """An evidence pack in an open archive, checked part by part. What one part shows is the ground for the next."""

    def __init__(self, archive: zipfile.ZipFile, keys: Keys) -> None:
        self.archive, self.keys = archive, keys
        self.digests: dict[str, str] = {}
        self.entries: dict[int, dict[str, Any]] = {}
        self.results: list[Result] = []

    def check(self) -> list[Result]:
        """Checks all of it; raises `Refused` where it is no pack."""
        self._members()
        manifest = self._json("manifest.json")
        if manifest.get("format") != EVIDENCE:
            raise Refused(f"manifest.json is not of format '{EVIDENCE}'")
        self._proofs(manifest)
        self._files(manifest)
        for part in (self._earlier, *(lambda m=m: self._message(m) for m in manifest["messages"]),
                     *(lambda r=r: self._release(r) for r in manifest["releases"])):  # fmt: skip
            part()
        return self.results

    def _members(self) -> None:
        for member in self.archive.infolist():
            name = member.filename
            if not MEMBER.fullmatch(name) or name != member.orig_filename:
                raise Refused("a file has a name that no evidence pack has")
            if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Refused(f"{name} is encrypted, or compressed in a way that no evidence pack is")
            large = member.file_size > 1_000_000 and member.file_size > MAX_RATIO * member.compress_size
            if large or member.file_size > MAX_MEMBER:
                raise Refused(f"{name} is too large, or far larger than its compressed form")
            self.digests[name] = sha256(self._read(name)).hexdigest()

    def _proofs(self, manifest: dict[str, Any]) -> None:
        """Follows the log's keys, proves every entry, and that the log names this manifest."""
        read = {name: read_proof(_text(self._read(name))) for name in sorted(self.digests)
                if name.endswith(".tlog-proof")}  # fmt: skip
        self.keys = self.keys.follow(proof for name, proof in read.items() if name.startswith("rotations/"))
        for name, proof in read.items():
            try:
                proven = verify_entry(proof, None, self.keys)
                if proven.checkpoint.origin != manifest["log"]:
                    raise Refused(f"it is of log {proven.checkpoint.origin}")
            except Refused as error:
                self.results.append(Result(name, str(error)))
                continue
            self.results.append(
                Result(name, checkpoint=proven.checkpoint, position=proven.position, entry=proven.entry)
            )
            if name != "access.tlog-proof":
                self.entries[proven.position] = proven.entry
            elif (proven.entry.get("kind"), proven.entry.get("manifest")) != ("access", self.digests["manifest.json"]):
                self.results.append(Result("manifest.json", "the log names another manifest"))
            else:
                told = f"{proven.entry.get('person')} took this pack at {proven.entry.get('at')}, as the log says"
                self.results.append(Result("manifest.json", proved=told))
        if "access.tlog-proof" not in read:
            self.results.append(Result("manifest.json", "there is no proof that the log names this manifest"))

    def _files(self, manifest: dict[str, Any]) -> None:
        """Every file is listed with its digest, and every listed file is there."""
        listed = manifest["files"]
        for name in sorted(listed.keys() - self.digests.keys()):
            self.results.append(Result(name, "it is missing"))
        for name in sorted(self.digests.keys() - listed.keys() - UNLISTED):
            self.results.append(Result(name, "the manifest does not list it"))
        for name in sorted(listed.keys() & self.digests.keys()):
            if listed[name] != self.digests[name]:
                self.results.append(Result(name, "it is not the file that the manifest lists"))
        if not any(result.fault for result in self.results):
            self.results.append(Result("manifest.json", proved=f"all {len(listed)} files are as they were packed"))

    def _earlier(self) -> None:
        if "earlier/consistency.txt" not in self.digests:
            return
        try:
            old = self.keys.open(_text(self._read("earlier/checkpoint.txt")))
            new = verify_consistency(read_proof(_text(self._read("earlier/consistency.txt"))), old, self.keys)
        except Refused as error:
            self.results.append(Result("earlier/consistency.txt", str(error)))
            return
        told = f"the log of {new.size} leaves begins with all {old.size} leaves of the earlier checkpoint"
        self.results.append(Result("earlier/consistency.txt", proved=told))

    def _message(self, listed: dict[str, Any]) -> None:
        """Body, trace and release of one message against the newest decision about it."""
        name, folder = f"message {listed['id']}", f"messages/{listed['id']}"
        mine = {place: entry for place, entry in self.entries.items() if entry.get("message") == listed["id"]}
        decisions = [place for place, entry in sorted(mine.items()) if entry["kind"] == "decision"]
        if not decisions:
            self.results.append(Result(name, "no proved entry is the decision about it"))
            return
        decision = mine[decisions[-1]]
        facts, log = self._json(f"{folder}/message.json"), self._json(f"{folder}/log.json", list)
        given = {item["position"]: item["entry"] for item in log}
        same = ("communication", "channel", "release")
        checks = (
            (self._trace(folder) == decision["trace"], "the trace is not the decision's"),
            (self._policy_is_there(folder), "the policy that the trace names is not in the pack"),
            (listed["release"] == decision["release"], "the release is not the decision's"),
            (listed["body_digest"] == decision["body"] == facts["body_digest"], "the body is not the decision's"),
            (all(facts[field] == decision[field] for field in same), "message.json says otherwise than the decision"),
            (facts["id"] == listed["id"], "message.json is about another message"),
            (given == mine, "log.json is not what the proofs say"),
            (listed["body"] is None or self.digests.get(listed["body"]) == decision["body"],
             "the body's bytes are not those that were decided on"),
        )  # fmt: skip
        for holds, fault in checks:
            if not holds:
                self.results.append(Result(name, fault))
        if not all(holds for holds, _ in checks):
            return
        about = f"decided at position {decisions[-1]} as {decision['state']}, {decision['at']}"
        if listed["body"] is not None:
            self.results.append(Result(name, proved=f"the body is byte for byte what was {about}"))
        else:
            why = "it was erased" if decision["body"] else "nothing was rendered"
            self.results.append(Result(name, proved=f"{about}; its trace"))
            self.results.append(Result(name, unproved=f"there is no body: {why}"))
        sent = [entry["at"] for _, entry in sorted(mine.items()) if entry["kind"] == "send"]
        if sent:
            self.results.append(Result(name, proved=f"handed to the supplier at {', '.join(sent)}"))
        unproved = "recipient, subject and times in message.json are what the store said; the log does not hold them"
        self.results.append(Result(name, unproved=unproved))

    def _trace(self, folder: str) -> str | None:
        return self.digests.get(f"{folder}/trace.bin", self.digests.get(f"{folder}/trace.json"))

    def _policy_is_there(self, folder: str) -> bool:
        """A decision's trace names its policy in bytes 1 to 32, by the SHA-256 of the policy's file.

        A trace of several decisions is a byte 3, and each decision's trace after its length in 4 bytes.
        """
        if f"{folder}/trace.bin" not in self.digests:
            return True
        trace = self._read(f"{folder}/trace.bin")
        decisions = [trace]
        if trace[:1] == b"\3":
            decisions, place = [], 1
            while place < len(trace):
                start = place + 4
                place = start + int.from_bytes(trace[place:start])
                decisions.append(trace[start:place])
        named = [decision[1:33].hex() for decision in decisions if decision[:1] != b"["]
        return all(self.digests.get(f"policies/{digest}.json") == digest for digest in named)

    def _release(self, listed: dict[str, Any]) -> None:
        """A release's digest, its parts and its approvals."""
        digest = listed["digest"]
        name, folder = f"release {digest[:12]}", f"releases/{digest}"
        if self.digests.get(f"{folder}/release.json") != digest:
            self.results.append(Result(name, "release.json does not have the digest of the release"))
            return
        manifest = self._json(f"{folder}/release.json")["manifest"]
        wrong = [part for part, file in listed["parts"].items() if self.digests.get(file) != manifest.get(part)]
        for part in wrong:
            self.results.append(Result(name, f"part {part} is not what was approved"))
        for file in self.digests:
            if file.startswith(f"{folder}/source/") and not self._is_source(file, f"{folder}/parts/"):
                self.results.append(Result(file, "it is not the template of the approved part"))
        said = sorted((entry["action"], entry["person"], entry["at"], entry["comment"])
                      for entry in self.entries.values()
                      if entry["kind"] == "release" and entry["release"] == digest)  # fmt: skip
        approvals = self._json(f"{folder}/approvals.json", list)
        given = sorted((action["action"], action["person"], action["at"], _digest(action["comment"]))
                       for action in approvals)  # fmt: skip
        if said != given:
            self.results.append(Result(name, "approvals.json is not what the log says"))
        elif not wrong:
            for action, person, at, _ in said:
                self.results.append(Result(name, proved=f"{action} by {person} at {at}"))
            kept = len(listed["parts"])
            self.results.append(
                Result(name, proved=f"{kept} of its {len(manifest)} parts are those it was approved with")
            )
            if kept < len(manifest):
                self.results.append(Result(name, unproved=f"{len(manifest) - kept} parts were not kept"))
        unproved = "first and last use, and people's names beside their ids, are what the store said"
        self.results.append(Result(name, unproved=unproved))

    def _is_source(self, file: str, parts: str) -> bool:
        part = parts + file.partition("/source/")[2]
        held = json.loads(self._read(part)) if part in self.digests else None
        return isinstance(held, list) and held[:1] == [_text(self._read(file))]

    def _read(self, name: str) -> bytes:
        if name not in self.archive.NameToInfo:
            raise Refused(f"{name} is missing")
        return read_member(self.archive, name, MAX_MEMBER)

    def _json(self, name: str, kind: type = dict) -> Any:
        """A file with one JSON value in canonical form, which reads one way."""
        content = self._read(name)
        try:
            value = json.loads(content.decode(), parse_float=_no_number, parse_constant=_no_number)
            again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        except (ValueError, RecursionError) as error:
            raise Refused(f"{name} is no JSON in UTF-8") from error
        if not isinstance(value, kind) or again != content:
            raise Refused(f"{name} is no JSON in canonical form")
        return value


def _digest(words: str) -> str:
    return sha256(words.encode()).hexdigest()


def read_member(archive: zipfile.ZipFile, name: str, limit: int = MAX_TEXT) -> bytes:
    """The bytes of a file in an archive, whatever size it claims; raises `Refused` over `limit` bytes."""
    with archive.open(name) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise Refused(f"{name} has over {limit} bytes")
    return content


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Refused("it is not UTF-8") from error


def printable(text: str) -> str:
    """Text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def _read(path: Path, limit: int = MAX_TEXT) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise WrongUse(f"{path}: has over {limit} bytes")
    return content


def _given(path: Path) -> str:
    try:
        return _text(_read(path))
    except Refused as error:
        raise WrongUse(f"{path}: {error}") from error


def check(files: Sequence[Path], key_file: Path, entry: Path | None, old: Path | None) -> list[Result]:
    """Checks all files with the keys of a file; raises `WrongUse`."""
    lines = _given(key_file)
    try:
        keys = read_keys(lines)
    except WrongUse as error:
        raise WrongUse(f"key file {key_file}: {error}") from error
    content = _read(entry, MAX_ENTRY) if entry else None
    old_note = _given(old) if old else None
    if content is not None and len(files) != 1:
        raise WrongUse("--entry goes with one proof")
    packs, texts, results = [], [], []
    for file in files:
        if zipfile.is_zipfile(file):
            packs.append(file)
            continue
        try:
            texts.append((str(file), _text(_read(file))))
        except Refused as error:
            results.append(Result(str(file), str(error)))
    results += verify_files(texts, keys, content, old_note) if texts else []
    for pack in packs:
        results += verify_pack(pack, keys)
    return results


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUse(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program; returns the exit status."""
    parser = _Parser(prog="ccm-verify", description="Checks proofs of an audit log, offline.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="proof, checkpoint, or pack.zip")
    parser.add_argument("--key", required=True, type=Path, metavar="KEYS", help="file of the log's verifier keys")
    parser.add_argument("--entry", type=Path, metavar="FILE", help="the entry's bytes, if the proof lacks them")
    parser.add_argument("--old", type=Path, metavar="FILE", help="the kept checkpoint of a consistency proof")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    try:
        given = parser.parse_args(arguments)
        results = check(given.files, given.key, given.entry, given.old)
    except WrongUse as error:
        sys.stderr.write(f"ccm-verify: {printable(str(error))}\n")
        return 2
    holds = all(not result.fault for result in results)
    if given.json:
        document = {"holds": holds, "results": [result.document() for result in results]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        for result in results:
            sys.stdout.write(result.words() + "\n")
        claims = [result for result in results if not result.unproved]
        sys.stdout.write(f"{sum(not result.fault for result in claims)} of {len(claims)} hold\n")
    return 0 if holds else 1


def run() -> NoReturn:
    """The console script."""
    raise SystemExit(main())


if __name__ == "__main__":
    run()
