"""What `ccm check` and `ccm text readability` tell writers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_parts import NOON, Commands

from ccm.compliance.writing.readability import has_jreadability

EN = "templates/payment-received/en/email.mjml"
JA = "templates/payment-received/ja/email.mjml"
MISTAKES = [
    (EN, 'subject: "You', 'subject: "PLEASE READ THIS NOTICE about your own account: You', {"2 TY02", "2 SU01"}),
    (EN, "The money is in your account now.", "Sent to {{ customer.email|default('you') }}.", {"3 PD05"}),
    (EN, "A payment has arrived", "A remittance has arrived !", {"7 WD01", "7 TY04"}),
    (EN, "This payment has reached your account", "Your account was credited in order to help", {"10 WD02", "10 WD04"}),
    (EN, "the money straight away.", "the the money shortly.", {"10 TY07", "10 WD05"}),
    (EN, "If you did not expect this payment", "You failed to tell us, ask Mika Aoyama", {"21 TN03", "21 PB01"}),
    (EN, "please call us", "TODO: ticket CRM-4711, call us", {"21 PB03", "21 PB04"}),
    (EN, "before you use it.", "before you use it. We are sorry for any inconvenience.", {"21 TN06"}),
    (EN, "Go to your account", "Click here", {"23 LK02"}),
    (EN, "<mj-button", '<mj-button color="#2f5d4a"', {"23 CO01"}),
    (JA, "ご入金のお知らせ（", "ご入金のお知らせ！！（", {"2 TY03"}),
    (JA, "<h1>ご入金のお知らせ", "<h1>被仕向送金のお知らせ", {"7 WD01"}),
    (
        JA,
        "下記のご入金がございましたので",
        "先日おっしゃられたご入金を確認することができます.",
        {"10 TN05", "10 WD04", "10 TY05"},
    ),
    (
        JA,
        "お心当たりのないご入金の場合は、",
        "ここだけの話ですが、返金できないわけではありません。",
        {"21 PB05", "21 WD03"},
    ),
    (JA, "お使いになる前に当行までご連絡ください。", "お得だよ。２日以内です。", {"21 TN04", "21 TY06"}),
    (JA, "口座を確認する", "こちら", {"23 LK02"}),
]


def test_every_mistake_of_a_writer_is_told_at_its_line_with_why_and_how_to_mend(ccm: Commands) -> None:
    wanted = set()
    for path, old, new, lines in MISTAKES:
        text = (ccm.workspace / path).read_text(encoding="utf-8")
        assert old in text, old
        (ccm.workspace / path).write_text(text.replace(old, new, 1), encoding="utf-8")
        wanted |= {f"{path}:{line}" for line in lines}
    checked = ccm.json("check", str(ccm.workspace / "templates/payment-received"), "--at", NOON, status=1)
    found = [(kind, problem) for kind in ("errors", "warnings", "info") for problem in checked[kind]]
    told = {f"{problem['path']}:{problem['line']} {problem['message'][:4]}" for _, problem in found}
    assert wanted - told == set()
    assert {problem["message"][:4] for kind, problem in found if kind == "errors"} == {"PD05", "PB03"}
    of_words = [problem["message"] for _, problem in found if problem["message"][:2] not in ("TX", "FX", "SP", "LK")]
    assert all("; " in message and "(" in message for message in of_words)
    assert "jane@example.com" not in str(checked)


def test_remarks_are_lines_for_people_and_warnings_leave_the_status_alone(ccm: Commands) -> None:
    file = ccm.workspace / "templates/payment-received/en/sms.txt"
    file.write_text(file.read_text().replace("Not expected?", "A remittance you did not expect?"))
    shown = ccm.says("check", str(ccm.workspace / "templates/payment-received/en"), "--at", NOON)
    [line] = [line for line in shown.splitlines() if "WD01" in line]
    assert line.startswith("templates/payment-received/en/sms.txt:1:")
    assert line.endswith("write: pay, payment (jane-us, sms/en) (warning)")


def test_a_broken_list_is_told_before_anything_is_rendered(ccm: Commands) -> None:
    file = ccm.workspace / "compliance/writing/en.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("find: prior to", "find: '(prior to'"), encoding="utf-8")
    [problem] = ccm.json("check", "--at", NOON, status=1)["errors"]
    assert problem["path"] == "compliance/writing/en.yaml"
    assert "a bracket is not closed" in problem["message"]


def test_readability_of_an_english_file_names_the_hardest_sentence_and_its_line(
    template: Commands, tmp_path: Path
) -> None:
    file = tmp_path / "letter.txt"
    long = "This one has " + "many " * 25 + "words."
    file.write_text(f"Your card\n\nWe stopped your card.\n\n{long}\n")
    found = template.json("text", "readability", "--language", "en", str(file))
    assert (found["sentences"], found["words"]) == (2, 33)
    assert found["hardest"][0] == {"line": 5, "length": 29, "text": long}
    assert found["flesch"] is not None
    shown = template.says("text", "readability", "--language", "en", str(file))
    assert "2 sentences, 16.5 words each; 1 over 25 words" in shown
    assert "Flesch reading ease" in shown


def test_readability_of_japanese_from_standard_input(template: Commands) -> None:
    text = "カードを止めました。\n新しいカードをお届けします。\n"
    found = json.loads(template.run("text", "readability", "--language", "ja", "-", "--json", stdin=text).stdout)
    assert (found["sentences"], found["flesch"]) == (2, None)
    assert found["kanji_percent"] > 0
    assert (found["jreadability"] is not None) == has_jreadability()
    assert found["hardest"][0]["line"] == 2


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        (("--language", "fr", "-"), b"", "language 'fr' is none of en, ja"),
        (("--language", "en", "/nowhere.txt"), b"", "/nowhere.txt: cannot be read"),
        (("--language", "ja", "-"), b"\xff", "standard input:1: is not UTF-8"),
        (("--language", "en", "-"), b"a" * 1_000_001, "that is no text to read"),
    ],
)
def test_readability_of_nothing_says_why(
    template: Commands, words: tuple[str, ...], stdin: bytes, message: str
) -> None:
    assert message in template.refuses("text", "readability", *words, stdin=stdin)


def test_an_empty_text_has_no_score(template: Commands) -> None:
    found = json.loads(template.run("text", "readability", "--language", "en", "-", "--json", stdin="").stdout)
    assert (found["sentences"], found["flesch"], found["mean_length"]) == (0, None, 0.0)
