"""What somebody who knows no code is told about the mistakes that people make: where, what, and what to write."""

from __future__ import annotations

import pytest
from language_parts import problems_in

from ccm.render.dialects import HTML, MJML

MISTAKES = [
    # Names and fields
    ("Dear {{ costumer.id }}", "t:1:9: 'costumer' is no known name; did you mean 'customer'? (in {{ costumer.id }})"),
    ("a\n\n{{ closing_blance }}", "t:3:4: 'closing_blance' is no known name; did you mean 'closing_balance'?"),
    ("{{ Closing_Balance }}", "t:1:4: 'Closing_Balance' is no known name; did you mean 'closing_balance'?"),
    ("{{ full_name }}", "t:1:4: 'full_name' is no known name; did you mean 'customer.full_name'?"),
    ("{{ first_name }}", "t:1:4: 'first_name' is no known name; did you mean 'customer.given_name'?"),
    ("{{ customer.name }}", "t:1:13: 'customer' has no field 'name'; did you mean 'full_name'?"),
    ("{{ customer.fullName }}", "t:1:13: 'customer' has no field 'fullName'; did you mean 'full_name'?"),
    ("{{ customer.full-name }}", "t:1:4: names have _ and not -; did you mean 'customer.full_name'?"),
    ("{{ wording.fee-notice }}", "t:1:4: names have _ and not -; did you mean 'wording.fee_notice'?"),
    ("{{ wording.deposit-protection }}", "did you mean 'wording.deposit_protection'?"),
    ("{{ wording.fee_notise }}", "t:1:12: 'wording' has no field 'fee_notise'; did you mean 'fee_notice'?"),
    ("{{ name.first }}", "t:1:9: 'name' is text and has no fields such as 'first'"),
    ("{{ rows.label }}", "t:1:9: 'rows' is a list: go through it with {% for item in rows %}"),
    (
        "{{ customer full_name }}",
        "'full_name' does not fit here; fields are joined with '.', texts and values with '~'",
    ),
    ("{{ loop.index }}", "t:1:4: 'loop' is there only inside of {% for … %}"),
    ("{{ сustomer.id }}", "t:1:4: 'сustomer' is no known name; its 'с' is U+0441 (CYRILLIC SMALL LETTER ES)"),
    # Values that print
    ("{{ account }}", "name one of its fields: account.number, account.holder, account.opened_on"),
    ("{{ agreed }}", "t:1:4: 'agreed' is a yes-or-no value and cannot be printed; use it in an 'if'"),
    ("{{ rows }}", "t:1:4: 'rows' is a list and cannot be printed; go through it with 'for'"),
    ("{{ note }}", "t:1:4: 'note' may be missing: put it in {% if note %} … {% endif %} or add |default('…')"),
    ("{{ account.holder.name }}", "t:1:12: 'account.holder' may be missing: put it in {% if account.holder %}"),
    ("{{ none }}", "to ask whether a value is missing, write: is none"),
    # Filters
    ("{{ name|trunctate(5) }}", "t:1:9: filter 'trunctate' is not part of the template language; did you mean"),
    ("{{ closing_balance|currency }}", "did you mean 'money'?"),
    ("{{ name|safe }}", "not needed: values are always made safe for the channel"),
    ("{{ due|date('lng') }}", "did you mean 'long' in quotes?"),
    ("{{ due|date(short) }}", "did you mean 'short' in quotes?"),
    ("{{ due|date('%Y-%m-%d') }}", "t:1:8: filter 'date' takes 'short', 'medium', 'long' or 'full'"),
    ("{{ rate|percent('2') }}", "filter 'percent' takes a number of decimals from 0 to 12, without quotes"),
    ("{{ name|date }}", "t:1:9: filter 'date' takes a date or a date with time, and this is text"),
    ("{{ note|default }}", "t:1:9: filter 'default' needs a text in quotes in its brackets"),
    ("{{ note|default(none) }}", "t:1:9: filter 'default' takes a text in quotes in its brackets"),
    ("{{ note|default('<b>no</b>') }}", "a text in code prints as it stands: the customer would read '<b>'"),
    # Conditions and loops
    ("{% if agreed = 1 %}x{% endif %}", "t:1:1: '=' does not compare; write == (in {% if agreed = 1 %})"),
    ("{% if agreed && note %}x{% endif %}", "t:1:14: '&' has no meaning here; write 'and'"),
    ("{% if agreed || note %}x{% endif %}", "'||' is not part of the template language; write or"),
    ("{% if !agreed %}x{% endif %}", "t:1:7: '!' has no meaning here; write 'not'"),
    ("{% if agreed %}x{% else if note %}y{% endif %}", "t:1:17: write 'elif' instead of 'else if'"),
    (
        "{% if agreed %}x{% elseif note %}y{% endif %}",
        "t:1:17: 'elseif' is not part of the template language; did you mean 'elif'",
    ),
    ("{% if agreed %}x{% end %}", "t:1:17: 'end' is not part of the template language; did you mean 'endif'?"),
    ("{% if agreed %}x", "t:1:1: 'if' is never closed with {% endif %}"),
    ("x{% endif %}", "t:1:2: 'endif' stands here without its 'if'"),
    (
        "{% foreach r in rows %}{{ r.label }}{% endfor %}",
        "'foreach' is not part of the template language; did you mean 'for'?",
    ),
    ("{% for in rows %}x{% endfor %}", "t:1:1: 'for' is written: for NAME in LIST"),
    ("{% for r in name %}x{% endfor %}", "t:1:13: 'for' needs a list, and this is text"),
    ("{{ if agreed }}", "'if' stands in {% if … %}, not in {{ }}"),
    ("{% customer.full_name %}", "to print a value, write {{ customer.full_name }}"),
    ("{% if note == none %}x{% endif %}", "t:1:7: to ask whether a value is missing, write: note is none"),
    ("{% if note is empty %}x{% endif %}", "'is empty' is not part of the template language; did you mean 'none'?"),
    ("{% if closing_balance > '100' %}x{% endif %}", "t:1:7: money cannot be compared with text"),
    ("{% if agreed == 'yes' %}x{% endif %}", "t:1:7: a yes-or-no value cannot be compared with text"),
    ("{% if customer %}x{% endif %}", "'customer' is a group of fields that is always there and needs no 'if'"),
    # Brackets, quotes and placeholders of other systems
    ("Dear {{ name }, hello", "a placeholder that starts with {{ ends with }}, not with a single }"),
    ("Dear {{ name, hello\nYour bank", "t:1:6: '{{' is never closed with '}}'"),
    ("Dear {name}", "t:1:6: '{name}' would reach the customer as it stands; a placeholder is {{ name }}"),
    ("Dear { name }}", "a placeholder is {{ name }}"),
    ("Dear [[customer.full_name]]", "a placeholder is {{ customer.full_name }}"),
    ("Dear ${customer.full_name}", "a placeholder is {{ customer.full_name }}"),
    ("{{ 'it's' }}", "t:1:9: a text that starts with ' is never closed with '"),
    ("{{ “hello” }}", "t:1:4: '“' has no meaning here; write straight quotes: 'text'"),
    ("{{ 'a' + name }}", "arithmetic is not part of the template language; texts are joined with ~"),
    ("{{ name() }}", "calls are not part of the template language; leave the brackets out: name"),
    ("{{ customer['full_name'] }}", "subscripts are not part of the template language; write customer.full_name"),
    ("{{ }}", "t:1:1: something is missing before '}}'"),
    ("{# a note", "'{#' is never closed with '#}'"),
]  # fmt: skip
JAPANESE = [
    ("{{ customer．addressee }}", "t:1:12: '．' is full-width; in code, write '.'"),
    ("{{ name｜upper }}", "t:1:8: '｜' is full-width; in code, write '|'"),
    ("{{ note|default（'なし'） }}", "t:1:16: '（' is full-width; in code, write '('"),
    ("{{ note|default(「なし」) }}", "'「' has no meaning here; write straight quotes: 'text'"),
    ("{{ ｎａｍｅ }}", "t:1:4: 'ｎａｍｅ' is no known name; its letters are full-width; did you mean 'name'?"),
    ("{{ お客様名 }}", "t:1:4: 'お客様名' is no known name; names have only the letters a to z, digits and _"),
    (
        "｛｛ customer.addressee ｝｝",
        "would reach the customer as it stands; a placeholder is {{ customer.addressee }}",
    ),
    ("｛％ if agreed ％｝", "would reach the customer as it stands; code is written {% … %}, in half-width"),
    (
        "{{ customer.addressee }} 様",
        "'customer.addressee' already ends with 様 or 御中, so that '様' would be a second",
    ),
    ("{{ rows|length|plural(one='#件', other='#件') }}", "Japanese has no plural form 'one'; Japanese has: other"),
    ("{{ customer.full_name|fullwidth }}", "a customer's name prints as it was given: leave '|fullwidth' out"),
    ("{{ due|date('wareki') }}", "(Japanese also 'era' or 'era_short')"),
    ("お支払い額{{ closing_blance }}", "t:1:9: 'closing_blance' is no known name; did you mean 'closing_balance'?"),
    ("{{ note }}様", "'note' may be missing: put it in {% if note %}"),
    ("{% if agreed ＝＝ true %}はい{% endif %}", "'＝' is full-width; in code, write '='"),
]
MARKUP = [
    ("<p>x", "t:1:1: <p> is never closed"),
    ("<p>{# a\nb #}x\n<b>y</p>", "t:3:5: </p> does not fit: <b> of line 3 is open"),
    ("<blockqoute>x</blockqoute>", "<blockqoute> is not possible in letter templates; did you mean <blockquote>?"),
    ("<p style='color: red'>x</p>", "'style' is not possible in a letter, whose look is that of letter.css"),
    ("<p algn='x'>x</p>", "<p> has no attribute 'algn' in a letter"),
    (
        "<table><tr><td colspn='2'>x</td><th>y</th></tr></table>",
        "no attribute 'colspn' in a letter; did you mean 'colspan'?",
    ),
    ("<table>\n<tr><td>x</td></tr></table>", "t:2:20: a table needs header cells: <th> instead of <td>"),
    ("<h1></h1>", "the heading <h1> has no text"),
    ("<img src='logo.svg'>", '<img> needs alt="…", the words read aloud in its place'),
    ("<meta charset='utf-8'>", "<meta> stands in the layout of a letter, not in its body"),
    ("<style>p { color: red }</style>", "<style> is not possible in letter templates"),
    ("<link rel='stylesheet' href='x.css'>", "<link> is not possible in letter templates"),
    ("<a href='http://www.example.com'>x</a>", "did you mean 'https://www.example.com'?"),
    ("<a href='info@example.com'>x</a>", "did you mean 'mailto:info@example.com'?"),
    ("<a href='{{ name }}'>x</a>", "a link's start must be written out"),
    ("<p title={{ name }}>x</p>", "t:1:10: <p>: its attribute values need quotes (in {{ name }})"),
    ("<p {% if agreed %}class='x'{% endif %}>x</p>", "code cannot stand in a tag outside an attribute's value"),
    ("<{{ name }}>x</{{ name }}>", "t:1:1: code cannot stand in a tag's name"),
    ("<p>{% if agreed %}<b>{% endif %}</b></p>", "tags must be closed in the branch that they were opened in"),
    ("<p class='a' class='b'>x</p>", "<p> has 'class' twice"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistake_is_told_once_with_its_place_and_what_to_write(text: str, message: str) -> None:
    [found] = problems_in(text)
    assert message in found
    assert not any(word in found for word in ("Traceback", "jinja", "TemplateSyntaxError", "Getattr", "identifier"))


@pytest.mark.parametrize(("text", "message"), JAPANESE)
def test_mistake_in_a_japanese_template_is_told_once_too(text: str, message: str) -> None:
    [found] = problems_in(text, "ja")
    assert message in found


@pytest.mark.parametrize(("text", "message"), MARKUP)
def test_mistake_in_a_letters_markup_is_told_once(text: str, message: str) -> None:
    [found] = problems_in(text, "en", HTML)
    assert message in found


def test_misspelt_tag_of_an_email_is_told_once_and_not_what_stands_in_it() -> None:
    [found] = problems_in("<mj-section><mj-column><mj-txt>x {{ name }}</mj-txt></mj-column></mj-section>", "en", MJML)
    assert found == "t:1:24: <mj-txt> is not possible in MJML templates; did you mean <mj-text>?"


def test_twenty_mistakes_in_one_file_are_all_told_in_one_run() -> None:
    text = "\n".join(
        [
            "{{ nme }} {{ name }} {{ nme }}",
            "{{ name", "{{ 'a }}", "{% if agreed = 1 %}{{ note }}{% endif %}", "{% set a = 1 %}{{ a }}", "{{ name() }}",
            "{% raw %}{{ nmae }}{% endraw %}", "{{ note }}", "{{ due|date('lng') }} {{ rate|pct }}", "{name}",
            "{% for r in rows %}{{ r.lable }}{% endfor %}", "{% if name is odd %}{% endif %}",
            "{{ 12345678901234567890 }}",
        ]
    )  # fmt: skip
    places = [":".join(problem.split(":")[1:3]) for problem in problems_in(text)]
    assert places == [
        "1:4", "1:25", "2:1", "3:1", "4:1", "5:1", "6:4", "7:1", "7:13", "9:8", "9:31", "10:1", "11:25", "12:15",
        "13:4",
    ]  # fmt: skip


def test_code_that_cannot_be_read_brings_no_second_message_about_what_it_guards() -> None:
    assert len(problems_in("{% if note = 1 %}{{ note }}{% endif %}{% set x = 1 %}{{ x }}")) == 2
    assert len(problems_in("{% macro m(n) %}{{ n }}{% endmacro %}{{ m(1) }}")) == 1


def test_column_is_that_of_the_wrong_name_also_where_the_same_name_stands_before_it() -> None:
    text = "{# {{ name }} #}{{ name if agreed else nme }} {{ due|date }} {{ name|date }}"
    assert [problem.split(" ")[0] for problem in problems_in(text)] == ["t:1:40:", "t:1:70:"]
