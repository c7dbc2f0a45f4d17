"""Five people at work on one bank, by the commands they type: an author, a compliance officer, an operator, an
auditor, and an attacker who can write to the database."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from support import keep_only
from typer.testing import CliRunner

from ccm.cli.main import app
from ccm.intake.demo import write_demo_feed
from ccm.store import Store

WORDING = "compliance/wording"
RUN_AT = "2026-04-01T00:30:00Z"
CUSTOMERS = 12


@dataclass
class Commands:
    """Runs `ccm` as a person would."""

    workspace: Path

    def __call__(self, *words: str, status: int = 0) -> Any:
        """What the command prints with --json; for a failure, its error."""
        where = [] if words[0] == "init" else ["--workspace", str(self.workspace)]
        done = CliRunner().invoke(app, [*words, "--json", *where])
        assert done.exit_code == status, (words, done.stdout, done.stderr, done.exception)
        return json.loads(done.stdout)

    def edit(self, path: str, before: str, after: str) -> None:
        file = self.workspace / path
        words = file.read_text(encoding="utf-8")
        assert before in words
        file.write_text(words.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def ccm(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """A bank of twelve customers with three communications, none of them approved."""
    folder = tmp_path_factory.mktemp("five")
    commands = Commands(folder / "bank")
    commands("init", str(commands.workspace))
    keep_only(commands.workspace, "quarterly-statement", "savings-offer", "payment-received")
    for sample in commands.workspace.glob("templates/*/samples/*.yaml"):
        if sample.stem not in ("jane-us", "margaret-gb", "haruka-jp"):  # each is a letter on either side of a review
            sample.unlink()
    write_demo_feed(folder / "feed", CUSTOMERS, 7)
    for kind in ("customers", "accounts", "transactions", "preferences", "consents", "history", "cases"):
        # The demo feed is dirty on purpose: one of its bookings is set aside.
        commands("import", kind, str(folder / f"feed/{kind}.csv"), status=1 if kind == "transactions" else 0)
    return commands


def test_five_people_do_their_work_and_only_theirs(ccm: Commands, tmp_path: Path) -> None:
    digests = author(ccm, tmp_path)
    compliance_officer(ccm, tmp_path, digests)
    message = operator(ccm)
    keys, verifier, checkpoint = auditor(ccm, tmp_path, message)
    attacker(ccm, tmp_path, message, checkpoint, keys, verifier)


def author(ccm: Commands, tmp_path: Path) -> dict[str, str]:
    """Makes a mistake and is told, looks at the change, hands in, and cannot let it out; digests by communication."""
    sms = "templates/payment-received/en/sms.txt"
    ccm.edit(sms, "payment.amount", "payment.amout")
    told = json.dumps(ccm("check", status=1))
    assert f'"{sms}"' in told
    assert "did you mean 'amount'" in told
    ccm.edit(sms, "payment.amout", "payment.amount")
    ccm.edit(sms, "reached", "has reached")
    ccm("review", "payment-received", "--out", str(tmp_path / "review"))
    assert "<script" not in (tmp_path / "review/index.html").read_text(encoding="utf-8")
    digests = {
        name: str(ccm("submit", name, "--as", "mika")["digest"])
        for name in ("quarterly-statement", "savings-offer", "payment-received")
    }
    assert "mika" in ccm("approve", digests["payment-received"], "--as", "mika", status=1)["message"]
    return digests


def compliance_officer(ccm: Commands, tmp_path: Path, digests: dict[str, str]) -> None:
    """Looks after wording, keeps back what lacks it, asks for two approvals, turns down, lets out."""
    assert ccm("wording", "coverage", "--at", "2026-04-01")["missing"] == 0
    touched = ccm("wording", "impact", "marketing-opt-out")
    assert {one["communication"] for one in touched["touched"]} == {"savings-offer"}
    asked = ccm("rules", "--at", "2026-04-01", "--jurisdiction", "JP", "--channel", "email", "--purpose", "marketing")
    assert asked["rules"]
    # Without its Japanese wording an offer cannot even be handed in.
    folder = ccm.workspace / WORDING / "marketing-opt-out"
    shutil.move(folder, tmp_path / "kept")
    shutil.copytree(tmp_path / "kept", folder, ignore=shutil.ignore_patterns("jp-ja-*", "us-ja-*", "gb-ja-*"))
    assert ccm("wording", "coverage", "--at", "2026-04-01", status=1)["missing"]
    lacking = ccm("submit", "savings-offer", "--as", "mika", status=1)
    assert "WD02" in lacking["message"]
    assert "ja" in lacking["message"]
    shutil.rmtree(folder)
    shutil.move(tmp_path / "kept", folder)
    ccm("reject", digests["payment-received"], "--as", "aoi", "--comment", "say when it was booked")
    ccm.edit(
        "ccm.toml", "# [approvals]\n# approvers = { regulatory = 2 }", "[approvals]\napprovers = { regulatory = 2 }"
    )
    statement, offer = digests["quarterly-statement"], digests["savings-offer"]
    ccm("review", statement, "--out", str(tmp_path / "statement"), "--ui-language", "ja")
    assert ccm("approve", statement, "--as", "aoi")["approvals_missing"] == 1
    assert "not approved" in ccm("run", "start", "quarterly-statement", "--at", RUN_AT, status=1)["message"]
    ccm("approve", statement, "--as", "sam", "--comment", "figures compared")
    ccm("approve", offer, "--as", "sam")
    states = {one["digest"]: one["state"] for one in ccm("releases")["releases"]}
    assert [states[digest] for digest in (statement, offer, digests["payment-received"])] == [
        "in_force", "in_force", "rejected",
    ]  # fmt: skip


def operator(ccm: Commands) -> str:
    """Runs both batches; text messages are stopped on the way. Returns the id of a statement that went out."""
    planned = ccm("run", "start", "quarterly-statement", "--at", RUN_AT, "--dry-run")
    assert sum(one["count"] for one in planned["outcomes"]) == CUSTOMERS
    runs = [ccm("run", "start", name, "--at", RUN_AT)["run"] for name in ("quarterly-statement", "savings-offer")]
    ccm("stop", "channel", "sms", "--as", "aoi", "--comment", "a wrong number is in the texts")
    for moment in ("2026-04-01T10:00:00Z", "2026-04-01T19:00:00Z"):
        ccm("deliver", "--once", "--at", moment)
    certificates = [ccm("run", "certificate", run) for run in runs]
    for certificate in certificates:
        assert certificate["intended"] == CUSTOMERS
        assert certificate["adds_up"]
        assert not any(name.startswith("sms/") for name in certificate["by_channel_and_language"])
    stopped = sum(one["withheld_by_reason"].get("stopped_channel", 0) for one in certificates)
    assert stopped > 0
    [stop] = ccm("stop", "--list")["stops"]
    assert stop["withheld"] == stopped
    ccm("resume-sending", "channel", "sms", "--as", "noa", "--comment", "mended")
    database = next((ccm.workspace / ".ccm").glob("*.db"))
    with Store(f"sqlite:///{database}").read() as connection:
        query = "SELECT min(id) FROM messages WHERE communication = 'quarterly-statement' AND state = 'accepted'"
        return str(connection.scalar(text(query)))


def verified(verifier: Path, *words: str, status: int = 0) -> str:
    """What ccm-verify says on a machine that has it, Python and cryptography: no ccm, no database."""
    done = subprocess.run(
        [sys.executable, "-I", str(verifier), *words], capture_output=True, text=True, check=False, cwd=verifier.parent
    )
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout + done.stderr


def auditor(ccm: Commands, tmp_path: Path, message: str) -> tuple[Path, Path, Path]:
    """Takes keys, a checkpoint and evidence away, and checks them elsewhere."""
    away = tmp_path / "away"
    away.mkdir()
    keys, verifier, checkpoint = away / "keys.txt", away / "ccm_verify.py", away / "checkpoint.txt"
    ccm("log", "checkpoint", "--out", str(checkpoint))
    ccm("log", "keys", "--out", str(keys))
    ccm("log", "verifier", "--out", str(verifier))
    assert ccm("log", "verify", "--known", str(checkpoint), "--key", str(keys))["verifies"]
    ccm("log", "prove", message, "--out", str(away / "proofs.zip"))
    ccm("evidence", message, "--out", str(away / "pack.zip"), "--as", "tao", "--purpose", "complaint")
    verified(verifier, "--key", str(keys), str(away / "proofs.zip"))
    told = verified(verifier, "--key", str(keys), str(away / "pack.zip"))
    assert "byte for byte" in told
    assert "approved by aoi" in told
    assert "approved by sam" in told
    ccm("log", "rotate-key", "--as", "noa")
    ccm("log", "checkpoint", "--out", str(away / "later.txt"))
    assert ccm("log", "verify", "--known", str(checkpoint), "--key", str(keys))["verifies"]
    return keys, verifier, away / "later.txt"


ATTACKS: dict[str, str] = {
    "another reason": "UPDATE messages SET reason = 'no_consent_ever' WHERE state = 'withheld'",
    "a message is taken away": "DELETE FROM messages WHERE id = :message",
    "another body": "UPDATE messages SET body_digest = 'ab' || substr(body_digest, 3) WHERE id = :message",
    "another approver": "UPDATE release_actions SET person = 'noa' WHERE action = 'approved'",
    "an approval that never was": "UPDATE release_actions SET action = 'approved' WHERE action = 'rejected'",
    "a stop that never was": "DELETE FROM stops",
    "an entry is edited": "UPDATE log_leaves SET entry = CAST(replace(CAST(entry AS TEXT), 'aoi', 'sam') AS BLOB)",
    "an entry is taken away": "DELETE FROM log_leaves WHERE position = 3",
    "the newest entries are cut off": "DELETE FROM log_leaves WHERE position > 10",
    "a checkpoint is taken away": "DELETE FROM log_checkpoints WHERE size = (SELECT max(size) FROM log_checkpoints)",
}


def attacker(
    ccm: Commands, tmp_path: Path, message: str, checkpoint: Path, keys: Path, verifier: Path
) -> None:  # fmt: skip
    """Writes to the database, to the archive and to a pack; each is found."""
    database = next((ccm.workspace / ".ccm").glob("*.db"))
    for name, statement in ATTACKS.items():
        there = Commands(tmp_path / "stolen")
        shutil.copytree(ccm.workspace, there.workspace)
        stolen = Store(f"sqlite:///{there.workspace / '.ccm' / database.name}")
        with stolen.write() as connection:
            values = {"message": message} if ":message" in statement else {}
            assert connection.execute(text(statement), values).rowcount, name
        stolen.close()
        found = there("log", "verify", "--known", str(checkpoint), status=1)
        assert found["faults"], name
        shutil.rmtree(there.workspace)
    pack = tmp_path / "away/pack.zip"
    forged = tmp_path / "away/forged.zip"
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(forged, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry, content.replace(b"sam", b"ken") if entry.filename.startswith("releases/") else content)
    verified(verifier, "--key", str(keys), str(forged), status=1)
