"""Names in the right register."""

from __future__ import annotations

import pytest
from writing_parts import codes

from ccm.model.customer import Customer


@pytest.mark.parametrize(
    ("channel", "greeting", "wrong"),
    [
        ("letter", "Dear Jane,", True),
        ("letter", "Dear Jane Whitfield,", False),
        ("letter", "Dear Ms Whitfield,", False),
        ("letter", "Dear Whitfield,", True),
        ("email", "Dear Jane,", False),
        ("email", "Dear Whitfield,", True),
        ("letter", "Dear customer,", False),
    ],
)
def test_a_formal_letter_greets_by_the_whole_name(channel: str, greeting: str, wrong: bool) -> None:
    assert ("NM01" in codes(f"{greeting}\nYour card is ready.", channel=channel)) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("高橋 春香 様\nカードができました。", False),
        ("高橋　春香様、カードができました。", False),
        ("高橋 春香\nカードができました。", True),
        ("高橋春香さん、カードができました。", True),
        ("高橋さん、カードができました。", True),
        ("高橋、カードができました。", True),
        ("高橋様、カードができました。", False),
        ("高橋先生、カードができました。", False),
        ("高橋市へのお届け", False),
        ("お届け先：大高橋町1-2", False),
        ("口座の名義は高橋 春香です。", True),
    ],
)
def test_a_japanese_name_is_followed_by_sama(text: str, wrong: bool) -> None:
    assert ("NM02" in codes(text, "ja", "letter")) == wrong


@pytest.mark.parametrize(
    ("language", "text", "wrong"),
    [
        ("ja", "高橋 春香 様様", True),
        ("ja", "高橋 春香 様 御中", True),
        ("ja", "株式会社みなと商会 御中様", True),
        ("ja", "お客さま各位", False),
        ("ja", "様々なお取引", False),
        ("ja", "高橋 春香 様", False),
        ("en", "Dear Mr Dr Osborne,", True),
        ("en", "Dear Dr Osborne,", False),
    ],
)
def test_one_honorific_is_enough(language: str, text: str, wrong: bool) -> None:
    assert ("NM03" in codes(text, language, "letter")) == wrong


def test_a_company_is_no_person() -> None:
    company = Customer(
        id="c", organisation_name="株式会社みなと商会", family_name="高橋", language="ja", jurisdiction="JP"
    )
    assert "NM02" not in codes("高橋さんへ", "ja", "letter", customer=company)
