"""Mistakes that people make in files of a workspace are told in words for people who write no programs."""

from __future__ import annotations

import pytest

from ccm.errors import Problem
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Cap
from ccm.workspace.settings import check_zone
from ccm.workspace.yamlfile import validate
from ccm.workspace.yamlreader import Refused, parse_yaml


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb：2\nc: 3\n", 3, "a name has no ': ' behind it, a colon and a space, both half-width"),
        ('a: 1\nb: "春\nc: 3\nd: 4\n', 2, "a quotation mark is never closed"),
        ("a:\n   en: x\n  ja: y\n", 3, "a line is indented otherwise than its neighbours"),
        ("a:\n  en: x\n   ja: y\n", 3, "the line is indented otherwise than its neighbours, or it is text"),
    ],
)
def test_a_slip_in_yaml_is_told_at_the_line_to_look_at(text: str, line: int, message: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_yaml(text, "some.yaml")
    assert message in refused.value.problem.message
    assert refused.value.problem.line == line


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("category: Offers & More", "does not have the form of a name: small letters, digits and hyphens, as in sav"),
        ("category: ", "category is empty"),
        ("purpose: ", "purpose is empty"),
        ("languages: [english]", "does not have the form of a language, as in en, ja, en-GB or zh-Hant"),
        ("jurisdictions: [Japan]", "does not have the form of a country: its two letters of ISO 3166-1, as in GB"),
        ("channels: sms, email", "channels: 'sms, email': must be a list, as in [a, b]"),
        ("expires_after_hours: ２００", "must be a whole number, in half-width digits"),
        ("expires_after_hours: 0", "expires_after_hours: 0: must be at least 1"),
        ("expires_after_hours: 99999999", "must be at most 87,840"),
        ("urgent: maybe", "urgent: 'maybe': must be true or false"),
        ("digest: weekly", "digest: 'weekly': must be names with values, as in {name: value}"),
        ('send: {start: "25:00"}', "must be a time of day from 00:00 to 23:59, as in '08:30'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_in_plain_words(wrong: str, message: str) -> None:
    right = (
        "id: x", "name: {en: X, ja: X}", "purpose: marketing", "category: x", "channels: [sms]", "languages: [en]",
        "jurisdictions: [GB]",
    )  # fmt: skip
    key = wrong.partition(":")[0]
    lines = [*(line for line in right if not line.startswith(f"{key}:")), wrong]
    problems: list[Problem] = []
    assert validate(Communication, parse_yaml("\n".join(lines), "some.yaml"), problems) is None
    [problem] = problems
    assert problem.line == len(lines)
    assert message in problem.message


def test_a_number_in_quotes_is_told_to_leave_them_out() -> None:
    problems: list[Problem] = []
    assert validate(Cap, parse_yaml('id: week\nlimit: "2"\ndays: 7\n', "some.yaml"), problems) is None
    assert [(problem.line, problem.message) for problem in problems] == [
        (2, "limit: '2' is neither a whole number from 0 up nor the word unlimited; a number stands without quotes")
    ]


def test_an_abbreviation_of_a_zone_is_not_taken_for_another_abbreviation() -> None:
    with pytest.raises(ValueError, match=r"'JST' is no IANA time zone, such as Asia/Tokyo$"):
        check_zone("JST")
    with pytest.raises(ValueError, match=r"did you mean Europe/London\?$"):
        check_zone("Europe/Londno")
