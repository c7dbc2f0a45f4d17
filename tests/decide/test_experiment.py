"""Variants: who gets which words, and who is held out."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from ccm.decide.experiment import assign
from ccm.workspace.communication import Communication

IDS = [f"C{number}" for number in range(20_000)]


def offer(experiment: dict[str, object] | None, purpose: str = "marketing") -> Communication:
    return Communication.model_validate({
        "id": "offer", "name": {"en": "o", "ja": "o"}, "purpose": purpose, "category": "offers", "channels": ["sms"],
        "languages": ["en"], "jurisdictions": ["US"], "experiment": experiment,
    })  # fmt: skip


def test_without_an_experiment_everybody_gets_the_common_words() -> None:
    assert assign(offer(None), "C1") == ""


def test_shares_follow_the_weights() -> None:
    shared = offer({"id": "spring", "variants": {"a": 2, "b": 1}, "holdout": 1})
    counts = Counter(assign(shared, customer) for customer in IDS)
    assert counts.keys() == {"a", "b", None}
    for variant, share in (("a", 0.5), ("b", 0.25), (None, 0.25)):
        # Four standard deviations of a binomial count.
        assert abs(counts[variant] - share * len(IDS)) < 4 * (share * (1 - share) * len(IDS)) ** 0.5


def test_a_customer_keeps_the_variant_and_two_experiments_are_independent() -> None:
    first = offer({"id": "spring", "variants": {"a": 1, "b": 1}})
    second = offer({"id": "autumn", "variants": {"a": 1, "b": 1}})
    assert [assign(first, c) for c in IDS[:100]] == [assign(first, c) for c in IDS[:100]]
    same = sum(assign(first, c) == assign(second, c) for c in IDS)
    assert abs(same - len(IDS) / 2) < 4 * (len(IDS) / 4) ** 0.5


def test_a_variant_of_weight_nought_goes_to_nobody() -> None:
    none = offer({"id": "spring", "variants": {"a": 0, "b": 1}})
    assert {assign(none, customer) for customer in IDS[:1000]} == {"b"}


def test_assignment_is_a_fixed_function_of_experiment_and_customer() -> None:
    # What was assigned once must be assigned again by every later version of the engine.
    shared = offer({"id": "spring", "variants": {"a": 1, "b": 1}, "holdout": 1})
    assert [assign(shared, customer) for customer in ("C1", "C2", "C3", "C4", "C5", "C6")] == [
        None,
        None,
        "a",
        "b",
        "a",
        "a",
    ]


@pytest.mark.parametrize(
    ("experiment", "purpose", "message"),
    [
        ({"id": "x", "variants": {"a": 0}}, "marketing", "add up to 0"),
        ({"id": "x", "variants": {}}, "marketing", "at least 1"),
        ({"id": "x", "variants": {"B!": 1}}, "marketing", "String should match"),
        ({"id": "x", "variants": {"a": -1}}, "marketing", "greater than or equal"),
        ({"id": "x", "variants": {"a": 1}, "holdout": 5}, "servicing", "holdout is for marketing"),
    ],
)
def test_experiments_that_cannot_be_are_refused(experiment: dict[str, object], purpose: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        offer(experiment, purpose)
