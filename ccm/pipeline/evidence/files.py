"""The files of an evidence pack: names and bytes, and the manifest that lists them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import Connection

from ccm.compliance.releases import canonical
from ccm.errors import IntegrityError
from ccm.log.leaves import instant
from ccm.log.prove import EntryProof, Proofs
from ccm.pipeline.evidence.collect import Found, MessageFound, ReleaseFound
from ccm.pipeline.evidence.consent import rested_on
from ccm.pipeline.explain import explained, told
from ccm.pipeline.project import Project
from ccm.pipeline.traces import load

FORMAT = "ccm-evidence 1"
BODIES = {"message/rfc822": "eml", "application/pdf": "pdf", "application/json": "json"}
"""Media type to the ending of the file's name; everything else is text."""
LANGUAGES = ("en", "ja")


def message_files(project: Project, connection: Connection, found: MessageFound, proofs: Proofs) -> dict[str, bytes]:
    """One message: its body, facts, trace, explanation in words, and what the log says of it."""
    row, folder = found.row, f"messages/{found.row['id']}"
    files = {f"{folder}/message.json": _json(_facts(found)), f"{folder}/{trace_name(row)}": bytes(row["trace"])}
    for digest, grounds in load(connection, [row]).items():
        if isinstance(grounds, IntegrityError):
            raise grounds
        files[f"policies/{digest}.json"] = grounds.content
    if consents := rested_on(project, connection, row):
        files[f"{folder}/consent.json"] = _json(consents)
    if found.content is not None:
        files[body_name(found)] = found.content.body
    for language in LANGUAGES:
        lines = told(explained(project, connection, row, language), language)
        files[f"{folder}/explained.{language}.txt"] = "".join(f"{line}\n" for line in lines).encode()
    entries = [entry for entry in proofs.entries if orjson.loads(entry.entry).get("message") == row["id"]]
    files[f"{folder}/log.json"] = _json(_entries(entries))
    return files


def trace_name(row: Mapping[Any, Any]) -> str:
    """The trace's file: packed ones are no JSON, those of before are."""
    return "trace.json" if row["trace"][:1] == b"[" else "trace.bin"


def body_name(found: MessageFound) -> str:
    """The body's file."""
    return f"messages/{found.row['id']}/body.{BODIES.get(found.row['media_type'].split(';')[0], 'txt')}"


def _facts(found: MessageFound) -> dict[str, Any]:
    row, content = found.row, found.content
    plain = {
        name: row[name]
        for name in (
            "id", "communication", "category", "purpose", "channel", "language", "variant", "jurisdiction", "state",
            "reason", "detail", "media_type", "segments", "pages", "release", "run_id", "adapter", "attempts",
            "supplier_reference", "body_digest",
        )
    }  # fmt: skip
    times = {name: instant(row[name]) if row[name] else None for name in ("decided_at", "due_at", "erased_at")}
    return {
        **plain, **times, "customer": row["customer_id"],
        "recipient": content.recipient if content else None, "subject": content.subject if content else None,
        "wording": [{"id": use[0], "version": use[1], "digest": use[2]} for use in orjson.loads(row["wording"])],
        # Data come from the organisation's systems and are not kept; their digest stands in the run's certificate.
        "data": {"digest_of_the_chunks_input": found.input_digest, "content": None},
    }  # fmt: skip


def _entries(entries: list[EntryProof]) -> list[dict[str, Any]]:
    return [{"position": entry.position, "entry": orjson.loads(entry.entry)} for entry in entries]


def release_files(project: Project, found: ReleaseFound) -> dict[str, bytes]:
    """One release: `release.json`, whose SHA-256 is the release's digest, its parts, approvals and use."""
    folder = f"releases/{found.digest}"
    release = {"communication": found.communication, "manifest": dict(found.manifest)}
    files = {f"{folder}/release.json": _json(release)}
    for part, content in found.parts.items():
        files[part_name(found, part)] = content
        if (source := source_of(part, content)) is not None:
            files[f"{folder}/source/{quote(part)}"] = source
    people = {person.id: person.name for person in project.workspace.settings.people}
    files[f"{folder}/approvals.json"] = _json([
        {"action": action.action, "person": action.person, "name": people.get(action.person, ""),
         "at": instant(action.at), "comment": action.comment} for action in found.actions
    ])  # fmt: skip
    first, last = (instant(at) if at else None for at in (found.first_use, found.last_use))
    files[f"{folder}/use.json"] = _json({"first": first, "last": last, "messages": found.messages})
    return files


def part_name(found: ReleaseFound, part: str) -> str:
    """The file of a part of a release."""
    return f"releases/{found.digest}/parts/{quote(part)}"


def source_of(part: str, content: bytes) -> bytes | None:
    """The words of a template, as the author wrote them, out of the part in which the release holds them."""
    if not part.startswith("templates/") or not content.startswith(b'["'):
        return None
    body = orjson.loads(content)[0]
    return body.encode() if isinstance(body, str) else None


def manifest(
    found: Found, files: Mapping[str, bytes], *, origin: str, person: str, purpose: str, made_at: str
) -> bytes:
    """The list of all files with their SHA-256, and which of them belongs to what."""
    return _json({
        "format": FORMAT, "log": origin, "about": {"kind": found.about.kind, "id": found.about.id},
        "made_at": made_at, "made_by": person, "purpose": purpose,
        "messages": [
            {"id": item.row["id"], "release": item.row["release"], "body_digest": item.row["body_digest"],
             "body": body_name(item) if item.content is not None else None} for item in found.messages
        ],
        "releases": [
            {"digest": item.digest, "parts": {part: part_name(item, part) for part in item.parts}}
            for item in found.releases
        ],
        "files": {name: sha256(content).hexdigest() for name, content in files.items()},
    })  # fmt: skip


def _json(value: Any) -> bytes:
    return canonical(value).encode()
