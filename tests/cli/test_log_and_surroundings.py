"""log, text, the console script, and what goes wrong around the program."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from cli_parts import Commands

from ccm import __version__
from ccm.cli import demo as demo_module

KEY, DATABASE = ".ccm/keys/log.key", ".ccm/ccm.db"


def console(*words: str | bytes, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """`ccm` as a shell starts it."""
    command = [sys.executable, "-m", "ccm", *words]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **(environment or {})})


def test_the_log_verifies_until_a_row_is_edited(ccm: Commands) -> None:
    ccm.json("log", "checkpoint")
    assert ccm.json("log", "verify")["verifies"]
    with sqlite3.connect(ccm.workspace / DATABASE) as connection:
        rows = connection.execute("SELECT position, entry FROM log_leaves ORDER BY position").fetchall()
        number, entry = next((number, entry) for number, entry in rows if b"approved" in entry)
        connection.execute(
            "UPDATE log_leaves SET entry = ? WHERE position = ?", (entry.replace(b"approved", b"rejected"), number)
        )
    found = ccm.json("log", "verify", status=1)
    assert found["faults"]
    assert "FAULTS" in ccm.says("log", "verify", status=1)


def test_a_log_cut_short_is_found_with_a_checkpoint_kept_elsewhere(ccm: Commands, tmp_path: Path) -> None:
    shorter = tmp_path / "shorter"
    ccm.json("log", "checkpoint")
    shutil.copytree(ccm.workspace, shorter)
    ccm.send()
    ccm.json("log", "checkpoint", "--out", str(tmp_path / "known"))
    assert ccm.json("log", "verify", "--known", str(tmp_path / "known"))["verifies"]
    older = Commands(shorter)
    assert older.json("log", "verify")["verifies"], "by itself it cannot know"
    assert older.json("log", "verify", "--known", str(tmp_path / "known"), status=1)["faults"]


@pytest.mark.parametrize("content", [b"\xff", b"", b"nonsense", None])
def test_a_kept_checkpoint_that_is_none_is_wrong_use(template: Commands, tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "known").write_bytes(content)
    assert template.refuses("log", "verify", "--known", str(tmp_path / "known"))


def test_a_checkpoint_that_cannot_be_kept_is_told(ccm: Commands, tmp_path: Path) -> None:
    assert "cannot be written" in ccm.refuses("log", "checkpoint", "--out", str(tmp_path))


def test_the_key_of_a_log_is_guarded(ccm: Commands) -> None:
    ccm.json("log", "checkpoint")
    key = ccm.workspace / KEY
    key.chmod(0o644)
    assert "mode 0644 lets others in; make it 0600" in ccm.refuses("log", "verify", status=1)
    key.chmod(0o600)
    key.write_text("nonsense")
    assert "no unencrypted private key" in ccm.refuses("log", "verify")
    key.unlink()
    assert "there is no such file" in ccm.refuses("log", "checkpoint")
    assert not key.exists(), "a new key would orphan the checkpoints"


@pytest.mark.parametrize(
    ("url", "status", "message"),
    [
        ("mysql://localhost/x", 2, "store url: 'mysql' is none of sqlite, postgresql+psycopg"),
        ("nonsense", 2, "store url is none of sqlite:///FILE"),
        ("postgresql://localhost:1/x", 1, "the store does not answer"),
        ("sqlite:////proc/none/x.db", 1, "/proc/none"),
        (
            "sqlite:////dev",
            1,
            "unable to open database file; look at /dev: is its disk full, or may nothing be written",
        ),
    ],
)
def test_a_wrong_store_is_one_clear_error(
    template: Commands, monkeypatch: pytest.MonkeyPatch, url: str, status: int, message: str
) -> None:
    monkeypatch.setenv("CCM_STORE_URL", url)
    assert message in template.refuses("releases", status=status)


def test_a_database_file_that_is_none_is_one_clear_error(ccm: Commands) -> None:
    for file in (ccm.workspace / ".ccm").glob("ccm.db*"):
        file.write_bytes(b"no database" * 100)
    assert ccm.refuses("releases", status=1) == "ccm: the store refused: DatabaseError: file is not a database\n"
    assert ccm.json("releases", status=1)["error"] == "TryAgain"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", ("GSM-7", 5, 1)),
        ("€" * 81, ("GSM-7", 162, 2)),
        ("こんにちは", ("UCS-2", 5, 1)),
        ("-", ("GSM-7", 3, 1)),
    ],
)
def test_a_text_is_counted_as_it_goes_over_the_air(
    template: Commands, text: str, expected: tuple[str, int, int]
) -> None:
    result = template.run("text", "sms", text, "--json", stdin="abc\n")
    found = json.loads(result.stdout)
    assert (found["encoding"], found["units"], found["segments"]) == expected


def test_standard_input_that_is_no_text_is_refused(template: Commands) -> None:
    assert "standard input:2: is not UTF-8" in template.refuses("text", "sms", "-", stdin=b"a\n\xff")
    assert "that is no text message" in template.refuses("text", "sms", "-", stdin=b"a" * 100_001)


def test_the_console_script_keeps_errors_and_results_apart(template: Commands) -> None:
    done = console("releases", "--json", "--workspace", str(template.workspace))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(json.loads(done.stdout)["releases"]) == 2
    missing = console("releases", "--workspace", "nowhere")
    assert (missing.returncode, missing.stdout) == (2, b"")
    assert missing.stderr.startswith(b"ccm: --workspace nowhere: no ccm.toml there")


def test_the_console_script_refuses_an_argument_that_is_not_utf_8() -> None:
    done = console("explain", b"\xff")
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"ccm: argument 2 is not UTF-8\n")


def test_a_terminal_without_japanese_gets_codes_instead_of_a_traceback() -> None:
    done = console("text", "sms", "銀行", environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert b"\\u9280" in done.stdout


def test_wrong_use_of_the_command_line_is_status_2(template: Commands) -> None:
    for words in (["deliver", "--poll", "nan"], ["import", "pigeons", "x.csv"], ["send", "payment-received"], ["nope"]):
        result = template.run(*words, status=2)
        assert result.stdout == ""
        assert "Error" in result.stderr
    assert template.says("--version") == f"{__version__}\n"


@pytest.mark.long
def test_the_demonstration_runs_through(tmp_path: Path) -> None:
    ccm = Commands(tmp_path)
    out = tmp_path / "demo out"
    shown = ccm.says("demo", "--customers", "6", "--out", str(out))
    assert "201 renderings, 0 errors, 0 warnings" in shown, "the workspace that `init` makes is clean"
    for line in ("every customer is accounted for", "the log verifies", "Nothing left"):
        assert line in shown
    assert shown.count("every customer is accounted for") == len(demo_module.CAMPAIGNS)
    assert (out / "preview" / "index.html").is_file()
    assert "exists; name another folder" in ccm.refuses("demo", "--out", str(out), status=1)
