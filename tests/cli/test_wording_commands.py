"""`ccm wording`: what is missing, what ends, what a change touches; and what it stops, in English and Japanese."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_parts import NOON, Commands

OPT_OUT = "compliance/wording/marketing-opt-out"
PLACES = pytest.mark.parametrize(("place", "language", "country"), [("gb-en", "en", "GB"), ("jp-ja", "ja", "JP")])


def write_version(ccm: Commands, place: str, number: int, starts: str, **changes: str) -> Path:
    """Writes one more version of the opt-out wording, made from the first."""
    first = ccm.workspace / f"{OPT_OUT}/{place}-1.yaml"
    text = first.read_text(encoding="utf-8").replace('version: "1"', f'version: "{number}"')
    text = text.replace("effective_from: 2025-01-01T00:00:00", f"effective_from: {starts}")
    text = text.replace("effective_to: 2026-06-20\n", "")
    for before, after in changes.items():
        text = text.replace(before, after)
    file = first.with_name(f"{place}-{number}.yaml")
    file.write_text(text, encoding="utf-8")
    return file


def only_first(ccm: Commands) -> None:
    for file in (ccm.workspace / "compliance/wording").glob("*/*-2.yaml"):
        file.unlink()


@PLACES
def test_coverage_says_what_is_missing_on_a_day_and_ends_with_1(
    ccm: Commands, place: str, language: str, country: str
) -> None:
    only_first(ccm)
    told = ccm.json("wording", "coverage", "--at", "2026-04-01")
    assert (told["missing"], told["gaps"]) == (0, [])
    (ccm.workspace / f"{OPT_OUT}/{place}-1.yaml").unlink()
    told = ccm.json("wording", "coverage", "--at", "2026-04-01", status=1)
    missing = [row for row in told["rows"] if row["state"] == "missing"]
    assert {(row["communication"], row["wording"], row["language"], row["jurisdiction"]) for row in missing} == {
        ("savings-offer", "marketing-opt-out", language, country)
    }
    assert told["missing"] == len(missing) == len({row["channel"] for row in missing})
    assert "MISSING" in ccm.says("wording", "coverage", "--at", "2026-04-01", status=1)


@PLACES
def test_coverage_says_what_ends_within_so_many_days_and_where_a_gap_is(
    ccm: Commands, place: str, language: str, country: str
) -> None:
    only_first(ccm)
    first = ccm.workspace / f"{OPT_OUT}/{place}-1.yaml"
    first.write_text(first.read_text(encoding="utf-8") + "effective_to: 2026-06-20\n", encoding="utf-8")
    words = ("wording", "coverage", "--at", "2026-06-01", "--within")
    assert not [row for row in ccm.json(*words, "10")["rows"] if row["ends"]]
    ending = [row for row in ccm.json(*words, "30")["rows"] if row["ends"]]
    assert {(row["state"], row["language"], row["jurisdiction"], row["follows"]) for row in ending} == {
        ("ending", language, country, "")
    }
    write_version(ccm, place, 3, "2026-06-20T00:00:00")
    ending = [row for row in ccm.json(*words, "30")["rows"] if row["ends"]]
    assert {(row["state"], row["follows"]) for row in ending} == {("ok", "3")}
    write_version(ccm, place, 3, "2026-06-21T00:00:00")
    told = ccm.json(*words, "30")
    assert [(gap["language"], gap["before"], gap["after"]) for gap in told["gaps"]] == [(language, "1", "3")]
    assert "warning: marketing-opt-out" in ccm.says(*words, "30")


def test_impact_counts_messages_that_wait_with_the_words(ccm: Commands) -> None:
    ccm.json("run", "start", "savings-offer", "--at", NOON, "--workers", "1")
    told = ccm.json("wording", "impact", "marketing-opt-out", "--version", "1")
    assert {row["communication"] for row in told["touched"]} == {"savings-offer"}
    assert {("en", "GB"), ("ja", "JP")} <= {(row["language"], row["jurisdiction"]) for row in told["touched"]}
    waiting = {(row["language"], row["jurisdiction"]): row["messages"] for row in told["waiting"]}
    assert waiting == {("en", "US"): 2, ("ja", "JP"): 1, ("en", "GB"): 1}
    (ccm.workspace / "channels/calendar.yaml").write_text(
        "runs:\n  - {communication: savings-offer, every: month, day: 5, time: '10:00'}\n"
    )
    shown = ccm.says("wording", "impact", "marketing-opt-out")
    assert "4 waiting messages" in shown
    assert "planned runs" in shown
    planned = ccm.json("wording", "impact", "marketing-opt-out")["planned"]
    assert len(planned["savings-offer"]) >= 3
    assert {at[8:19] for at in planned["savings-offer"]} == {"05T01:00:00"}
    ccm.json("deliver", "--once", "--at", NOON)
    ccm.json("deliver", "--once", "--at", "2026-04-02T02:00:00Z")
    assert ccm.json("wording", "impact", "marketing-opt-out")["waiting"] == []
    assert "has no version 9; there are: 1" in ccm.refuses("wording", "impact", "marketing-opt-out", "--version", "9")
    assert "wording 'nothing' does not exist" in ccm.refuses("wording", "impact", "nothing")


@PLACES
def test_list_and_show_tell_the_words_in_force_on_a_day(ccm: Commands, place: str, language: str, country: str) -> None:
    only_first(ccm)
    write_version(ccm, place, 3, "2026-06-20T00:00:00", **{"{organisation.name}": "{organisation.name} plc"})
    for day, version in (("2026-06-19", "1"), ("2026-06-21", "3")):
        rows = ccm.json("wording", "show", "marketing-opt-out", "--at", day)["versions"]
        own = [row for row in rows if (row["language"], row["jurisdiction"]) == (language, country)]
        assert [row["version"] for row in own if row["state"] == "in force"] == [version]
        assert ("plc" in ccm.says("wording", "show", "marketing-opt-out", "--at", day)) is (version == "3")
    states = {row["state"] for row in ccm.json("wording", "list", "--at", "2026-06-01")["versions"]}
    assert states == {"in force", "to come"}
    assert "is not ISO 8601" in ccm.refuses("wording", "list", "--at", "2026-13-01")


@PLACES
def test_a_release_that_lacks_wording_for_a_language_is_not_handed_in(
    ccm: Commands, place: str, language: str, country: str
) -> None:
    for file in (ccm.workspace / OPT_OUT).glob(f"{place}-*.yaml"):
        file.unlink()
    told = ccm.run("submit", "savings-offer", "--as", "mika", status=1).stderr
    assert f"'savings-offer' needs wording 'marketing-opt-out' in '{language}' for {country}" in told
    assert f"write one, as {place}-1.yaml" in told


@PLACES
def test_customers_whose_wording_ended_are_withheld_and_others_are_not(
    ccm: Commands, place: str, language: str, country: str
) -> None:
    only_first(ccm)
    write_version(ccm, place, 3, "2190-01-01T00:00:00")
    (ccm.workspace / f"{OPT_OUT}/{place}-1.yaml").unlink()
    ccm.approve("savings-offer")
    rows = ccm.json("run", "start", "savings-offer", "--at", NOON, "--workers", "1")["outcomes"]
    assert {(row["state"], row["reason"]): row["count"] for row in rows} == {
        ("due", ""): 3, ("withheld", "wording_missing"): 1,
    }  # fmt: skip


@PLACES
def test_an_edited_version_is_told_by_check_and_stops_a_submission(
    ccm: Commands, place: str, language: str, country: str
) -> None:
    first = ccm.workspace / f"{OPT_OUT}/{place}-1.yaml"
    first.write_text(first.read_text(encoding="utf-8") + "# a note\n", encoding="utf-8")
    errors = ccm.json("check", status=1)["errors"]
    assert [(error["path"], error["line"]) for error in errors] == [(f"{OPT_OUT}/{place}-1.yaml", 2)]
    told = ccm.run("submit", "savings-offer", "--as", "mika", status=1).stderr
    assert "must not be edited: put the approved text back" in told


@PLACES
def test_a_run_says_before_it_starts_that_wording_changes_while_it_waits(
    ccm: Commands, place: str, language: str, country: str
) -> None:
    only_first(ccm)
    write_version(ccm, place, 3, "2026-04-02T12:00:00")
    ccm.approve("savings-offer")
    words = ("run", "start", "savings-offer", "--at", NOON, "--workers", "1")
    refused = ccm.run(*words, "--strict", status=1).stderr
    assert f"wording marketing-opt-out ({language} for {country}) changes from version 1 to 3 at 2026-04-0" in refused
    assert ccm.json("run", "status")["runs"] == []
    assert "warning: wording marketing-opt-out" in ccm.says(*words, "--dry-run")
    assert "warning" not in ccm.says("run", "start", "savings-offer", "--at", "2026-04-02T12:00:00Z", "--dry-run")
    [change] = ccm.json(*words)["wording_changes"]
    assert (change["wording"], change["language"], change["before"], change["after"]) == (
        "marketing-opt-out", language, "1", "3",
    )  # fmt: skip
    late = ccm.json("deliver", "--once", "--at", "2026-04-02T12:00:00Z")["outcomes"]
    assert sum(row["count"] for row in late if "wording_changed" in row["outcome"]) == 1
