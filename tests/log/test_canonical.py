from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.errors import InputError
from ccm.log.canonical import MAX_ENTRY, canonical


class Colour(StrEnum):
    RED = "red"


def test_keys_are_sorted_and_no_space_is_wasted() -> None:
    assert canonical({"b": 1, "a": [True, None, "é"], "c": {"z": -1, "y": []}}) == (
        '{"a":[true,null,"é"],"b":1,"c":{"y":[],"z":-1}}'.encode()
    )


def test_keys_inside_are_sorted_though_those_outside_are_already() -> None:
    assert canonical({"a": {"z": 1, "b": 2}, "c": [{"y": 1, "x": 2}]}) == b'{"a":{"b":2,"z":1},"c":[{"x":2,"y":1}]}'
    assert canonical({"a": 1, "b": "c"}) == b'{"a":1,"b":"c"}'


def test_strings_are_escaped_as_rfc_8785_section_3_2_2_2_says() -> None:
    # Its list: \b \t \n \f \r \" \\ by letter, other controls as \u00xx in small letters, nothing else.
    text = '\b\t\n\f\r"\\\x00\x1f\x7f/\u2028€😀'
    assert canonical({"t": text}) == ('{"t":"\\b\\t\\n\\f\\r\\"\\\\\\u0000\\u001f\x7f/\u2028€😀"}').encode()


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="ascii")), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), values, max_size=5))
def test_canonical_form_is_that_of_the_standard_library(fields: dict[str, object]) -> None:
    expected = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(fields) == expected.encode()


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), Decimal(1), b"x", datetime(2026, 1, 1, tzinfo=UTC), (1,), {1}, Colour.RED, [1, [0.5]],
     {"deep": {"er": 0.5}}],
)  # fmt: skip
def test_other_types_are_refused_by_the_name_of_the_field(value: object) -> None:
    with pytest.raises(InputError, match="field amount"):
        canonical({"amount": value})


@pytest.mark.parametrize("value", [2**53, -(2**53), 10**30, "\ud800"])
def test_values_that_other_languages_cannot_read_are_refused(value: object) -> None:
    with pytest.raises(InputError, match="amount"):
        canonical({"amount": value})


@pytest.mark.parametrize("fields", [{"é": 1}, {"a": {"ｘ": 1}}, {1: 1}, {"a": [{2: 2}]}])
def test_field_names_are_ascii_text(fields: dict[str, object]) -> None:
    with pytest.raises(InputError, match="ASCII"):
        canonical(fields)


def test_errors_name_the_field_and_never_the_value() -> None:
    with pytest.raises(InputError) as caught:
        canonical({"name": b"Yamada Hanako"})
    assert "Yamada" not in str(caught.value)


def test_an_entry_fits_an_entry_bundle() -> None:
    assert len(canonical({"t": "x" * (MAX_ENTRY - 8)})) == MAX_ENTRY
    with pytest.raises(InputError, match="over 65535"):
        canonical({"t": "x" * (MAX_ENTRY - 7)})
