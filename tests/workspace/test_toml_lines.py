"""Lines of TOML keys, also where the text is written to mislead a reader that goes line by line."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.workspace.tomllines import Loc, toml_lines

TEXT = '''\
# name = "comment"
title = "a # [no.table]"

[owner]  # [[people]]
"full name" = "x"
address = """
[fake]
city = "not a key"
"""
quoted = \'\'\'
id = 1 \\\'\'\'\'\'
roles = [
  "a",
  ["b"],
  # [c]
]
"e.mail".home = 1

[[people]]
id = "a"

  [people.extra]
  note = 1

[[people]]
id = "b"
[people.extra]
note = { deep = 1, "x]" = "[" }

[feeds.customers.columns]
"contact.email" = "mail"
last = 1
'''


def test_keys_are_found_through_strings_arrays_and_arrays_of_tables() -> None:
    tomllib.loads(TEXT)
    lines = toml_lines(TEXT)
    expected: dict[Loc, int] = {
        ("title",): 2, ("owner",): 4, ("owner", "full name"): 5, ("owner", "address"): 6, ("owner", "quoted"): 10,
        ("owner", "roles"): 12, ("owner", "e.mail", "home"): 17, ("people",): 19, ("people", 0): 19,
        ("people", 0, "id"): 20, ("people", 0, "extra"): 22, ("people", 0, "extra", "note"): 23, ("people", 1): 25,
        ("people", 1, "id"): 26, ("people", 1, "extra"): 27, ("people", 1, "extra", "note"): 28,
        ("feeds", "customers", "columns", "contact.email"): 31, ("feeds", "customers", "columns", "last"): 32,
    }  # fmt: skip
    assert {loc: lines.get(loc) for loc in expected} == expected
    assert not {loc for loc in lines if {"fake", "city", "no", "b", "c"} & set(loc)}


def _locs(value: Any, loc: Loc = ()) -> set[Loc]:
    """Every table, key and item of an array of tables."""
    if isinstance(value, dict):
        return {loc} | {found for key, item in value.items() for found in _locs(item, (*loc, key))}
    return {loc}


_words = st.text(alphabet="ab[]{}=#,.\"'\\\\\n ", max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.text(alphabet="ab.=[# ", min_size=1, max_size=5), _words, min_size=1, max_size=6), st.booleans()
)
def test_every_key_is_on_its_line_whatever_the_values_hold(values: dict[str, str], long: bool) -> None:
    text, expected = "[top]\n", {}
    for key, value in values.items():
        expected["top", key] = text.count("\n") + 1
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        if long:
            text += f'"{key}" = """\n{escaped}"""\n'
        else:
            text += f'"{key}" = ["{escaped.replace(chr(10), "")}", # ]\n]\n'
    assert _locs(tomllib.loads(text)) == {(), ("top",), *expected}
    lines = toml_lines(text)
    assert {loc: lines[loc] for loc in expected} == expected
