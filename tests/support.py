"""A small invented bank for tests: the project's own workspace, a demo feed, and the steps of the main job."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ccm.compliance import approvals
from ccm.intake import import_feed
from ccm.intake.demo import write_demo_feed
from ccm.pipeline.project import Project, open_project
from ccm.store import Store

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
KINDS = ("customers", "accounts", "transactions", "preferences", "consents", "history", "cases")
RUN_AT = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
DELIVER_AT = (datetime(2026, 4, 1, 10, tzinfo=UTC), datetime(2026, 4, 1, 19, tzinfo=UTC))


def copy_workspace(folder: Path) -> Path:
    """The repository's own workspace, to change at will."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("templates", "compliance", "channels"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copyfile(ROOT / "ccm.toml", folder / "ccm.toml")
    return folder


@dataclass
class Clock:
    """A clock that tests set. It moves on by a millisecond at each look, as none stands still."""

    now: datetime = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
    looks: int = field(default=0)

    def __call__(self) -> datetime:
        self.looks += 1
        return self.now + timedelta(milliseconds=self.looks)


@dataclass
class Bank:
    """An open project with helpers for what most tests begin with."""

    project: Project
    clock: Clock

    def approve(self, communication: str) -> str:
        """Submits and approves a communication as its files are; returns the digest."""
        project = self.project
        release = project.compiled(communication).release
        record = project.record_release_action
        approvals.submit(project.store, release, project.workspace.person("mika"), self.clock(), record=record)
        approvals.approve(project.store, release.digest, project.workspace.person("aoi"), self.clock(), record=record)
        return release.digest

    def reopened(self) -> Bank:
        """The same bank as another process would open it."""
        root = self.project.workspace.root
        project = open_project(root, clock=self.clock)
        project.store = Store(self.project.store.url)
        return Bank(project, self.clock)


def make_bank(folder: Path, store_url: str, *, customers: int = 40, seed: int = 3) -> Bank:
    """A bank with an imported demo feed; `store_url` is that of a fresh store."""
    root = copy_workspace(folder / "bank")
    clock = Clock()
    project = open_project(root, clock=clock)
    project.store.close()
    project.store = Store(store_url)
    write_demo_feed(folder / "feed", customers, seed)
    for kind in KINDS:
        file = folder / "feed" / f"{kind}.csv"
        import_feed(project.store, project.workspace, kind, file, errors_dir=folder / "errors", now=clock())
    return Bank(project, clock)
