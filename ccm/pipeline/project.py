"""A workspace with its store and archive open: what every stage and command works on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ccm.compliance import releases, sources
from ccm.compliance.approvals import ReleaseAction
from ccm.compliance.releases import Release
from ccm.compliance.rulebook import Rulebook
from ccm.compliance.rules import load_rules
from ccm.compliance.stops import Stop
from ccm.decide.packing import Packer
from ccm.log import keys, leaves, rotation, sequencer
from ccm.pipeline.data import DataLoader
from ccm.pipeline.preference_links import PreferenceLinks
from ccm.render import Renderer
from ccm.store import Store
from ccm.store.archive import Archive
from ccm.store.engine import store_url
from ccm.store.link_keys import open_link_keys
from ccm.store.tables import log_checkpoints
from ccm.store.vault import Vault, open_vault
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.communication import Communication

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Compiled:
    """One communication ready to render: compiled once, used for every recipient."""

    communication: Communication
    renderer: Renderer
    data: DataLoader
    rules: Rulebook
    release: Release


@dataclass
class Project:
    """Everything open. `clock` and `random_bytes` are handed in, so that tests decide what time it is."""

    workspace: Workspace
    rules: Rulebook
    store: Store
    archive: Archive
    clock: Clock = wall_clock
    random_bytes: Callable[[int], bytes] = os.urandom
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    _compiled: dict[str, Compiled] = field(default_factory=dict)
    _vault: Vault | None = None
    _links: PreferenceLinks | None = None
    dictionaries: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    """Release digest, channel and language to the body of a rendered sample (`ccm.pipeline.dictionary`)."""
    packers: dict[tuple[int, int], Packer] = field(default_factory=dict)
    """For decisions on one communication in one place (`ccm.pipeline.traces`)."""
    _former: dict[tuple[int, str, str], tuple[Communication, Communication]] = field(default_factory=dict)

    def compiled(self, communication_id: str) -> Compiled:
        """Compiles a communication, once; raises `TemplateError` with every problem."""
        if communication_id not in self._compiled:
            communication = self.workspace.communication(communication_id)
            self._compiled[communication_id] = Compiled(
                communication,
                Renderer(self.workspace, communication),
                DataLoader(self.workspace, communication),
                self.rules,
                releases.build_release(self.workspace, communication),
            )
        return self._compiled[communication_id]

    def as_decided(self, communication_id: str, category: str, purpose: str) -> Communication | None:
        """A communication with the category and the purpose that a message of it was decided with; None: it is gone.

        A message stays what it was when it was decided, whatever its communication is filed as by now.
        """
        now = self.workspace.communications.get(communication_id)
        if now is None or (now.category, now.purpose) == (category, purpose):
            return now
        key = (id(now), category, purpose)
        if key not in self._former:
            # Kept beside the one that it was made of, so that this identity can come to mean no other.
            self._former[key] = now, now.model_copy(update={"category": category, "purpose": purpose})
        return self._former[key][1]

    def reloaded(self) -> Project:
        """This project over the files as they are now; a communication that no change touches stays compiled.

        For whoever keeps a project open while people write. Raises `WorkspaceError` with every problem.
        """
        before = self.workspace
        workspace = load_workspace(before.root, before=before)
        fresh = replace(
            self,
            workspace=workspace,
            rules=Rulebook(load_rules(workspace)),
            _compiled={},
            _vault=None,
            _links=None,
            _former={},
        )
        if (workspace.settings, workspace.channels, workspace.policy) != (
            before.settings, before.channels, before.policy,
        ):  # fmt: skip
            return fresh
        shared = ("brand", "catalogues", "wordings", "rules", "packs")
        same_around = all(getattr(workspace, name) == getattr(before, name) for name in shared)
        for name, old in self._compiled.items():
            communication = workspace.communications.get(name)
            if communication is None:
                continue
            same = same_around and workspace.templates[name] is before.templates[name]
            # A release names everything else that could change a message.
            if same or releases.build_release(workspace, communication) == old.release:
                fresh._compiled[name] = replace(old, rules=fresh.rules)
        return fresh

    def reopen(self) -> None:
        """Gives this process its own connections; call it first in a forked child."""
        self.store = Store(self.store.url)

    @property
    def outbox(self) -> Path:
        return self.path(self.workspace.settings.store.outbox)

    def path(self, configured: str) -> Path:
        """A path from the settings; relative ones start at the workspace."""
        return self.workspace.root / configured

    def record_release_action(self, connection: Connection, action: ReleaseAction) -> None:
        """Puts an approval or its like into the audit log, in the transaction that records it.

        What is submitted is kept, too: evidence of a message needs the release as it was.
        """
        if action.action == "submitted":
            communication = self.workspace.communication(action.communication)
            sources.keep(self.store, connection, self.workspace, communication)
        leaf = leaves.release_leaf(
            digest=action.digest,
            communication=action.communication,
            action=action.action,
            person=action.person,
            comment=action.comment,
            at=action.at,
            terms=action.terms.document(),
        )
        sequencer.append(connection, [leaf])

    def record_stop(self, connection: Connection, stop: Stop) -> None:
        """Puts a stop, or the end of one, into the audit log, in the transaction that records it."""
        leaf = leaves.stop_leaf(
            action=stop.action, target=stop.target, name=stop.name, person=stop.person, comment=stop.comment,
            at=stop.at,
        )  # fmt: skip
        sequencer.append(connection, [leaf])

    def vault(self) -> Vault:
        """The keys of contents; the key-encryption key is made on first use. Raises as `open_vault`."""
        if self._vault is None:
            settings = self.workspace.settings.archive
            path = self.path(settings.key)
            self._vault = open_vault(self.store, path, settings.kms_key, self.random_bytes, self.clock())
        return self._vault

    def links(self, *, again: bool = False) -> PreferenceLinks:
        """What makes and reads links to the preference page; the first key is made here. Raises as `open_link_keys`.

        `again`: by the keys as they are now, for a process that serves longer than a key lasts.
        """
        if self._links is None or again:
            path = self.path(self.workspace.settings.preference_page.key)
            self._links = PreferenceLinks(open_link_keys(self.store, path, self.random_bytes, self.clock()))
        return self._links

    def signer(self) -> keys.Signer:
        """The audit log's signing key; made on first use, but never beside a log that another key signed.

        Raises `NotFound` where the key of a signed log is missing, `NotAllowed` where the file holds another one.
        """
        settings = self.workspace.settings.log
        with self.store.read() as connection:
            signed = connection.scalar(select(log_checkpoints.c.size).limit(1)) is not None
            load = keys.load_key if signed else keys.load_or_create
            signer = load(self.path(settings.key), settings.origin)
            rotation.check_in_force(connection, signer)
        return signer


def filed_as(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    """Of which communication, in which category and for which purpose a row of `messages` was decided."""
    return row["communication"], row["category"], row["purpose"]


def open_project(root: Path, *, clock: Clock = wall_clock, workspace: Workspace | None = None) -> Project:
    """Loads the workspace, opens the store and brings its tables up to date.

    `workspace` is what `root` holds, where it was loaded already: reading it takes a second or more. Raises
    `WorkspaceError` with every problem of the workspace and its rules.
    """
    workspace = workspace or load_workspace(root)
    rules = Rulebook(load_rules(workspace))
    store = Store(store_url(workspace.settings.store.url), workspace.root)
    store.upgrade()
    return Project(workspace, rules, store, Archive(workspace.root / workspace.settings.store.archive), clock)
