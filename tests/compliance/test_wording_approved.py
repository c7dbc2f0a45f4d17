"""A version that was part of an approved release is never edited, renamed over or moved, in either language."""

from __future__ import annotations

import pytest
from support import Bank

from ccm.compliance import approvals
from ccm.compliance.wording_approved import approved_files, edited
from ccm.errors import Problem
from ccm.workspace import load_workspace

FOLDER = "compliance/wording/marketing-opt-out"
LANGUAGES = pytest.mark.parametrize("place", ["gb-en", "jp-ja"])


def problems(bank: Bank) -> list[Problem]:
    workspace = load_workspace(bank.project.workspace.root)
    with bank.project.store.read() as connection:
        return edited(connection, workspace.wordings)


def change(bank: Bank, path: str, before: str, after: str) -> None:
    file = bank.project.workspace.root / path
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


@LANGUAGES
def test_an_approved_version_must_not_be_edited_and_a_new_one_may_be_written(bank: Bank, place: str) -> None:
    digest = bank.approve("savings-offer")
    path = f"{FOLDER}/{place}-1.yaml"
    assert problems(bank) == []
    change(bank, path, "owner: compliance", "owner: marketing")
    [problem] = problems(bank)
    assert (problem.path, problem.line, problem.code) == (path, 2, "WD01")
    assert f"version 1 was approved with release {digest[:12]} of 'savings-offer' at 2026-04-01" in problem.message
    assert problem.message.endswith(f"write the change as a new version, in {place}-2.yaml")
    change(bank, path, "owner: marketing", "owner: compliance")
    newest = max((bank.project.workspace.root / FOLDER).glob(f"{place}-*.yaml"))
    number = int(newest.stem[-1])
    following = newest.with_name(f"{place}-{number + 1}.yaml")
    text = newest.read_text(encoding="utf-8").replace(f'"{number}"', f'"{number + 1}"')
    following.write_text(text.replace("effective_from: 202", "effective_from: 203"), encoding="utf-8")
    assert problems(bank) == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_was_only_submitted_or_is_of_another_communication_may_be_edited(bank: Bank) -> None:
    project = bank.project
    release = project.compiled("savings-offer").release
    record = project.record_release_action
    approvals.submit(project.store, release, project.workspace.person("mika"), bank.clock(), record=record)
    change(bank, f"{FOLDER}/gb-en-1.yaml", "owner: compliance", "owner: marketing")
    assert problems(bank) == []
    bank.approve("payment-received")
    assert problems(bank) == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_withdrawn_release_still_binds_its_versions(bank: Bank) -> None:
    digest, project = bank.approve("savings-offer"), bank.project
    aoi = project.workspace.person("aoi")
    approvals.withdraw(project.store, digest, aoi, bank.clock(), "error", record=project.record_release_action)
    change(bank, f"{FOLDER}/jp-ja-1.yaml", "広告です", "広告である")
    assert [problem.path for problem in problems(bank)] == [f"{FOLDER}/jp-ja-1.yaml"]
    with project.store.read() as connection:
        assert {one.release for one in approved_files(connection)[f"{FOLDER}/jp-ja-1.yaml"]} == {digest}
