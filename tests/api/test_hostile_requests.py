"""What nobody's browser sends: forged, giant, broken and curious requests."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

import pytest
from api_parts import FORM, ONE_CLICK, PATH, Browser, Page, customer_with, stated, token_for
from sqlalchemy.exc import OperationalError
from support import SHARED, Bank

from ccm.api import limits
from ccm.api.guard import HEADERS

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


def link_for(bank: Bank) -> tuple[str, str]:
    name = customer_with(bank)
    return name, f"{PATH}?t={token_for(bank, name)}"


def test_every_answer_keeps_to_itself(bank: Bank, browser: Browser) -> None:
    _, link = link_for(bank)
    answers = [
        browser.get(link), browser.get(PATH), browser.post(link, {"action": "none"}), browser.get("/nowhere"),
        browser.ask("DELETE", link), browser.get(link, headers={"host": "evil.example"}), browser.get("/healthz"),
        browser.ask("POST", link, content=b"x" * 70_000, headers=FORM),
    ]  # fmt: skip
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "set-cookie" not in answer.headers
    style = browser.get(f"{PATH}/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "<script" not in answers[0].text
    assert " style=" not in answers[0].text


@pytest.mark.parametrize(("method", "status"), [
    ("PUT", 405), ("DELETE", 405), ("PATCH", 405), ("OPTIONS", 405), ("TRACE", 405),
])  # fmt: skip
def test_other_methods_are_refused(bank: Bank, browser: Browser, method: str, status: int) -> None:
    name, link = link_for(bank)
    before = stated(bank, name)
    assert browser.ask(method, link).status_code == status
    assert stated(bank, name) == before


@pytest.mark.parametrize(("headers", "status"), [
    ({"sec-fetch-site": "cross-site"}, 403), ({"sec-fetch-site": "same-site"}, 403),
    ({"origin": "https://evil.example"}, 403), ({"origin": "https://www.hinokibank.example.evil.example"}, 403),
    ({"sec-fetch-site": "same-origin", "origin": "null"}, 303), ({"origin": "https://www.hinokibank.example"}, 303),
])  # fmt: skip
def test_a_form_of_another_site_changes_nothing(
    bank: Bank, browser: Browser, headers: dict[str, str], status: int
) -> None:
    name, link = link_for(bank)
    before = stated(bank, name)
    assert browser.post(link, {"action": "stop"}, headers=headers).status_code == status
    assert (stated(bank, name) == before) == (status == 403)


def test_what_a_person_with_a_browser_can_meet_is_said_in_both_languages(bank: Bank, browser: Browser) -> None:
    _, link = link_for(bank)
    other_site = browser.post(link, {"action": "stop"}, headers={"sec-fetch-site": "cross-site"})
    assert other_site.text == (
        "The form was sent from another site.\nフォームが別のサイトから送信されたため、受け付けられません。\n"
    )
    assert browser.get("/prefz").text == "Not Found\nページが見つかりません。\n"


@pytest.mark.parametrize(("content", "headers", "status"), [
    (b"List-Unsubscribe=One-Click", {"content-type": "application/json"}, 415),
    (b"List-Unsubscribe=One-Click", {}, 415),
    (b"List-Unsubscribe=%FF%FE", FORM, 400),
    (b"\xff\xfe", FORM, 400),
    (b"&".join(b"a=1" for _ in range(400)), FORM, 400),
    (b"a=" + b"x" * 5000, FORM, 400),
    (b"x" * 65_537, FORM, 413),
    (b"--x\r\n", {"content-type": "multipart/form-data"}, 400),
    (b"nonsense", {"content-type": "multipart/form-data; boundary=x"}, 400),
    (b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nb\r\n--x--\r\n',
     {"content-type": "multipart/form-data; boundary=x"}, 400),
    (b"", FORM, 400),
    (b"action=drop", FORM, 400),
    (b"action=undo&note=AAAA", FORM, 400),
    (b"action=save&shown=offers.email.9", FORM, 400),
    (b"action=save&pause=36500", FORM, 400),
    (b"action=save&language=tlh", FORM, 400),
    (b"action=save&format=braille", FORM, 400),
])  # fmt: skip
def test_a_body_that_is_no_form_of_ours_is_refused(
    bank: Bank, browser: Browser, content: bytes, headers: dict[str, str], status: int
) -> None:
    name, link = link_for(bank)
    before = stated(bank, name)
    assert browser.ask("POST", link, content=content, headers=headers).status_code == status
    assert stated(bank, name) == before


def test_cells_that_the_page_does_not_show_are_not_changed(bank: Bank, browser: Browser) -> None:
    name, link = link_for(bank)
    before = stated(bank, name)
    for cell in ("security.email", "statements.letter", "*.*", "nothing.email", "offers.fax"):
        browser.post(link, {"action": "save", "shown": f"{cell}.1"})
        browser.post(link, [("action", "save"), ("shown", f"{cell}.0"), ("on", cell)])
    assert stated(bank, name) == before


def test_a_body_longer_than_it_says_is_cut_off(bank: Bank, browser: Browser) -> None:
    _, link = link_for(bank)

    async def endless():  # type: ignore[no-untyped-def]
        for _ in range(40):
            yield b"a" * 4096

    assert browser.ask("POST", link, content=endless(), headers=FORM).status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "", "www.hinokibank.example.evil.example", "[", "127.0.0.1"])
def test_other_hosts_are_refused(bank: Bank, browser: Browser, host: str) -> None:
    assert browser.get(PATH, headers={"host": host}).status_code == 400
    assert browser.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", [
    f"{PATH}/..%2f..%2fccm.toml", f"{PATH}/../../etc/passwd", f"{PATH}/style.css%00",
    f"{PATH}/preferences.html", "/archive/..%2f..%2fkeys%2flog.key", "/openapi.json", "/docs", f"{PATH}%0d%0aX: 1",
])  # fmt: skip
def test_paths_lead_nowhere_else(bank: Bank, browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in (400, 404)
    assert "organisation" not in answer.text


def test_what_stands_in_a_link_is_never_markup_nor_a_header(bank: Bank, browser: Browser) -> None:
    _, link = link_for(bank)
    for evil in ('"><script>alert(1)</script>', "a\r\nSet-Cookie: x=1", "javascript:alert(1)", "{{7*7}}"):
        for url in (f"{PATH}?t={quote(evil)}", f"{link}&lang={quote(evil)}", f"{link}&done={quote(evil)}"):
            answer = browser.get(url)
            assert answer.status_code == 200
            assert "alert(1)" not in answer.text
            assert "set-cookie" not in answer.headers
        answer = browser.post(f"{link}&lang={quote(evil)}", {"action": "stop"})
        assert answer.headers["location"].startswith(f"{PATH}?t=")
        assert "alert" not in answer.headers["location"]


def test_a_note_opens_only_beside_its_own_link(bank: Bank, browser: Browser) -> None:
    _, link = link_for(bank)
    other = f"{PATH}?t={token_for(bank, customer_with(bank, 'email', 'ja'))}"
    note = browser.post(link, {"action": "stop"}).headers["location"].partition("done=")[2]
    assert "No more advertising" in browser.get(f"{link}&done={note}").text
    assert "No more advertising" not in browser.get(f"{other}&lang=en&done={note}").text


def test_a_link_of_before_with_more_behind_its_token_still_opens(bank: Bank, browser: Browser) -> None:
    _, link = link_for(bank)
    assert "What you get" in browser.get(f"{link}?m=5f2c9a7e41d0").text
    assert "What you get" in browser.get(f"{link}/offers").text


def test_too_many_requests_wait_a_minute_and_one_click_from_one_service_does_not(bank: Bank, browser: Browser) -> None:
    _, link = link_for(bank)
    for _ in range(limits.PER_TOKEN):
        assert browser.get(link).status_code == 200
    slow = browser.get(link)
    assert (slow.status_code, slow.headers["retry-after"]) == (429, "60")
    assert browser.get(PATH).status_code == 200
    limited = limits.RateLimits(bank.clock)
    assert [limited.passes("a", 2) for _ in range(3)] == [True, True, False]
    for number in range(limits.KEPT):
        limited.passes(f"other {number}", 2)
    assert len(limited._seen[limits.WINDOW]) == limits.KEPT


def test_who_asked_for_links_is_remembered_through_a_flood_of_other_requests(bank: Bank, browser: Browser) -> None:
    limited = limits.RateLimits(bank.clock)
    assert limited.passes("asked for a link", 1, limits.HOUR)
    for number in range(limits.KEPT + 1):
        limited.passes(f"link {number}", 1)
    assert not limited.passes("asked for a link", 1, limits.HOUR)


@pytest.mark.parametrize(("address", "owner"), [
    ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.8", "192.0.2.8"),
    ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("testclient", "testclient"),
])  # fmt: skip
def test_an_ipv4_address_written_as_ipv6_is_no_household_of_all_of_them(
    bank: Bank, browser: Browser, address: str, owner: str
) -> None:
    assert limits.network(address) == owner


@pytest.mark.parametrize("path", [f"{PATH}/", f"{PATH}/style.css/"])
def test_an_address_that_is_nearly_right_sends_nobody_elsewhere(bank: Bank, browser: Browser, path: str) -> None:
    _, link = link_for(bank)
    token = link.partition("?")[2]
    for answer in (browser.get(f"{path}?{token}"), browser.post(f"{path}?{token}", ONE_CLICK)):
        assert (answer.status_code, answer.headers.get("location")) == (404, None)


def test_logs_name_the_route_and_no_token(bank: Bank, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    name, link = link_for(bank)
    with caplog.at_level(logging.DEBUG):
        browser.get(link)
        browser.post(link, ONE_CLICK)
        browser.get("/nowhere/" + link)
        browser.ask("G\nE", "/x")
    own = [record.getMessage() for record in caplog.records if record.name.startswith("ccm")]
    assert [line.rpartition(" ")[0].rpartition(" ")[0] for line in own] == [
        "GET /prefs 200", "POST /prefs 200", "GET - 404", "- - 404",
    ]  # fmt: skip
    assert name not in "".join(own)


def test_a_store_that_does_not_answer_is_told_without_details(
    bank: Bank, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _, link = link_for(bank)

    def broken() -> None:
        raise OperationalError("SELECT secret", {}, Exception("password"))

    monkeypatch.setattr(bank.project.store, "read", broken)
    answer = browser.get(link)
    assert answer.status_code == 500
    assert "try again later" in answer.text
    assert "もう一度お試しください" in answer.text
    assert browser.get("/readyz").status_code == 503
    assert browser.get("/healthz").status_code == 200
    assert "secret" not in answer.text + caplog.text


@pytest.mark.skipif(not (SHARED / "attacks.jsonl").exists(), reason="the shared attacks are not there")
def test_the_collected_attacks_on_pages_and_paths_do_nothing(bank: Bank, browser: Browser) -> None:
    name, link = link_for(bank)
    before = stated(bank, name)
    lines = (SHARED / "attacks.jsonl").read_text(encoding="utf-8").splitlines()
    tried = 0
    for attack in map(json.loads, lines):
        payload = str(attack["payload"])[:2000]
        for url in (f"{PATH}?t={quote(payload)}", f"{link}&done={quote(payload)}", f"{link}&lang={quote(payload)}"):
            assert browser.get(url, client=(f"192.0.2.{tried % 250}", 1)).status_code in (200, 429)
            tried += 1
        fields = {"action": "save", "shown": payload, "on": payload, "pause": payload}
        assert browser.post(link, fields).status_code in (400, 429)
    assert tried > 100
    assert stated(bank, name) == before


def test_every_control_has_a_label_and_every_group_a_legend(bank: Bank, browser: Browser) -> None:
    _, link = link_for(bank)
    tags = Page(browser.get(link).text).tags
    names = [tag for tag, _ in tags]
    assert names.count("fieldset") == names.count("legend")
    assert names.count("h1") == names.count("main") == 1
    seen = [have for tag, have in tags if tag == "input" and have.get("type") != "hidden"]
    labels = {have.get("for") for tag, have in tags if tag == "label"}
    for place, (tag, have) in enumerate(tags):
        if tag == "input" and have.get("type") != "hidden":
            assert tags[place - 1][0] == "label" or have.get("id") in labels
    assert len(seen) > 8
    ids = [have["id"] for _, have in tags if "id" in have]
    assert len(ids) == len(set(ids))
    assert {have["aria-describedby"] for _, have in tags if "aria-describedby" in have} <= set(ids)
