"""submit, approve, send, run, deliver, explain and receive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_parts import NOON, PAYMENT, Commands

SMS = "templates/payment-received/en/sms.txt"
RUN = "savings-offer-20260401T170000Z"


def test_an_author_cannot_approve_under_any_name(ccm: Commands) -> None:
    toml = ccm.workspace / "ccm.toml"
    toml.write_text(toml.read_text().replace('roles = ["author"]', 'roles = ["author", "compliance"]'))
    (ccm.workspace / SMS).write_text("Changed: {{ payment.amount }}\n")
    digest = ccm.json("submit", "payment-received", "--as", "mika")["digest"]
    for name in ("mika", "MIKA", "m.aoyama", "mika.aoyama@hinokibank.example"):
        assert "'mika' submitted this change" in ccm.refuses("approve", digest, "--as", name, status=1)
    assert ccm.json("approve", digest[:12], "--as", "ken")["person"] == "ken"


def test_who_acts_and_what_must_be_known(ccm: Commands) -> None:
    assert "who acts? give --as USER, or set CCM_USER" in ccm.refuses("submit", "payment-received")
    assert "'eve' is nobody in ccm.toml" in ccm.refuses("submit", "payment-received", "--as", "eve")
    assert "communication 'nope' does not exist" in ccm.refuses("submit", "nope", "--as", "mika")
    assert "is no digest" in ccm.refuses("approve", "zz", "--as", "aoi")
    assert "was submitted" in ccm.refuses("approve", "0" * 64, "--as", "aoi")
    assert "needs the role compliance" in ccm.refuses(
        "approve", ccm.json("releases")["releases"][0]["digest"], "--as", "ren", status=1
    )


def test_a_file_changed_after_approval_stops_everything_and_says_what_to_do(ccm: Commands) -> None:
    for file in (SMS, "templates/savings-offer/en/sms.txt"):
        text = (ccm.workspace / file).read_text()
        (ccm.workspace / file).write_text(text.replace(" ", "  ", 1))
    assert "hand it in with: ccm submit savings-offer --as USER" in ccm.refuses(
        "run", "start", "savings-offer", status=1
    )
    words = ("send", "payment-received", "--customer", "C1", "--data", PAYMENT)
    assert "hand it in with: ccm submit payment-received --as USER" in ccm.refuses(*words, status=1)
    digest = ccm.json("submit", "payment-received", "--as", "mika")["digest"]
    assert f"ccm approve {digest[:12]} --as USER" in ccm.refuses(*words, status=1)
    ccm.json("reject", digest, "--as", "aoi", "--comment", "two spaces")
    assert "but rejected" in ccm.refuses(*words, status=1)


def test_a_submission_names_what_changed_since_the_last_approved_release(ccm: Commands) -> None:
    template = ccm.workspace / "templates" / "savings-offer" / "ja" / "sms.txt"
    template.write_text(template.read_text(encoding="utf-8") + "。", encoding="utf-8")
    done = ccm.json("submit", "savings-offer", "--as", "ken")
    assert done["changes"] == [{"kind": "changed", "part": "templates/savings-offer/ja/sms.txt"}]


def test_releases_are_listed_with_their_state(ccm: Commands) -> None:
    digest = ccm.json("releases")["releases"][0]["digest"]
    ccm.json("withdraw", digest, "--as", "aoi", "--comment", "wrong telephone number")
    assert {(item["state"], item["files_now"]) for item in ccm.json("releases")["releases"]} == {
        ("withdrawn", True),
        ("in_force", True),
    }
    assert digest[:12] in ccm.says("releases")


def test_the_same_key_sends_once(ccm: Commands) -> None:
    first, second = ccm.send(), ccm.send()
    assert (first["repeated"], second["repeated"]) == (False, True)
    assert first["message_id"] == second["message_id"]
    [row] = ccm.json("deliver", "--once", "--at", NOON)["outcomes"]
    assert (row["channel"], row["outcome"], row["count"]) == ("sms", "accepted", 1)
    [text] = (ccm.workspace / ".ccm/outbox").rglob("*.txt")
    assert "$1,250.00 from Lakeside Dental" in text.read_text()


def test_a_dry_run_records_nothing(ccm: Commands) -> None:
    assert ccm.send("k1", "C1", 0, "--dry-run")["dry_run"]
    rehearsed = ccm.json("run", "start", "savings-offer", "--at", NOON, "--dry-run")
    assert sum(row["count"] for row in rehearsed["outcomes"]) == 4
    assert ccm.json("run", "status") == {"runs": []}
    assert ccm.json("deliver", "--once", "--at", NOON) == {"outcomes": []}
    assert ccm.json("explain", "--customer", "C1", status=2)["error"] == "NotFound"


def test_the_data_may_come_from_a_file(ccm: Commands, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text("\ufeff" + PAYMENT, encoding="utf-8")
    words = ("send", "payment-received", "--customer", "C1", "--at", NOON, "--dry-run", "--data")
    assert ccm.json(*words, f"@{tmp_path / 'data.json'}")["state"] == "due"
    assert "cannot be read" in ccm.refuses(*words, f"@{tmp_path / 'none.json'}")
    (tmp_path / "data.json").write_bytes(b"\xff")
    assert "is not UTF-8" in ccm.refuses(*words, f"@{tmp_path / 'data.json'}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{", "is no valid JSON"),
        ("[]", "must be a JSON object"),
        ("[" * 100_000, "is no valid JSON"),
        ('{"a":' * 100_000, "is no valid JSON"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": "' + "x" * 1_000_000 + '"}', "is longer than 1,000,000 characters"),
        ('{"a": "\\ud800"}', "is no valid JSON"),
        ('{"payment": {"amount": "1", "amount": "2"}}', "'amount' stands twice"),
    ],
    ids=["broken", "list", "nested lists", "nested objects", "NaN", "long", "half a pair", "key twice"],
)
def test_hostile_json_is_refused(template: Commands, data: str, message: str) -> None:
    words = ("send", "payment-received", "--customer", "C1", "--dry-run", "--data", data)
    assert message in template.refuses(*words)


def test_data_that_do_not_fit_are_told_field_by_field(template: Commands) -> None:
    data = json.dumps({"payment": {"amount": "lots", "currency": "USD", "payr": "x", "received_on": "2026-02-30"}})
    told = template.refuses("send", "payment-received", "--customer", "C1", "--dry-run", "--data", data)
    for field in ("payment.amount: ", "payment.payr: is no field; did you mean 'payer'?", "payment.received_on: "):
        assert field in told
    assert "lots" not in told


@pytest.mark.parametrize("key", ["", "k" * 201, "a\nb", "\x1b[31m"])
def test_a_key_is_short_and_printable(template: Commands, key: str) -> None:
    words = ("send", "payment-received", "--customer", "C1", "--data", PAYMENT, "--key", key)
    assert "--key takes 1 to 200 printable characters" in template.refuses(*words)


def test_what_does_not_exist_is_named(template: Commands) -> None:
    payment = ("--data", PAYMENT)
    assert "customer 'C9' does not exist" in template.refuses("send", "payment-received", "--customer", "C9", *payment)
    assert "there are: payment-received, savings-offer" in template.refuses("send", "no", "--customer", "C1", *payment)
    for command in ("resume", "certificate", "cancel", "status"):
        assert "run '[/b]' does not exist; newest: none yet" in template.refuses("run", command, "[/b]")
    assert "send it with: ccm send" in template.refuses("run", "start", "payment-received")


def test_a_run_from_start_to_certificate(ccm: Commands) -> None:
    started = ccm.json("run", "start", "savings-offer", "--at", NOON, "--workers", "1")
    assert (started["run"], started["state"], started["intended"], started["recorded"]) == (RUN, "composed", 4, 4)
    assert f"go on with: ccm run resume {RUN}" in ccm.refuses("run", "start", "savings-offer", "--at", NOON, status=1)
    assert ccm.json("run", "resume", RUN)["recorded"] == 4
    assert not ccm.json("run", "certificate", RUN, status=1)["adds_up"], "nothing was delivered yet"
    ccm.json("deliver", "--once", "--at", NOON)
    found = ccm.json("run", "certificate", RUN)
    assert found["adds_up"]
    assert found["intended"] == found["sent"] == 4
    assert "every customer is accounted for" in ccm.says("run", "certificate", RUN)


def test_customers_whose_wording_is_not_in_force_yet_are_withheld(ccm: Commands) -> None:
    first = ccm.workspace / "compliance/wording/marketing-opt-out/us-en-1.yaml"
    later = (
        first.read_text(encoding="utf-8").replace('version: "1"', 'version: "2"').replace("from: 2025", "from: 2190")
    )
    first.with_name("us-en-2.yaml").write_text(later, encoding="utf-8")
    first.unlink()
    ccm.approve("savings-offer")
    rows = ccm.json("run", "start", "savings-offer", "--at", NOON, "--workers", "1")["outcomes"]
    assert {(row["state"], row["reason"]): row["count"] for row in rows} == {
        ("due", ""): 2, ("withheld", "wording_missing"): 2,
    }  # fmt: skip
    assert ccm.json("explain", "--customer", "C1")["messages"][0]["reason"] == "wording_missing"


def test_a_cancelled_run_sends_nothing(ccm: Commands) -> None:
    ccm.json("run", "start", "savings-offer", "--at", NOON, "--workers", "1")
    assert ccm.json("run", "cancel", RUN) == {"run": RUN, "messages_stopped": 4, "customers_not_composed": 0}
    assert ccm.json("deliver", "--once", "--at", NOON) == {"outcomes": []}
    assert "was cancelled" in ccm.run("run", "resume", RUN, status=1).stderr


def test_deliver_at_another_time_is_refused_where_something_would_leave(ccm: Commands) -> None:
    file = ccm.workspace / "channels/email.yaml"
    smtp = "adapter: smtp\nsettings: {host: mail.example, security: none}"
    file.write_text(file.read_text().replace("adapter: outbox\nsettings: {}", smtp))
    assert "smtp would really send" in ccm.refuses("deliver", "--once", "--at", NOON, status=1)
    assert "--json and --at go with --once" in ccm.refuses("deliver", "--at", NOON)


def test_explain_says_why_in_english_and_japanese(ccm: Commands) -> None:
    message = ccm.send()["message_id"]
    [found] = ccm.json("explain", message)["messages"]
    assert (found["customer"], found["state"], found["channel"]) == ("C1", "due", "sms")
    assert [(c["channel"], c["taken"]) for c in found["candidates"]] == [
        ("sms", True), ("email", False), ("push", False), ("line", False), ("whatsapp", False),
    ]  # fmt: skip
    assert [action["action"] for action in found["approvals"]] == ["submitted", "approved"]
    assert "possible, and taken" in ccm.says("explain", message)
    assert "採用" in ccm.says("explain", "--customer", "C1", "--communication", "payment-received", "--language", "ja")
    [japanese] = ccm.json("explain", message, "--language", "ja")["messages"]
    assert japanese["reason"] == found["reason"]
    assert japanese["why"] != found["why"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "give MESSAGE, or --customer ID"),
        (("x", "--customer", "C1"), "give MESSAGE, or --customer ID"),
        (("x",), "message 'x' is not recorded"),
        (("--customer", "C1", "--communication", "offer"), "nothing on 'offer' is recorded for customer 'C1'"),
        (("x", "--language", "fr"), "language 'fr' is none of en, ja"),
    ],
)
def test_explain_needs_something_recorded(template: Commands, words: tuple[str, ...], message: str) -> None:
    assert message in template.refuses("explain", *words)


def test_supplier_events_are_taken_in_and_bad_lines_told(ccm: Commands, tmp_path: Path) -> None:
    message = ccm.send()["message_id"]
    ccm.json("deliver", "--once", "--at", NOON)
    good = json.dumps({"kind": "delivered", "at": "2026-04-01T17:05:00Z", "message_id": message})
    lines = [good, good, "{", "[]", '{"kind": "eaten", "at": "2026-04-01T17:05:00Z"}', "[" * 60_000,
             '{"kind": "opened", "at": "2026-04-01T17:05:00Z"}', good.replace(message, "nobody")]  # fmt: skip
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n")
    found = ccm.json("receive", str(tmp_path / "events.jsonl"), status=1)
    assert found["events"] == {"delivered": 1, "repeated": 1, "unknown_message": 1}
    assert [problem.split(":")[1] for problem in found["problems"]] == ["3", "4", "5", "6", "7"]
    assert ccm.json("explain", message)["messages"][0]["state"] == "delivered"
    assert "cannot be read" in ccm.refuses("receive", str(tmp_path))
