"""Who has lost the link to the preference page asks for a new one there."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from api_parts import FORM, PATH, SITE, Browser, Page, customer_with
from sqlalchemy import delete, insert, select, update
from support import Bank

from ccm.api import limits
from ccm.api.app import make_app
from ccm.model.customer import Customer
from ccm.pipeline import contents
from ccm.store import feeds
from ccm.store.customer_documents import customer_document
from ccm.store.tables import customers, messages, preferences, relations

SQLITE = pytest.mark.parametrize("dialect", ["sqlite"])
LINK = "preference-link"


@pytest.fixture
def asking(bank: Bank) -> Browser:
    """Asks a bank that sends lost links."""
    bank.approve(LINK)
    return Browser(make_app(bank.project))


def ask(browser: Browser, address: str, **options: Any) -> httpx.Response:
    return browser.post(f"{PATH}?lang=en", {"action": "link", "address": address}, **options)


def rows_of(bank: Bank) -> list[Any]:
    """Every message with a link, by customer."""
    query = select(messages).where(messages.c.communication == LINK).order_by(messages.c.customer_id, messages.c.id)
    with bank.project.store.read() as connection:
        return list(connection.execute(query).mappings().all())


def known_as(bank: Bank, customer_id: str) -> Customer:
    with bank.project.store.read() as connection:
        return feeds.customers(connection, [customer_id])[customer_id]


def moved(bank: Bank, customer_id: str, address: str) -> None:
    """Gives a customer another e-mail address."""
    before = known_as(bank, customer_id)
    after = before.model_copy(update={"contact_points": {**before.contact_points, "email": address}})
    with bank.project.store.write() as connection:
        document = customer_document(after)
        connection.execute(update(customers).where(customers.c.id == customer_id).values(document=document))


def related(bank: Bank, customer_id: str, kind: str, to: str) -> None:
    row = {"customer_id": customer_id, "kind": kind, "related_id": to, "purposes": "", "row_digest": ""}
    with bank.project.store.write() as connection:
        connection.execute(insert(relations).values(**row))


def mail_of(bank: Bank, row: Any) -> Any:
    return message_from_bytes(contents.load(bank.project, [row])[row["id"]].body, policy=default)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Please look at your e-mail"), ("ja", "メールをご確認ください")]
)
def test_the_address_on_file_gets_a_link_that_opens_the_choices(
    bank: Bank, asking: Browser, language: str, words: str
) -> None:
    name = customer_with(bank, language=language)
    page = asking.get(f"{PATH}?lang={language}")
    answer = asking.press(page, "link", address=known_as(bank, name).contact_points["email"])
    assert words in answer.text
    [row] = rows_of(bank)
    assert (row["customer_id"], row["state"], row["channel"]) == (name, "due", "email")
    mail = mail_of(bank, row)
    assert mail["To"].addresses[0].addr_spec == known_as(bank, name).contact_points["email"]
    body = mail.get_body(("html",)).get_content()
    [link] = {have["href"] for tag, have in Page(body).tags if "?t=" in (have.get("href") or "")}
    opened = asking.get(str(link).removeprefix(SITE))
    assert ("What you get" if language == "en" else "お届けするお知らせ") in opened.text


@SQLITE
def test_a_link_that_opens_nothing_leads_to_the_form_too(bank: Bank, asking: Browser) -> None:
    name = customer_with(bank)
    page = asking.get(f"{PATH}?t=garbage&lang=en")
    assert page.text.replace("t=garbage&amp;", "") == asking.get(f"{PATH}?lang=en").text
    asking.press(page, "link", address=known_as(bank, name).contact_points["email"])
    assert len(rows_of(bank)) == 1


def test_the_answer_is_the_same_whether_the_address_is_known_or_not(bank: Bank, asking: Browser) -> None:
    name = customer_with(bank)
    addresses = ["nobody@example.com", known_as(bank, name).contact_points["email"], "x@no-such-domain.example"]
    answers = [ask(asking, address) for address in addresses]
    seen = {(one.status_code, one.text, tuple(sorted(one.headers.items()))) for one in answers}
    assert len(seen) == 1
    assert answers[0].status_code == 303
    assert [row["customer_id"] for row in rows_of(bank)] == [name]
    page = asking.get(answers[0].headers["location"])
    assert "we do not say here whether we know an address" in page.text


@SQLITE
def test_the_answer_is_on_its_way_before_the_address_is_looked_for(bank: Bank, asking: Browser) -> None:
    content = urlencode({"action": "link", "address": known_as(bank, customer_with(bank)).contact_points["email"]})
    recorded: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content.encode(), "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            recorded.append(len(rows_of(bank)))

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "https",
        "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "", "client": ("192.0.2.9", 1),
        "server": ("x", 443),
        "headers": [(b"host", b"www.hinokibank.example"), (b"content-type", FORM["content-type"].encode())],
    }  # fmt: skip
    asyncio.run(asking.app(scope, receive, send))
    assert recorded == [0]
    assert len(rows_of(bank)) == 1


@SQLITE
def test_who_ranked_other_channels_alone_gets_the_link_that_was_asked_for(bank: Bank, asking: Browser) -> None:
    name = customer_with(bank)
    row = {"customer_id": name, "category": "*", "channel": "sms", "rank": 1, "allowed": True}
    with bank.project.store.write() as connection:
        connection.execute(delete(preferences).where(preferences.c.customer_id == name))
        connection.execute(insert(preferences).values(**row, hours="", source="feed", row_digest=""))
    ask(asking, known_as(bank, name).contact_points["email"])
    assert [(row["channel"], row["state"]) for row in rows_of(bank)] == [("email", "due")]


@SQLITE
def test_customers_who_share_an_address_each_get_a_link_of_their_own(bank: Bank, asking: Browser) -> None:
    first, second = sorted([customer_with(bank), customer_with(bank, language="ja")])
    for name in (first, second):
        moved(bank, name, "both@example.com")
    ask(asking, "both@example.com")
    rows = rows_of(bank)
    assert [(row["customer_id"], row["state"]) for row in rows] == [(first, "due"), (second, "due")]
    assert len({mail_of(bank, row).get_body(("plain",)).get_content() for row in rows}) == 2


@SQLITE
def test_a_guardians_address_gets_the_links_of_both_and_the_wards_own_gets_none(bank: Bank, asking: Browser) -> None:
    guardian, ward = customer_with(bank), customer_with(bank, language="ja")
    moved(bank, guardian, "guardian@example.com")
    moved(bank, ward, "ward@example.com")
    related(bank, ward, "guardian", guardian)
    ask(asking, "ward@example.com")
    assert rows_of(bank) == []
    ask(asking, "guardian@example.com")
    rows = rows_of(bank)
    assert {row["customer_id"] for row in rows} == {guardian, ward}
    assert {mail_of(bank, row)["To"].addresses[0].addr_spec for row in rows} == {"guardian@example.com"}


@SQLITE
@pytest.mark.parametrize("typed", ["Ada@Example.COM", "  ada@example.com ", "ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ"])
def test_however_it_is_written_the_link_goes_to_the_address_on_file(bank: Bank, asking: Browser, typed: str) -> None:
    moved(bank, customer_with(bank), "ada@example.com")
    assert ask(asking, typed).status_code == 303
    assert [mail_of(bank, row)["To"] for row in rows_of(bank)] == ["ada@example.com"]


@SQLITE
@pytest.mark.parametrize("typed", [
    "", " ", "ada", "@", "ada@example.com, eve@example.com", "ada@example.com\r\nBcc: eve@example.com",
    "ada@example.com\nada@example.com", "ada@example.com\x00", "ada\u200b@example.com", "\u202eada@example.com",
    "аda@example.com", "<ada@example.com>", '"ada eve"@example.com', "ada@[192.0.2.1]", "mailto:ada@example.com",
    "+447700900123", "090-1234-5678", "ada@example.com" + "m" * 300, "%", "%@%", "' OR 1=1 --@example.com",
    "<script>alert(1)</script>",
])  # fmt: skip
def test_what_is_no_address_is_refused_and_never_repeated(bank: Bank, asking: Browser, typed: str) -> None:
    moved(bank, customer_with(bank), "ada@example.com")
    answer = ask(asking, typed)
    assert answer.status_code == 400
    assert "Please enter an e-mail address such as name@example.com." in answer.text
    assert len(typed.strip()) < 4 or typed not in answer.text
    tags = [have for tag, have in Page(answer.text).tags if tag == "input"]
    assert [(have["aria-invalid"], have.get("value")) for have in tags] == [("true", None)]
    assert rows_of(bank) == []


@SQLITE
def test_signs_of_patterns_and_templates_are_taken_as_they_are(bank: Bank, asking: Browser) -> None:
    for typed in ("%@example.com", "a_a@example.com", "ada%@example.com", "{{7*7}}@example.com"):
        moved(bank, customer_with(bank), "ada@example.com")
        assert ask(asking, typed).status_code == 303
    assert rows_of(bank) == []


@SQLITE
def test_a_mailbox_gets_one_an_hour_from_one_process_and_from_several(bank: Bank, asking: Browser) -> None:
    address = known_as(bank, customer_with(bank)).contact_points["email"]
    answers = {ask(asking, address).headers["location"] for _ in range(3)}
    assert len(answers) == len(rows_of(bank)) == 1
    assert ask(Browser(make_app(bank.project)), address).status_code == 303
    assert len(rows_of(bank)) == 1
    bank.clock.now += timedelta(hours=1)
    assert ask(asking, address).status_code == 303
    assert len(rows_of(bank)) == 2


@SQLITE
def test_who_asks_for_many_addresses_is_slowed_down_by_network(bank: Bank, asking: Browser) -> None:
    for number in range(limits.LINKS_PER_ADDRESS):
        here = (f"2001:db8:1:2::{number:x}", 4711)
        assert ask(asking, f"nobody{number}@example.com", client=here).status_code == 303
    slow = ask(asking, "nobody@example.com", client=("2001:db8:1:2:ffff::1", 1))
    assert (slow.status_code, slow.headers["retry-after"]) == (429, "3600")
    assert "try again in an hour" in slow.text
    assert ask(asking, "nobody@example.com", client=("2001:db8:1:3::1", 1)).status_code == 303


@SQLITE
@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_a_form_of_another_site_sends_no_link(bank: Bank, asking: Browser, headers: dict[str, str]) -> None:
    address = known_as(bank, customer_with(bank)).contact_points["email"]
    assert ask(asking, address, headers=headers).status_code == 403
    assert asking.get(f"{PATH}?action=link&address={address}").status_code == 200
    assert rows_of(bank) == []


@SQLITE
def test_without_an_approved_release_or_a_setting_the_form_is_not_offered(bank: Bank, browser: Browser) -> None:
    address = known_as(bank, customer_with(bank)).contact_points["email"]

    def offered(asked: Browser) -> bool:
        page = asked.get(f"{PATH}?lang=en")
        assert ask(asked, address).status_code in (200, 303)
        return "link" in [action for form in Page(page.text).forms for action in form.actions]

    assert not offered(browser)
    assert rows_of(bank) == []
    bank.approve(LINK)
    assert offered(browser)
    assert len(rows_of(bank)) == 1
    settings = bank.project.workspace.settings
    silent = settings.preference_page.model_copy(update={"lost_link": None})
    object.__setattr__(bank.project.workspace, "settings", settings.model_copy(update={"preference_page": silent}))
    assert not offered(Browser(make_app(bank.project)))
    assert len(rows_of(bank)) == 1


@SQLITE
def test_a_customer_who_refused_such_mail_is_recorded_with_the_reason(bank: Bank, asking: Browser) -> None:
    name = customer_with(bank)
    refusal = {"customer_id": name, "category": "security", "channel": "email", "allowed": False, "row_digest": ""}
    with bank.project.store.write() as connection:
        connection.execute(insert(preferences).values(**refusal))
    assert ask(asking, known_as(bank, name).contact_points["email"]).status_code == 303
    assert [(row["state"], row["reason"]) for row in rows_of(bank)] == [("withheld", "opted_out")]


@SQLITE
def test_logs_name_neither_address_nor_customer(bank: Bank, asking: Browser, caplog: pytest.LogCaptureFixture) -> None:
    name = customer_with(bank)
    address = known_as(bank, name).contact_points["email"]
    with caplog.at_level(logging.DEBUG):
        ask(asking, address)
        ask(asking, f"no\n{address}")
    told = "".join(record.getMessage() for record in caplog.records)
    assert "POST /prefs 303" in told
    assert address not in told
    assert name not in told


@SQLITE
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_form_has_a_label_and_tells_screen_readers_what_is_wrong(
    bank: Bank, asking: Browser, language: str
) -> None:
    wrong = asking.post(f"{PATH}?lang={language}", {"action": "link", "address": "no"})
    tags = Page(wrong.text).tags
    [field] = [have for tag, have in tags if tag == "input"]
    assert field["id"] in [have.get("for") for tag, have in tags if tag == "label"]
    ids = {have["id"] for _, have in tags if "id" in have}
    assert set(str(field["aria-describedby"]).split()) <= ids
    assert [have["id"] for _, have in tags if have.get("role") == "alert"] == ["wrong-address"]
    assert (field["autocomplete"], field["inputmode"]) == ("email", "email")
