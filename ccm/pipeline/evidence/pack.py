"""Making a pack: gather, prove, write down who asked for it, and only then hand it out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import orjson
from sqlalchemy import Connection, select

from ccm.errors import InputError, NotAllowed
from ccm.log import leaves, rotation, sequencer
from ccm.log.leaves import instant
from ccm.log.note import parse_checkpoint
from ccm.log.prove import find_leaves, prove, prove_consistency
from ccm.pipeline.evidence.collect import About, Found, collect, identify
from ccm.pipeline.evidence.files import manifest, message_files, release_files
from ccm.pipeline.evidence.words import readme
from ccm.pipeline.project import Project
from ccm.store.tables import log_checkpoints
from ccm.workspace.settings import Person, Role

MAY: tuple[Role, ...] = ("auditor", "compliance", "administrator")
"""The roles of which a person needs one."""
PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the archive, so that the same state gives the same bytes."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack: the ZIP archive's bytes, and what is in it."""

    content: bytes
    about: About
    files: int
    messages: int
    entries: int
    manifest_digest: str
    """SHA-256 of its manifest, as it stands in the log."""


def make_pack(project: Project, name: str, person: Person, purpose: str, language: str) -> Pack:
    """Evidence of a message, a release or a customer; the log says afterwards who got it, and what for.

    `language` is that of the cover, ``en`` or ``ja``. The same state of the store, clock included, gives the same
    bytes. Raises `NotFound`, `NotAllowed` without a role of `MAY`, `IntegrityError` where the store is damaged.
    """
    if not set(person.roles) & set(MAY):
        raise NotAllowed(f"{person.id} may not take evidence: it takes the role {', '.join(MAY)}")
    if not PURPOSE.fullmatch(purpose):
        raise InputError(f"--purpose '{purpose}' is no code of small letters, digits and hyphens, such as complaint")
    signer, now = project.signer(), project.clock()
    sequencer.checkpoint(project.store, signer, now)  # so that every entry is under one
    with project.store.read() as connection:
        about = identify(connection, name)
    found = collect(project, about)
    with project.store.read() as connection:
        files = _files(project, connection, found)
        facts = {"origin": signer.name, "person": person.id, "purpose": purpose, "made_at": instant(now)}
        from ccm.pipeline.evidence.cover import cover  # WeasyPrint takes half a second that other commands are spared

        files["cover.pdf"] = cover(project, found, person, purpose, now, language)
        files["README.txt"] = readme(found, facts["made_at"], signer.name).encode()
        listed = manifest(found, files, **facts)
    digest = sha256(listed).hexdigest()
    files["manifest.json"] = listed
    files["access.tlog-proof"] = _log_access(project, found, person, purpose, digest)
    return Pack(zipped(files), about, len(files), len(found.messages), len(found.positions), digest)


def _files(project: Project, connection: Connection, found: Found) -> dict[str, bytes]:
    proofs = prove(connection, found.positions)
    files = dict(proofs.files())
    for message in found.messages:
        files |= message_files(project, connection, message, proofs)
    for release in found.releases:
        files |= release_files(project, release)
    lines = [period.line() for period in rotation.periods(connection)]
    files["keys.txt"] = "".join(f"{line}\n" for line in lines).encode()
    decided = [
        entry.position for entry in proofs.entries if orjson.loads(entry.entry)["kind"] in ("decision", "release")
    ]
    earliest = select(log_checkpoints.c.size, log_checkpoints.c.note).order_by(log_checkpoints.c.size).limit(1)
    first = connection.execute(earliest.where(log_checkpoints.c.size > max(decided, default=0))).first()
    newest = parse_checkpoint(proofs.checkpoint).size
    if first is not None and first.size < newest:
        files["earlier/checkpoint.txt"] = first.note.encode()
        files["earlier/consistency.txt"] = prove_consistency(connection, first.size, newest).encode()
    return files


def _log_access(project: Project, found: Found, person: Person, purpose: str, digest: str) -> bytes:
    """Writes the access into the log, of each message too. Returns the proof that names the manifest."""
    now = project.clock()
    with project.store.write() as connection:
        each = [message.row["id"] for message in found.messages]
        entries = [leaves.access_leaf(message_id=message, person=person.id, purpose=purpose, at=now)
                   for message in each]  # fmt: skip
        entries.append(leaves.access_leaf(message_id=None, person=person.id, purpose=purpose, at=now, manifest=digest))
        sequencer.append(connection, entries)
    sequencer.checkpoint(project.store, project.signer(), now)
    with project.store.read() as connection:
        [*_, position] = find_leaves(connection, "manifest", [digest], ("access",))[digest]
        return prove(connection, [position]).entries[0].text.encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of files in the order of their names, the same for the same files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.create_system, member.external_attr = 3, 0o644 << 16
            archive.writestr(member, files[name], zipfile.ZIP_DEFLATED)
    return content.getvalue()
