"""What the preview page makes of single messages: e-mails taken apart, text messages in their parts, LINE cards."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.cli.preview.chat import line_messages, sms_bubbles, text_bubble
from ccm.cli.preview.letters import MAX_PICTURES, pages_of
from ccm.cli.preview.mail import framed, in_scheme, preheader, read_mail
from ccm.model.message import Rendered, WordingUse
from ccm.render.letter import open_letter_renderer

PNG = b"\x89PNG\r\n\x1a\n"
HTML = (
    '<html><head><meta name="color-scheme" content="light dark"><style>:root { color-scheme: light dark; }'
    "@media (prefers-color-scheme: dark) { p { color: white } }</style></head><body>"
    '<div style="display: none; max-height:0">Rates <b>change</b>\n'
    "&#847;&#8204;&#160;&#847;&#8204;&#160;</div><div>Other words</div><p>Hi</p>"
    '<img src="cid:logo@example.com" alt=""></body></html>'
)


def use(text: str) -> WordingUse:
    return WordingUse("rules", "2", "d", text)


def mail() -> bytes:
    message = EmailMessage()
    message["From"] = "ひのき銀行 <hello@example.com>"
    message.set_content("Hi\n")
    message.add_alternative(HTML, subtype="html")
    page = message.get_payload()[1]
    assert isinstance(page, EmailMessage)
    page.add_related(PNG, "image", "png", cid="<logo@example.com>")
    page.add_related(b"<svg onload='x'/>", "image", "svg+xml", cid="<other@example.com>")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="明細.pdf")
    return message.as_bytes()


def test_an_email_is_taken_apart_with_its_pictures_put_in() -> None:
    read = read_mail(mail())
    assert 'src="data:image/png;base64,' in read.page
    assert "cid:" not in read.page
    assert (read.sender, read.text.strip(), read.preheader) == ("ひのき銀行", "Hi", "Rates change")
    assert read.attachments == (("明細.pdf", "application/pdf", b"%PDF-1.7"),)


def test_a_page_is_light_or_dark_whatever_the_reader_has_set() -> None:
    light, dark = in_scheme(HTML, "light"), in_scheme(HTML, "dark")
    assert "@media (max-width: 0) { p" in light
    assert "@media (min-width: 0) { p" in dark
    assert 'content="dark"' in dark
    assert ":root { color-scheme: light; }" in light
    assert "prefers-color-scheme" not in light + dark


def test_a_part_of_a_page_becomes_a_page_and_nothing_stays_nothing() -> None:
    assert framed("") == ""
    assert framed("<p>Hi</p>").startswith("<!doctype html><html><head><meta charset")
    assert framed("<html><head lang=en><title>x</title></head></html>").count("<head") == 1
    assert preheader("<p>No hidden words</p>") == ""


@pytest.mark.parametrize("text", ["a" * 161, "a" * 152 + "€" + "a" * 20, "か" * 71, "か" * 66 + "\U00020bb7" * 3])
def test_the_parts_of_an_sms_are_those_that_travel(text: str) -> None:
    bubbles, encoding, units = sms_bubbles(Rendered("sms", "text/plain", b"", text, segments=2))
    assert "".join(run.text for bubble in bubbles for run in bubble.runs) == text
    assert len(bubbles) == 2
    assert sum(bubble.units for bubble in bubbles) == units
    assert all(bubble.units <= (153 if encoding == "GSM-7" else 67) for bubble in bubbles)


def test_wording_that_goes_over_the_end_of_a_part_is_marked_in_both() -> None:
    text = "a" * 140 + " keep your receipts for ten years"
    rendered = Rendered("sms", "text/plain", b"", text, wording=(use("keep your receipts for ten years"),))
    first, second = sms_bubbles(rendered)[0]
    assert [run.label for run in first.runs] == ["", "rules@2"]
    assert [run.label for run in second.runs] == ["rules@2"]


@settings(max_examples=60, deadline=None)
@given(text=st.text("ab c", max_size=30), words=st.lists(st.text("ab c", max_size=6), max_size=4))
def test_marking_wording_never_loses_or_repeats_a_word(text: str, words: list[str]) -> None:
    assert "".join(run.text for run in text_bubble(text, [use(word) for word in words]).runs) == text


def test_a_line_card_shows_its_words_lines_and_buttons_in_order() -> None:
    card = {
        "type": "carousel",
        "contents": [
            {"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": [
                {"type": "text", "text": "金利", "weight": "bold"}, {"type": "separator"},
                {"type": "text", "text": "年0.2%"},
                {"type": "button", "action": {"type": "uri", "label": "見る", "uri": "https://example.com"}},
            ]}},
        ],
    }  # fmt: skip
    body = {"messages": [{"type": "text", "text": "Hi"}, {"type": "flex", "altText": "x", "contents": card}]}
    first, second = line_messages(Rendered("line", "application/json", json.dumps(body).encode(), "Hi"))
    assert [bubble.kind for bubble in first] == ["text"]
    assert [(bubble.kind, "".join(run.text for run in bubble.runs)) for bubble in second] == [
        ("strong", "金利"), ("rule", ""), ("text", "年0.2%"), ("link", "見る"),
    ]  # fmt: skip


def test_a_long_letter_becomes_some_pictures_and_wording_is_found_over_line_ends() -> None:
    words = "預金保険制度により、元本1,000万円までとその利息が保護されます。" * 6
    sheet = b"@page { margin: 20mm 120mm 20mm 20mm } html { font-family: 'Noto Sans JP' } h2 { break-before: page }"
    body = f"<p>{words}</p>" + "".join(f"<h2>{number}</h2>" for number in range(MAX_PICTURES + 3))
    letter = open_letter_renderer({"letter.css": sheet}).render(
        f"<html><body>{body}</body></html>", title="t", language="ja", large_print=False
    )
    count, pages = pages_of(letter.pdf, [use(words)])
    assert (count, len(pages)) == (MAX_PICTURES + 4, MAX_PICTURES)
    assert len(pages[0].regions) > 8
    assert all(1 < region.height < 4 for region in pages[0].regions)
    assert not any(page.regions for page in pages[1:])
    assert all(region.label == "rules@2" for region in pages[0].regions)
    tops = [region.top for region in pages[0].regions]
    assert tops == sorted(tops)
    assert pages[0].png.startswith(PNG)
