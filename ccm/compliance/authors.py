"""Who wrote the files of a change, as far as version control (git) knows.

The history is only read. A repository comes with settings of its own, which can name programs to run; what this
command could run through them is switched off, nothing is fetched, and a mail map of the repository, by which
somebody could write under another person's address, is not looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ccm.errors import NotAllowed
from ccm.workspace import Workspace

SECONDS = 20
_HARMLESS = (
    "core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false", "log.mailmap=false",
    "gpg.program=false", "protocol.allow=never",
)  # fmt: skip
_REVISION = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FORMAT = "--format=%ae%n%(trailers:key=Co-authored-by,valueonly)"


@dataclass(frozen=True, slots=True)
class Written:
    """What version control says of some files."""

    authors: tuple[str, ...] = ()
    """Ids of the people of ccm.toml who wrote parts of them, in order."""
    revision: str = ""
    """The commit that the workspace is at; empty where it is in no repository, or one without commits."""


def written_by(workspace: Workspace, parts: Iterable[str], since: str = "") -> Written:
    """Who wrote the files of `parts` (of a manifest) after the commit `since`; all their authors where it is unknown.

    Nobody where the workspace is in no git repository, or git is not installed. Raises `NotAllowed` where there is
    a history and it can't be read: nobody can tell then who may approve.
    """
    program = shutil.which("git")
    if program is None or not any((folder / ".git").exists() for folder in (workspace.root, *workspace.root.parents)):
        return Written()
    head = _git(program, workspace.root, ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"])
    if head is None:
        return Written()  # a repository in which nothing was committed yet
    revision = head.strip()
    paths = sorted({part.partition("#")[0] for part in parts if not part.startswith("engine#")})
    if not paths:
        return Written((), revision)
    log = None
    if _REVISION.fullmatch(since):
        # It is not there in a shallow clone, or after history was rewritten: then every author counts.
        log = _git(program, workspace.root, ["log", _FORMAT, f"{since}..{revision}", "--", *paths])
    if log is None:
        log = _git(program, workspace.root, ["log", _FORMAT, revision, "--", *paths])
    if log is None:
        raise NotAllowed("who wrote this change can't be told: git does not give the history of its files")
    return Written(_people(workspace, log), revision)


def _people(workspace: Workspace, log: str) -> tuple[str, ...]:
    """The people behind the addresses of a log, each line an address or ``Name <address>``."""
    addresses = {line.rpartition("<")[2].rstrip("> ").strip().casefold() for line in log.splitlines()}
    return tuple(
        sorted(
            person.id for person in workspace.settings.people
            if not addresses.isdisjoint(name.casefold() for name in person.names)
        )
    )  # fmt: skip


def _git(program: str, root: Path, words: Sequence[str]) -> str | None:
    """What git prints, or None where it fails; raises `NotAllowed` where it refuses this repository or takes long."""
    settings = [word for setting in _HARMLESS for word in ("-c", setting)]
    # Its own variables could lead it to another repository.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603  no shell, and paths stand behind "--"
            [program, "--no-pager", "--literal-pathspecs", *settings, "-C", str(root), *words],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, env=environ, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise NotAllowed(f"who wrote this change can't be told: git took more than {SECONDS} seconds") from error
    said = done.stderr.decode(errors="replace")
    if "dubious ownership" in said:
        raise NotAllowed(
            "who wrote this change can't be told: git refuses the repository, as its files belong to another user; "
            f"if you trust it: git config --global --add safe.directory {root}"
        )
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
