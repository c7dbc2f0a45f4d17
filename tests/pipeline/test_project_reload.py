"""An open project over files that people are changing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccm.cli.workspace import copy_starter
from ccm.errors import TemplateError
from ccm.pipeline.project import Project, open_project
from ccm.workspace import load_workspace


@pytest.fixture
def project(tmp_path: Path) -> Project:
    copy_starter(tmp_path / "bank")
    made = open_project(tmp_path / "bank")
    for name in ("payment-received", "savings-offer"):
        made.compiled(name)
    return made


def change(project: Project, path: str, old: str, new: str) -> None:
    file = project.workspace.root / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def kept(before: Project, after: Project) -> set[str]:
    names = before._compiled.keys() & after._compiled.keys()
    return {name for name in names if before._compiled[name].renderer is after._compiled[name].renderer}


def test_only_the_communication_that_changed_is_compiled_again(project: Project) -> None:
    change(project, "templates/savings-offer/en/email.mjml", "<h1>", "<h1>New: ")
    after = project.reloaded()
    assert kept(project, after) == {"payment-received"}
    old, new = (made.compiled("savings-offer").release.manifest for made in (project, after))
    assert {part for part in new if new[part] != old.get(part)} == {"templates/savings-offer/en/email.mjml"}
    assert after.store is project.store


def test_folders_that_did_not_change_are_not_read_again(project: Project) -> None:
    root = project.workspace.root
    for file in root.rglob("*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    first = load_workspace(root)
    change(project, "templates/savings-offer/samples/jane-us.yaml", "Jane", "Joan")
    (root / "templates/payment-received/link").symlink_to(root / "ccm.toml")
    second = load_workspace(root, before=first)
    same = {name for name in first.communications if second.templates[name] is first.templates[name]}
    # A file that changed, and a link, whose target may change unseen.
    assert first.communications.keys() - same == {"savings-offer", "payment-received"}
    assert "Joan" in str(second.samples["savings-offer"])
    assert second == load_workspace(root)
    change(project, "ccm.toml", "[organisation]", "# changed\n[organisation]")
    assert load_workspace(root, before=second).templates["card-blocked"] is first.templates["card-blocked"]


def test_a_file_changed_within_a_step_of_the_clock_is_read_again(project: Project) -> None:
    root = project.workspace.root
    change(project, "templates/savings-offer/en/sms.txt", "{{ wording", " {{ wording")
    first = load_workspace(root)
    assert load_workspace(root, before=first).templates["savings-offer"] is not first.templates["savings-offer"]


def test_a_changed_brand_or_channel_compiles_everything_again(project: Project) -> None:
    change(project, "templates/_brand/email.mjml", "27px", "28px")
    assert kept(project, project.reloaded()) == set()
    change(project, "templates/_brand/email.mjml", "28px", "27px")
    assert kept(project, project.reloaded()) == {"payment-received", "savings-offer"}
    change(project, "channels/sms.yaml", "max_segments: 6", "max_segments: 2")
    assert kept(project, project.reloaded()) == set()


def test_a_change_that_does_not_compile_is_told_and_the_project_before_still_serves(project: Project) -> None:
    change(project, "templates/savings-offer/en/email.mjml", "{{ customer.addressee }}", "{{ customer.adressee }}")
    with pytest.raises(TemplateError, match="adressee"):
        project.reloaded().compiled("savings-offer")
    assert project.compiled("savings-offer").renderer.links("email", "en")
