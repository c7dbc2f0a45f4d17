"""What a release would change: its words and its renderings beside those of another release."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from ccm.compliance import approvals, releases
from ccm.compliance.approvals import Standing
from ccm.compliance.release_files import files_of, load_files, restored, shows_the_same
from ccm.compliance.releases import Change, Release
from ccm.errors import CcmError, InputError, NotFound, Problem, ProblemsError
from ccm.pipeline.preview import Preview, Subject, render_all, samples
from ccm.pipeline.project import Compiled, Project
from ccm.pipeline.word_diff import Piece
from ccm.pipeline.word_diff import passages as passages_of


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs. `passages` is empty for a file that is no text."""

    path: str
    kind: str
    """``added``, ``removed`` or ``changed``."""
    passages: tuple[tuple[Piece, ...], ...]
    sizes: tuple[int, int]
    """Bytes before and after."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One message before and after; None where there is none on that side."""

    sample: str
    path: str
    channel: str
    language: str
    variant: str
    old: Preview | None
    new: Preview | None

    @property
    def changed(self) -> bool:
        """Whether a customer would get something else, or something instead of nothing."""
        if self.old is None or self.new is None:
            return True
        before, after = self.old.rendered, self.new.rendered
        if before is None or after is None:
            return before is not after or self.old.problem != self.new.problem
        return (before.body, before.subject) != (after.body, after.subject)


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that somebody who approves looks at."""

    new: Release
    standing: Standing
    old: Release | None
    old_standing: Standing | None
    changes: tuple[Change, ...]
    files: tuple[FileChange, ...]
    pairs: tuple[Pair, ...]
    compiled: Compiled
    organisation: Mapping[str, str]
    """The sender's name by language."""
    problem: str = ""
    """Why the old release can't be rendered; then its words are shown and not its looks."""
    other_engine: bool = False
    """Whether the old release was approved with other versions of what renders it."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A release with what it can be shown from."""

    release: Release
    files: Mapping[str, bytes]
    project: Project | None
    problem: str = ""


def review(project: Project, name: str, at: datetime, *, against: str | None = None) -> Review:
    """A release, or a communication as its files are now, beside the release in force.

    `name` is a communication's id or a digest, `against` the digest of another release to compare with, `at` the
    instant messages are rendered for. Raises `NotFound` for what does not exist or was submitted before files were
    kept, `TemplateError` where the files now do not compile, and `InputError` where the two are of different
    communications.
    """
    with ExitStack() as after, project.store.read() as connection:
        new = after.enter_context(_side(connection, project, name, must_render=True))
        known = approvals.standings(connection, project.clock(), new.release.communication)
        standing = next((one for one in known if one.release.digest == new.release.digest), None)
        other = _compared(connection, known, new.release, against)
        old = None if other is None else after.enter_context(_side(connection, project, other.release.digest))
        if old is not None and old.release.communication != new.release.communication:
            raise InputError(f"release {old.release.digest[:12]} is of '{old.release.communication}'")
        assert new.project is not None
        return Review(
            new=new.release,
            standing=standing or Standing(approvals.state(connection, new.release.digest), "draft"),
            old=old.release if old else None,
            old_standing=other,
            changes=releases.diff(old.release, new.release) if old else (),
            files=tuple(_files(old.files, new.files)) if old else (),
            pairs=tuple(_pairs(old, new, at)),
            compiled=new.project.compiled(new.release.communication),
            organisation=new.project.workspace.settings.organisation.name.model_dump(),
            problem=old.problem if old else "",
            other_engine=old is not None and _engine(old.release) != _engine(new.release),
        )


def _compared(
    connection: Connection, known: tuple[Standing, ...], new: Release, against: str | None
) -> Standing | None:
    """What to compare with: the release that is named, else the one in force, else the one before it."""
    if against is not None:
        digest = approvals.find(connection, against)
        found = next((one for one in known if one.release.digest == digest), None)
        return found or Standing(approvals.state(connection, digest), "draft")
    others = [one for one in known if one.release.digest != new.digest and one.release.approval is not None]
    in_force = next((one for one in others if one.state in ("in_force", "expired")), None)
    return in_force or max(others, key=lambda one: one.release.begins, default=None)


@contextmanager
def _side(connection: Connection, project: Project, name: str, *, must_render: bool = False) -> Iterator[_Side]:
    """A release by its digest, or a communication as its files are now."""
    if name in project.workspace.communications:
        release = project.compiled(name).release
        yield _Side(release, files_of(project.workspace, project.workspace.communication(name)), project)
        return
    try:
        release = approvals.stored_release(connection, name)
    except InputError as error:
        there = ", ".join(sorted(project.workspace.communications))
        raise NotFound(f"'{name[:80]}' is neither a communication ({there}) nor a release: {error}") from error
    now = project.workspace.communications.get(release.communication)
    if now is not None and releases.build_release(project.workspace, now).digest == release.digest:
        yield _Side(release, files_of(project.workspace, now), project)
        return
    with tempfile.TemporaryDirectory(prefix="ccm-review-") as folder:
        files: dict[str, bytes] = {}
        try:
            files = load_files(connection, release.digest)
            made = _opened(project, release, files, Path(folder))
        except CcmError as error:
            if must_render:
                raise
            # What it said can still be read, file by file; only its looks are lost.
            yield _Side(release, files, None, str(error))
            return
        yield _Side(release, files, made)


def _opened(project: Project, release: Release, files: Mapping[str, bytes], folder: Path) -> Project:
    workspace = restored(files, folder, release.communication)
    made = replace(project, workspace=workspace, _compiled={})
    made.compiled(release.communication)
    if not shows_the_same(release, workspace):
        raise InputError("this version of ccm reads its files in another way than the one that they were approved with")
    return made


def _engine(release: Release) -> dict[str, str]:
    return {part: digest for part, digest in release.manifest.items() if part.startswith("engine#")}


def _files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[FileChange]:
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        kind = "added" if before is None else "removed" if after is None else "changed"
        passages: tuple[tuple[Piece, ...], ...] = ()
        with suppress(UnicodeDecodeError):  # a logo, say: it is seen where it is used
            passages = passages_of((before or b"").decode(), (after or b"").decode())
        yield FileChange(path, kind, passages, (len(before or b""), len(after or b"")))


def _pairs(old: _Side | None, new: _Side, at: datetime) -> Iterator[Pair]:
    assert new.project is not None
    before: dict[tuple[str, str, str], Preview] = {}
    if old is not None and old.project is not None:
        for shown in _rendered(old.project, old.release.communication, _subjects(old, new), at):
            before[shown.subject.name, shown.channel, shown.variant] = shown
    compiled = new.project.compiled(new.release.communication)
    problems: list[Problem] = []
    used: set[tuple[str, str, str]] = set()
    subjects = samples(compiled, new.project, problems)
    if problems:
        raise ProblemsError(problems)
    for shown in _rendered(new.project, new.release.communication, subjects, at):
        name, place = shown.subject.name, (shown.channel, shown.variant)
        # A variant that is new is compared with what everybody got.
        other = before.get((name, *place)) or before.get((name, shown.channel, ""))
        used.add((name, *place))
        yield Pair(name, shown.subject.path, shown.channel, shown.language, shown.variant, other, shown)
    for (name, channel, variant), gone in before.items():
        if (name, channel, variant) not in used:
            yield Pair(name, gone.subject.path, channel, gone.language, variant, gone, None)


def _rendered(project: Project, communication: str, subjects: list[Subject], at: datetime) -> Iterator[Preview]:
    compiled = project.compiled(communication)
    for subject in subjects:
        yield from render_all(project, compiled, subject, at)


def _subjects(old: _Side, new: _Side) -> list[Subject]:
    """The new release's samples for the old one, so that both say the same to the same customer.

    Where the data have changed so much that one does not fit, the old release's own sample of that name is taken.
    """
    assert old.project is not None
    assert new.project is not None
    name = old.release.communication
    own = old.project.workspace
    shared = replace(own, samples={name: new.project.workspace.samples[name]})
    compiled = old.project.compiled(name)
    refused: list[Problem] = []
    found = samples(compiled, replace(old.project, workspace=shared), refused)
    fitting = {subject.name for subject in found}
    wanted = {sample.name for sample in new.project.workspace.samples[name]}
    return [*found, *(one for one in samples(compiled, old.project, refused)
                      if one.name in wanted and one.name not in fitting)]  # fmt: skip
