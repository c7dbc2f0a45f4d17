"""The preference page: GET shows, POST acts, and nothing else does.

The link's token is the credential, so there is neither login nor cookie. A link that is wrong, changed, too old, or of
somebody who is not known any more gives the page that no link at all gives. One-click unsubscribing (RFC 8058) is a
POST of ``List-Unsubscribe=One-Click`` to the same address; mail scanners that follow links only GET. Who has lost the
link asks for a new one here, with or without a link that opens nothing.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from ccm.api import limits
from ccm.api.forms import Fields, read_form
from ccm.api.lost_links import LostLinks, read_address
from ccm.api.preference_form import (
    UNDO_WITHIN,
    Filled,
    Step,
    WrongForm,
    changes_of,
    step_of,
    still_possible,
    stop_step,
)
from ccm.api.preference_pages import PreferencePages
from ccm.api.preference_view import View, view_of
from ccm.errors import CcmError, NotFound
from ccm.log import leaves, sequencer
from ccm.pipeline.preference_changes import Change, UnsubscribeFromMarketing, apply_changes
from ccm.pipeline.preference_links import LONGEST, PreferenceLink
from ccm.pipeline.project import Project

ONE_CLICK = ("List-Unsubscribe", "One-Click")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_log = logging.getLogger("ccm.api")
NOBODY = ""
"""Asked for where a link names nobody, so that the answer takes as long."""


class _Preferences:
    def __init__(self, project: Project, rates: limits.RateLimits, longest_wait: float) -> None:
        self.project, self.rates = project, rates
        self.organisation = project.workspace.settings.organisation
        self.days = project.workspace.settings.preference_page.shows_for_days
        address = urlsplit(self.organisation.preference_url)
        self.path = address.path or "/"
        self.origin = f"{address.scheme}://{address.netloc}"
        self.pages = PreferencePages(self.organisation, self.path, self.days)
        self.lost = LostLinks(project, rates, longest_wait)
        self.key = project.path(project.workspace.settings.preference_page.key)
        self.key_made = 0

    async def get(self, request: Request) -> Response:
        return await run_in_threadpool(self.show, request)

    async def post(self, request: Request) -> Response:
        fields = await read_form(request)
        if ONE_CLICK in fields:
            return await run_in_threadpool(self.unsubscribe, request)
        self.require_own_page(request)
        return await run_in_threadpool(self.act, request, fields)

    def show(self, request: Request) -> Response:
        token, link, view = self.opened(request)
        language = _language(request, link)
        if not self.passes(request, token):
            return self.pages.slow(language)
        if view is None and "asked" in request.query_params:
            return self.pages.asked(language)
        if view is None:
            return self.pages.neutral(language, token, offered=self.lost.offered())
        note = request.query_params.get("done", "")
        content = self.project.links().read_note(token, note) if note else None
        if content is not None:
            step = Step.unpacked(content)
            fresh = not step.undone and self.project.clock() - step.at <= UNDO_WITHIN
            return self.pages.changed(language, token, note, step, view, undo=fresh)
        return self.pages.preferences(language, token, view, self.project.clock())

    def act(self, request: Request, fields: Fields) -> Response:
        token, link, view = self.opened(request)
        language = _language(request, link)
        if not self.passes(request, token):
            return self.pages.slow(language)
        if dict(fields).get("action") == "link" and self.lost.offered():
            return self.ask_for_link(request, fields, token, language)
        if link is None or view is None:
            return self.pages.neutral(language, token, offered=self.lost.offered())
        now = self.project.clock()
        try:
            step = self.asked(fields, token, view)
        except WrongForm as error:
            again = Filled.again(fields, view) if str(error) == "pause_date" else None
            return self.pages.preferences(language, token, view, now, wrong=str(error), filled=again)
        self.change(link, changes_of(step, view), "preferences", "preference page")
        note = self.project.links().note(token, step.packed())
        # 303: the browser asks for the next page with GET, and reloading it does not act again.
        return RedirectResponse(self.pages.address(token, language, note), 303)

    def ask_for_link(self, request: Request, fields: Fields, token: str, language: str) -> Response:
        """A new link for who has lost it. Nothing of the answer depends on whether anybody has the address."""
        if not self.rates.passes(_caller(request, "link asked from"), limits.LINKS_PER_ADDRESS, limits.HOUR):
            return self.pages.slow(language, minutes=60)
        address = read_address(dict(fields).get("address", ""))
        if address is None:
            return self.pages.neutral(language, token, offered=True, wrong=True)
        return RedirectResponse(self.pages.asked_address(language), 303, background=self.lost.task(address))

    def asked(self, fields: Fields, token: str, view: View) -> Step:
        """What the form wants; raises `WrongForm`."""
        now = self.project.clock()
        match dict(fields).get("action"):
            case "save":
                return step_of(fields, view, self.organisation.timezone, now)
            case "stop":
                return stop_step(view, now)
            case "undo":
                content = self.project.links().read_note(token, dict(fields).get("note", ""))
                done = None if content is None else Step.unpacked(content)
                if done is None or done.undone or now - done.at > UNDO_WITHIN:
                    raise WrongForm("note")
                return still_possible(done.reversed(now), view)
            case _:
                raise WrongForm("action")

    def unsubscribe(self, request: Request) -> Response:
        """One click. The answer is the same whoever's link it was, and however old."""
        token = _token(request)
        link = self.read(token)
        # Mail services press the button for all their users from a few addresses: only the link counts here.
        if not self.rates.passes(limits.caller("link", token), limits.PER_TOKEN):
            return self.pages.slow(_language(request, link))
        if link is not None and link.purpose == "marketing":
            self.change(link, [UnsubscribeFromMarketing((link.channel,))], "unsubscribed", "one-click unsubscribe")
        return self.pages.stopped(_language(request, link), token)

    def change(self, link: PreferenceLink, changes: list[Change], what: str, through: str) -> None:
        """Makes the changes in one transaction, with an entry that names the message whose link was used."""
        now = self.project.clock()
        evidence = f"{through}, link of message {link.message_id}"
        with suppress(NotFound), self.project.store.write() as connection:
            # Not found: erased since the message, and there is nobody left to write to. Nothing is kept of it.
            done = apply_changes(
                self.project, connection, link.customer_id, changes, source="page", evidence=evidence, at=now
            )  # fmt: skip
            if done:
                leaf = leaves.event_leaf(message_id=link.message_id, state=what, detail="page", at=now)
                sequencer.append(connection, [leaf])

    def opened(self, request: Request) -> tuple[str, PreferenceLink | None, View | None]:
        """The token, what it says, and the customer's side; the last is None for every link that opens nothing."""
        token, now = _token(request), self.project.clock()
        link = self.read(token)
        shown = link is not None and link.shows_on(now.date(), self.days)
        view = view_of(self.project, link.customer_id if link is not None and shown else NOBODY, now)
        return token, link, view

    def read(self, token: str) -> PreferenceLink | None:
        """What a token says. Where the key was rotated since the start, a link may be newer than the keys in memory."""
        link = self.project.links().read(token)
        if link is not None or not token:
            return link
        try:
            if (made := self.key.stat().st_mtime_ns) != self.key_made:
                link = self.project.links(again=True).read(token)
                self.key_made = made
        except (CcmError, OSError) as error:
            _log.error("the keys of links cannot be read again: %s", error)
        return link

    def passes(self, request: Request, token: str) -> bool:
        by_address = self.rates.passes(_caller(request, "address"), limits.PER_ADDRESS)
        return (not token or self.rates.passes(limits.caller("link", token), limits.PER_TOKEN)) and by_address

    def require_own_page(self, request: Request) -> None:
        """Raises `HTTPException` 403 where another site's page sent the form.

        Browsers say so in Sec-Fetch-Site; older ones only in Origin, which is ``null`` under our own Referrer-Policy.
        """
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin", "null")
        own = {self.origin, f"{request.url.scheme}://{request.headers.get('host', '')}", "null"}
        if site not in (None, "same-origin", "none") or (site is None and origin not in own):
            raise HTTPException(403, "The form was sent from another site.")


def router(project: Project, rates: limits.RateLimits, *, longest_wait: float) -> APIRouter:
    """The routes at the path of ``organisation.preference_url``; `longest_wait` as in `ccm.api.app.make_app`."""
    page, made = _Preferences(project, rates, longest_wait), APIRouter()
    made.add_api_route(page.path, page.get, methods=["GET", "HEAD"], response_class=Response)
    made.add_api_route(page.path, page.post, methods=["POST"], response_class=Response)

    @made.api_route(f"{page.path.rstrip('/')}/style.css", methods=["GET", "HEAD"])
    async def style() -> PlainTextResponse:
        headers = {"Cache-Control": "public, max-age=3600"}
        return PlainTextResponse(page.pages.style, media_type="text/css", headers=headers)

    @made.api_route("/robots.txt", methods=["GET", "HEAD"])
    async def robots() -> PlainTextResponse:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return made


def _token(request: Request) -> str:
    """The token; whatever a template of before added behind it (``?m=…``) is left out."""
    found = _TOKEN.match(request.query_params.get("t", ""))
    return found[0] if found and len(found[0]) <= LONGEST else ""


def _language(request: Request, link: PreferenceLink | None) -> str:
    """What was asked for on the page, else the message's language, else the browser's first of ours."""
    asked = request.query_params.get("lang", "")
    if asked in ("en", "ja"):
        return asked
    if link is not None:
        return "ja" if link.language.partition("-")[0] == "ja" else "en"
    wanted = re.findall(r"\b(en|ja)\b", request.headers.get("accept-language", "")[:200].lower())
    return wanted[0] if wanted else "en"


def _caller(request: Request, kind: str) -> str:
    return limits.caller(kind, limits.network(request.client.host) if request.client else "")
