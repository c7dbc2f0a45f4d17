"""The preference page, as a customer uses it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from api_parts import ONE_CLICK, PATH, Browser, Page, customer_with, leaves_of, link_of, offers, stated, token_for
from sqlalchemy import select
from support import DELIVER_AT, Bank

from ccm.api.app import make_app
from ccm.delivery import deliver
from ccm.log import sequencer
from ccm.log.verify import verify_messages
from ccm.pipeline.erasure import erase
from ccm.store import feeds, link_keys
from ccm.store.tables import messages

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"])


def page_of(bank: Bank, customer_id: str, **options: str) -> str:
    return f"{PATH}?t={token_for(bank, customer_id, **options)}"


def deliver_all(bank: Bank) -> None:
    for bank.clock.now in DELIVER_AT:
        deliver(bank.project)


def test_one_click_on_a_queued_offer_keeps_it_back_at_handoff(bank: Bank, browser: Browser) -> None:
    mine, other, *_ = offers(bank)
    link = link_of(bank, mine)
    assert browser.post(link, ONE_CLICK).status_code == 200
    before = len(leaves_of(bank, "consent"))
    assert browser.post(link, ONE_CLICK).status_code == 200
    assert len(leaves_of(bank, "consent")) == before == 1
    assert [mine["id"].encode() in entry for entry in leaves_of(bank, "event")] == [True]
    deliver_all(bank)
    with bank.project.store.read() as connection:
        rows = {row.id: (row.state, row.reason) for row in connection.execute(select(messages))}
    assert rows[mine["id"]] == ("withheld", "consent_withdrawn")
    assert rows[other["id"]][0] in ("accepted", "due")
    sequencer.integrate(bank.project.store)
    assert verify_messages(bank.project.store) == ()


def test_a_box_that_is_cleared_keeps_a_queued_offer_back(bank: Bank, browser: Browser) -> None:
    mine, *_ = offers(bank)
    page = browser.get(link_of(bank, mine))
    kept = [value for name, value in Page(page.text).forms[-1].fields if name == "on" and value != "offers.email"]
    answer = browser.press(page, "save", on=kept)
    assert "E-mail is off" in answer.text or "メールではお届けしません" in answer.text
    deliver_all(bank)
    with bank.project.store.read() as connection:
        row = connection.execute(select(messages).where(messages.c.id == mine["id"])).one()
    assert (row.state, row.reason) == ("withheld", "opted_out")


@SQLITE
@pytest.mark.parametrize(("language", "title"), [("en", "What we send you"), ("ja", "お知らせの受け取り設定")])
def test_the_page_is_in_the_messages_language_with_a_switch(
    bank: Bank, browser: Browser, language: str, title: str
) -> None:
    page = browser.get(page_of(bank, customer_with(bank), language=language))
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert title in page.text
    other = "ja" if language == "en" else "en"
    (switch,) = [have["href"] for tag, have in Page(page.text).tags if tag == "a" and have.get("hreflang") == other]
    assert f'<html lang="{other}">' in browser.get(str(switch)).text


@SQLITE
def test_the_page_tells_nothing_of_who_it_is(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    with bank.project.store.read() as connection:
        customer = feeds.customers(connection, [name])[name]
    page = browser.get(page_of(bank, name)).text
    address = customer.contact_points["email"]
    assert f"{address[0]}***@" in page
    secrets = [name, address, customer.family_name, customer.given_name, customer.contact_points.get("sms", name)]
    assert not [secret for secret in (*secrets, *customer.account_ids) if secret in page]


@SQLITE
def test_get_and_head_change_nothing(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    before = stated(bank, name)
    for query in ("", "&List-Unsubscribe=One-Click", "&action=stop", "&done=x"):
        assert browser.get(page_of(bank, name) + query).status_code == 200
        head = browser.ask("HEAD", page_of(bank, name) + query)
        assert (head.status_code, head.text) == (200, "")
    assert stated(bank, name) == before


def test_all_advertising_stops_and_comes_back_by_undo(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    page = browser.get(page_of(bank, name))
    on = [value for key, value in Page(page.text).forms[-1].fields if key == "on"]
    done = browser.press(page, "stop")
    assert "No more advertising, on any channel." in done.text
    after = browser.get(page_of(bank, name))
    left = [value for key, value in Page(after.text).forms[-1].fields if key == "on"]
    assert left == [value for value in on if not value.startswith(("offers.", "news."))]
    undone = browser.press(done, "undo")
    assert "Taken back" in undone.text
    assert "undo" not in [action for form in Page(undone.text).forms for action in form.actions]
    again = browser.get(page_of(bank, name))
    assert [value for key, value in Page(again.text).forms[-1].fields if key == "on"] == on


@SQLITE
def test_a_stop_cannot_be_undone_a_day_later(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    done = browser.press(browser.get(page_of(bank, name)), "stop")
    before = stated(bank, name)
    form = Page(done.text).forms[-1]
    bank.clock.now += timedelta(days=1, seconds=1)
    assert browser.post(form.address, [*form.fields, ("action", "undo")]).status_code == 400
    assert stated(bank, name) == before


def test_a_cleared_box_is_ticked_again_and_opens_nothing_else(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    page = browser.get(page_of(bank, name))
    on = [value for key, value in Page(page.text).forms[-1].fields if key == "on"]
    browser.press(page, "save", on=[])
    empty = browser.get(page_of(bank, name))
    assert [value for key, value in Page(empty.text).forms[-1].fields if key == "on"] == []
    browser.press(empty, "save", on=on[:1])
    assert [value for key, value in Page(browser.get(page_of(bank, name)).text).forms[-1].fields if key == "on"] == on[
        :1
    ]


@SQLITE
def test_a_page_that_was_open_for_long_changes_only_what_was_pressed(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    old = browser.get(page_of(bank, name))
    browser.press(browser.get(page_of(bank, name)), "stop")
    done = browser.press(old, "save", pause="30")
    assert "offers.email.0" in browser.get(page_of(bank, name)).text
    assert "Paused until" in done.text


def test_a_pause_holds_what_can_be_refused_and_ends(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    browser.press(browser.get(page_of(bank, name)), "save", pause="60")
    with bank.project.store.read() as connection:
        rows = feeds.preferences(connection, [name])[name]
    assert {row.category for row in rows if row.paused_until} >= {"offers", "reminders"}
    assert not {row.category for row in rows if row.paused_until} & {"*", "security", "statements", "payments"}
    page = browser.get(page_of(bank, name))
    assert "Paused until" in page.text
    assert "The pause has ended." in browser.press(page, "save", pause="none").text
    assert "Paused until" not in browser.get(page_of(bank, name)).text


@SQLITE
@pytest.mark.parametrize(("day", "status"), [
    ("2026-04-02", 303), ("2026-04-01", 400), ("2025-01-01", 400), ("2028-01-01", 400), ("soon", 400), ("", 400),
    ("2026-02-30", 400), ("9" * 4000, 400),
])  # fmt: skip
def test_a_pause_ends_after_today_and_within_a_year(bank: Bank, browser: Browser, day: str, status: int) -> None:
    form = Page(browser.get(page_of(bank, customer_with(bank))).text).forms[-1]
    fields = [(key, value) for key, value in form.fields if key not in ("pause", "pause_date")]
    answer = browser.post(form.address, [*fields, ("pause", "date"), ("pause_date", day), ("action", "save")])
    assert answer.status_code == status
    assert status == 303 or "must be after today, and within a year" in answer.text


def test_language_and_format_are_the_customers_from_then_on(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    done = browser.press(browser.get(page_of(bank, name)), "save", language="ja", format="large_print")
    assert "お知らせの言語を日本語にしました。" in browser.get(str(done.url) + "&lang=ja").text + done.text
    with bank.project.store.read() as connection:
        customer = feeds.customers(connection, [name])[name]
    assert customer.language[:2] == "ja"
    assert customer.accessible_format == "large_print"
    assert len(leaves_of(bank, "choice")) == 2


@SQLITE
def test_an_old_link_shows_nothing_and_still_unsubscribes(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    link = page_of(bank, name)
    bank.clock.now += timedelta(days=380)
    assert "What you get" in browser.get(link).text
    bank.clock.now += timedelta(days=30)
    page = browser.get(link)
    assert "Please use the link in a message of ours" in page.text
    before = stated(bank, name)
    form = Page(page.text).forms[-1]
    assert form.actions == ["One-Click"]
    assert browser.post(form.address, ONE_CLICK).status_code == 200
    assert len(stated(bank, name)[1]) == len(before[1]) + 1


@SQLITE
def test_links_that_open_nothing_cannot_be_told_apart(bank: Bank, browser: Browser) -> None:
    gone, name = customer_with(bank), customer_with(bank, "email", "ja")
    links = {"erased": token_for(bank, gone), "unknown": token_for(bank, "NOBODY-1")}
    erase(bank.project, gone, bank.project.workspace.person("noa"), "asked for it")
    good = token_for(bank, name)
    links |= {"old": token_for(bank, name, at=bank.clock.now - timedelta(days=500)), "changed": good[:-1] + "_"}
    links |= {"garbage": "x" * len(good)}
    seen = set()
    for token in links.values():
        got = browser.get(f"{PATH}?t={token}&lang=en")
        clicked = browser.post(f"{PATH}?t={token}&lang=en", ONE_CLICK)
        saved = browser.post(f"{PATH}?t={token}&lang=en", {"action": "stop"})
        seen.add(tuple((one.status_code, one.text.replace(token, "T")) for one in (got, clicked, saved)))
        assert got.status_code == clicked.status_code == saved.status_code == 200
    assert len(seen) == 1
    clicked = browser.post(f"{PATH}?t={good}&lang=en", ONE_CLICK)
    assert clicked.text.replace(good, "T") == next(iter(seen))[1][1]
    assert stated(bank, gone) == ([], [])


@SQLITE
def test_one_click_of_a_service_message_withdraws_nothing(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    before = stated(bank, name)
    assert browser.post(page_of(bank, name, purpose="transactional"), ONE_CLICK).status_code == 200
    assert stated(bank, name) == before


@SQLITE
def test_a_service_of_mail_may_send_one_click_as_multipart_and_from_anywhere(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    before = len(stated(bank, name)[1])
    headers = {"origin": "https://mail.example.net", "sec-fetch-site": "cross-site"}
    answer = browser.ask("POST", page_of(bank, name), files={"List-Unsubscribe": (None, "One-Click")}, headers=headers)
    assert (answer.status_code, answer.headers.get("set-cookie")) == (200, None)
    assert len(stated(bank, name)[1]) == before + 1


@SQLITE
def test_links_of_the_key_before_still_open_the_page(bank: Bank, browser: Browser) -> None:
    name = customer_with(bank)
    link = page_of(bank, name)
    path = bank.project.path(bank.project.workspace.settings.preference_page.key)
    link_keys.rotate(bank.project.store, path, bank.project.random_bytes, bank.clock())
    bank.project._links = None
    rotated = Browser(make_app(bank.project))
    assert "What you get" in rotated.get(link).text
    assert token_for(bank, name) not in link


@SQLITE
def test_a_link_of_a_key_that_is_newer_than_the_process_unsubscribes(
    bank: Bank, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    name = customer_with(bank)
    before = len(stated(bank, name)[1])
    path = bank.project.path(bank.project.workspace.settings.preference_page.key)
    retired = link_keys.rotate(bank.project.store, path, bank.project.random_bytes, bank.clock())
    link = page_of(bank.reopened(), name)
    away = retired.rename(retired.with_name("elsewhere"))
    assert "Please use the link" in browser.get(f"{link}&lang=en").text
    assert f"{retired}: put it back" in caplog.text
    away.rename(retired)
    assert browser.post(link, ONE_CLICK).status_code == 200
    assert len(stated(bank, name)[1]) == before + 1
