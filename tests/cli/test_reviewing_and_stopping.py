"""review, comment, approvals of many, stop and resume-sending, as people type them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_parts import NOON, PAYMENT, Commands

SMS = "templates/payment-received/en/sms.txt"
JAPANESE = "templates/payment-received/ja/sms.txt"
WORDING = "compliance/wording/marketing-opt-out/us-en-1.yaml"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def edit(ccm: Commands, path: str, before: str, after: str) -> None:
    file = ccm.workspace / path
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def settings(ccm: Commands, text: str) -> None:
    file = ccm.workspace / "ccm.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n" + text + "\n", encoding="utf-8")


def test_a_review_shows_words_and_looks_side_by_side(ccm: Commands, tmp_path: Path) -> None:
    edit(ccm, SMS, "reached", "entered")
    edit(ccm, JAPANESE, "ご入金がありました", "ご入金がございました")
    digest = ccm.json("submit", "payment-received", "--as", "mika", "--comment", HOSTILE)["digest"]
    ccm.json("comment", digest, "Is 'entered' plain?", "--as", "aoi")
    found = ccm.json("review", digest, "--out", str(tmp_path / "r"))
    assert found["state"] == "submitted"
    assert {(one["sample"], one["channel"]) for one in found["changed"]} == {("jane-us", "sms"), ("haruka-jp", "sms")}
    page = (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    assert '<del title="removed">reached</del><ins title="added">entered</ins>' in page
    assert re.search("<del[^>]*>ありました</del><ins[^>]*>ございました</ins>", page)
    assert "Is &#39;entered&#39; plain?" in page
    assert (tmp_path / "r" / "old-jane-us.sms.en.txt").is_file()
    assert (tmp_path / "r" / "new-jane-us.sms.en.txt").is_file()
    assert "2 of" in ccm.says("review", "payment-received", "--out", str(tmp_path / "again"))


def test_a_review_opens_offline_and_runs_nothing(ccm: Commands, tmp_path: Path) -> None:
    edit(ccm, SMS, "reached", "entered <script>alert(3)</script>")
    ccm.json("submit", "payment-received", "--as", "mika", "--comment", HOSTILE)
    ccm.json("review", "payment-received", "--out", str(tmp_path / "r"), "--ui-language", "ja")
    page = (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="ja">' in page
    assert "default-src &#39;none&#39;" in page
    assert "script-src" not in page
    assert "<script" not in page
    assert "onerror=alert(2)>" not in page
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page)
    assert page.count('sandbox=""') == page.count("<iframe")


def test_a_changed_letter_has_its_changes_outlined(tmp_path: Path) -> None:
    ccm = Commands(tmp_path / "letters")
    ccm.run("init", str(ccm.workspace))
    for sample in ccm.workspace.glob("templates/quarterly-statement/samples/*.yaml"):
        if sample.stem != "haruka-jp":
            sample.unlink()
    ccm.approve("quarterly-statement")
    edit(ccm, "templates/quarterly-statement/ja/letter.html", "厚く御礼申し上げます", "心より御礼申し上げます")
    found = ccm.json("review", "quarterly-statement", "--out", str(tmp_path / "r"))
    assert "letter" in {one["channel"] for one in found["changed"]}
    page = (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    assert page.count('class="change"') >= 2
    assert (tmp_path / "r" / "new-haruka-jp.letter.ja.page-1.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_reviewed_is_told(template: Commands, tmp_path: Path) -> None:
    told = template.refuses("review", "nothing", "--out", str(tmp_path))
    assert "'nothing' is neither a communication (payment-received, savings-offer) nor a release" in told
    digest = next(
        one["digest"] for one in template.json("releases")["releases"] if one["communication"] == "savings-offer"
    )
    assert "is of 'savings-offer'" in template.refuses(
        "review", "payment-received", "--against", digest, "--out", str(tmp_path)
    )


def test_many_are_handed_in_and_let_out_by_one_decision(ccm: Commands) -> None:
    old = ccm.workspace / WORDING
    words = old.read_text(encoding="utf-8").replace('version: "1"', 'version: "2"').replace("2025-01-01", "2027-01-01")
    old.with_name("us-en-2.yaml").write_text(words, encoding="utf-8")
    affected = ("--all-affected-by", "wording:marketing-opt-out")
    edit(ccm, SMS, "reached", "entered")
    assert ccm.json("submit", *affected, "--as", "mika")["communication"] == "savings-offer"
    second = ccm.json("submit", "payment-received", "--as", "mika")["digest"]
    assert "has anything to hand in" in ccm.refuses("submit", *affected, "--as", "mika")
    first = ccm.json("approve", *affected, "--as", "aoi", "--comment", "read")
    assert (first["communication"], first["action"]) == ("savings-offer", "approved")
    assert "waits for approval" in ccm.refuses("approve", *affected, "--as", "aoi")
    assert "was approved by aoi" in ccm.refuses("approve", second, first["digest"], "--as", "sam", status=1)
    ccm.json("reject", second, "--as", "sam", "--comment", "no")
    both = ccm.json("withdraw", first["digest"], "--as", "aoi", "--comment", "again")["digest"], second
    assert len(ccm.json("submit", "savings-offer", "payment-received", "--as", "mika")["actions"]) == 2
    assert {one["action"] for one in ccm.json("approve", *both, "--as", "sam")["actions"]} == {"approved"}
    assert {one["state"] for one in ccm.json("releases")["releases"]} == {"in_force", "superseded"}


@pytest.mark.parametrize("words", [("submit",), ("approve",), ("submit", "x", "--all-affected-by", "wording:y"),
                                   ("approve", "--all-affected-by", "rule:CW01")])  # fmt: skip
def test_what_is_meant_must_be_clear(template: Commands, words: tuple[str, ...]) -> None:
    assert "wording:" in template.refuses(*words, "--as", "aoi")


def test_two_approvers_and_an_end_are_told_and_listed(ccm: Commands) -> None:
    settings(ccm, "[approvals]\napprovers = {transactional = 2}\nvalid_for_days = 30")
    edit(ccm, SMS, "reached", "entered")
    digest = ccm.json("submit", "payment-received", "--as", "mika")["digest"]
    assert ccm.json("approve", digest, "--as", "aoi")["approvals_missing"] == 1
    assert "submitted, 1 of 2 approved" in ccm.says("releases")
    for name in ("aoi", "a.minami", "AOI.MINAMI@hinokibank.example"):
        assert "'aoi' approved release" in ccm.refuses("approve", digest, "--as", name, status=1)
    done = ccm.json("approve", digest, "--as", "sam", "--effective-from", "2199-01-01T00:00:00Z")
    assert (done["approvals_missing"], done["terms"]["approvers"]) == (0, 2)
    assert done["terms"]["effective_from"].startswith("2199-01-01T00:00:00")
    assert done["terms"]["expires_at"].startswith("2199-01-31")
    words = ("send", "payment-received", "--customer", "C1", "--data", PAYMENT)
    assert "is not yet in force; it will be in force from 2199" in ccm.refuses(*words, status=1)
    assert "is past" in ccm.refuses("approve", digest, "--as", "sam", "--effective-from", NOON)
    assert not ccm.json("log", "verify")["faults"]


def test_stop_list_and_resume(ccm: Commands) -> None:
    ccm.send()
    stopped = ccm.json("stop", "channel", "sms", "--as", "ren", "--comment", "wrong sender")
    assert (stopped["reason"], stopped["person"]) == ("stopped_channel", "ren")
    [row] = ccm.json("deliver", "--once", "--at", NOON)["outcomes"]
    assert (row["outcome"], row["count"]) == ("withheld: stopped_channel", 1)
    [found] = ccm.json("stop", "--list")["stops"]
    assert (found["target"], found["name"], found["withheld"], found["comment"]) == (
        "channel",
        "sms",
        1,
        "wrong sender",
    )
    assert "wrong sender" in ccm.says("stop", "--list")
    message = ccm.send("k2", status=1)
    assert message["reason"] == "stopped_channel", "composing refuses too"
    assert "sending on this channel was stopped" in ccm.says("explain", message["message_id"])
    assert "送信が停止されている" in ccm.says("explain", message["message_id"], "--language", "ja")
    assert "needs the role compliance or administrator" in ccm.refuses(
        "resume-sending", "channel", "sms", "--as", "ren", "--comment", "fine", status=1
    )
    ccm.json("resume-sending", "channel", "sms", "--as", "aoi", "--comment", "sender corrected")
    assert ccm.json("stop", "--list") == {"stops": []}
    assert ccm.send("k3")["state"] == "due"
    assert not ccm.json("log", "verify")["faults"]


def test_a_stop_of_nothing_is_refused_with_the_choices(template: Commands) -> None:
    for words, told in (
        (("channel", "telex"), "there are: email, "),
        (("communication", "savings"), "there are: payment-received, savings-offer"),
        (("wording", "opt-out"), "there are: marketing-opt-out"),
        (("wording", "marketing-opt-out@9"), "there are: marketing-opt-out@1"),
        (("release", "0" * 64), "was submitted"),
        (("letter", "x"), "'letter' is none of release, communication, wording, channel"),
        (("channel",), "give TARGET and NAME"),
        (("--list", "channel"), "--list takes no TARGET"),
    ):
        assert told in template.refuses("stop", *words, "--as", "ren", "--comment", "why")
    assert "says why" in template.refuses("stop", "channel", "sms", "--as", "ren")
    assert "is not stopped" in template.refuses(
        "resume-sending", "channel", "sms", "--as", "aoi", "--comment", "x", status=1
    )
