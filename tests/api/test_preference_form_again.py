"""A form that is not as the customer meant it, and what stays of it."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from api_parts import PATH, Browser, Page, customer_with, leaves_of, token_for
from support import Bank

from ccm.api.app import make_app
from ccm.api.preference_form import Step

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])
LANGUAGES = pytest.mark.parametrize("language", ["en", "ja"])


def opened(bank: Bank, browser: Browser, language: str = "en") -> httpx.Response:
    return browser.get(f"{PATH}?t={token_for(bank, customer_with(bank), language=language)}")


def sent(browser: Browser, page: httpx.Response, **choices: list[str]) -> httpx.Response:
    """The answer to the page's last form, with some of its fields changed and Save pressed."""
    form = Page(page.text).forms[-1]
    fields = [(name, value) for name, value in form.fields if name not in choices]
    fields += [(name, value) for name, values in choices.items() for value in values]
    return browser.post(form.address, [*fields, ("action", "save")])


def fields_of(page: httpx.Response) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in Page(page.text).forms[-1].fields:
        found.setdefault(name, []).append(value)
    return found


@LANGUAGES
def test_what_was_chosen_stays_beside_a_day_that_is_wrong(bank: Bank, browser: Browser, language: str) -> None:
    page = opened(bank, browser, language)
    before = fields_of(page)
    assert "offers.email" in before["on"]
    kept = [cell for cell in before["on"] if cell != "offers.email"]
    wrong = sent(
        browser, page, on=kept, pause=["date"], pause_date=["2026-01-01"], language=["ja"], format=["large_print"]
    )
    assert wrong.status_code == 400
    after = fields_of(wrong)
    assert after["on"] == kept
    assert after["shown"] == before["shown"]
    assert (after["pause"], after["pause_date"], after["language"]) == (["date"], ["2026-01-01"], ["ja"])
    assert after["format"] == ["large_print"]
    done = sent(browser, wrong, pause_date=["2026-05-01"])
    assert done.status_code == 303
    told = browser.get(done.headers["location"]).text
    assert ("E-mail is off." if language == "en" else "メールではお届けしません。") in told
    assert ("Paused until 1 May 2026." if language == "en" else "2026年5月1日まで一時停止します。") in told.replace(
        "May 1, 2026", "1 May 2026"
    )


def test_a_box_that_came_since_the_page_was_opened_stays_as_it_is(bank: Bank, browser: Browser) -> None:
    page = opened(bank, browser)
    before = fields_of(page)
    shown = [cell for cell in before["shown"] if cell != "offers.email.1"]
    wrong = sent(browser, page, on=[], shown=shown, pause=["date"], pause_date=["2026-01-01"])
    after = fields_of(wrong)
    assert (after["on"], after["shown"]) == (["offers.email"], before["shown"])


@LANGUAGES
def test_a_wrong_day_is_told_in_the_title_and_at_the_field(bank: Bank, browser: Browser, language: str) -> None:
    wrong = sent(browser, opened(bank, browser, language), pause=["date"], pause_date=[""])
    (field,) = [have for tag, have in Page(wrong.text).tags if have.get("id") == "pause_date"]
    (told,) = [have for tag, have in Page(wrong.text).tags if have.get("role") == "alert"]
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", told["id"])
    title = "Please look at the form again" if language == "en" else "入力内容をご確認ください"
    assert f"<title>{title} - " in wrong.text
    other = sent(browser, opened(bank, browser, language), pause=["never"])
    assert other.status_code == 400
    assert "aria-invalid" not in other.text


def test_nothing_of_a_form_that_cannot_be_read_is_shown_again(bank: Bank, browser: Browser) -> None:
    page = opened(bank, browser)
    evil = '"><b>'
    wrong = sent(
        browser, page, pause=["date"], pause_date=[evil], language=[evil], on=[evil], shown=[f"offers.{evil}.1"]
    )
    assert wrong.status_code == 400
    assert evil not in wrong.text
    assert "&gt;&lt;b&gt;" not in wrong.text


def test_a_day_that_was_filled_in_counts_although_no_pause_is_still_chosen(bank: Bank, browser: Browser) -> None:
    done = sent(browser, opened(bank, browser), pause_date=["2026-05-01"])
    assert "Paused until May 1, 2026." in browser.get(done.headers["location"]).text
    paused = browser.get(browser.get(done.headers["location"]).url.copy_remove_param("done"))
    assert "Keep this pause" in paused.text
    later = sent(browser, paused, pause_date=["2026-06-01"])
    assert "Paused until June 1, 2026." in browser.get(later.headers["location"]).text
    ended = sent(browser, paused, pause=["none"], pause_date=["2026-06-02"])
    assert "The pause has ended." in browser.get(ended.headers["location"]).text
    assert sent(browser, paused, pause_date=["2020-01-01"]).status_code == 400


@LANGUAGES
def test_what_was_saved_can_be_read_in_the_other_language_and_taken_back_there(
    bank: Bank, browser: Browser, language: str
) -> None:
    done = browser.press(opened(bank, browser, language), "stop")
    (switch,) = [have["href"] for tag, have in Page(done.text).tags if tag == "a" and have.get("hreflang")]
    other = browser.get(str(switch))
    assert ("広告を停止しました" if language == "en" else "No more advertising") in other.text
    undone = browser.press(other, "undo")
    assert ("元に戻しました" if language == "en" else "Taken back") in undone.text
    *_, back = [have["href"] for tag, have in Page(undone.text).tags if tag == "a"]
    assert ("お届けするお知らせ" if language == "en" else "What you get") in browser.get(str(back)).text


@pytest.mark.parametrize(("language", "wanted", "told"), [
    ("en", "ja", "Our messages will be in Japanese."), ("ja", "en", "お知らせの言語を英語にしました。"),
])  # fmt: skip
def test_a_language_is_named_in_the_language_of_the_page(
    bank: Bank, browser: Browser, language: str, wanted: str, told: str
) -> None:
    name = customer_with(bank, language=language)
    page = browser.get(f"{PATH}?t={token_for(bank, name, language=language)}")
    done = sent(browser, page, language=[wanted])
    assert told in browser.get(done.headers["location"]).text


def test_a_step_of_every_cell_that_a_form_can_have_fits_in_its_note(bank: Bank) -> None:
    cells = tuple((f"category-number-{number:02}", channel, True) for number in range(18) for channel in (
        "email", "sms", "letter", "line", "whatsapp", "push", "social", "inbox"
    ))  # fmt: skip
    step = Step(datetime(2026, 4, 1, tzinfo=UTC), cells)
    links, token = bank.project.links(), token_for(bank, "C1")
    content = links.read_note(token, links.note(token, step.packed()))
    assert content is not None
    assert Step.unpacked(content) == step


@LANGUAGES
def test_advertising_in_a_category_that_is_owed_can_be_stopped_and_is_not_said_to_be_owed(
    bank: Bank, language: str
) -> None:
    link = f"{PATH}?t={token_for(bank, customer_with(bank), language=language)}"
    known = bank.project.workspace.communications
    for name, one in known.items():
        if one.purpose == "marketing":
            known[name] = one.model_copy(update={"category": "security"})
    browser = Browser(make_app(bank.project))
    page = browser.get(link)
    assert "stop" in [action for form in Page(page.text).forms for action in form.actions]
    owed = page.text[page.text.index("<section>") :]
    assert known["card-blocked"].name.of(language) in owed
    assert known["savings-offer"].name.of(language) not in owed
    browser.press(page, "stop")
    assert leaves_of(bank, "consent")
