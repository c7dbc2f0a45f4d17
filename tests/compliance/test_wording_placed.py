"""Wording stands as often, where and as large as its file asks, in English and Japanese."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ccm.compliance.text import CheckedText
from ccm.compliance.wording_placed import BESIDE, misplaced, smallest_of
from ccm.model.message import Rendered, TypeRun, WordingUse

NOTICE = {"en": "You can lose money.", "ja": "元本割れのおそれがあります。"}
FILLER = {"en": "More words stand here. ", "ja": "ここに本文が続きます。"}
PROMISE = {"en": "High Yield", "ja": "高利回り"}
LANGUAGES = pytest.mark.parametrize("language", ["en", "ja"])


def found_in(rendered: Rendered) -> list[str]:
    return list(misplaced(rendered, CheckedText(rendered.channel, rendered.text)))


def told(text: str, language: str, *, attached: str = "", **asked: Any) -> list[str]:
    use = WordingUse("risk", "1", "d", NOTICE[language], **asked)
    rendered = Rendered("email", "message/rfc822", b"", text + attached, wording=(use,), attached=attached)
    return found_in(rendered)


@LANGUAGES
def test_exactly_once_is_once_in_each_part_of_a_message(language: str) -> None:
    notice, filler = NOTICE[language], FILLER[language]
    once = f"{filler}\n{notice}\n{filler}"
    assert told(once, language, occurs="exactly_once") == []
    assert told(once, language, occurs="exactly_once", attached=f"\n\n{once}") == []
    twice = ["wording 'risk' stands 2 times, not exactly once"]
    assert told(f"{notice}\n{once}", language, occurs="exactly_once") == twice
    assert told(once, language, occurs="exactly_once", attached=f"\n\n{notice}\n{once}") == twice
    assert told(f"{notice}\n{once}", language) == []
    missing = ["wording 'risk' was used, but its text is not in what the customer reads"]
    assert told(filler, language, occurs="exactly_once") == missing


@LANGUAGES
@pytest.mark.parametrize(
    ("before", "after", "start", "end"), [(0, 9, True, False), (9, 0, False, True), (5, 5, False, False)]
)
def test_start_and_end_are_the_first_and_the_last_third(
    language: str, before: int, after: int, start: bool, end: bool
) -> None:
    text = "\n".join([FILLER[language] * before, NOTICE[language], FILLER[language] * after])
    assert (told(text, language, position="start") == []) is start
    assert (told(text, language, position="end") == []) is end
    assert told(text, language, position="anywhere") == []


@LANGUAGES
def test_beside_means_near_to_every_one_of_the_words(language: str) -> None:
    notice, promise = NOTICE[language], PROMISE[language]
    asked: dict[str, Any] = {"position": "beside", "beside": (promise.upper(), "nowhere")}
    far = "x" * (BESIDE + 1)
    assert told(f"{promise} {notice} {far}", language, **asked) == []
    assert told(f"{far} {notice} {far}", language, **asked) == []
    message = f"wording 'risk' must stand beside '{promise.upper()}', at most {BESIDE} characters away"
    assert told(f"{promise} {far} {notice}", language, **asked) == [message]
    assert told(f"{promise} {notice} {far} {promise}", language, **asked) == [message]


@LANGUAGES
def test_wording_on_a_letter_is_not_smaller_than_asked(language: str) -> None:
    notice = NOTICE[language]
    use = WordingUse("risk", "1", "d", notice, minimum_points=8)
    runs = (TypeRun(11, FILLER[language]), TypeRun(8, notice[:5]), TypeRun(7.5, notice[5:8]), TypeRun(8, notice[8:]))
    letter = Rendered("letter", "application/pdf", b"", notice, wording=(use,), type_runs=lambda: runs)
    assert found_in(letter) == ["wording 'risk' is printed in 7.5 points; 8 are asked for"]
    large = tuple(replace(run, points=max(run.points, 7.96)) for run in runs)
    assert found_in(letter._replace(type_runs=lambda: large)) == []
    [unmeasured] = found_in(letter._replace(type_runs=tuple))
    assert "its type cannot be measured" in unmeasured
    assert found_in(letter._replace(channel="sms", type_runs=tuple)) == []


@pytest.mark.parametrize(
    ("passage", "points"),
    [("can lose", 7.0), ("You can", 7.0), ("元本割れの", 9.0), ("元本割れ", 11.0), ("co-operate", 9.0), ("", None),
     ("nowhere", None)],
)  # fmt: skip
def test_a_passage_is_as_small_as_its_smallest_character(passage: str, points: float | None) -> None:
    runs = (TypeRun(11, "You "), TypeRun(7, "can\nlose "), TypeRun(11, "元本割れ"), TypeRun(9, "の co\u2010\noperate"))
    assert smallest_of(passage, runs) == points
