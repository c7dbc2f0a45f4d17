"""A small invented bank for tests: the project's own workspace, a demo feed, and the steps of the main job."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import select

from ccm.cli.workspace import copy_starter
from ccm.compliance import approvals
from ccm.compliance.rulebook import Rulebook
from ccm.compliance.rules import load_rules, may_apply
from ccm.intake import import_feed
from ccm.intake.demo import write_demo_feed
from ccm.model.requirements import FrequencyLimit, PolicyRequirements
from ccm.pipeline.project import Project, open_project
from ccm.store import Store, tables
from ccm.store.archive import Archive
from ccm.workspace import load_workspace

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
KINDS = ("customers", "accounts", "transactions", "preferences", "consents", "history", "cases")
FEED_TABLES = (
    tables.customers, tables.accounts, tables.transactions, tables.preferences, tables.consents, tables.contacts,
    tables.cases, tables.imports,
)  # fmt: skip
RUN_AT = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
DELIVER_AT = (datetime(2026, 4, 1, 10, tzinfo=UTC), datetime(2026, 4, 1, 19, tzinfo=UTC))


def copy_workspace(folder: Path) -> Path:
    """The repository's own workspace, to change at will."""
    copy_starter(folder)
    return folder


def without_lost_link(root: Path) -> None:
    """Takes the name of the communication that brings a lost link out of the settings."""
    settings = root / "ccm.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('lost_link = "preference-link"\n', ""), encoding="utf-8")


def keep_only(root: Path, *communications: str) -> None:
    """Takes the other communications out of a workspace, and the wording and rules that only they need."""
    workspace = load_workspace(root)
    wanted = [workspace.communications[name] for name in communications]
    for name in workspace.communications.keys() - communications:
        shutil.rmtree(root / "templates" / name)
    (root / "channels/calendar.yaml").unlink()  # it names communications that are gone
    without_lost_link(root)
    kept = {wording for communication in wanted for wording in communication.wording}
    for name in {wording.id for wording in workspace.wordings} - kept:
        shutil.rmtree(root / "compliance" / "wording" / name)
    for rule in load_rules(workspace):
        applies = any(may_apply(rule.file.applies, communication) for communication in wanted)
        named = rule.file.params.get("wording", ())
        lost = {named} if isinstance(named, str) else set(named)
        if not rule.file.pack and (not applies or lost - kept):
            (root / rule.file.path).unlink()


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

    def limit_by_rule(self, category: str) -> str:
        """Has a rule, the only one left, allow one contact of a category in 24 hours; returns the rule's id."""
        rule = next(one for one in self.project.rules if one.id == "US-FL-FREQ")
        scope = rule.file.applies.model_copy(update={"jurisdictions": (), "purposes": (), "channels": ()})
        asks = PolicyRequirements(rules=(rule.id,), frequency=(FrequencyLimit(rule.id, 1, 24, (category,)),))
        file = rule.file.model_copy(update={"applies": scope})
        self.project.rules = Rulebook([replace(rule, file=file, asks=asks)])
        return rule.id

    def reopened(self) -> Bank:
        """The same bank as another process would open it."""
        root = self.project.workspace.root
        project = open_project(root, clock=self.clock)
        project.store = Store(self.project.store.url)
        return Bank(project, self.clock)


def make_bank(folder: Path, store_url: str, *, customers: int = 40, seed: int = 3) -> Bank:
    """A bank with an imported demo feed; `store_url` is that of a fresh store.

    The feed is imported and the templates are compiled once a process; each bank gets copies.
    """
    template = _template(customers, seed)
    bank = _opened(template, copy_workspace(folder / "bank"), store_url, Clock())
    with template.store.read() as source, bank.project.store.write() as target:
        for table in FEED_TABLES:
            if rows := [dict(row) for row in source.execute(select(table)).mappings()]:
                target.execute(table.insert(), rows)
    return bank


def copy_bank(bank: Bank, folder: Path, store_url: str) -> Bank:
    """Another bank with the same files; `store_url` is that of a copy of its store."""
    root = folder / "bank"
    for path, content in _files(bank.project.workspace.root):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        if path.parts[0] == ".ccm":
            (root / path).chmod(0o600)  # keys that others can read are refused
    return _opened(bank.project, root, store_url, replace(bank.clock))


@cache
def _files(root: Path) -> list[tuple[Path, bytes]]:
    return [(path.relative_to(root), path.read_bytes()) for path in sorted(root.rglob("*")) if path.is_file()]


def _opened(template: Project, root: Path, store_url: str, clock: Clock) -> Bank:
    shared = template.workspace
    # Copies, since tests change them: what one test changes must not be in the next one's workspace.
    workspace = replace(shared, root=root, channels=dict(shared.channels), communications=dict(shared.communications))
    archive = Archive(root / workspace.settings.store.archive)
    project = Project(workspace, template.rules, Store(store_url), archive, clock, _compiled=dict(template._compiled))
    return Bank(project, clock)


@cache
def _template(customers: int, seed: int) -> Project:
    folder = Path(tempfile.mkdtemp(prefix="ccm-bank-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    project = open_project(copy_workspace(folder / "bank"))
    write_demo_feed(folder / "feed", customers, seed)
    for kind in KINDS:
        file = folder / "feed" / f"{kind}.csv"
        import_feed(project.store, project.workspace, kind, file, errors_dir=folder / "errors", now=RUN_AT)
    for communication in project.workspace.communications:
        project.compiled(communication)
    return project
