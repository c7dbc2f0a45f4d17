"""One way things could be: the workspace as it is, or with another policy, or with another release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ccm.compliance.approvals import find, stored_release
from ccm.compliance.release_files import load_files, restored
from ccm.compliance.rulebook import Rulebook
from ccm.compliance.rules import load_rules
from ccm.errors import InputError, NotFound, WorkspaceError
from ccm.pipeline.project import Project
from ccm.workspace import load_workspace
from ccm.workspace.crosscheck import POLICY, cross_check
from ccm.workspace.policy import Policy
from ccm.workspace.yamlfile import read_model


@dataclass(frozen=True, slots=True)
class Scenario:
    """A project to decide by; its store is only read."""

    name: str
    project: Project


def scenario_of(project: Project, told: str) -> Scenario:
    """The scenario that a person names: a policy file, a workspace's folder, or a release's digest.

    A policy file is read in place of ``channels/policy.yaml``. A release stands in for its communication alone. Of a
    folder only the files are read: a store of its own stays closed, and none is made. Raises `InputError` and
    `WorkspaceError` for what can't be read, `NotFound` for an unknown release.
    """
    path = Path(told)
    if path.is_dir():
        if not (path / "ccm.toml").is_file():
            raise InputError(f"{told}: no ccm.toml there; give the folder of a workspace")
        other = load_workspace(path.resolve())
        rules = Rulebook(load_rules(other))
        return Scenario(told, replace(project, workspace=other, rules=rules, _compiled={}))
    if path.is_file():
        workspace = replace(project.workspace, policy=_policy(path, project))
        return Scenario(told, replace(project, workspace=workspace, _compiled={}))
    if len(told) < 8 or set(told) - set("0123456789abcdef"):
        raise InputError(
            f"'{told}' is no file, no folder and no release; give a policy file, a workspace or a release's digest"
        )
    return _with_release(project, told)


def _policy(file: Path, project: Project) -> Policy:
    policy, document = read_model(Policy, file, file.parent.resolve())
    workspace = project.workspace
    # Of the other files nothing can be wrong: the workspace was loaded. The policy is told of under its own name.
    documents = {f"templates/{name}/communication.yaml": document for name in workspace.communications}
    documents[POLICY] = document
    found = cross_check(workspace.communications, workspace.wordings, (), workspace.channels, policy, documents)
    if found:
        raise WorkspaceError(replace(problem, path=str(file)) for problem in found)
    return policy


def _with_release(project: Project, digest: str) -> Scenario:
    with project.store.read() as connection:
        release = stored_release(connection, find(connection, digest))
        files = load_files(connection, release.digest)
    with TemporaryDirectory() as folder:
        old = restored(files, Path(folder), release.communication)
    name, now = release.communication, project.workspace
    if name not in now.communications:
        raise NotFound(f"communication '{name}' of release {release.digest[:12]} is not in the workspace any more")
    workspace = replace(
        now,
        communications={**now.communications, name: old.communications[name]},
        templates={**now.templates, name: old.templates[name]},
        sql={**now.sql, name: old.sql[name]},
        samples={**now.samples, name: old.samples[name]},
    )
    return Scenario(f"{name} {release.digest[:12]}", replace(project, workspace=workspace, _compiled={}))
