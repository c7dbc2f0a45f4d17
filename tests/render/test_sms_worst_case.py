"""The worst case of a text message: exact for fixed words, never passed by a message within declared lengths."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_parts import AT, FIELDS, context, customer, write_workspace

from ccm.errors import RenderError
from ccm.render import Renderer, encode_info
from ccm.render.environment import LanguageEnvironment, render
from ccm.render.figures import FILTERS as FIGURES
from ccm.render.sms_values import LIMITS
from ccm.render.sms_worst import HANDLED, SmsBounds, WorstCase
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.wording import resolve

JURISDICTION = "US"


@cache
def base() -> Workspace:
    with TemporaryDirectory() as folder:
        fields = FIELDS.replace("label: {type: text}", "label: {type: text, max_length: 12}").replace(
            "note: {type: text,", "note: {type: text, max_length: 30,"
        )
        fields = fields.replace("max_length: 50", "max_length: 3").replace("max_length: 400", "max_length: 40")
        write_workspace(Path(folder), sms="x", languages="[en, ja]", fields=fields)
        return load_workspace(Path(folder))


def workspace(text: str, language: str) -> Workspace:
    files = tuple(
        file.model_copy(update={"body": text}) if file.language == language else file
        for file in base().templates["notice"]
    )
    return replace(base(), templates={"notice": files})


def wording(language: str) -> dict[str, Any]:
    ids = ("small-print", "short-note")
    return {name: resolve(base().wordings, name, language, JURISDICTION, AT) for name in ids}


def worst(text: str, language: str = "en") -> WorstCase:
    found = workspace(text, language)
    (file,) = [file for file in found.templates["notice"] if file.language == language]
    return SmsBounds(found, found.communications["notice"], file).worst(wording(language))


@pytest.mark.parametrize("text", ["", "Hello [you]", "  Hello\n", "a" * 200, "€" * 81, "ひのき" * 30, "𠮷" * 36])
def test_worst_case_of_fixed_words_is_their_count(text: str) -> None:
    info, found = encode_info(text.strip()), worst(text)
    assert (found.encoding, found.units, found.segments) == (info.encoding, info.units, info.segments)
    assert found.drivers == ()


def test_worst_case_of_a_name_is_told_with_its_length() -> None:
    found = worst("Dear {{ customer.full_name }}, " + "x" * 100)
    assert found == WorstCase("UCS-2", 187, 3, 1, (("customer.full_name", 40),))


def test_a_list_counts_to_its_limit_and_the_longest_branch_is_taken() -> None:
    found = worst(
        "{% if entries %}{% for e in entries %}{{ e.label }}{% if not loop.last %}, {% endif %}{% endfor %}"
        "{% else %}none{% endif %}"
    )
    assert found.drivers == (("entries.label", 36),)
    assert found.units == 3 * (24 + 2)


TEMPLATES = [
    "{{ name }}{{ note|default('-') }} {{ balance }} {{ balance|amount }}",
    "{% if note %}{{ note|upper }}{% elif share %}{{ share }}{% else %}{{ rate }} {{ rate|percent(1) }}{% endif %}!",
    "{% if entries %}{% for e in entries %}{{ loop.index }}. {{ e.label }} {{ e.amount }}; {% endfor %}{% endif %}x",
    "{{ name|truncate(7) }}{{ name|truncate(2) }}{{ name|mask }}{{ name|lower }}{{ name|trim }} {{ name|length }}",
    "{{ message.date }} {{ message.date|date('full') }} {{ message.date|date('short') }} {{ message.reference }}",
    "{{ seen_at|default('') }}{{ account.opened_on|date('medium')|default('never') }} {{ account.items|default('0') }}",
    "{{ customer.addressee }} {{ customer.full_name }} {{ customer.attributes.tier|default('') }}",
    "{{ customer.address_lines|join(', ') }}{% for line in customer.address_lines %}{{ line }}{% endfor %}",
    "{{ organisation.name }} {{ organisation.address }} {{ name ~ '…' ~ name }} {{ wording.small_print }}",
    "{{ name if agreed else account.number }} {{ rate if agreed else rate }} {{ account.number|default('none') }}",
    "{{ account.number|fullwidth }} {{ account.number|halfwidth }} {{ 1.25 if agreed else 2.5 }} {{ 1234567 }}",
    "ご入金 {{ balance }}、{{ name }}様 {{ organisation.phone }} {{ wording.short_note }}",
]
LETTERS = st.sampled_from("ab €[ßŉΐİﬃあ𠮷ïé…’z1")
NUMBERS = st.integers(-(10**15) + 1, 10**15 - 1)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    def text(most: int) -> str:
        return draw(st.text(LETTERS, min_size=draw(st.sampled_from([0, most])), max_size=most))

    def number(decimals: int) -> Decimal:
        return Decimal(draw(NUMBERS)) / Decimal(10) ** draw(st.integers(0, decimals))

    currency = draw(st.sampled_from(["JPY", "USD", "GBP", "KWD", "INR", "XAF"]))
    decimals = {"JPY": 0, "XAF": 0, "KWD": 3}.get(currency, 2)
    amount = Decimal(draw(NUMBERS)) + Decimal(draw(st.integers(0, 10**decimals - 1))).scaleb(-decimals)
    day = draw(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)))
    entry = {"label": text(12), "amount": amount, "currency": currency, "parts": []}
    name = text(LIMITS["full_name"])
    who = customer(
        language=draw(st.sampled_from(["en", "en-US", "en-GB", "ja-JP", "fr-FR"])), organisation_name=name or "x",
        given_name="", family_name="", attributes={"tier": text(40)}, timezone="Asia/Tokyo",
        address={"line1": text(80) or "x", "line2": text(80), "city": text(20), "postcode": text(8), "country": "GB"},
    )  # fmt: skip
    return {
        "customer": who, "jurisdiction": JURISDICTION, "message_id": "f" * 32,
        "at": dt.datetime.combine(day, dt.time(23, 58), dt.UTC),
        "data": {
            "account": {"number": text(20), "currency": currency, "items": draw(NUMBERS), "opened_on": day},
            "balance": amount, "rate": draw(st.decimals(-9, 9, places=12)), "share": number(12), "name": text(40),
            "note": text(30), "seen_at": dt.datetime.combine(day, dt.time(12, 38), dt.UTC),
            "agreed": draw(st.booleans()), "entries": [entry] * draw(st.integers(0, 3)),
        },
    }  # fmt: skip


@cache
def prepared(text: str, language: str) -> tuple[Renderer, WorstCase]:
    found = workspace(text, language)
    return Renderer(found, found.communications["notice"]), worst(text, language)


def stays_within(text: str, language: str, fields: dict[str, Any]) -> None:
    renderer, most = prepared(text, language)
    try:
        filling = renderer.filling("sms", context(None, language=language, wording=wording(language), **fields))
    except RenderError:
        return
    info = encode_info(render(filling.template, filling.plain).strip())
    assert info.segments <= most.segments
    assert info.units <= most.units or info.encoding != most.encoding


@settings(max_examples=25, deadline=None)
@given(fields=messages(), language=st.sampled_from(["en", "ja"]))
@pytest.mark.parametrize("text", TEMPLATES)
def test_no_message_within_the_declared_lengths_passes_the_worst_case(
    text: str, fields: dict[str, Any], language: str
) -> None:
    stays_within(text, language, fields)


@settings(max_examples=25, deadline=None)
@given(fields=messages())
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "{{ account.items|plural(one='# booking', other='# bookings')|default('none') }}"),
        (
            "ja",
            "{{ account.items|plural(other='#件/#')|default('') }}{{ account.opened_on|date('era')|default('') }}",
        ),
    ],
)
def test_forms_of_one_language_do_not_pass_the_worst_case_either(
    language: str, text: str, fields: dict[str, Any]
) -> None:
    stays_within(text, language, fields)


def test_every_filter_of_the_language_is_reckoned_with() -> None:
    figures = FIGURES.keys()  # refused outside of letters
    assert LanguageEnvironment(html=False).filters.keys() - figures <= HANDLED
