"""The demo bank in a temporary folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ccm.cli.workspace import copy_starter
from ccm.compliance import approvals
from ccm.compliance.resolve import MissingWording, resolve_wording
from ccm.intake import import_feed
from ccm.intake.demo import write_demo_feed
from ccm.model.message import RenderContext
from ccm.pipeline.data import DataValues
from ccm.pipeline.project import Project, open_project
from ccm.store import feeds
from ccm.workspace.settings import FeedKind

AT = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
DELIVER_AT = (datetime(2026, 4, 1, 10, tzinfo=UTC), datetime(2026, 4, 1, 19, tzinfo=UTC))
"""Two rehearsals: between them, no customer's quiet hours last through both."""
KINDS: tuple[FeedKind, ...] = (
    "customers", "accounts", "transactions", "preferences", "consents", "history", "cases",
)  # fmt: skip


@dataclass
class Bank:
    """An open project with an imported demo feed."""

    project: Project

    def approve(self, communication: str) -> None:
        project = self.project
        release, record = project.compiled(communication).release, project.record_release_action
        people = project.workspace.person
        approvals.submit(project.store, release, people("mika"), project.clock(), record=record)
        approvals.approve(project.store, release.digest, people("aoi"), project.clock(), record=record)

    def customer_ids(self, count: int) -> list[str]:
        with self.project.store.read() as connection:
            return feeds.customer_ids(connection, None, count)

    def contexts(self, communication: str, channel: str, count: int) -> list[RenderContext]:
        """What up to `count` customers' messages render from, English and Japanese as they come."""
        project = self.project
        compiled = project.compiled(communication)
        parameters = _period(project, communication)
        with project.store.read() as connection:
            customers = list(feeds.customers(connection, feeds.customer_ids(connection, None, count * 2)).values())
            data = compiled.data.load(connection, customers, AT, parameters)
        found: list[RenderContext] = []
        for customer in customers:
            values, language = data[customer.id], compiled.communication.language_for(customer.language)
            recipient = customer.reach(channel)
            if not isinstance(values, DataValues) or language is None or recipient is None:
                continue
            slots, jurisdiction = compiled.renderer.slots(channel, language), customer.jurisdiction
            wording = resolve_wording(project.workspace, compiled.communication, slots, language, jurisdiction, AT)
            if isinstance(wording, MissingWording):
                continue
            name = f"bench{len(found):05}"
            found.append(
                RenderContext(name, customer, language, jurisdiction, AT, recipient, values.values, wording)
            )  # fmt: skip
        return found[:count]


def _period(project: Project, communication: str) -> dict[str, object]:
    compiled = project.compiled(communication)
    if not compiled.communication.data.period:
        return {}
    start, end = compiled.data.period(AT)
    return {"period_start": start, "period_end": end}


def new_workspace(root: Path) -> Path:
    """A copy of the starter workspace; returns `root`."""
    copy_starter(root)
    return root


def import_all(project: Project, feed: Path, kinds: Sequence[FeedKind] = KINDS) -> None:
    """Imports every file of a feed."""
    for kind in kinds:
        import_feed(
            project.store, project.workspace, kind, feed / f"{kind}.csv", errors_dir=feed / "errors",
            now=project.clock(),
        )  # fmt: skip


def make(folder: Path, customers: int) -> Bank:
    """A bank with that many customers below `folder`; the same number gives the same bank."""
    project = open_project(new_workspace(folder / "bank"))
    write_demo_feed(folder / "feed", customers, 7)
    import_all(project, folder / "feed")
    return Bank(project)
