"""The audit log: verify, checkpoint, prove, keys, rotate-key, verifier."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from ccm import ccm_verify
from ccm.cli.log_export import compare_exports, export, newest_export, stamp
from ccm.cli.output import FINDINGS, AsOption, JsonOption, Out, WorkspaceOption, command, project_of, shown
from ccm.cli.releases import who
from ccm.compliance import approvals
from ccm.errors import InputError, IntegrityError, NotAllowed, NotFound, TryAgain
from ccm.log import keys, rotation, sequencer, timestamp
from ccm.log.keys import Verifier
from ccm.log.note import parse_checkpoint
from ccm.log.prove import Proofs, find_leaves, newest_checkpoint, prove, prove_consistency
from ccm.log.verify import verify_messages, verify_store
from ccm.pipeline.project import Project

MAX_NOTE = 100_000
RELEASE_KINDS = ("release",)
MAY_ROTATE = ("administrator", "operator")
"""Who has charge of the machine; neither of them approves anything."""
README = """\
Proofs from an audit log. Check them on any machine with Python and the package cryptography:
監査ログの証明です。Python と cryptography パッケージがあれば、どの機械でも確かめられます。

    ccm-verify --key KEYS THIS.zip

KEYS is the file of the log's verifier keys. Get it, and ccm-verify, from somebody else than this file.
KEYS はログの検証鍵のファイルです。KEYS と ccm-verify は、このファイルとは別の経路で入手してください。
"""
log_app = typer.Typer(help="The audit log.", no_args_is_help=True)
OutFile = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")]


@log_app.command("verify")
def verify(
    known: Annotated[
        Path | None, typer.Option("--known", metavar="FILE", help="A checkpoint kept elsewhere; finds a log cut short.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="A key of the log that you got elsewhere.")
    ] = None,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Recompute the whole log and compare it with what was signed, and with the messages."""
    with command(json) as out:
        project = project_of(workspace)
        trusted = _trusted(key) if key is not None else project.signer().verifier
        kept = _kept(known, "checkpoint") if known is not None else newest_export(project)
        report = verify_store(project.store, trusted, known_checkpoint=kept)
        stamped, wrong = _timestamps(project)
        faults = [*report.faults, *compare_exports(project), *wrong, *verify_messages(project.store)]
        for line in [*faults, *report.remarks]:
            out.say(line)
        out.say(f"{report.leaves:,} entries, {report.checkpoints} checkpoints, root {report.root}")
        if unsigned := report.leaves + report.waiting - report.signed:
            out.say(f"{unsigned:,} entries are under no checkpoint yet")
        out.say("the log verifies" if not faults else f"{len(faults)} FAULTS")
        out.document({
            "verifies": not faults, "faults": faults, "remarks": report.remarks, "entries": report.leaves,
            "checkpoints": report.checkpoints, "timestamps": stamped, "root": report.root,
            "unsigned": report.leaves + report.waiting - report.signed,
            "compared_with_known": kept is not None,
        })  # fmt: skip
        if faults:
            raise typer.Exit(FINDINGS)


def _timestamps(project: Project) -> tuple[int, tuple[str, ...]]:
    roots = project.workspace.settings.log.timestamp_roots
    return timestamp.verify_timestamps(project.store, timestamp.read_roots(project.path(roots))) if roots else (0, ())


def _trusted(file: Path) -> Verifier:
    """The first verifier key of a key file; the log's rotations lead to the others."""
    lines = (line.partition("#")[0].split() for line in _kept(file, "file of verifier keys").splitlines())
    words = next((words for words in lines if words), None)
    if words is None:
        raise InputError(f"{file}: holds no verifier key")
    try:
        return Verifier.parse(words[0])
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _kept(file: Path, what: str) -> str:
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.read(MAX_NOTE)
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is no {what}: it is not UTF-8") from error


@log_app.command("checkpoint")
def checkpoint(
    to: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Keep a copy outside.")] = None,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Sign the log as it is now, and export the checkpoint to where ccm.toml says."""
    with command(json) as out:
        project = project_of(workspace)
        signer = project.signer()
        note = sequencer.checkpoint(project.store, signer, project.clock())
        if to is not None:
            _write(to, note.encode())
        token, late = None, None
        try:
            token = stamp(project, note)
        except (TryAgain, IntegrityError) as error:
            late = error  # the checkpoint goes out all the same: a timestamp can come with the next one
        places = list(export(project, note, token))
        if late is not None:
            raise late
        out.say(note)
        for place in places:
            out.say(f"exported to {place}")
        out.document({
            "checkpoint": note, "verifier_key": signer.verifier.text, "exported": places, "timestamp": token is not None
        })  # fmt: skip


@log_app.command("prove")
def prove_entries(
    what: Annotated[str | None, typer.Argument(metavar="MESSAGE|RELEASE|POSITION")] = None,
    to: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A .zip, or for one entry a .tlog-proof.")
    ] = None,
    consistency: Annotated[
        str | None,
        typer.Option("--consistency", metavar="OLD[:NEW]", help="Two sizes: NEW begins with the whole of OLD."),
    ] = None,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Write proofs that anybody can check with ccm-verify and one of the log's public keys."""
    with command(json) as out:
        if (what is None) == (consistency is None) or to is None:
            raise InputError("give MESSAGE, RELEASE or POSITION, or --consistency OLD[:NEW]; and --out FILE")
        project = project_of(workspace)
        if consistency is not None:
            old, new = _sizes(consistency)
            with project.store.read() as connection:
                text = prove_consistency(connection, old, new)
            _write(to, text.encode())
            size = parse_checkpoint(text.partition("\n\n")[2]).size
            out.say(f"{to}: the log of {size:,} entries begins with that of {old:,}")
            out.document({"file": str(to), "old_size": old, "size": size})
        elif what is not None:
            _prove(out, project, what, to)


def _prove(out: Out, project: Project, what: str, to: Path) -> None:
    sequencer.checkpoint(project.store, project.signer(), project.clock())  # so that every entry is under one
    with project.store.read() as connection:
        found = prove(connection, _positions(connection, what))
    _write(to, _packed(found, to))
    size = parse_checkpoint(found.checkpoint).size
    out.say(f"{to}: {len(found.entries)} entries proved in the log of {size:,}")
    out.say("check with: ccm-verify --key KEYS " + str(to))
    entries = [{"position": entry.position, "entry": entry.entry.decode()} for entry in found.entries]
    out.document({"file": str(to), "size": size, "entries": entries})


def _positions(connection: Connection, what: str) -> list[int]:
    if what.isascii() and what.isdigit() and len(what) < 19:
        size = parse_checkpoint(newest_checkpoint(connection)).size
        if int(what) >= size:
            raise NotFound(f"the log has no position {what}: its {size:,} entries count from 0")
        return [int(what)]
    positions = find_leaves(connection, "message", [what])[what]
    if positions:
        return positions
    try:
        digest = approvals.find(connection, what)
    except InputError as error:
        raise NotFound(f"the log knows no message '{what}', and: {error}") from error
    return find_leaves(connection, "release", [digest], RELEASE_KINDS)[digest]


def _packed(found: Proofs, to: Path) -> bytes:
    """The file's content by its name: an archive, or the proof of one entry alone."""
    if to.suffix == ".tlog-proof" and len(found.entries) == 1:
        return found.entries[0].text.encode()
    if to.suffix != ".zip":
        raise InputError(f"--out {to}: name a .zip file" + (", or .tlog-proof" if len(found.entries) == 1 else
                         f"; there are {len(found.entries)} entries to prove"))  # fmt: skip
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in [("README.txt", README.encode()), *found.files()]:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _sizes(text: str) -> tuple[int, int | None]:
    old, _, new = text.partition(":")
    for part in (old, new or "0"):
        if not (part.isascii() and part.isdigit() and len(part) < 19):
            raise InputError(f"--consistency '{text}' is not OLD or OLD:NEW, numbers of entries such as 400:700")
    return int(old), int(new) if new else None


@log_app.command("keys")
def list_keys(
    to: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write a key file for ccm-verify.")] = None,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """The log's public keys, oldest first, and the tree sizes that each of them signs."""
    with command(json) as out:
        project = project_of(workspace)
        with project.store.read() as connection:
            known = rotation.periods(connection)
        lines = [period.line() for period in known] or [project.signer().verifier.text]
        if to is not None:
            _write(to, "".join(f"{line}\n" for line in lines).encode())
        for line in lines:
            out.say(line)
        out.document({"keys": [
            {"verifier_key": period.verifier.text, "first_size": period.first, "last_size": period.last,
             "since": shown(period.at)} for period in known
        ]})  # fmt: skip


@log_app.command("rotate-key")
def rotate_key(
    as_: AsOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Sign with a new key from now on; the old key vouches for it. Administrators and operators may."""
    with command(json) as out:
        project = project_of(workspace)
        person = who(project, as_)
        if set(person.roles).isdisjoint(MAY_ROTATE):
            raise NotAllowed(f"{person.id} may not change the log's key: it takes the role {' or '.join(MAY_ROTATE)}")
        path, origin = project.path(project.workspace.settings.log.key), project.workspace.settings.log.origin
        old = keys.load_key(path, origin)
        new = keys.load_or_create(path.with_name(path.name + ".new"), origin)
        note = sequencer.rotate(project.store, old, new, project.clock(), person.id)
        retired = keys.replace_key(path, path.with_name(path.name + ".new"), old)
        out.say(f"the log's key is now\n{new.verifier.text}")
        out.say(
            f"hand it to everybody who verifies. The old private key is in {retired}: destroy it, or keep it offline"
        )
        out.document(
            {"verifier_key": new.verifier.text, "person": person.id, "retired": str(retired), "checkpoint": note}
        )


@log_app.command("verifier")
def verifier(to: OutFile, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Write the program ccm-verify, one file, for a machine that has no ccm. The same for every workspace."""
    with command(json) as out:
        _write(to, Path(ccm_verify.__file__).read_bytes())
        out.say(f"{to}: run it with: python {to} --key KEYS FILE...")
        out.document({"file": str(to)})


def _write(file: Path, content: bytes) -> None:
    """Writes a file at once and whole. Raises `InputError`."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{file}: cannot be written: {error.strerror}") from error
