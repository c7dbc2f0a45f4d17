"""The log's Ed25519 key: made once, kept in a file that only its owner reads; its public half goes to verifiers."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ccm.errors import Conflict, InputError, NotFound, TryAgain
from ccm.store.secretfile import create_secret, read_secret

ED25519 = b"\x01"
"""Signature type of a plain Ed25519 signature (C2SP signed-note, "Signature types")."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A log's name and public key (32 bytes): all that is needed to check its notes."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(letter.isspace() or letter < " " for letter in self.name):
            raise InputError("a log key's name is not empty and has no spaces and no '+'")
        if len(self.public_key) != 32:
            raise InputError(f"an Ed25519 public key has 32 bytes, not {len(self.public_key)}")

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    @property
    def text(self) -> str:
        """The verifier key to hand out: ``name+key id+base64``."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Reads what `text` writes. Raises `InputError` where it is something else, or mistyped."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            key = b64decode(encoded.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise InputError("a verifier key is name+key id+base64, and its third part is no base64") from error
        if key[:1] != ED25519 or len(key) != 33:
            raise InputError("the verifier key is no Ed25519 key (signature type 0x01, 32 bytes)")
        verifier = cls(name, key[1:])
        if key_id != verifier.key_id.hex():
            raise InputError("the verifier key's id does not belong to its name and key: it was mistyped or changed")
        return verifier

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether the key signed `data`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, data)
        except (InvalidSignature, ValueError):  # ValueError: a point that is none
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """The log's private key under its name, which is the log's origin."""

    name: str
    key: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, data: bytes) -> bytes:
        """64 bytes of Ed25519 signature (RFC 8032)."""
        return self.key.sign(data)


def create_key(path: Path, name: str) -> Signer:
    """Makes a key and writes it to `path` (PEM, PKCS 8, mode 0600), at once and whole.

    Raises `Conflict` where there is a file already, `TryAgain` where it cannot be written; then no file is left.
    """
    signer = Signer(name, Ed25519PrivateKey.generate())
    signer.verifier  # noqa: B018  a wrong name is told before anything is written
    pem = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    create_secret(path, pem, "log key")
    return signer


def replace_key(path: Path, new: Path, old: Signer) -> Path:
    """Puts the key file `new` in the place of `path`, and keeps the old one beside it. Returns where that is.

    Raises `Conflict` where another process has done so meanwhile, `TryAgain` where it cannot be written.
    """
    retired = path.with_name(f"{path.name}.{old.verifier.key_id.hex()}.retired")
    try:
        if not retired.exists():  # it does where the last attempt ended here
            retired.hardlink_to(path)
        new.replace(path)
    except FileNotFoundError as error:
        raise Conflict(f"log key {path}: another process has replaced it meanwhile") from error
    except OSError as error:
        raise TryAgain(f"log key {path}: it cannot be replaced: {error.strerror}") from error
    return retired


def load_or_create(path: Path, name: str) -> Signer:
    """The key at `path`; where there is none, a new one. Raises as `load_key` and `create_key`."""
    try:
        return load_key(path, name)
    except NotFound:
        pass
    try:
        return create_key(path, name)
    except Conflict:  # another process was quicker
        return load_key(path, name)


def load_key(path: Path, name: str) -> Signer:
    """Reads the key that `create_key` wrote.

    Raises `NotFound` where there is none, `NotAllowed` where others can read it or this process cannot,
    `InputError` where it is no Ed25519 key.
    """
    pem = read_secret(path, "log key")
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it is encrypted
        raise InputError(f"log key {path}: no unencrypted private key in PEM (PKCS 8)") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"log key {path}: no Ed25519 key")
    return Signer(name, key)
