"""Wording files: what they may hold, when they are in force, and how a mistake is told, in English and Japanese."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.workspace import load_workspace
from ccm.workspace.wording import Wording, ends_at, resolve
from ccm.workspace.wording_text import MAX_TEXT

Problems = Callable[[], list[str]]
FOLDER = "compliance/wording/deposit-protection"
HEAD = {
    "en": 'id: deposit-protection\nversion: "1"\nlanguage: en\njurisdiction: GB\n',
    "ja": 'id: deposit-protection\nversion: "1"\nlanguage: ja\njurisdiction: JP\n',
}
TEXT = {
    "en": "{organisation.name} protects your deposit.",
    "ja": "{organisation.name}のご預金は預金保険の対象です。",
}
ZONE = {"en": "Europe/London", "ja": "Asia/Tokyo"}
LANGUAGES = pytest.mark.parametrize("language", ["en", "ja"])


def write(root: Path, language: str, *, version: str = "1", more: str = "", **fields: str) -> str:
    """Writes one wording file beside whatever is there, and returns its path; `fields` win over the usual ones."""
    parts = {
        "zone": ZONE[language], "effective_from": "2024-01-01", "owner": "compliance", "source": "Act 1",
        "text": f'"{TEXT[language]}"', "placeholders": "{organisation.name: text}", **fields,
    }  # fmt: skip
    place = {"en": "gb-en", "ja": "jp-ja"}[language]
    path = f"{FOLDER}/{place}-{version}.yaml"
    head = HEAD[language].replace('"1"', f'"{version}"')
    text = head + "".join(f"{name}: {value}\n" for name, value in parts.items() if value) + more
    (root / path).write_text(text, encoding="utf-8")
    return path


def alone(root: Path) -> Path:
    for file in (root / FOLDER).glob("*.yaml"):
        file.unlink()
    return root


@pytest.fixture
def bare(small: Path) -> Path:
    """The small workspace without wording of its own."""
    return alone(small)


@LANGUAGES
@pytest.mark.parametrize(
    ("fields", "line", "message"),
    [
        ({"text": '"{{ customer.id }}"'}, "text", "text: holds template code ('{{')"),
        ({"text": '"{% if x %}利率{% endif %}"'}, "text", "text: holds template code ('{%')"),
        ({"text": '"{# note 注 #}"'}, "text", "text: holds template code ('{#')"),
        ({"text": '"${name}様"'}, "text", "text: holds template code ('${')"),
        ({"text": '"利率は<b>高い</b> rate"'}, "text", "text: holds HTML ('<b>')"),
        ({"text": '"<script>alert(1)</script>"'}, "text", "text: holds HTML ('<script>')"),
        ({"text": '"a &amp; b 手数料"'}, "text", "text: holds HTML ('&amp;')"),
        ({"text": '"{organisation.nme}"'}, "text", "text: placeholder {organisation.nme} is not declared"),
        ({"text": '"{Organisation.Name}様"'}, "text", "text: holds a brace that is no placeholder, near '{Organisat"),
        ({"text": '"｛organisation.name｝様"'}, "text", "text: holds full-width braces"),
        ({"text": '"name} 様"'}, "text", "text: holds a brace that is no placeholder"),
        ({"text": '"safe\\u202Eefas 安全"'}, "text", "text: holds characters that nobody sees: U+202E (right-to-left"),
        ({"text": '"guaran\\u200Bteed 元本\\u200B保証"'}, "text", "that nobody sees: U+200B (zero width space)"),
        ({"text": '"a\\u0007b 警告"'}, "text", "text: holds characters that nobody sees: U+0007 (control character)"),
        ({"text": '"　 "'}, "text", "text: is empty"),
        ({"text": f'"{"長" * (MAX_TEXT + 1)}"'}, "text", "text: has 4,001 characters; 4,000 are possible"),
        ({"texts": '\n  sms: "{{ x }} 短"'}, "texts.sms", "texts: sms: holds template code"),
        ({"texts": "\n  fax: x"}, "texts.fax", "texts.fax 'fax' is none of email, sms"),
        ({"short_text": '"Short. 短い"'}, "short_text", "'short_text' is no known setting"),
        ({"placeholders": "{organisation.name: words}"}, "placeholders", "placeholders.organisation.name 'words'"),
        ({"owner": '"\\u202Eowner 担当"'}, "owner", "owner: holds characters that nobody sees"),
        ({"source": '""'}, "source", "source: ''"),
        ({"zone": "Asia/Tokio"}, "zone", "zone: 'Asia/Tokio' is no IANA time zone, such as Asia/Tokyo; did you mean"),
        ({"zone": "localtime"}, "zone", "zone: 'localtime' is no IANA time zone"),
        ({"zone": ""}, "effective_from", "effective_from: needs 'zone', as in zone: Asia/Tokyo, or an offset"),
        ({"effective_from": "soon"}, "effective_from", "effective_from: 'soon' is no time"),
        ({"effective_from": "2025"}, "effective_from", "effective_from: '2025' is no time"),
        ({"effective_from": "0001-01-01"}, "effective_from", "is not between the years 1900 and 2200"),
        ({"effective_from": "2024-01-01T00:00:00-03:00"}, "effective_from", "has an offset that"),
        ({"effective_to": "2023-12-31"}, "effective_to", "effective_to is not after effective_from"),
        ({"effective_to": "2024-01-01"}, "effective_to", "effective_to is not after effective_from"),
        ({"minimum_points": "2"}, "minimum_points", "minimum_points: 2: must be at least 4"),
        ({"occurs": "twice"}, "occurs", "occurs 'twice' is none of at_least_once, exactly_once"),
        ({"position": "middle"}, "position", "position 'middle' is none of anywhere, start, end, beside"),
        ({"position": "beside"}, "position", "position 'beside' and the words in 'beside' need each other"),
        ({"beside": "[rate, 利率]"}, "beside", "position 'beside' and the words in 'beside' need each other"),
        ({"product": "loans"}, "product", "no communication.yaml has the product 'loans'; there are: none yet"),
        ({"replaces": '"7"'}, "replaces", "replaces '7' is none of the earlier versions; there are: none"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_wording_file_is_told_at_its_line(
    bare: Path, problems: Problems, language: str, fields: dict[str, str], line: str, message: str
) -> None:
    path = write(bare, language, **fields)
    names = [text.strip().partition(":")[0] for text in (bare / path).read_text(encoding="utf-8").splitlines()]
    place = names.index(line.rpartition(".")[2]) + 1 if line.rpartition(".")[2] in names else 0
    told = [problem for problem in problems() if message in problem]
    assert told, problems()
    assert told[0].startswith(f"{path}:{place or 1}: ")


@pytest.mark.parametrize(
    ("zone", "time", "message"),
    [
        ("Europe/London", "2026-03-29T01:30:00",
         "'2026-03-29T01:30:00' does not exist in Europe/London, whose clocks go forward then; "
         "2026-03-29T00:30:00 and 2026-03-29T02:30:00 exist"),
        ("Europe/London", "2026-10-25T01:30:00",
         "comes twice in Europe/London, whose clocks go back then; "
         "write 2026-10-25T01:30:00+01:00 or 2026-10-25T01:30:00+00:00"),
        ("America/New_York", "2026-03-08T02:00:00", "does not exist in America/New_York"),
        ("Asia/Tokyo", "1949-04-03T00:30:00", "does not exist in Asia/Tokyo"),
        ("Asia/Tokyo", "2026-04-01T00:00:00Z", "it is 2026-04-01T09:00:00+09:00 there"),
    ],
)  # fmt: skip
def test_a_wall_time_that_clocks_skip_or_show_twice_is_refused(
    bare: Path, problems: Problems, zone: str, time: str, message: str
) -> None:
    path = write(bare, "en", zone=zone, effective_from=time)
    [problem] = problems()
    assert problem.startswith(f"{path}:6: effective_from: ")
    assert message in problem


@pytest.mark.parametrize(
    ("zone", "time", "instant"),
    [
        ("Asia/Tokyo", "2026-04-01", datetime(2026, 3, 31, 15, tzinfo=UTC)),
        ("Asia/Tokyo", "2026-04-01T00:00:00+09:00", datetime(2026, 3, 31, 15, tzinfo=UTC)),
        ("Europe/London", "2026-10-25T01:30:00+00:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("Europe/London", "2026-10-25T01:30:00+01:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("", "2026-04-01T00:00:00-05:00", datetime(2026, 4, 1, 5, tzinfo=UTC)),
    ],
)
def test_times_are_of_the_named_zone_or_of_their_offset(bare: Path, zone: str, time: str, instant: datetime) -> None:
    write(bare, "en", zone=zone, effective_from=time)
    assert load_workspace(bare).wordings[0].effective_from == instant


@LANGUAGES
@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"effective_to": "2026-01-01"}, {"effective_from": "2025-12-31"}, "version 2 overlaps version 1 ("),
        ({}, {"effective_from": "2024-01-01"}, "version 2 overlaps version 1 ("),
        ({"effective_from": "2026-01-01"}, {"effective_from": "2025-01-01"}, "version 1 starts after version 2 ("),
    ],
)
def test_two_versions_that_are_in_force_at_once_are_refused(
    bare: Path, problems: Problems, language: str, first: dict[str, str], second: dict[str, str], message: str
) -> None:
    write(bare, language, **first)
    write(bare, language, version="2", **second)
    assert any(message in problem for problem in problems()), problems()


@LANGUAGES
def test_a_version_may_end_another_sooner_where_it_says_so(bare: Path, problems: Problems, language: str) -> None:
    write(bare, language, effective_to="2030-01-01")
    write(bare, language, version="2", effective_from="2026-01-01", replaces='"1"')
    assert problems() == []
    first, second = load_workspace(bare).wordings
    assert ends_at((first, second), first) == second.effective_from


@LANGUAGES
def test_a_file_that_does_not_say_its_version_in_its_name_is_refused(
    bare: Path, problems: Problems, language: str
) -> None:
    path = Path(bare / write(bare, language))
    path.rename(path.with_name("note.yaml"))
    assert problems() == [f"{FOLDER}/note.yaml:2: this version's file is called {path.name}"]


@LANGUAGES
def test_wording_of_a_product_comes_before_the_common_one_and_only_there(bare: Path, language: str) -> None:
    path = write(bare, language)
    own = (bare / path).read_text(encoding="utf-8") + "product: loans\n"
    (bare / path.replace("-1.yaml", "-1-loans.yaml")).write_text(own, encoding="utf-8")
    communication = bare / "templates/payment-received/communication.yaml"
    communication.write_text(communication.read_text(encoding="utf-8") + "product: loans\n", encoding="utf-8")
    wordings = load_workspace(bare).wordings
    place = ("deposit-protection", language, "GB" if language == "en" else "JP", datetime(2026, 1, 1, tzinfo=UTC))
    products = [resolve(wordings, *place, name) for name in ("", "loans", "cards")]
    assert [found and found.product for found in products] == [None, "loans", None]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=5, unique_by=lambda p: p[0]),
       st.integers(0, 60))  # fmt: skip
def test_the_version_that_started_last_is_the_one_in_force_until_it_ends(
    spans: list[tuple[int, int]], day: int
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    versions = [
        Wording(
            id="note", version=str(number), language="ja", jurisdiction="JP", owner="c", source="s", text="注意",
            effective_from=start + timedelta(days=begins),
            effective_to=start + timedelta(days=begins + length) if length else None,
        )
        for number, (begins, length) in enumerate(sorted(spans), 1)
    ]  # fmt: skip
    at = start + timedelta(days=day)
    begun = [one for one in versions if one.effective_from <= at]
    found = resolve(reversed(versions), "note", "ja", "JP", at)
    assert found == (begun[-1] if begun and begun[-1].in_force(at) else None)
    for one in versions:
        ends = ends_at(versions, one)
        assert ends is None or resolve(versions, "note", "ja", "JP", ends) != one
