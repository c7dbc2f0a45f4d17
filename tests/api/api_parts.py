"""A bank whose preference page is served, and a client that talks to the real app."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import httpx
from fastapi import FastAPI
from support import Bank

from ccm.api.app import make_app
from ccm.pipeline.trigger import send
from ccm.store import feeds
from ccm.store.tables import customers

SITE, PATH = "https://www.hinokibank.example", "/prefs"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Browser:
    """Asks the app over HTTP, in this process, as a browser or a mail service would."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=options.pop("client", ("192.0.2.7", 4711)))
            async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
                return await client.request(method, url, **options)

        return asyncio.run(asked())

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.ask("GET", url, **options)

    def post(self, url: str, data: Any, **options: Any) -> httpx.Response:
        return self.ask("POST", url, data=data, **options)
