"""Who has lost a link asks for a new one: read, counted, answered, and only then looked up.

The answer says nothing of whether anybody has the address, and neither does the time it takes: it is on its way before
the address is looked for. One thread does that, so that many requests at once take nothing from the pages.
"""

from __future__ import annotations

import asyncio
import logging
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from starlette.background import BackgroundTask

from ccm.api import limits
from ccm.api.limits import RateLimits, caller
from ccm.intake.values import Bad, email
from ccm.pipeline import lost_links
from ccm.pipeline.project import Project

LONGEST = 320
"""Characters that are looked at; an address has at most 254 (RFC 5321, 4.5.3.1.3, without its brackets)."""
WAITING = 100
"""Requests that wait for the thread at most. Those beyond are dropped: a flood is no customer."""
_log = logging.getLogger("ccm.api")


def read_address(typed: str) -> str | None:
    """The e-mail address that a person typed, full-width letters made usual ones; None where it is none."""
    plain = unicodedata.normalize("NFKC", typed[: LONGEST + 1]).strip(" ")
    if len(plain) > LONGEST:
        return None
    try:
        return email(plain)
    except Bad:
        return None


class LostLinks:
    """Does what is left to do once a request was answered.

    Raises `TemplateError` where the communication that brings the link has mistakes: better at the start than then.
    """

    def __init__(self, project: Project, rates: RateLimits, longest_wait: float) -> None:
        name = project.workspace.settings.preference_page.lost_link
        if name is not None:
            project.compiled(name)
        self._project, self._rates, self._longest_wait = project, rates, longest_wait
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lost-links")
        self._waiting, self._lock = 0, Lock()

    def offered(self) -> bool:
        """Whether the page has the form."""
        return lost_links.offered(self._project, self._project.clock())

    def task(self, address: str) -> BackgroundTask | None:
        """What to do after the answer; None for a mailbox that was asked for within the hour."""
        mailbox = caller("mailbox", address.lower())
        if not self._rates.passes(mailbox, limits.LINKS_PER_MAILBOX, limits.HOUR):
            return None
        return BackgroundTask(self._work, address)

    async def _work(self, address: str) -> None:
        with self._lock:
            if self._waiting >= WAITING:
                _log.warning("%d requests for a link are waiting: one was dropped", self._waiting)
                return
            self._waiting += 1
        try:
            # At no time that can be told: who asks for pages meanwhile must not see when the process is busy with it.
            await asyncio.sleep(self._longest_wait * int.from_bytes(self._project.random_bytes(2)) / 2**16)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._send, address)
        finally:
            with self._lock:
                self._waiting -= 1

    def _send(self, address: str) -> None:
        lost_links.send_links(self._project, address, self._project.clock())
