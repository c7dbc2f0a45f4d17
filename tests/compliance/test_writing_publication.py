"""Every message is written as if it could be posted publicly."""

from __future__ import annotations

import pytest
from writing_parts import codes, told, with_settings, written

WRONG = [
    ("en", "PB01", "Ask for Mika Aoyama at the desk.", "Ask for us at the desk."),
    ("en", "PB01", "Yours, AOYAMA Mika", "Yours, the team"),
    ("en", "PB03", "Dear {{ customer.name }},", "Dear Jane,"),
    ("en", "PB03", "Your rate is XXX.", "Your rate is 4.25%."),
    ("en", "PB03", "TODO ask compliance", "What to do next"),
    ("en", "PB03", "Lorem ipsum dolor", "Your statement"),
    ("en", "PB03", "Dear [name],", "Dear Jane,"),
    ("en", "PB03", "Dear None,", "None of your cards is blocked."),
    ("ja", "PB03", "〇〇様", "高橋 春香 様"),
    ("ja", "PB03", "ＸＸ銀行", "ひのき銀行"),
    ("ja", "PB03", "※要確認", "ご確認ください。"),
    ("en", "PB04", "See ticket CRM-4711.", "See page 12, COVID-19 help."),
    ("en", "PB04", "You are in mass_affluent.", "You are our customer."),
    ("en", "PB04", "SELECT name FROM customers", "Select one from the list."),
    ("ja", "PB04", "勘定系の処理が終わりました。", "お手続きが終わりました。"),
    ("ja", "PB04", "行内限の資料です。", "お客さま向けの資料です。"),
    ("en", "PB05", "To be honest, it was our mistake.", "It was our mistake."),
    ("en", "PB05", "This is against our policy.", "The law does not allow this."),
    ("en", "PB05", "You are a high-value customer.", "Thank you for banking with us."),
    ("ja", "PB05", "ここだけの話ですが、金利が上がります。", "金利が上がります。"),
    ("ja", "PB05", "当行の都合により終了いたします。", "法令の改正により終了いたします。"),
]


@pytest.mark.parametrize(("language", "code", "wrong", "right"), WRONG)
def test_what_must_not_be_public_is_told(language: str, code: str, wrong: str, right: str) -> None:
    assert code in codes(wrong, language)
    assert code not in codes(right, language)


def test_names_of_staff_come_from_the_list_too_in_both_scripts() -> None:
    mine = with_settings(staff=["青山 美香", "Bo Li"])
    for text, language in (("担当の青山美香が伺います。", "ja"), ("Ask Bo Li.", "en")):
        assert "PB01" in {remark.code for remark in told(written(text, language), context=mine)}
    assert "PB01" not in {remark.code for remark in told(written("Ask Bo Lindt."), context=mine)}


def test_codes_that_come_with_the_data_are_not_the_writers() -> None:
    data = {"payment": {"reference": "INV-4711"}}
    assert "PB04" not in codes("Reference INV-4711", source="Reference {{ payment.reference }}", data=data)


def test_unfinished_text_is_an_error_and_a_bad_phrase_a_warning() -> None:
    found = told(written("TODO: to be honest, call us."))
    assert {remark.code: remark.severity for remark in found} == {"PB03": "error", "PB05": "warning"}
