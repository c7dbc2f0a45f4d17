"""Checkpoints out of reach of whoever holds the store: into a folder and a mailbox, with a timestamp."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from ccm.adapters import open_adapter
from ccm.adapters.base import Mailer
from ccm.errors import IntegrityError, OutcomeUnknown, Problem, SupplierRefused, TryAgain, WorkspaceError
from ccm.log import timestamp
from ccm.log.note import parse_checkpoint
from ccm.log.prove import stored_checkpoint
from ccm.pipeline.project import Project

MAX_NOTE = 100_000
SUFFIX = ".checkpoint"


def stamp(project: Project, note: str) -> bytes | None:
    """The timestamp on a checkpoint: the stored one, else a new one; None where no authority is set.

    Raises as `timestamp.fetch_timestamp`.
    """
    settings = project.workspace.settings.log
    size = parse_checkpoint(note).size
    found = timestamp.stored_timestamp(project.store, size)
    if found is not None or not settings.timestamp_url:
        return found
    roots = timestamp.read_roots(project.path(settings.timestamp_roots))
    found = timestamp.fetch_timestamp(settings.timestamp_url, note, roots)
    timestamp.store_timestamp(project.store, size, found)
    return found


def export(project: Project, note: str, token: bytes | None) -> Iterator[str]:
    """Takes a checkpoint, and its timestamp, to every place of ``log.export``; yields each place.

    Raises `IntegrityError` where the folder holds another checkpoint of that size: one of the two logs was changed.
    """
    places = project.workspace.settings.log.export
    if places.folder:
        yield str(_to_folder(project.path(places.folder), note, token))
    if places.mailbox:
        _to_mailbox(project, places.mailbox, note, token)
        yield places.mailbox


def newest_export(project: Project) -> str | None:
    """The largest checkpoint in the export folder; None where there is no folder or it is empty."""
    files = _exported(project)
    return _read(files[-1]) if files else None


def compare_exports(project: Project) -> list[str]:
    """Exported checkpoints that the store does not have any more, or has otherwise, in words."""
    with project.store.read() as connection:
        return [
            f"{file}: the log does not have this checkpoint any more"
            for file in _exported(project)
            if stored_checkpoint(connection, _read(file)) is None
        ]


def _exported(project: Project) -> list[Path]:
    folder = project.workspace.settings.log.export.folder
    return sorted(project.path(folder).glob(f"*{SUFFIX}")) if folder else []


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.read(MAX_NOTE)
    except OSError as error:
        raise TryAgain(f"{file}: the exported checkpoint cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{file}: the exported checkpoint is not UTF-8") from error


def _to_folder(folder: Path, note: str, token: bytes | None) -> Path:
    file = folder / f"{parse_checkpoint(note).size:015}{SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.read_bytes() != note.encode():
            raise IntegrityError(f"{file}: it holds another checkpoint of that size: stop, and compare the two logs")
        file.write_text(note, encoding="utf-8")
        if token is not None:
            file.with_suffix(".tsr").write_bytes(token)
    except OSError as error:
        raise TryAgain(f"log.export.folder {folder}: cannot be written: {error.strerror}") from error
    return file


def _to_mailbox(project: Project, mailbox: str, note: str, token: bytes | None) -> None:
    channel = project.workspace.channels["email"]
    adapter = open_adapter(
        channel, project.workspace.root, outbox=project.outbox, environ=project.environ, clock=project.clock
    )
    with closing(adapter):
        if not isinstance(adapter, Mailer):
            message = f"log.export.mailbox: adapter '{channel.adapter}' carries no checkpoints; smtp does"
            raise WorkspaceError([Problem(channel.path, channel.settings_line, message)])
        sender = channel.sender_for("")
        try:
            adapter.post(_mail(project, sender, mailbox, note, token), mailbox)
        except (SupplierRefused, OutcomeUnknown) as error:
            raise TryAgain(f"log.export.mailbox: the checkpoint was not mailed for certain: {error}") from error


def _mail(project: Project, sender: str, mailbox: str, note: str, token: bytes | None) -> bytes:
    checkpoint = parse_checkpoint(note)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, mailbox
    mail["Subject"] = f"Checkpoint of {checkpoint.size} entries: {checkpoint.origin}"
    mail["Date"] = format_datetime(project.clock())
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content(note)
    name = f"{checkpoint.size:015}"
    # As a file too: mail servers may change the lines of a text, and then no signature holds.
    mail.add_attachment(note.encode(), maintype="application", subtype="octet-stream", filename=name + SUFFIX)
    if token is not None:
        mail.add_attachment(token, maintype="application", subtype="timestamp-reply", filename=name + ".tsr")
    return bytes(mail)
