"""The demo bank in a temporary folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ccm.cli.workspace import PARTS, starter
from ccm.compliance import approvals
from ccm.intake import import_feed
from ccm.intake.demo import write_demo_feed
from ccm.pipeline.project import Project, open_project
from ccm.workspace.settings import FeedKind

AT = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
DELIVER_AT = (datetime(2026, 4, 1, 10, tzinfo=UTC), datetime(2026, 4, 1, 19, tzinfo=UTC))
KINDS: tuple[FeedKind, ...] = (
    "customers", "accounts", "transactions", "preferences", "consents", "history", "cases",
)  # fmt: skip


@dataclass
class Bank:
    project: Project

    def approve(self, communication: str) -> None:
        project = self.project
        release, record = project.compiled(communication).release, project.record_release_action
        people = project.workspace.person
        approvals.submit(project.store, release, people("mika"), project.clock(), record=record)
        approvals.approve(project.store, release.digest, people("aoi"), project.clock(), record=record)


def make(folder: Path, customers: int) -> Bank:
    """An open project with an imported demo feed."""
    root = folder / "bank"
    root.mkdir(parents=True)
    source = starter()
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, root / part)
        else:
            shutil.copyfile(source / part, root / part)
    project = open_project(root)
    write_demo_feed(folder / "feed", customers, 7)
    for kind in KINDS:
        import_feed(
            project.store, project.workspace, kind, folder / "feed" / f"{kind}.csv", errors_dir=folder / "errors",
            now=project.clock(),
        )  # fmt: skip
    return Bank(project)
