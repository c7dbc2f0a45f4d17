"""log prove, keys, rotate-key, verifier, and the export of checkpoints."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cli_parts import Commands
from tsa_parts import authority_at

from ccm import ccm_verify

KEY = ".ccm/keys/log.key"


def check(*words: str | Path) -> tuple[int, dict[str, Any]]:
    """ccm-verify on the files that commands have written."""
    command = [sys.executable, ccm_verify.__file__, "--json", *words]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, json.loads(done.stdout)


def configure(ccm: Commands, text: str) -> None:
    with (ccm.workspace / "ccm.toml").open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def keys(ccm: Commands, tmp_path: Path) -> Path:
    ccm.json("log", "checkpoint")
    ccm.json("log", "keys", "--out", str(tmp_path / "keys.txt"))
    return tmp_path / "keys.txt"


def test_a_message_is_proved_to_somebody_who_has_only_the_key(ccm: Commands, keys: Path, tmp_path: Path) -> None:
    message = ccm.send()["message_id"]
    ccm.run("deliver", "--once", "--at", "2026-04-01T17:00:00Z")
    pack = tmp_path / "証明.zip"
    written = ccm.json("log", "prove", message, "--out", str(pack))
    kinds = [json.loads(entry["entry"])["kind"] for entry in written["entries"]]
    assert kinds == ["decision", "send", "receipt"]
    status, found = check("--key", keys, pack)
    assert (status, found["holds"]) == (0, True)
    assert [result["entry"]["kind"] for result in found["results"]] == kinds
    assert {result["entry"]["message"] for result in found["results"]} == {message}
    with zipfile.ZipFile(pack) as archive:
        assert "監査ログの証明" in archive.read("README.txt").decode()
    before = pack.read_bytes()
    ccm.json("log", "prove", message, "--out", str(pack))
    assert pack.read_bytes() == before


def test_a_release_a_position_and_the_growth_of_the_log_are_proved(ccm: Commands, keys: Path, tmp_path: Path) -> None:
    ccm.json("log", "checkpoint", "--out", str(tmp_path / "old"))
    size = ccm.json("log", "verify")["entries"]
    digest = ccm.json("releases")["releases"][0]["digest"]
    written = ccm.json("log", "prove", digest, "--out", str(tmp_path / "release.zip"))
    assert [json.loads(entry["entry"])["action"] for entry in written["entries"]] == ["submitted", "approved"]
    ccm.json("log", "prove", "0", "--out", str(tmp_path / "0.tlog-proof"))
    ccm.send()
    ccm.json("log", "checkpoint")
    ccm.json("log", "prove", "--consistency", str(size), "--out", str(tmp_path / "grown"))
    files = [tmp_path / name for name in ("release.zip", "0.tlog-proof", "grown", "old")]
    status, found = check("--key", keys, "--old", tmp_path / "old", *files)
    assert (status, [result["holds"] for result in found["results"]]) == (0, [True] * 5)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["prove", "--out", "x"], "give MESSAGE, RELEASE or POSITION, or --consistency OLD[:NEW]"),
        (["prove", "0"], "and --out FILE"),
        (["prove", "0", "--consistency", "1", "--out", "x"], "give MESSAGE, RELEASE or POSITION, or"),
        (["prove", "nobody", "--out", "x.zip"], "the log knows no message 'nobody'"),
        (["prove", "99999999", "--out", "x.zip"], "the log has no position 99999999"),
        (["prove", "0", "--out", "x.pdf"], "name a .zip file, or .tlog-proof"),
        (["prove", "--consistency", "a:b", "--out", "x"], "'a:b' is not OLD or OLD:NEW"),
        (["prove", "--consistency", "1:99999999", "--out", "x"], "no checkpoint of 99999999 leaves"),
        (["prove", "--consistency", "99999999", "--out", "x"], "cannot begin with 99999999"),
        (["verify", "--key", "none"], "none: cannot be read"),
        (["keys", "--out", "none/x"], "cannot be written"),
    ],
)
def test_what_cannot_be_proved_is_wrong_use(
    ccm: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ccm.json("log", "checkpoint")
    assert told in ccm.refuses("log", *words)
    assert not list(tmp_path.glob("x*"))


def test_a_new_key_signs_and_the_old_one_does_not_any_more(ccm: Commands, keys: Path, tmp_path: Path) -> None:
    old_key = (ccm.workspace / KEY).read_bytes()
    rotated = ccm.json("log", "rotate-key", "--as", "noa")
    retired = Path(rotated["retired"])
    assert (retired.read_bytes(), retired.stat().st_mode & 0o777) == (old_key, 0o600)
    assert (ccm.workspace / KEY).stat().st_mode & 0o777 == 0o600
    assert not (ccm.workspace / (KEY + ".new")).exists()
    assert ccm.json("log", "verify")["verifies"]
    assert ccm.json("log", "verify", "--key", str(keys))["verifies"], "by the first key too"
    listed = ccm.json("log", "keys")["keys"]
    assert [key["verifier_key"] for key in listed][1:] == [rotated["verifier_key"]]
    assert listed[0]["last_size"] + 1 == listed[1]["first_size"]
    ccm.json("log", "prove", "0", "--out", str(tmp_path / "0.zip"))
    first = tmp_path / "first"
    first.write_text(listed[0]["verifier_key"], encoding="utf-8")
    assert check("--key", first, tmp_path / "0.zip")[0] == 0, "the rotation leads from the first key to the second"
    (ccm.workspace / KEY).write_bytes(old_key)
    for words in (("log", "checkpoint"), ("log", "verify"), ("log", "rotate-key", "--as", "noa")):
        assert "is not the key of log 'hinokibank" in ccm.refuses(*words, status=1).replace(
            "example.com/ccm", "hinokibank"
        )


def test_who_changes_the_key_is_named_and_has_charge_of_the_machine(ccm: Commands, keys: Path) -> None:
    assert "it takes the role administrator or operator" in ccm.refuses("log", "rotate-key", "--as", "aoi", status=1)
    assert "nobody in ccm.toml" in ccm.refuses("log", "rotate-key", "--as", "stranger")
    assert len(ccm.json("log", "keys")["keys"]) == 1
    assert ccm.json("log", "rotate-key", "--as", "ren")["person"] == "ren"
    with sqlite3.connect(ccm.workspace / ".ccm/ccm.db") as connection:
        stored = [json.loads(entry) for (entry,) in connection.execute("SELECT entry FROM log_leaves")]
    assert [entry["person"] for entry in stored if entry["kind"] == "rotation"] == ["ren"]


def test_a_rotation_that_was_interrupted_is_finished(ccm: Commands, keys: Path) -> None:
    old_key = (ccm.workspace / KEY).read_bytes()
    ccm.json("log", "rotate-key", "--as", "noa")
    new_key = (ccm.workspace / KEY).read_bytes()
    (ccm.workspace / KEY).write_bytes(old_key)  # as if it had stopped before the files changed places
    (ccm.workspace / (KEY + ".new")).write_bytes(new_key)
    (ccm.workspace / (KEY + ".new")).chmod(0o600)
    ccm.json("log", "rotate-key", "--as", "noa")
    assert (ccm.workspace / KEY).read_bytes() == new_key
    assert len(ccm.json("log", "keys")["keys"]) == 2
    assert ccm.json("log", "verify")["verifies"]


def test_the_key_of_a_signed_log_that_was_changed_or_lost_is_told(ccm: Commands, keys: Path, tmp_path: Path) -> None:
    other = Commands(tmp_path / "other")
    other.run("init", str(other.workspace))
    (ccm.workspace / KEY).write_bytes((other.workspace / KEY).read_bytes())
    assert "Put that key's file back" in ccm.refuses("log", "checkpoint", status=1)
    (ccm.workspace / KEY).unlink()
    assert "there is no such file" in ccm.refuses("log", "rotate-key", "--as", "noa")
    assert ccm.json("log", "verify", "--key", str(keys))["verifies"], "an auditor needs no private key"


def test_the_verifier_is_written_out(ccm: Commands, tmp_path: Path) -> None:
    result = ccm.run("log", "verifier", "--out", str(tmp_path / "ccm_verify.py"), "--json")
    assert json.loads(result.stdout)["file"] == str(tmp_path / "ccm_verify.py")
    assert (tmp_path / "ccm_verify.py").read_bytes() == Path(ccm_verify.__file__).read_bytes()


def test_checkpoints_in_a_folder_give_away_a_log_that_was_cut(ccm: Commands, keys: Path, tmp_path: Path) -> None:
    configure(ccm, f'\n[log.export]\nfolder = "{tmp_path / "監査"}"\n')
    [place] = ccm.json("log", "checkpoint")["exported"]
    assert Path(place).read_text(encoding="utf-8") == ccm.json("log", "checkpoint")["checkpoint"]
    before = (ccm.workspace / ".ccm/ccm.db").read_bytes()
    ccm.send()
    ccm.json("log", "checkpoint")
    assert ccm.json("log", "verify")["verifies"]
    for file in (ccm.workspace / ".ccm").glob("ccm.db*"):
        file.unlink()
    (ccm.workspace / ".ccm/ccm.db").write_bytes(before)
    faults = ccm.json("log", "verify", status=1)["faults"]
    assert any("checkpoint kept outside" in fault for fault in faults)
    assert any("does not have this checkpoint any more" in fault for fault in faults)
    Path(place).write_text("x", encoding="utf-8")
    assert "holds another checkpoint of that size" in ccm.refuses("log", "checkpoint", status=1)


class Mailbox:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[tuple[list[str], bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append((envelope.rcpt_tos, envelope.original_content))
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[Controller]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Mailbox(), "127.0.0.1", port)
    controller.start()
    yield controller
    controller.stop()


def test_checkpoints_go_to_a_mailbox_by_the_mail_server(ccm: Commands, keys: Path, mail: Controller) -> None:
    configure(ccm, '\n[log.export]\nmailbox = "auditor@example.com"\n')
    told = ccm.refuses("log", "checkpoint", status=1)
    assert "adapter 'outbox' carries no checkpoints; smtp does" in told
    file = ccm.workspace / "channels/email.yaml"
    text = file.read_text(encoding="utf-8").replace("adapter: outbox", "adapter: smtp")
    settings = f"settings: {{host: 127.0.0.1, port: {mail.port}, security: none}}"
    file.write_text(text.replace("settings: {}", settings), encoding="utf-8")
    done = ccm.json("log", "checkpoint")
    assert done["exported"] == ["auditor@example.com"]
    [(recipients, body)] = mail.handler.got
    found = email.message_from_bytes(body, policy=email.policy.default)
    assert recipients == ["auditor@example.com"]
    assert found["Auto-Submitted"] == "auto-generated"
    [attached] = list(found.iter_attachments())  # type: ignore[attr-defined]
    assert attached.get_content() == done["checkpoint"].encode()
    assert attached.get_filename().endswith(".checkpoint")


def test_a_checkpoint_is_stamped_once_and_goes_out_even_without_a_stamp(
    ccm: Commands, keys: Path, tmp_path: Path
) -> None:
    with authority_at(tmp_path / "tsa") as tsa:
        configure(ccm, f'\n[log]\ntimestamp_url = "{tsa.url}"\ntimestamp_roots = "{tsa.roots}"\n'
                  f'export = {{ folder = "{tmp_path / "out"}" }}\n')  # fmt: skip
        tsa.plan.append((503, b""))
        assert "no answer: Service Unavailable" in ccm.refuses("log", "checkpoint", status=1)
        assert [file.suffix for file in (tmp_path / "out").iterdir()] == [".checkpoint"]
        assert ccm.json("log", "checkpoint")["timestamp"]
        assert ccm.json("log", "checkpoint")["timestamp"]
        assert tsa.asked == 2, "one refused, one answered, and then the stored one"
        [note], [stamp] = (list((tmp_path / "out").glob(f"*{suffix}")) for suffix in (".checkpoint", ".tsr"))
        assert b"OK" in tsa.openssl("ts", "-verify", "-data", str(note), "-in", str(stamp), "-CAfile", "root.pem")
    verified = ccm.json("log", "verify")
    assert (verified["verifies"], verified["timestamps"]) == (True, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [('[log]\ntimestamp_url = "https://tsa.example"\n', "timestamp_url needs timestamp_roots"),
     ('[log]\ntimestamp_url = "file:///x"\n', "timestamp_url"), ('[log.export]\nmailbox = "nobody"\n', "mailbox"),
     ('[log.export]\nfolders = "x"\n', "folders")],
)  # fmt: skip
def test_a_wrong_setting_of_the_export_is_told(ccm: Commands, text: str, told: str) -> None:
    configure(ccm, "\n" + text)
    assert told in ccm.refuses("log", "checkpoint", status=1)


def test_roots_that_are_not_there_are_told(ccm: Commands) -> None:
    configure(ccm, '\n[log]\ntimestamp_url = "https://tsa.example"\ntimestamp_roots = "none.pem"\n')
    assert "none.pem: cannot be read" in ccm.refuses("log", "checkpoint")
