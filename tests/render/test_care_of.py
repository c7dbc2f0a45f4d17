"""Letters to where somebody else receives: the person at that address is named."""

from __future__ import annotations

from typing import Any

import pytest
from render_parts import customer
from statement_parts import statement

from ccm.decide.relations import addressed
from ccm.render.people import address_block, care_of_line
from ccm.store.customer_documents import customer_document

GUARDIANS: dict[str, dict[str, Any]] = {
    "en": {"given_name": "Grace", "family_name": "Hartley", "honorific": "Ms"},
    "us": {"given_name": "Grace", "family_name": "Hartley", "honorific": "Ms"},
    "ja": {"given_name": "花子", "family_name": "鈴木"},
}


@pytest.mark.parametrize(
    ("fields", "english", "japanese"),
    [
        (GUARDIANS["en"], "c/o Ms Grace Hartley", "Hartley Grace 様方"),
        (GUARDIANS["ja"], "c/o 鈴木 花子", "鈴木 花子 様方"),
        ({"family_name": "鈴木", "given_name": "花子様"}, "c/o 鈴木 花子様", "鈴木 花子様方"),
        ({"organisation_name": "みらい法律事務所 御中"}, "c/o みらい法律事務所 御中", "みらい法律事務所 気付"),
        ({"given_name": "", "family_name": ""}, "", ""),
    ],
)
def test_a_home_or_an_office_is_named_as_the_post_of_the_language_knows_it(
    fields: dict[str, Any], english: str, japanese: str
) -> None:
    who = customer(**fields)
    assert (care_of_line(who, "en"), care_of_line(who, "ja")) == (english, japanese)


@pytest.mark.parametrize(
    ("who", "block"),
    [
        ("en", ["David Núñez", "c/o Ms Grace Hartley", "87 Maple Road", "Edinburgh", "EH1 1YZ"]),
        ("us", ["Jane Whitfield", "c/o Ms Grace Hartley", "1200 Linden Avenue", "Apt 4B", "Madison, WI 53703"]),
        ("ja", ["〒650-0021", "兵庫県神戸市中央区三宮町1-11-3", "鈴木 花子 様方", "葛\U000e0101城 浩 様"]),
    ],
)
def test_a_letter_names_who_receives_beside_the_customer_and_fits_the_window(who: str, block: list[str]) -> None:
    guardian = {"id": "G1", "language": "en", "jurisdiction": "GB", **GUARDIANS[who]}
    lines = statement(who, 1, care_of=guardian).text.split("\n")
    start = lines.index(block[0])
    assert lines[start : start + len(block)] == block
    assert "Dear David Núñez," in lines or who != "en"


def test_a_guardian_without_a_postal_address_gets_no_block() -> None:
    who = addressed(customer(), customer(id="G1", address=None))
    assert who.reach("letter") is None
    assert address_block(who, "en") == address_block(who, "ja") == ()


def test_who_receives_is_no_part_of_the_customers_own_record() -> None:
    guardian = customer(id="G1", family_name="Hartley")
    who = addressed(customer(), guardian)
    assert who.care_of == guardian
    assert "Hartley" not in customer_document(who)
