"""How people are named and addressed, and what data a message is made from."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from render_parts import context, customer, load, sms

from ccm.errors import RenderError
from ccm.model.customer import PostalAddress
from ccm.render import Renderer
from ccm.render.data import clean, readers
from ccm.render.people import address_lines, addressee, full_name
from ccm.workspace.communication import FieldType


@pytest.mark.parametrize(
    ("fields", "english", "japanese"),
    [
        ({}, "Jane Whitfield", "Whitfield Jane 様"),
        ({"honorific": "Dr"}, "Dr Jane Whitfield", "Whitfield Jane Dr"),
        ({"family_name": "高橋", "given_name": "春香"}, "高橋 春香", "高橋 春香 様"),
        ({"family_name": "高橋", "given_name": "春香", "honorific": "先生"}, "先生 高橋 春香", "高橋 春香 先生"),
        ({"family_name": "高橋", "given_name": "春香様"}, "高橋 春香様", "高橋 春香様"),
        ({"organisation_name": "株式会社みなと"}, "株式会社みなと", "株式会社みなと 御中"),
        ({"organisation_name": "株式会社みなと 御中"}, "株式会社みなと 御中", "株式会社みなと 御中"),
    ],
)
def test_people_are_addressed_as_their_language_does(fields: dict[str, Any], english: str, japanese: str) -> None:
    who = customer(**fields)
    assert (addressee(who, "en"), addressee(who, "ja")) == (english, japanese)


def test_japanese_name_keeps_its_order_and_code_points_in_english() -> None:
    who = customer(family_name="神谷", given_name="葛\U000e0100城 𠮷田")
    assert full_name(who, "en") == "神谷 葛\U000e0100城 𠮷田"


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (
            {
                "line1": "418 Lake St",
                "line2": "Apt 2",
                "city": "Austin",
                "region": "TX",
                "postcode": "78701",
                "country": "US",
            },
            ("418 Lake St", "Apt 2", "Austin, TX 78701"),
        ),
        (
            {"line1": "87 Maple Road", "city": "Edinburgh", "postcode": "EH1 1YZ", "country": "GB"},
            ("87 Maple Road", "Edinburgh", "EH1 1YZ"),
        ),
        (
            {
                "line1": "三宮町1-11-3",
                "line2": "ハイツ203",
                "city": "神戸市中央区",
                "region": "兵庫県",
                "postcode": "650-0021",
                "country": "JP",
            },
            ("〒650-0021", "兵庫県神戸市中央区三宮町1-11-3", "ハイツ203"),
        ),
        (
            {"line1": "1-11-3 Sannomiya", "city": "Kobe", "region": "Hyogo", "postcode": "650-0021", "country": "JP"},
            ("1-11-3 Sannomiya", "Kobe, Hyogo 650-0021"),
        ),
        (
            {"line1": "Hauptstr. 1", "city": "Berlin", "postcode": "10115", "country": "DE"},
            ("Hauptstr. 1", "10115 Berlin"),
        ),
        ({"line1": "", "country": "US"}, ()),
    ],
)
def test_address_stands_in_the_order_of_its_country(address: dict[str, str], lines: tuple[str, ...]) -> None:
    assert address_lines(PostalAddress(**address), address["country"]) == lines


def test_address_abroad_closes_with_the_country_in_capitals() -> None:
    berlin = PostalAddress(line1="Hauptstr. 1", city="Berlin", postcode="10115", country="DE")
    assert address_lines(berlin, "GB")[-1] == "GERMANY"


@pytest.mark.parametrize(
    ("data", "reason", "field"),
    [
        ({"balance": None}, "missing_data", "'balance' is missing"),
        ({"account": None}, "missing_data", "'account' is missing"),
        ({"account": {"number": "1"}}, "missing_data", "'account.currency' is missing"),
        ({"balance": "１２３"}, "bad_data", "'balance' is not a number"),
        ({"balance": "12,5"}, "bad_data", "'balance' is not a number"),
        ({"balance": "NaN"}, "bad_data", "'balance' is not a number"),
        ({"balance": float("inf")}, "bad_data", "'balance' is not a number"),
        ({"balance": True}, "bad_data", "'balance' is not a number"),
        ({"balance": "1.005"}, "bad_data", "'balance' has more decimals than GBP has"),
        ({"balance": Decimal("1e30")}, "bad_data", "'balance' is not an amount of at most 28 digits"),
        ({"account": {"number": "1", "currency": "XXQ"}}, "bad_data", "no ISO 4217 currency"),
        ({"account": {"number": "1" * 21, "currency": "GBP"}}, "bad_data", "'account.number' is longer than 20"),
        ({"account": {"number": "1", "currency": "GBP", "opened_on": "31/03/2026"}}, "bad_data", "is not a date"),
        ({"seen_at": "2026-03-31T10:00:00"}, "bad_data", "not an instant with an offset"),
        ({"agreed": "yes"}, "bad_data", "'agreed' is not true or false"),
        ({"name": 7}, "bad_data", "'name' is not text"),
        ({"entries": "x"}, "bad_data", "'entries' is not a list"),
        ({"entries": [{"label": "x"}] * 51}, "bad_data", "more than 50 items"),
        (
            {"entries": [{"label": "x", "currency": "JPY", "amount": "0.5", "parts": []}]},
            "bad_data",
            "entries[0].amount",
        ),
        ({"name": "A\nSTOP promotions?"}, "bad_data", "'name' holds a control character"),
        ({"name": "Taro\u2028Bcc: e@a.test"}, "bad_data", "'name' holds a control character"),
        ({"name": "bill\u202efdp.exe"}, "bad_data", "'name' holds a control character"),
        ({"name": "half \ud800"}, "bad_data", "'name' holds a control character"),
    ],
)
def test_data_that_do_not_fit_stop_the_message_and_name_the_field_only(
    tmp_path: Path, data: dict[str, Any], reason: str, field: str
) -> None:
    text = "{{ account.number }}{{ balance }}{{ name }}{{ 'y' if agreed else 'n' }}{{ seen_at|default('') }}"
    text += "{% if entries %}x{% endif %}"
    with pytest.raises(RenderError) as caught:
        sms(tmp_path, text, data=data)
    assert (caught.value.reason, field in caught.value.detail) == (reason, True)
    values = [value for value in data.values() if isinstance(value, str)]
    assert not any(value in caught.value.detail for value in values)


def test_every_forbidden_character_is_found_in_a_text_that_can_be_printed_without_it() -> None:
    ranges = [(0, 0x20), (0x7F, 0xA0), (0x2028, 0x202F), (0x2066, 0x206A), (0xD800, 0xE000)]
    for code in (code for start, end in ranges for code in range(start, end)):
        with pytest.raises(RenderError, match="'name' holds a control character"):
            clean(f"渡邊{chr(code)} ‍　", "name")
    assert clean("渡邊‍　é", "name") == "渡邊‍　é"


def test_currency_of_another_type_stops_the_message() -> None:
    read = readers({"sum": FieldType(type="money", currency="currency")})["sum"]
    data = {"sum": 1, "currency": ["JPY"]}
    with pytest.raises(RenderError, match="'sum' has no ISO 4217 currency in 'currency'"):
        read(data["sum"], "sum", data, data)


def test_only_data_that_the_template_reads_must_be_there(tmp_path: Path) -> None:
    assert sms(tmp_path, "{{ name }}", data={"balance": None, "agreed": None}) == "Anna"


def test_numbers_from_json_keep_their_written_digits(tmp_path: Path) -> None:
    assert sms(tmp_path, "{{ balance }} {{ rate }}", data={"balance": 1234.1, "rate": 0.0305}) == "£1,234.10 3.05%"


def test_customer_without_a_name_is_not_written_to(tmp_path: Path) -> None:
    nobody = customer(given_name="", family_name="")
    with pytest.raises(RenderError, match=r"missing_data: 'customer.addressee' is missing"):
        sms(tmp_path, "Dear {{ customer.addressee }}", customer=nobody)


def test_date_is_that_of_the_customers_zone_and_of_the_jurisdiction_where_it_is_unknown(tmp_path: Path) -> None:
    assert sms(tmp_path, "{{ message.date }}", customer=customer(timezone="Asia/Tokyo")) == "April 3, 2026"
    assert sms(tmp_path, "{{ message.date }}", customer=customer(timezone="../../etc/passwd")) == "April 2, 2026"
    japan = customer(timezone=None, jurisdiction="JP")
    assert sms(tmp_path, "{{ message.date }}", customer=japan) == "April 3, 2026"


def test_each_customer_reads_the_formats_of_their_own_language_and_place(tmp_path: Path) -> None:
    workspace = load(tmp_path, sms="{{ message.date|date('short') }} {{ customer.full_name }}")
    renderer = Renderer(workspace, workspace.communications["notice"])
    evening = datetime(2026, 1, 31, 20, tzinfo=UTC)
    people = {
        ("en-US", "America/Chicago", "Ann"): "1/31/26 Ann Whitfield",
        ("en-GB", "America/Chicago", "Bob"): "31/01/2026 Bob Whitfield",
        ("en-US", "Asia/Tokyo", "Cid"): "2/1/26 Cid Whitfield",
        ("en-GB", "Asia/Tokyo", "Dee"): "01/02/2026 Dee Whitfield",
        ("en-US", "Asia/Tokyo", "Eve"): "2/1/26 Eve Whitfield",
    }
    for (tag, zone, name), text in [*people.items()] * 2:
        who = customer(language=tag, timezone=zone, given_name=name)
        assert renderer.render("sms", context(workspace, customer=who, at=evening)).text == text
