"""Plural forms: those of CLDR for the template's language, exactly, and the right one for every number."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st
from language_parts import problems_in
from render_parts import LAYOUT, SECTION, compiled, context, customer, load, sms

from ccm.render import Renderer
from ccm.render.formats import Formats
from ccm.render.plurals import CATEGORIES, categories_of, plural

FORMS = "{% if account.items %}{{ account.items|plural(one='# item', other='# items') }}{% else %}no items{% endif %}"


@pytest.mark.parametrize(
    ("language", "categories"),
    [
        ("en", ("one", "other")),
        ("ja", ("other",)),
        ("en-GB", ("one", "other")),
        ("pl", ("one", "few", "many", "other")),
        ("ar", CATEGORIES),
        ("fr", ("one", "many", "other")),
        ("zh-Hant", ("other",)),
        ("xx-unknown", ("other",)),
    ],
)
def test_language_has_the_categories_of_cldr(language: str, categories: tuple[str, ...]) -> None:
    assert categories_of(language) == categories


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [
        ("en_US", 1, "1 item"), ("en_US", 0, "0 items"), ("en_US", 1234, "1,234 items"), ("en_US", -1, "-1 item"),
        ("ja_JP", 1, "1件"), ("ja_JP", 12345, "12,345件"),
        ("pl_PL", 1, "1 transakcja"), ("pl_PL", 22, "22 transakcje"), ("pl_PL", 12, "12 transakcji"),
        ("de_DE", 1234, "1.234 items"),
    ],
)  # fmt: skip
def test_number_takes_its_form_and_prints_in_the_locale(language: str, number: int, text: str) -> None:
    words = {
        "pl_PL": {"one": "# transakcja", "few": "# transakcje", "many": "# transakcji", "other": "# transakcji"},
        "ja_JP": {"other": "#件"},
    }.get(language, {"one": "# item", "other": "# items"})
    assert plural(number, Formats(Locale.parse(language), ZoneInfo("UTC")), **words) == text


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["en", "ja", "pl", "ar", "ru", "fr", "cy", "lt"]), st.integers(-(10**12), 10**12))
def test_every_number_has_a_form_in_every_language(language: str, number: int) -> None:
    forms = {category: f"{category} #" for category in categories_of(language)}
    formats = Formats(Locale.parse(language), ZoneInfo("UTC"))
    text = plural(number, formats, **forms)
    assert text == f"{Locale.parse(language).plural_form(abs(number))} {formats.number(number)}"


@pytest.mark.parametrize(("items", "text"), [(1, "1 item"), (3, "3 items"), (None, "no items")])
def test_plural_in_an_sms(tmp_path: Path, items: int | None, text: str) -> None:
    assert sms(tmp_path, FORMS, data={"account": {"number": "1", "currency": "GBP", "items": items}}) == text


def test_plural_in_email_subject_and_letter(tmp_path: Path) -> None:
    workspace = load(
        tmp_path, email=SECTION.format(FORMS), letter=f"<p>{FORMS}</p>", layout=LAYOUT,
        subject="{{ name|length|plural(one='# letter', other='# letters') }}",
    )  # fmt: skip
    renderer = Renderer(workspace, workspace.communications["notice"])
    mail = renderer.render("email", context(workspace))
    assert (mail.subject, "3 items" in mail.text) == ("4 letters", True)
    assert "3 items" in renderer.render("letter", context(workspace)).text


def test_plural_of_a_japanese_template_has_one_form(tmp_path: Path) -> None:
    text = "{{ name|length|plural(other='#件') }}"
    who = customer(language="ja-JP", jurisdiction="JP")
    workspace = load(tmp_path, email=SECTION.format(text), languages="[ja]")
    mail = Renderer(workspace, workspace.communications["notice"]).render(
        "email", context(workspace, customer=who, language="ja")
    )
    assert "4件" in mail.text


@pytest.mark.parametrize(
    ("text", "language", "message"),
    [
        ("{{ number|plural(one='# row') }}", "en", "t:1:11: English also needs the plural form 'other'"),
        ("{{ number|plural }}", "pl", "Polish also needs the plural form 'one' and 'few' and 'many' and 'other'"),
        ("{{ number|plural(one='#', few='#', other='#') }}", "pl", "Polish also needs the plural form 'many'"),
        ("{{ number|plural(one='#', many='#', other='#') }}", "en", "t:1:27: English has no plural form 'many'"),
        (
            "{{ number|plural(one='#', othr='#') }}",
            "en",
            "t:1:27: there is no plural form 'othr'; did you mean 'other'?",
        ),
        ("{{ number|plural('#', '#') }}", "en", "each form of 'plural' has its name: plural(one='# …', other='# …')"),
        ("{{ number|plural(one=name, other='#') }}", "en", "t:1:18: the plural form 'one' must be a text in quotes"),
        ("{{ number|plural(one=1, other='#') }}", "en", "the plural form 'one' must be a text in quotes"),
        ("{{ number|plural(one=' ', other='#') }}", "en", "the plural form 'one' is empty"),
        ("{{ number|plural(one='#', one='#', other='#') }}", "en", "a plural form is given twice"),
        ("{{ number|plural(one='<b>#</b>', other='#') }}", "en", "the customer would read '<b>'"),
        ("{{ number|plural(one='\\u202e#', other='#') }}", "en", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("{{ name|plural(one='#', other='#') }}", "en", "filter 'plural' takes a whole number, and this is text"),
        ("{{ number|plural(one='#', other='#') }}", "", "inside {% if message.language == '…' %}"),
        ("{{ number|plural(**name) }}", "en", "each form of 'plural' has its name"),
    ],
)
def test_forms_that_are_not_those_of_the_language_are_refused(text: str, language: str, message: str) -> None:
    [found] = problems_in(text, language)
    assert message in found


def test_layout_knows_the_language_inside_of_an_if_that_asks_for_it() -> None:
    forms = "{{ number|plural(one='#', other='#') }}"
    text = f"{{% if message.language == 'en' %}}{forms}{{% else %}}{{{{ number }}}}{{% endif %}}"
    assert problems_in(text, "") == []
    assert len(problems_in(f"{text}{forms}", "")) == 1


def test_count_that_may_be_missing_needs_a_guard(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"'account\.items' may be missing"):
        compiled(tmp_path, sms="{{ account.items|plural(one='#', other='#') }}")


def test_number_sign_in_data_stays_as_it_is(tmp_path: Path) -> None:
    data: dict[str, Any] = {"name": "#1"}
    assert sms(tmp_path, "{{ name }} {{ name|length|plural(one='#', other='# chars') }}", data=data) == "#1 2 chars"
