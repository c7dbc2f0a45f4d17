"""`ccm check` on samples: what they have not shown yet, and customers that no letter can name."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_parts import CUSTOMERS, NOON, Commands
from preview_parts import FILES, RULES, WORDING, write_notice

SAMPLES = "templates/notice/samples/"


@pytest.fixture
def notice(ccm: Commands) -> Path:
    """The folder of the communication ``notice``, with no channel that takes long."""
    folder = write_notice(ccm.workspace)
    text = FILES["communication.yaml"].replace("channels: [email, letter,", "channels: [email,")
    (folder / "communication.yaml").write_text(text, encoding="utf-8")
    return folder


def told(ccm: Commands, code: str) -> list[tuple[str, int, int, str]]:
    """The warnings of one code about the communication: path below its folder, line, column, message."""
    base = "templates/notice/"
    return [
        (item["path"].removeprefix(base), item["line"], item["column"], item["message"].removeprefix(f"{code} "))
        for item in ccm.json("check", "--at", NOON)["warnings"]
        if item["path"].startswith(base) and item["message"].startswith(code)
    ]


def sample(folder: Path, name: str, old: str, new: str, source: str = "jane-us") -> None:
    """Adds a sample that differs from another in one place."""
    text = FILES[f"samples/{source}.yaml"]
    assert old in text
    (folder / f"samples/{name}.yaml").write_text(text.replace(old, new), encoding="utf-8")


def test_untouched_branches_of_every_kind_of_file_are_told_until_a_sample_takes_them(
    ccm: Commands, notice: Path
) -> None:
    (notice / "en/push.yaml").write_text('title: Hours\nbody: "{% if note %}{{ note }}{% else %}-{% endif %}"\n')
    without = f"untouched branch: no sample in en has note; add one that has it to {SAMPLES}"
    assert told(ccm, "SP01") == [
        ("en/body.md", 9, 1, without),
        ("en/email@b.md", 9, 1, without),
        ("en/push.yaml", 2, 1, without),
        ("ja/body.md", 11, 1, f"untouched branch: every sample in ja has note; add one without it to {SAMPLES}"),
    ]
    sample(notice, "noted-us", "note: null", "note: Bring your card.")
    sample(notice, "plain-jp", "note: 駐車場はございません。", "note: null", "haruka-jp")
    assert told(ccm, "SP01") == []


def test_a_branch_of_a_layout_is_told_when_no_communication_shows_it(ccm: Commands, notice: Path) -> None:
    layout = ccm.workspace / "templates/_brand/inbox.html"
    text = layout.read_text(encoding="utf-8").replace(
        "<header>", '<header>{% if customer.segment == "gold" %}*{% endif %}{% if organisation.phone %}-{% endif %}', 1
    )
    layout.write_text(text, encoding="utf-8")
    found = [item["message"] for item in ccm.json("check", "--at", NOON)["warnings"] if "_brand" in item["path"]]
    assert found == [
        'SP01 untouched branch: in no sample in en or ja (customer.segment == "gold") is true; add one in which it is '
        "to the samples of a communication that has this layout"
    ]
    sample(notice, "gold-us", "  language: en-US", "  segment: gold\n  language: en-US")
    assert not [item for item in ccm.json("check", "--at", NOON)["warnings"] if "_brand" in item["path"]]


def test_languages_jurisdictions_and_channels_without_a_sample_are_told_at_their_line(
    ccm: Commands, notice: Path
) -> None:
    (notice / "samples/haruka-jp.yaml").unlink()
    assert told(ccm, "SP02") == [
        ("communication.yaml", line, 0, f"missing sample: none has {what}; add one to {SAMPLES}")
        for line, what in [
            (5, "an address for the channel inbox"), (5, "an address for the channel line"),
            (5, "an address for the channel push"), (5, "an address for the channel social"),
            (5, "an address for the channel whatsapp"), (6, "the language ja"), (7, "the jurisdiction JP"),
        ]
    ]  # fmt: skip
    (notice / "samples/jane-us.yaml").unlink()
    assert told(ccm, "SP02") == [("communication.yaml", 0, 0, f"no samples: add invented customers to {SAMPLES}")]


def test_warnings_of_samples_do_not_fail_the_check(ccm: Commands, notice: Path) -> None:
    (notice / "samples/haruka-jp.yaml").unlink()
    assert "(warning)" in ccm.says("check", "--at", NOON)


def test_customers_with_characters_that_no_font_has_are_listed_without_their_names(
    ccm: Commands, tmp_path: Path
) -> None:
    header, person = CUSTOMERS.split("\n")[:2]
    rows = [person.replace("C1,A1", f"X{n},B{n}").replace("Jane", "Ja\U0001f600ne") for n in (1, 2)]
    (tmp_path / "feed.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    ccm.run("import", "customers", str(tmp_path / "feed.csv"))
    found = ccm.json("check", "--customers", "--at", NOON)["unprintable_customers"]
    assert found == [{"customer": "X1", "characters": ["U+1F600"]}, {"customer": "X2", "characters": ["U+1F600"]}]
    said = ccm.says("check", "--customers", "--at", NOON)
    assert "customer X1: GL01 no font of the letters has U+1F600 (warning)" in said
    assert "2 customers' letters would be set aside (missing_glyph)" in said
    assert "Whitfield" not in said
    assert "unprintable_customers" not in ccm.json("check", "--at", NOON)


def test_a_run_with_letters_says_before_it_starts_whose_cannot_be_printed(ccm: Commands, tmp_path: Path) -> None:
    folder = write_notice(ccm.workspace)
    text = FILES["communication.yaml"].replace("  fields:", "  sql: data.sql\n  fields:")
    text = text.replace("channels: [email, letter, sms, line, push, whatsapp, social, inbox]", "channels: [letter]")
    (folder / "communication.yaml").write_text(text.split("experiment:")[0] + text[text.index("data:") :])
    (folder / "data.sql").write_text(
        "SELECT customer_id, 'Main' AS branch, NULL::VARCHAR AS note FROM customers ORDER BY customer_id"
    )
    for file in [*folder.glob("*/*.txt"), *folder.glob("*/*.json"), *folder.glob("*/push.yaml"),
                 *folder.glob("*/whatsapp.yaml"), folder / "en/email@b.md"]:  # fmt: skip
        file.unlink()
    for file in folder.glob("*/body.md"):
        file.write_text(file.read_text(encoding="utf-8").replace("preheader:", "title:"), encoding="utf-8")
    for language, jurisdiction in (("en", "JP"), ("ja", "US")):
        text = WORDING.format(language=language, jurisdiction=jurisdiction, text=RULES["en", "US"])
        file = ccm.workspace / f"compliance/wording/house-rules/{jurisdiction.lower()}-{language}-3.yaml"
        file.write_text(text, encoding="utf-8")
    header, person = CUSTOMERS.split("\n")[:2]
    (tmp_path / "feed.csv").write_text(f"{header}\n{person.replace('Jane', chr(0x1F600))}\n", encoding="utf-8")
    ccm.run("import", "customers", str(tmp_path / "feed.csv"))
    dry = ccm.json("run", "start", "notice", "--dry-run", "--at", NOON)
    assert dry["unprintable_customers"] == [{"customer": "C1", "characters": ["U+1F600"]}]
    assert {"state": "set_aside", "reason": "missing_glyph", "count": 1} in dry["outcomes"]
    first = ccm.json("run", "start", "notice", "--dry-run", "--limit", "1", "--at", NOON)
    assert first["unprintable_customers"] == []
    ccm.approve("notice")
    assert "customer C1: GL01 no font of the letters has U+1F600" in ccm.says(
        "run", "start", "notice", "--at", NOON, "--workers", "1"
    )  # fmt: skip


def test_a_run_without_letters_does_not_look(ccm: Commands) -> None:
    assert ccm.json("run", "start", "savings-offer", "--dry-run", "--at", NOON)["unprintable_customers"] == []
