"""What template authors can write, and what they are told when they write something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from render_parts import LAYOUT, SECTION, compiled, load, sms

from ccm.errors import RenderError, TemplateError
from ccm.render import Renderer

ONE_TWO = "1one -¥5; 2two $7.00"
EACH = "{{% if entries %}}{{% for e in entries %}}{}{{% endfor %}}{{% endif %}}"


def refused(root: Path, text: str) -> str:
    with pytest.raises(TemplateError) as caught:
        compiled(root, sms=text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{ balance }}", "£1,234.50"),
        ("{{ balance|amount }}", "1,234.50"),
        ("{{ balance|number }}", "1,234.5"),
        ("{{ rate }}", "4.25%"),
        ("{{ rate|percent(1) }}", "4.2%"),
        ("{{ message.date }}", "April 2, 2026"),
        ("{{ message.date|date('short') }}", "4/2/26"),
        ("{{ account.items|default('none') }}", "3"),
        ("{{ note|default('-') }}", "-"),
        ("{{ account.opened_on|date('short')|default('never') }}", "never"),
        ("{{ name|upper }}{{ name|lower }}{{ name|truncate(4) }}{{ name|truncate(3) }}", "ANNAannaAnna..."),
        ("{{ account.number|mask }}", "****5678"),
        ("{{ name|length }} {{ organisation.address_lines|join(', ') }}", "4 1 Main Street, Tokyo"),
        ("{{ 'a' ~ balance ~ 1 }}", "a£1,234.501"),
        ("{{ 'yes' if agreed and not note else 'no' }}", "yes"),
        ("{% if note %}{{ note }}{% elif balance > 1000 %}rich{% else %}poor{% endif %}", "rich"),
        ("{% if note is none or note == 'x' %}a{% endif %}", "a"),
        ("{% if name in ['Anna', 'Otto'] and 'nn' in name %}known{% endif %}", "known"),
        (EACH.format("{{ loop.index }}{{ e.label }} {{ e.amount }}{% if not loop.last %}; {% endif %}"), ONE_TWO),
        (EACH.format("{% for p in e.parts %}{{ p.label }}{% endfor %}"), "x"),
        ("{{ customer.full_name }} {{ customer.attributes.tier|default('basic') }}", "Jane Whitfield basic"),
        ("{{ 'Hello'|t }} {{ organisation.phone }} {{ message.reference }}", "Hello +1 800 555 0142 m-1"),
        ("{# a note #}{{- name -}}  !", "Anna!"),
        ("{% if balance > -1 %}fine{% endif %}", "fine"),
    ],
)  # fmt: skip
def test_language_prints_typed_values_in_the_locale(tmp_path: Path, text: str, printed: str) -> None:
    assert sms(tmp_path, text) == printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ costumer.id }}", "'costumer' is no known name; did you mean 'customer'?"),
        ("{{ customer.surnmae }}", "'customer' has no field 'surnmae'"),
        ("{{ customer.ful_name }}", "did you mean 'full_name'?"),
        ("{{ name.first }}", "'name' is text and has no fields such as 'first'"),
        ("{{ note }}", "'note' may be missing"),
        ("{% if note %}{% endif %}{{ note }}", "'note' may be missing"),
        ("{% if note or agreed %}{{ note }}{% endif %}", "'note' may be missing"),
        ("{% if not note %}{{ note }}{% endif %}", "'note' may be missing"),
        ("{% for e in entries %}{% endfor %}", "'entries' may be missing"),
        ("{{ account }}", "'account' is a group of fields and cannot be printed; name one of its fields: "),
        ("{{ agreed }}", "'agreed' is a yes-or-no value and cannot be printed; use it in an 'if'"),
        ("{{ name|money }}", "filter 'money' takes money, and this is text"),
        ("{{ balance|date }}", "filter 'date' takes a date or a date with time, and this is money"),
        ("{{ message.date|date('tiny') }}", "takes 'short', 'medium', 'long' or 'full'"),
        ("{{ name|truncate }}", "needs a length from 1 to 1000"),
        ("{{ name|safe }}", "filter 'safe' is not part"),
        ("{{ name|attr('x') }}", "filter 'attr' is not part"),
        ("{{ name|_url }}", "filter '_url' is not part"),
        ("{{ _f }}", "'_f' is no known name"),
        ("{{ name() }}", "calls are not part"),
        ("{{ account['number'] }}", "subscripts are not part"),
        ("{{ 1 + 1 }}", "arithmetic is not part"),
        ("{{ {'a': 1} }}", "dictionaries are not part"),
        ("{{ ['a'] }}", "lists outside of 'in'"),
        ("{{ name < balance }}", "text cannot be compared with money"),
        ("{% if name is callable %}{% endif %}", "test 'is callable'"),
        ("{% set a = 1 %}", "'set' is not part"),
        ("{% include 'x' %}", "'include' is not part"),
        ("{% raw %}{{ x }}{% endraw %}", "'raw' is not part"),
        ("{% with a = 1 %}{% endwith %}", "'with' is not part"),
        ("{% autoescape false %}{% endautoescape %}", "is not part"),
        ("{% for customer in entries|default('') %}{% endfor %}", "taken"),
        (EACH.format("{% for f in entries %}{% endfor %}"), "outer loop's item"),
        ("{{ 'x' if agreed }}", "needs an 'else'"),
        ("{{ wording.small_print ~ 'x' }}", "wording can only be printed by itself"),
        ("{{ wording.smal_print }}", "did you mean 'small_print'?"),
        ("{{ name", "'{{' is never closed with '}}'"),
        ("{% if name %}", "'if' is never closed with {% endif %}"),
        ("pay to \u202e54321\u202c", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("zero\u200bwidth", "U+200B (ZERO WIDTH SPACE)"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested more than 32 deep"),
        ("{{ " + "not " * 500 + "agreed }}", "more than 128 parts"),
        ("{% if agreed %}" * 40 + "{% endif %}" * 40, "nested more than 32 deep"),
        ("x" * 200_001, "larger than 200,000 characters"),
    ],
)  # fmt: skip
def test_whatever_is_not_in_the_language_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


def test_every_problem_of_all_files_is_told_at_once_with_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        compiled(
            tmp_path,
            sms="one\ntwo {{ nam }} and {{ nam }}\n{{ 1 + 1 }}",
            email=SECTION.format("{{ nme }}"),
            subject="About {{ nmae }}",
            layout=LAYOUT.replace("organisation.name", "organisation.nme"),
        )
    places = [str(problem).split(": ")[0] for problem in caught.value.problems]
    assert places == [
        "templates/_brand/email.mjml:4:49",
        "templates/notice/en/email.mjml:2:20",
        "templates/notice/en/email.mjml:5:36",
        "templates/notice/en/sms.txt:2:8",
        "templates/notice/en/sms.txt:2:22",
        "templates/notice/en/sms.txt:3:1",
    ]


def test_guard_holds_only_where_it_stands(tmp_path: Path) -> None:
    good = "{% if note and account.items %}{{ note }}{{ account.items }}{% endif %}"
    compiled(tmp_path / "a", sms=good)
    compiled(tmp_path / "b", sms="{% if not note %}none{% else %}{{ note }}{% endif %}")
    compiled(tmp_path / "c", sms="{% if note is none %}none{% elif agreed %}{{ note }}{% else %}{{ note }}{% endif %}")
    compiled(tmp_path / "d", sms="{{ note if note is defined else 'none' }}")
    assert "may be missing" in refused(tmp_path / "e", "{% if agreed %}{{ note }}{% else %}x{% endif %}")


def test_field_called_like_a_method_of_dict_is_just_a_field(tmp_path: Path) -> None:
    assert (
        sms(tmp_path, "{{ account.items|default('-') }}", data={"account": {"number": "1", "currency": "GBP"}}) == "-"
    )


def test_data_field_with_a_name_of_the_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="'wording' has a name of the template language"):
        compiled(tmp_path, sms="x", fields="\n    wording: {type: text}")


def test_wording_that_the_communication_does_not_list_is_refused(tmp_path: Path) -> None:
    workspace = load(tmp_path, sms="{{ wording.small_print }}")
    narrower = workspace.communications["notice"].model_copy(update={"wording": ("short-note",)})
    with pytest.raises(TemplateError, match=r"sms.txt:1:4: wording 'small-print' is not in the list 'wording'"):
        Renderer(workspace, narrower)


def test_output_over_the_limit_stops_that_message_only(tmp_path: Path) -> None:
    name = "n" * 400
    text = "{% if entries %}{% for e in entries %}" + "{{ name }}" * 400 + "{% endfor %}{% endif %}"
    entry = {"label": "x", "amount": "1", "currency": "USD", "parts": []}
    with pytest.raises(RenderError, match="too_large"):
        sms(tmp_path, text, data={"name": name, "entries": [entry] * 50})
