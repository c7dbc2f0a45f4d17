"""`ccm simulate`: tables for people, one JSON document, and a page that opens offline, in both languages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from cli_parts import Commands

CALENDAR = """\
runs:
  - {communication: savings-offer, every: week, day: tue, time: "10:00"}
triggers:
  - {communication: payment-received, per_customer: 2}
"""
MAY = ("simulate", "--month", "2026-05", "--workers", "1")


@pytest.fixture(autouse=True)
def calendar(ccm: Commands) -> None:
    (ccm.workspace / "channels/calendar.yaml").write_text(CALENDAR)


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", ("Messages a day", "Who takes whose room", "Savings account offer", "Nothing was sent")),
     ("ja", ("日別の送信件数", "上限を先に使った通知", "お客さま", "送信も書き込みも行っていません"))],
)  # fmt: skip
def test_the_page_needs_nothing_from_outside(
    ccm: Commands, tmp_path: Path, language: str, told: tuple[str, ...]
) -> None:
    ccm.run(*MAY, "--out", str(tmp_path / "out"), "--language", language)
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    for words in told:
        assert words in page
    assert f'<html lang="{language}">' in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "The cost is too low"), ("ja", "費用は実際より少なく出ています")]
)
def test_a_cost_without_all_prices_is_told_to_be_too_low(
    ccm: Commands, tmp_path: Path, language: str, told: str
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text('currency: USD\nsource: "a test"\nchannels:\n  letter:\n    message: { FR: 1 }\n')
    result = ccm.run(*MAY, "--prices", str(prices), "--out", str(tmp_path / "out"), "--language", language)
    assert told in (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert told in result.stdout
    assert told not in ccm.run(*MAY, "--language", language).stdout


def test_the_document_has_both_scenarios_and_the_days_asked_for(ccm: Commands, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    text = (ccm.workspace / "channels/policy.yaml").read_text(encoding="utf-8")
    policy.write_text(text.replace("limit: 2", "limit: 0"), encoding="utf-8")
    found = ccm.json("simulate", "--from", "2026-05-04", "--to", "2026-05-10", "--against", str(policy))
    assert [len(found["days"]), found["customers"], found["currency"]] == [7, 4, "USD"]
    now, then = found["scenarios"]
    assert now["messages"] > then["messages"]
    assert then["reasons"]["cap"] > now["reasons"].get("cap", 0)
    assert then["name"] == str(policy)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--month", "2026-13"), "--month: '2026-13' is no month, as in 2026-05"),
        (("--month", "2026"), "--month: '2026' is no month, as in 2026-05"),
        (("--month", "1800-01"), "--month: '1800-01' is not between the years 2000 and 2200"),
        (("--from", "2026-05-01"), "give --month YYYY-MM, or --from DATE and --to DATE"),
        (("--from", "2026-05-01", "--to", "2026-04-01"), "between 1 and 92 days can be simulated"),
        (("--against", "nothing"), "'nothing' is no file, no folder and no release"),
    ],
)
def test_wrong_use_is_told(ccm: Commands, words: tuple[str, ...], told: str) -> None:
    result = ccm.run("simulate", *words, status=2)
    assert told in result.stderr


def test_another_workspace_is_only_read(ccm: Commands, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for part in ("ccm.toml", "templates", "compliance", "channels"):
        source = ccm.workspace / part
        (shutil.copytree if source.is_dir() else copied)(source, other / part)
    policy = other / "channels/policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("limit: 2", "limit: 0"), encoding="utf-8")
    found = ccm.json(*MAY, "--against", str(other))
    assert found["scenarios"][0]["messages"] > found["scenarios"][1]["messages"] > 0
    assert sorted(path.name for path in other.iterdir()) == ["ccm.toml", "channels", "compliance", "templates"]
    (other / "ccm.toml").unlink()
    assert "no ccm.toml there" in ccm.run(*MAY, "--against", str(other), status=2).stderr


def copied(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def test_a_calendar_that_is_not_there_is_told(ccm: Commands) -> None:
    assert "gone.yaml: cannot be read" in ccm.run("simulate", "--calendar", "gone.yaml", status=1).stderr


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ("SMS", "Not sent", "Why messages are not sent")),
        ("ja", ("SMS", "送らない件数", "送らない理由")),
    ],
)
def test_what_is_told_on_the_terminal_is_in_the_language_of_the_report(
    ccm: Commands, language: str, told: tuple[str, ...]
) -> None:
    shown = ccm.run(*MAY, "--language", language).stdout
    assert [words for words in told if words not in shown] == []
    assert ("customers in" in shown) == (language == "en")
