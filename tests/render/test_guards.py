"""Values that may be missing: what counts as a guard, where it holds, and what a template may not do without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from language_parts import problems_in
from render_parts import sms

HELD = [
    "{% if note %}{{ note }}{% endif %}",
    "{% if note is defined %}{{ note }}{% endif %}",
    "{% if note is not none %}{{ note }}{% endif %}",
    "{% if note is none %}none{% else %}{{ note }}{% endif %}",
    "{% if not note %}none{% else %}{{ note }}{% endif %}",
    "{% if not (note and agreed) %}x{% else %}{{ note }}{% endif %}",
    "{% if agreed and note %}{{ note }}{% endif %}",
    "{% if note and note == 'x' %}{{ note }}{% endif %}",
    "{% if note == 'x' %}{{ note }}{% endif %}",
    "{% if 'x' == note %}{{ note }}{% endif %}",
    "{% if note != 'x' %}other{% else %}{{ note }}{% endif %}",
    "{% if note and note in ['x', 'y'] %}{{ note }}{% endif %}",
    "{% if not note %}a{% elif agreed %}{{ note }}{% else %}{{ note }}{% endif %}",
    "{% if agreed %}a{% elif note %}{{ note }}{% endif %}",
    "{{ note if note else 'none' }}",
    "{{ 'none' if note is none else note }}",
    "{{ note|default('none') }}",
    "{{ note|upper|default('none') }}",
    "{{ note|default(name)|upper }}",
    "{% if account.holder %}{{ account.holder.name }}{% endif %}",
    "{% if account.holder and account.holder.nick %}{{ account.holder.nick }}{% endif %}",
    "{% if not account.holder or not account.holder.nick %}x{% else %}{{ account.holder.nick }}{% endif %}",
    "{% if account.holder %}{{ account.holder.nick|default('-') }}{% endif %}",
    "{% if others and others|length > 2 %}{{ others|length }}{% endif %}",
    "{% if others %}{% for row in others %}{% if row.memo %}{{ row.memo }}{% endif %}{% endfor %}{% endif %}",
    "{% if note %}{% for row in rows %}{{ note }}{% endfor %}{% endif %}",
    "{% for row in rows %}{% if row.memo %}{% for p in row.parts %}{{ row.memo }}{{ p.label }}{% endfor %}{% endif %}"
    "{% endfor %}",
    "{% if customer.attributes.tier == 'gold' %}{{ customer.attributes.tier }}{% endif %}",
]
OPEN = [
    ("{{ note }}", "note"),
    ("{{ note|upper }}", "note"),
    ("{{ 'a' ~ note }}", "note"),
    ("{{ note if agreed else 'x' }}", "note"),
    ("{{ 'x' if note else note }}", "note"),
    ("{% if note %}{% endif %}{{ note }}", "note"),
    ("{% if agreed %}{{ note }}{% endif %}", "note"),
    ("{% if note or agreed %}{{ note }}{% endif %}", "note"),
    ("{% if not note %}{{ note }}{% endif %}", "note"),
    ("{% if note is none %}{{ note }}{% endif %}", "note"),
    ("{% if note != 'x' %}{{ note }}{% endif %}", "note"),
    ("{% if note == name %}{{ note }}{% endif %}", "note"),
    ("{% if agreed %}a{% elif note %}b{% else %}{{ note }}{% endif %}", "note"),
    ("{% if note > 'a' %}x{% endif %}", "note"),
    ("{% if note in ['x'] %}x{% endif %}", "note"),
    ("{% if 'x' in note %}x{% endif %}", "note"),
    ("{% for row in others %}x{% endfor %}", "others"),
    ("{% if others|length > 0 %}x{% endif %}", "others"),
    ("{{ account.holder.name }}", "account.holder"),
    ("{% if account.holder.name %}x{% endif %}", "account.holder"),
    ("{% if account.holder %}{{ account.holder.nick }}{% endif %}", "account.holder.nick"),
    ("{% if account.holder or agreed %}{{ account.holder.name }}{% endif %}", "account.holder"),
    ("{% for row in rows %}{% if row.memo %}x{% endif %}{{ row.memo }}{% endfor %}", "row.memo"),
    ("{% for row in rows %}{% if row.memo %}x{% endif %}{% endfor %}{% for row in rows %}{{ row.memo }}{% endfor %}",
     "row.memo"),
    ("{% if others %}{% for row in rows %}{% if row.memo %}{{ row.memo }}{% endif %}{% endfor %}"
     "{% for row in others %}{{ row.memo }}{% endfor %}{% endif %}", "row.memo"),
    ("{{ note|default(customer.honorific) }}", "customer.honorific"),
]  # fmt: skip


@pytest.mark.parametrize("text", HELD)
def test_guard_holds_where_it_stands(text: str) -> None:
    assert problems_in(text) == []


@pytest.mark.parametrize(("text", "name"), OPEN)
def test_value_that_may_be_missing_is_told_of_with_the_guard_to_write(text: str, name: str) -> None:
    found = [problem for problem in problems_in(text) if "may be missing" in problem]
    assert len(found) == 1
    assert f"'{name}' may be missing: put it in {{% if {name} %}} … {{% endif %}}" in found[0]


def test_default_is_offered_only_where_it_helps() -> None:
    assert "|default" in problems_in("{{ note }}")[0]
    assert "|default" not in problems_in("{{ account.holder.name }}")[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{% for row in rows %}{{ row.amuont }}{% endfor %}", "'row' has no field 'amuont'; did you mean 'amount'?"),
        ("{% for row in rows %}{{ row }}{% endfor %}", "'row' is a group of fields and cannot be printed"),
        ("{% for row in rows %}{{ row.amount|date }}{% endfor %}", "and this is money"),
        ("{% for row in rows %}{% endfor %}{{ row.label }}", "'row' is no known name"),
        ("{% for line in organisation.address_lines %}{{ line.x }}{% endfor %}", "'line' is text and has no fields"),
        ("{% for name in rows %}x{% endfor %}", "'name' is taken; give the loop's item another name"),
        ("{% for row in rows %}{% for row in row.parts %}x{% endfor %}{% endfor %}", "'row' is taken"),
        ("{% for r in rows %}{% for o in rows %}x{% endfor %}{% endfor %}", "a list of the outer loop's item"),
    ],
)
def test_items_of_a_loop_have_their_types(text: str, message: str) -> None:
    [found] = problems_in(text)
    assert message in found


@pytest.mark.parametrize(("items", "text"), [(None, "none"), (0, "none"), (2, "2")])
def test_guard_does_at_night_what_the_check_promised(tmp_path: Path, items: int | None, text: str) -> None:
    data = {"account": {"number": "1", "currency": "GBP", "items": items}}
    assert sms(tmp_path, "{% if account.items %}{{ account.items }}{% else %}none{% endif %}", data=data) == text
