"""A bank whose preference page is served, and a client that talks to the real app."""

from __future__ import annotations

import asyncio
import re
from email import message_from_bytes
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI
from sqlalchemy import select
from support import RUN_AT, Bank

from ccm.api.preference_view import view_of
from ccm.batch import coordinator, runs
from ccm.pipeline import contents
from ccm.store.tables import consents, log_leaves, messages, preferences

SITE, PATH = "https://www.hinokibank.example", "/prefs"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Browser:
    """Asks the app over HTTP, in this process, as a browser or a mail service would."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        client_address = options.pop("client", ("192.0.2.7", 4711))

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=client_address)
            async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
                return await client.request(method, url, **options)

        return asyncio.run(asked())

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.ask("GET", url, **options)

    def post(self, url: str, fields: Any, **options: Any) -> httpx.Response:
        return self.ask(
            "POST", url, content=urlencode(fields), headers={**FORM, **options.pop("headers", {})}, **options
        )

    def press(self, page: httpx.Response, action: str, **choices: Any) -> httpx.Response:
        """Sends the page's form that has the button, with some of its fields changed; the next page is opened."""
        form = next(form for form in Page(page.text).forms if action in form.actions)
        fields = [(name, value) for name, value in form.fields if name not in choices]
        for name, value in choices.items():
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        answer = self.post(form.address, [*fields, ("action", action)])
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])


class Form:
    def __init__(self, address: str) -> None:
        self.address = address
        self.fields: list[tuple[str, str]] = []
        self.actions: list[str] = []


class Page(HTMLParser):
    """The forms of a page with what a browser would send, and the words of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        self.tags.append((tag, have))
        if tag == "form":
            self.forms.append(Form(have["action"] or ""))
        elif tag == "button":
            self.forms[-1].actions.append(have["value"] or "")
        elif tag == "input":
            chosen = have.get("type") not in ("checkbox", "radio") or "checked" in have
            if chosen:
                self.forms[-1].fields.append((have["name"] or "", have.get("value") or ""))

    def handle_data(self, data: str) -> None:
        self.words += data


def offers(bank: Bank) -> list[Any]:
    """Rows of the offers that wait to go out by e-mail."""
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    coordinator.execute(bank.project, run.id, workers=1)
    query = select(messages).where(messages.c.state == "due", messages.c.channel == "email").order_by(messages.c.id)
    with bank.project.store.read() as connection:
        return list(connection.execute(query).mappings().all())


def link_of(bank: Bank, row: Any) -> str:
    """The address in the List-Unsubscribe header of a recorded message, from its path on."""
    mail = message_from_bytes(contents.load(bank.project, [row])[row["id"]].body)
    found = re.fullmatch(r"<https://www\.hinokibank\.example(/prefs\?t=[\w-]+)>", mail["List-Unsubscribe"])
    assert found is not None
    return found[1]


def token_for(
    bank: Bank, customer_id: str, *, purpose: str = "marketing", language: str = "en", at: Any = RUN_AT
) -> str:
    """A token as an offer by e-mail to this customer would have it."""
    return bank.project.links().token("5f" * 16, customer_id, "offers", purpose, "email", language, at)


def customer_with(bank: Bank, channel: str = "email", language: str = "en") -> str:
    """A customer who has agreed to marketing on a channel and reads a language."""
    query = select(consents.c.customer_id).where(consents.c.channel == channel, consents.c.granted)
    with bank.project.store.read() as connection:
        names = sorted(set(connection.scalars(query)))
    for name in names:
        view = view_of(bank.project, name, bank.clock())
        if (
            view
            and view.customer.language[:2] == language
            and any(topic.on.get(channel) for topic in view.topics if topic.marketing)
        ):
            return name
    raise AssertionError("no such customer")


def stated(bank: Bank, customer_id: str) -> tuple[list[Any], list[Any]]:
    """The customer's rows of preferences and of consents, as they are stored."""
    with bank.project.store.read() as connection:
        return tuple(  # type: ignore[return-value]
            sorted(map(str, connection.execute(select(table).where(table.c.customer_id == customer_id)).all()))
            for table in (preferences, consents)
        )


def leaves_of(bank: Bank, kind: str) -> list[bytes]:
    """The log's entries of a kind, in order."""
    with bank.project.store.read() as connection:
        entries = [bytes(entry) for entry in connection.scalars(select(log_leaves.c.entry).order_by(log_leaves.c.id))]
    return [entry for entry in entries if f'"kind":"{kind}"'.encode() in entry]
