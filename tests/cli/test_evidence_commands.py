"""`ccm evidence`, `erase`, `hold`, `retention`, and who looked: as the people at the keyboard meet them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from cli_parts import NOON, Commands

from ccm import ccm_verify
from ccm.log.waiting import every_leaf
from ccm.pipeline.project import open_project


def looks(ccm: Commands) -> list[dict[str, Any]]:
    """The log's entries about looks at content."""
    project = open_project(ccm.workspace)
    with project.store.read() as connection:
        entries = [orjson.loads(entry) for _, entry in every_leaf(connection)]
    project.store.close()
    return [entry for entry in entries if entry["kind"] == "access"]


def test_a_pack_is_written_and_the_program_checks_it(ccm: Commands, tmp_path: Path) -> None:
    message, pack, keys = ccm.send()["message_id"], tmp_path / "pack.zip", tmp_path / "keys.txt"
    words = ("evidence", message, "--out", str(pack), "--as", "sam", "--purpose", "complaint", "--language", "ja")
    made = ccm.json(*words)
    assert (made["about"], made["messages"]) == ({"kind": "message", "id": message}, 1)
    ccm.json("log", "keys", "--out", str(keys))
    assert ccm_verify.main(["--key", str(keys), str(pack)]) == 0
    assert {(look["message"], look["person"], look["purpose"]) for look in looks(ccm)} == {
        (message, "sam", "complaint"), (None, "sam", "complaint"),
    }  # fmt: skip
    assert "name a .zip file" in ccm.refuses("evidence", message, "--out", "pack.pdf", "--as", "sam")
    assert "'fr' is none of en, ja" in ccm.refuses("evidence", message, "--out", "p.zip", "--language", "fr")


def test_content_is_shown_to_persons_only_and_every_look_is_logged(
    ccm: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = ccm.send()["message_id"]
    told = ccm.refuses("evidence", message, "--out", str(tmp_path / "p.zip"), status=1)
    assert "say who looks with --as USER" in told
    preview = ("preview", "savings-offer", "--customer", "C3", "--channel", "sms", "--out", str(tmp_path / "out"))
    assert "say who looks" in ccm.refuses(*preview, "--at", NOON, status=1)
    assert looks(ccm) == []
    ccm.says("explain", message)
    ccm.says("explain", message, "--as", "aoi.minami@hinokibank.example")
    ccm.json(*preview, "--at", NOON, "--as", "ren")
    monkeypatch.setattr("getpass.getuser", lambda: "s.okafor")
    ccm.says("explain", message)
    found = looks(ccm)
    assert [(look["person"], look["purpose"]) for look in found] == [
        ("unidentified", "explain"), ("aoi", "explain"), ("ren", "preview"), ("sam", "explain"),
    ]  # fmt: skip
    assert found[2]["message"] is None
    assert "C3" not in str(found[2])


def test_a_hold_an_erasure_and_what_is_left(ccm: Commands) -> None:
    message = ccm.send()["message_id"]
    reason = ("--as", "aoi", "--reason")
    ccm.json("hold", "add", "C1", *reason, "Case 17")
    assert "C1: since" in ccm.says("hold", "list")
    assert "under legal hold" in ccm.refuses("erase", "C1", *reason, "asked", status=1)
    ccm.json("hold", "remove", "C1", *reason, "closed")
    assert ccm.json("erase", "C1", *reason, "asked")["messages"] == 1
    [left] = ccm.json("explain", message)["messages"]
    assert (left["state"], left["reason"]) == ("withheld", "erased")
    assert left["customer"].startswith("erased:")
    assert "お客さまの情報を消去したため" in ccm.says("explain", message, "--language", "ja")
    assert ccm.json("log", "verify")["verifies"] is True
    assert "customer 'C1' does not exist" in ccm.refuses("erase", "C1", *reason, "asked")
    assert "who acts?" in ccm.refuses("erase", "C2", "--reason", "asked")


def test_a_report_and_a_disposal(ccm: Commands, tmp_path: Path) -> None:
    ccm.send()
    (ccm.workspace / "compliance/retention.yaml").write_text(
        "periods:\n  - {id: week, days: 7, source: the policy, starts: decided}\n"
    )
    assert ccm.json("retention", "report", "--at", "2100-01-01")["due"] == []  # it waits to go
    ccm.json("deliver", "--once", "--at", NOON)
    [due] = ccm.json("retention", "report", "--at", "2100-01-01")["due"]
    assert (due["customer"], due["periods"]) == ("C1", ["week"])
    to = tmp_path / "disposal.json"
    words = ("retention", "dispose", "--as", "aoi", "--out", str(to), "--at")
    assert "yet to come" in ccm.refuses(*words, "2100-01-01")
    assert not to.exists()
    done = ccm.json(*words, "2026-04-20")
    assert (done["messages"], done["held"]) == (1, 0)
    assert orjson.loads(to.read_bytes())["messages"][0]["message"] == due["message"]
    assert "there is a file already" in ccm.refuses(*words, "2026-04-20")
    assert ccm.json("log", "verify")["verifies"] is True


def test_a_schedule_that_does_not_load_stops_every_command(ccm: Commands) -> None:
    (ccm.workspace / "compliance/retention.yaml").write_text("periods:\n  - {id: week, days: 7}\n")
    assert "compliance/retention.yaml:2: 'periods.0.source' is missing" in ccm.run("releases", status=1).stderr
