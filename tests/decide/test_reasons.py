"""Every reason that the code can give has words in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_traces import CHANNELS, OFFER, POLICY, STATEMENT, known, moments

from ccm.decide import Facts, decide
from ccm.decide.trace import WORDS, words
from ccm.model.customer import CustomerStatus, SuppressionKind
from ccm.pipeline.explain.phrases import PHRASES

ROOT = Path(__file__).parent.parent.parent / "ccm"
REASON_ARGUMENT = {
    "Candidate": 2,
    "candidate": 2,
    "withheld": 0,
    "_withhold": -1,
    "_withheld": 1,
    "Try": 1,
    "outcome": 1,
}
"""Calls that give a reason, and at which place; -1: at any."""


def reasons_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        place = REASON_ARGUMENT.get(name)
        if place is None:
            continue
        for argument in node.args if place < 0 else node.args[place : place + 1]:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
                yield argument.value


def test_every_reason_in_the_code_has_words() -> None:
    files = [*(ROOT / "decide").glob("*.py"), *(ROOT / "pipeline").glob("*.py")]
    found = {reason for file in files for reason in reasons_in(ast.parse(file.read_text(encoding="utf-8")))}
    assert {"wording_missing", "already_sent", "no_data"} <= found
    assert found - WORDS.keys() == set()


@pytest.mark.parametrize("kind", [*get_args(SuppressionKind), *sorted(set(get_args(CustomerStatus)) - {"active"})])
def test_every_kind_of_suppression_and_status_has_words(kind: str) -> None:
    assert kind in WORDS


@settings(max_examples=150, deadline=None)
@given(known, st.sampled_from((OFFER, STATEMENT)), moments)
def test_no_decision_gives_a_reason_without_words(facts: Facts, communication: object, at: object) -> None:
    decision = decide(communication, POLICY, CHANNELS, facts, at)  # type: ignore[arg-type]
    for reason in (decision.reason, *(candidate.reason for candidate in decision.candidates)):
        assert words(reason, "en") != reason
        assert words(reason, "ja") != reason


def test_every_sentence_is_in_both_languages_with_the_same_places() -> None:
    for key, (english, japanese) in PHRASES.items():
        assert english, key
        assert japanese, key
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", japanese)), key
