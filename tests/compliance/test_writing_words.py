"""Words, tone and apologies, by the lists that are shipped."""

from __future__ import annotations

import pytest
from writing_parts import codes, told, written

WRONG = [
    ("en", "WD01", "Your remittance reached us.", "Your payment reached us."),
    ("en", "WD01", "We act pursuant to clause 4.", "We act under clause 4."),
    ("en", "WD02", "Your card was blocked by us.", "We blocked your card."),
    ("en", "WD02", "Your money has been sent.", "We have sent your money."),
    ("en", "WD03", "That is not uncommon.", "That is not until Monday."),
    ("en", "WD03", "You can't pay no fees.", "You can't pay by cash."),
    ("en", "WD04", "Call us in order to stop it.", "Call us to stop it."),
    ("en", "WD04", "Please be advised that rates change.", "Rates change on 1 May."),
    ("en", "WD05", "We will call you shortly.", "We will call you on Monday."),
    ("en", "TN03", "You failed to pay on time.", "Your payment did not reach us on time."),
    ("en", "TN04", "Hey Jane, good news!", "Dear Jane Whitfield, good news."),
    ("ja", "WD01", "被仕向送金が届きました。", "海外からのご入金が届きました。"),
    ("ja", "WD01", "当該口座をご確認ください。", "この口座をご確認ください。"),
    ("ja", "WD03", "お手続きできないわけではありません。", "お手続きできます。"),
    ("ja", "WD03", "手数料がかからないとは限りません。", "手数料がかかることがあります。"),
    ("ja", "WD03", "ご署名がない限りお手続きできません。", "ご署名がないと、お手続きが遅れます。"),
    ("ja", "WD04", "明細を確認することができます。", "明細を確認できます。"),
    ("ja", "WD04", "ご案内させていただきたいと思います。", "ご案内いたします。"),
    ("ja", "WD05", "追ってご連絡いたします。", "5月1日までにご連絡いたします。"),
    ("ja", "TN03", "お客さまの不注意により止まりました。", "番号が違うため止まりました。"),
    ("ja", "TN04", "お得だよ。", "お得です。"),
    ("ja", "TN04", "口座を解約した。", "口座を解約しました。"),
    ("ja", "TN04", "明細が見れます。", "明細が見られます。"),
    ("ja", "TN05", "先日おっしゃられた件です。", "先日おっしゃった件です。"),
    ("ja", "TN05", "書類をご覧になられましたか。", "書類をご覧になりましたか。"),
    ("ja", "TN05", "ATMもご利用できます。", "ATMもご利用いただけます。"),
    ("ja", "TN05", "書類をお送りしてください。", "書類をお送りください。"),
    ("ja", "TN05", "送らさせていただきます。", "送らせていただきます。"),
]


@pytest.mark.parametrize(("language", "code", "wrong", "right"), WRONG)
def test_a_word_of_the_lists_is_told_and_its_better_form_is_not(
    language: str, code: str, wrong: str, right: str
) -> None:
    assert code in codes(wrong, language)
    assert code not in codes(right, language)


def test_the_remark_says_what_to_write_instead_and_where() -> None:
    source = "Dear you,\n\nYour {{ payment.payer }} remittance is here.\n"
    [remark] = [
        r for r in told(written("Dear you,\n\nYour ACME remittance is here.", source=source)) if r.code == "WD01"
    ]
    assert (remark.path, remark.line, remark.column) == ("templates/payment-received/en/sms.txt", 3, 26)
    assert remark.message == (
        "WD01 jargon: 'remittance': a customer may not know this word; write: pay, payment (sample-jane, sms/en)"
    )


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("en", "We are sorry that we charged you twice.", {"TN02"}),
        ("en", "We are sorry that we charged you twice. We have paid £3 back.", set()),
        ("en", "We apologise. You can use your card again.", set()),
        ("en", "We are sorry. Goodbye. One. Two. Three. Four. Please call us.", {"TN02"}),
        ("en", "We are sorry for any inconvenience. We will pay it back.", {"TN06"}),
        ("en", "We are sorry if you were upset. We will pay it back.", {"TN06"}),
        ("en", "Sorry. We will pay. Sorry. We will pay. Sorry. We will pay.", {"TN06"}),
        ("ja", "手数料を二重にいただき、申し訳ございません。", {"TN02"}),
        ("ja", "申し訳ございません。4月10日までに手数料を返金いたします。", set()),
        ("ja", "お詫び申し上げます。お手続きの必要はございません。", set()),
        ("ja", "遅れてすみません。5月1日までにお届けします。", {"TN06"}),
        ("ja", "悪しからずご了承ください。", {"TN06"}),
    ],
)
def test_an_apology_says_what_happens_next_in_the_right_words(language: str, text: str, wanted: set[str]) -> None:
    assert codes(text, language) & {"TN02", "TN06"} == wanted


@pytest.mark.parametrize(
    ("language", "source", "told_of"),
    [
        ("en", "---\nsubject: A\npreheader: B\n---\n<mj-text>Rates change on 1 May.</mj-text>", True),
        ("en", "<mj-text>Your rate changes on 1 May.</mj-text>", False),
        ("en", "<mj-text>{{ customer.addressee }}: rates change.</mj-text>", False),
        ("ja", "<mj-text>5月1日に金利が変わります。</mj-text>", True),
        ("ja", "<mj-text>お客さまの金利が変わります。</mj-text>", False),
        ("ja", "<mj-text>{{ customer.addressee }} 金利が変わります。</mj-text>", False),
    ],
)
def test_an_email_speaks_to_somebody_even_where_the_layout_prints_the_name(
    language: str, source: str, told_of: bool
) -> None:
    found = codes("Jane Whitfield, 高橋 春香 様", language, "email", source=source, file="email.mjml")
    assert ("TN01" in found) == told_of


def test_a_text_message_need_not_speak_to_anybody() -> None:
    assert "TN01" not in codes("Rates change on 1 May.", channel="sms")


@pytest.mark.parametrize(
    ("language", "first", "second", "name"),
    [
        ("en", "Your account statement is ready.", "Your bank statement is attached.", "bank statement"),
        ("ja", "お取引明細書ができました。", "取引明細表をお届けします。", "取引明細表"),
    ],
)
def test_two_names_for_one_thing_are_told_across_channels(language: str, first: str, second: str, name: str) -> None:
    messages = (written(f"{first} {first}", language), written(second, language, "email"))
    [remark] = [remark for remark in told(*messages) if remark.code == "WD06"]
    assert name in remark.found
    assert remark.channel == "email"
    assert "WD06" not in {remark.code for remark in told(messages[0], written(first, language, "email"))}


def test_style_leaves_approved_wording_and_data_alone() -> None:
    from ccm.model.message import WordingUse

    use = WordingUse("fee", "1", "", "Fees are charged pursuant to\nthe tariff.")
    text = "Your card is ready. Fees are charged pursuant to the tariff."
    assert "WD01" not in codes(text, wording=(use,), source="Your card is ready. {{ wording.fee }}")
    data = {"payment": {"payer": "Remittance Services"}}
    assert "WD01" not in codes("From Remittance Services.", source="From {{ payment.payer }}.", data=data)
    assert "WD01" in codes("A remittance.", source="A remittance.", data=data)


def test_a_word_is_not_found_inside_a_link() -> None:
    assert codes("See https://www.hinokibank.example/utilise?a_b=ABC-123 now, you.") == set()
