"""A review: the files of releases come back from the store, and old and new stand side by side."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from support import ROOT, RUN_AT, Bank, Clock, copy_workspace, keep_only

from ccm.compliance import approvals
from ccm.compliance.release_files import checked_files, load_files, restored, shows_the_same
from ccm.compliance.releases import build_release
from ccm.errors import Conflict, IntegrityError, NotFound
from ccm.pipeline import approving
from ccm.pipeline.project import open_project
from ccm.pipeline.review import Review, review
from ccm.store import Store
from ccm.store.tables import release_files, release_parts
from ccm.workspace import load_workspace

PAYMENT = "payment-received"
SMS = f"templates/{PAYMENT}/en/sms.txt"
FIRST, SECOND, THIRD = "reached", "entered", "joined"
JAPANESE = f"templates/{PAYMENT}/ja/sms.txt"


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two communications of the demo with two samples each; not to be changed."""
    root = copy_workspace(tmp_path_factory.mktemp("review") / "bank")
    keep_only(root, PAYMENT, "savings-offer")
    for sample in root.glob("templates/*/samples/*.yaml"):
        if sample.stem not in ("jane-us", "haruka-jp"):
            sample.unlink()
    return root


@pytest.fixture
def bank(small_workspace: Path, tmp_path: Path, store_url: str) -> Iterator[Bank]:
    root = Path(shutil.copytree(small_workspace, tmp_path / "bank"))
    clock = Clock()
    project = open_project(root, clock=clock)
    project.store = Store(store_url)
    yield Bank(project, clock)
    project.store.close()


def changed(bank: Bank, path: str, before: str, after: str) -> Bank:
    """The bank after somebody edited a file."""
    file = bank.project.workspace.root / path
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")
    return Bank(bank.project.reloaded(), bank.clock)


def submit(bank: Bank, *names: str, by: str = "mika") -> list[str]:
    people = bank.project.workspace.person
    return [done.action.digest for done in approving.submit(bank.project, names or (PAYMENT,), people(by))]


def approve(bank: Bank, *digests: str, by: str = "aoi") -> None:
    approving.approve(bank.project, digests, bank.project.workspace.person(by))


def reviewed(bank: Bank, name: str = PAYMENT, **options: str) -> Review:
    return review(bank.project, name, RUN_AT, **options)


def test_every_shipped_communication_can_be_made_again_from_its_files() -> None:
    workspace = load_workspace(ROOT)
    for name in workspace.communications:
        release = build_release(workspace, workspace.communication(name))
        with tempfile.TemporaryDirectory() as folder:
            files = checked_files(workspace, release, Path(folder))
        assert b"people" not in files["ccm.toml"], "who works here is no part of what is said"
        assert {path.split("/")[1] for path in files if path.startswith("templates/")} == {name, "_brand"}


def test_a_submitted_release_is_kept_and_comes_back_the_same(bank: Bank) -> None:
    [digest] = submit(bank)
    [other] = submit(bank, "savings-offer")
    with bank.project.store.read() as connection:
        files = load_files(connection, digest)
        release = approvals.stored_release(connection, digest)
        shared = load_files(connection, other)
    assert files[SMS] == (bank.project.workspace.root / SMS).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        assert shows_the_same(release, restored(files, Path(folder), PAYMENT))
    assert files["templates/_brand/email.mjml"] == shared["templates/_brand/email.mjml"]


def test_words_and_renderings_that_differ_from_the_release_in_force_are_shown(bank: Bank) -> None:
    approve(bank, *submit(bank))
    bank = changed(bank, SMS, FIRST, SECOND)
    bank = changed(bank, JAPANESE, "ご入金がありました", "ご入金がございました")
    found = reviewed(bank)
    assert found.standing.state == "draft"
    assert [change.part for change in found.changes] == [SMS, JAPANESE]
    assert [change.path for change in found.files] == [SMS, JAPANESE]
    pieces = [(piece.kind, piece.text) for passage in found.files[0].passages for piece in passage]
    assert ("removed", FIRST) in pieces
    assert ("added", SECOND) in pieces
    differing = {(pair.sample, pair.channel) for pair in found.pairs if pair.changed}
    assert differing == {("jane-us", "sms"), ("haruka-jp", "sms")}
    sms = next(pair for pair in found.pairs if pair.changed and pair.sample == "jane-us")
    assert sms.old is not None
    assert sms.old.rendered is not None
    assert sms.new is not None
    assert sms.new.rendered is not None
    assert sms.old.rendered.text.replace(FIRST, SECOND) == sms.new.rendered.text


def test_a_digest_is_reviewed_from_the_store_when_the_files_have_moved_on(bank: Bank) -> None:
    [first] = submit(bank)
    approve(bank, first)
    bank = changed(bank, SMS, FIRST, SECOND)
    [second] = submit(bank, by="ken")
    bank = changed(bank, SMS, SECOND, THIRD)
    found = reviewed(bank, second[:12])
    assert (found.new.digest, found.standing.state) == (second, "submitted")
    assert found.old is not None
    assert found.old.digest == first
    texts = [pair.new.rendered.text for pair in found.pairs if pair.changed and pair.new and pair.new.rendered]
    assert texts
    assert all(SECOND in text for text in texts)
    assert reviewed(bank, PAYMENT, against=second).old == found.new


def test_a_first_release_stands_alone(bank: Bank) -> None:
    found = reviewed(bank)
    assert found.old is None
    assert found.changes == found.files == ()
    assert all(pair.old is None and pair.changed for pair in found.pairs)


def test_a_release_from_before_files_were_kept_or_that_no_longer_loads_shows_why(bank: Bank) -> None:
    [first] = submit(bank)
    approve(bank, first)
    bank = changed(bank, SMS, FIRST, SECOND)
    with bank.project.store.write() as connection:
        connection.execute(delete(release_files).where(release_files.c.path == "channels/sms.yaml"))
    found = reviewed(bank)
    assert "channels/sms.yaml is missing" in found.problem
    assert SMS in [change.path for change in found.files], "its words are shown all the same"
    assert all(pair.old is None for pair in found.pairs)
    with bank.project.store.write() as connection:
        connection.execute(delete(release_files))
    assert "before they were kept" in reviewed(bank).problem
    with pytest.raises(NotFound, match="before they were kept"):
        reviewed(bank, first)


def test_an_altered_file_is_noticed_and_never_shown_as_what_was_approved(bank: Bank) -> None:
    [first] = submit(bank)
    approve(bank, first)
    bank = changed(bank, SMS, FIRST, SECOND)
    with bank.project.store.write() as connection:
        connection.execute(update(release_parts).values(content=b"\x28\xb5\x2f\xfd" + bytes(9)))
    with bank.project.store.read() as connection, pytest.raises(IntegrityError, match="was changed"):
        load_files(connection, first)
    assert "was changed" in reviewed(bank).problem


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_path_that_leads_out_of_the_folder_is_refused(bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="outside"):
        restored({"../../escaped.yaml": b"x"}, tmp_path / "one", PAYMENT)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_files_saved_while_they_are_handed_in_are_noticed(bank: Bank) -> None:
    file = bank.project.workspace.root / SMS
    file.write_text(file.read_text(encoding="utf-8") + " more\n", encoding="utf-8")
    with pytest.raises(Conflict, match="changed while they were read"):
        submit(bank)
    file.unlink()
    file.symlink_to("/etc/passwd")
    with pytest.raises(Conflict, match=r"sms\.txt: is a link"):
        checked_files(bank.project.workspace, bank.project.compiled(PAYMENT).release, bank.project.outbox)


def test_policy_and_workspace_set_the_terms(bank: Bank) -> None:
    toml = bank.project.workspace.root / "ccm.toml"
    rules = "[approvals]\napprovers = { transactional = 2 }\nvalid_for_days = 30\n"
    toml.write_text(toml.read_text(encoding="utf-8") + "\n" + rules, encoding="utf-8")
    bank = Bank(bank.project.reloaded(), bank.clock)
    [digest] = submit(bank)
    person = bank.project.workspace.person
    [first] = approving.approve(bank.project, [digest], person("aoi"))
    [second] = approving.approve(bank.project, [digest], person("sam"))
    assert (first.missing, second.missing) == (1, 0)
    assert second.action.terms.approvers == 2
    assert second.action.terms.expires_at is not None
    assert (second.action.terms.expires_at - second.action.at).days == 30
    [other] = submit(bank, "savings-offer")
    assert approving.approve(bank.project, [other], person("aoi"))[0].missing == 0


def test_an_outdated_release_can_be_approved_and_that_is_told_and_one_without_files_cannot(bank: Bank) -> None:
    [digest] = submit(bank)
    moved = changed(bank, SMS, FIRST, SECOND)
    [done] = approving.approve(moved.project, [digest], moved.project.workspace.person("aoi"))
    assert done.outdated
    [other] = submit(bank, "savings-offer")
    workspace = bank.project.workspace
    kept = {name: one for name, one in workspace.communications.items() if name != "savings-offer"}
    gone = replace(bank.project, workspace=replace(workspace, communications=kept))
    with pytest.raises(NotFound, match="is of 'savings-offer', which is not in the workspace any more"):
        approving.approve(gone, [other], workspace.person("aoi"))


def test_one_decision_for_all_that_a_wording_touches(bank: Bank) -> None:
    approve(bank, *submit(bank, PAYMENT, "savings-offer"))
    assert approving.affected_by(bank.project, "marketing-opt-out") == ()
    wording = next(one.path for one in bank.project.workspace.wordings if one.id == "marketing-opt-out")
    old = bank.project.workspace.root / wording
    words = old.read_text(encoding="utf-8").replace('version: "1"', 'version: "9"').replace("2025-01-01", "2040-01-01")
    old.with_name(old.name.replace("-1.yaml", "-9.yaml")).write_text(words, encoding="utf-8")
    bank = bank.reopened()
    assert approving.affected_by(bank.project, "marketing-opt-out") == ("savings-offer",)
    with pytest.raises(NotFound, match="wording 'nothing' does not exist; there are: "):
        approving.affected_by(bank.project, "nothing")
    [digest] = submit(bank, "savings-offer")
    assert approving.affected_by(bank.project, "marketing-opt-out") == ()
    assert approving.waiting_on(bank.project, "marketing-opt-out") == (digest,)
