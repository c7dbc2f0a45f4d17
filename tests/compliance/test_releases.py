"""Releases: whatever can change the text changes the digest, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccm.compliance import releases
from ccm.compliance.releases import Change, Release, build_release, diff
from ccm.errors import IntegrityError
from ccm.workspace import load_workspace

STATEMENT = "templates/quarterly-statement"


def build(root: Path, communication: str = "quarterly-statement") -> Release:
    workspace = load_workspace(root)
    return build_release(workspace, workspace.communication(communication))


def change(root: Path, path: str, old: str, new: str) -> None:
    file = root / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_same_files_give_the_same_digest(root: Path, release: Release) -> None:
    assert build(root) == release
    assert list(release.manifest) == sorted(release.manifest)
    assert len(release.digest) == 64


@pytest.mark.parametrize(
    ("path", "old", "new", "part"),
    [
        (f"{STATEMENT}/communication.yaml", "Quarterly", "Monthly", ""),
        (f"{STATEMENT}/data.sql", "1 AS", "2 AS", ""),
        (f"{STATEMENT}/en/email.mjml", "Hello</mj-text>", "Hello!</mj-text>", ""),
        (f"{STATEMENT}/en/email.mjml", 'subject: "Hello"', 'subject: "Hi"', ""),
        (f"{STATEMENT}/ja/letter.html", "<p>", "<p> ", ""),
        (f"{STATEMENT}/ja/sms.txt", "Hello", "Hallo", ""),
        ("templates/_brand/email.mjml", "<mj-body>", "<mj-body >", ""),
        ("templates/_brand/letter.css", "black", "red", ""),
        ("templates/_brand/notes.html", "Dear", "Hello", ""),
        ("compliance/wording/fee-notice/jp-ja-1.yaml", "手数料", "てすうりょう", ""),
        ("compliance/wording/deposit-protection/gb-en-1.yaml", "£85,000", "£85,001", ""),
        ("compliance/rules/CW01.yaml", "severity: error", "severity: warning", ""),
        ("compliance/rules/GN01.yaml", "reason: A", "reason: One", ""),
        ("ccm.toml", "1 Example Street", "2 Example Street", "ccm.toml#organisation"),
        ("ccm.toml", 'branch = "text"', 'branch = "integer"', "ccm.toml#customer"),
        ("channels/email.yaml", "a@bank", "b@bank", "channels/email.yaml#sender"),
        ("channels/email.yaml", "en: A", "en: B", "channels/email.yaml#sender"),
        ("channels/policy.yaml", "Europe/London", "Europe/Jersey", "channels/policy.yaml#zones"),
    ],
)
def test_a_changed_part_is_a_new_digest_and_is_named(
    root: Path, release: Release, path: str, old: str, new: str, part: str
) -> None:
    change(root, path, old, new)
    changed = build(root)
    assert changed.digest != release.digest
    assert diff(release, changed) == (Change(part or path, "changed"),)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("templates/savings-offer/en/email.mjml", "Hello</mj-text>", "Hello!</mj-text>"),
        ("compliance/wording/marketing-opt-out/gb-en-1.yaml", "stop", "end"),
        ("compliance/rules/MK01.yaml", "severity: error", "severity: warning"),
        ("channels/email.yaml", "adapter: outbox", "adapter: smtp"),
        ("ccm.toml", 'name = "Ben"', 'name = "Benjamin"'),
    ],
)
def test_what_cannot_change_the_text_leaves_the_digest(
    root: Path, release: Release, path: str, old: str, new: str
) -> None:
    change(root, path, old, new)
    assert build(root) == release


def test_added_and_removed_files_are_named(root: Path, release: Release) -> None:
    (root / "templates/_brand/logo.svg").write_text("<svg/>", encoding="utf-8")
    wording = root / "compliance/wording/fee-notice/us-en-1.yaml"
    later = wording.read_text(encoding="utf-8").replace('version: "1"', 'version: "2"')
    change(root, "compliance/wording/fee-notice/us-en-1.yaml", "owner:", "effective_to: 2027-01-01\nowner:")
    (wording.parent / "us-en-2.yaml").write_text(later.replace("2025-01-01", "2027-02-01"), encoding="utf-8")
    (root / "compliance/rules/CW02.yaml").unlink()
    assert diff(release, build(root)) == (
        Change("compliance/rules/CW02.yaml", "removed"),
        Change("compliance/wording/fee-notice/us-en-1.yaml", "changed"),
        Change("compliance/wording/fee-notice/us-en-2.yaml", "added"),
        Change("templates/_brand/logo.svg", "added"),
    )


def test_wording_that_a_template_uses_counts_even_where_the_communication_does_not_list_it(root: Path) -> None:
    before = build(root, "payment-received")
    assert not [part for part in before.manifest if "wording" in part]
    change(root, "templates/payment-received/en/sms.txt", "Hello", "Hello {{ wording.fee_notice }}")
    added = {one.part for one in diff(before, build(root, "payment-received")) if one.kind == "added"}
    assert added == {f"compliance/wording/fee-notice/{name}-1.yaml" for name in ("jp-ja", "us-en")}


def test_another_engine_is_another_release(root: Path, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "RENDER_FORMAT", releases.RENDER_FORMAT + 1)
    assert diff(release, build(root)) == (Change("engine#format", "changed"),)
    monkeypatch.setattr(releases, "RENDER_FORMAT", releases.RENDER_FORMAT - 1)
    monkeypatch.setattr(releases, "version", lambda package: "99" if package == "babel" else "1")
    assert "engine#babel" in {one.part for one in diff(release, build(root))}


def test_two_communications_are_two_releases(root: Path) -> None:
    assert build(root).digest != build(root, "savings-offer").digest


def test_a_manifest_that_does_not_give_the_digest_is_refused(release: Release) -> None:
    with pytest.raises(IntegrityError):
        Release(release.digest, release.communication, {**release.manifest, "ccm.toml#organisation": "0" * 64})
    with pytest.raises(IntegrityError):
        Release(release.digest, "savings-offer", release.manifest)
