"""The preference page's pages: which words and values each template gets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date
from fastapi.responses import HTMLResponse

from ccm.api.preference_form import LONGEST_PAUSE, PAUSES, Filled, Step
from ccm.api.preference_view import View
from ccm.api.rendering import Pages
from ccm.api.words import Words
from ccm.workspace.languages import base
from ccm.workspace.settings import Organisation


class PreferencePages:
    """Answers to people; all of them are pages of the same look."""

    def __init__(self, organisation: Organisation, path: str, days: int) -> None:
        self._organisation, self._days = organisation, days
        self._pages = Pages(organisation, path)
        self.style = self._pages.style

    def address(self, token: str, language: str, note: str = "") -> str:
        """Where the page of a token is; with `note`, the page that says what was changed."""
        return self._pages.address({"t": token, "lang": language, "done": note})

    def preferences(
        self, language: str, token: str, view: View, at: datetime, wrong: str = "", filled: Filled | None = None
    ) -> HTMLResponse:
        """The page with its form; `wrong` names the field that could not be taken, `filled` is what came with it."""
        words = Words(language)
        today = at.astimezone(self._zone(view)).date()
        told = words("wrong_pause_date" if wrong == "pause_date" else "wrong") if wrong else ""
        return self._pages.show(
            "preferences.html", words, {"t": token, "lang": language}, 400 if wrong else 200, view=view, wrong=told,
            wrong_day=wrong == "pause_date", filled=filled or Filled.of(view), pauses=PAUSES,
            first_day=today + timedelta(days=1), last_day=today + LONGEST_PAUSE,
            day=lambda moment: self._day(moment, view, language),
        )  # fmt: skip

    def changed(self, language: str, token: str, note: str, step: Step, view: View, *, undo: bool) -> HTMLResponse:
        """What was changed, with a way back."""
        words = Words(language)
        lines = self._told(step, view, words)
        heading = (
            "nothing_title" if step.empty and not step.stop_pressed else "undone_title" if step.undone else "done_title"
        )
        way_back = note if undo and not step.empty else ""
        return self._pages.show(
            "changed.html", words, {"t": token, "lang": language, "done": note}, heading=words(heading), lines=lines,
            undo=way_back,
        )  # fmt: skip

    def neutral(self, language: str, token: str, *, offered: bool, wrong: bool = False) -> HTMLResponse:
        """The page without anybody's choices; it is the same for every link that opens nothing.

        `offered`: with a form that asks for a new link; `wrong`: what was entered there is no e-mail address.
        """
        words, query = Words(language), {"t": token, "lang": language}
        told = words("wrong_address") if wrong else ""
        return self._pages.show(
            "neutral.html", words, query, 400 if wrong else 200, days=self._days, offered=offered, wrong=told
        )

    def asked_address(self, language: str) -> str:
        """Where the page is that says that a link may be on its way."""
        return self._pages.address({"lang": language, "asked": "1"})

    def asked(self, language: str) -> HTMLResponse:
        """The answer to who asked for a link: the same whether anybody has the address or not."""
        return self._short(language, "asked", {"lang": language, "asked": "1"})

    def stopped(self, language: str, token: str) -> HTMLResponse:
        """The answer to one click."""
        return self._short(language, "stopped", {"t": token, "lang": language})

    def slow(self, language: str, minutes: int = 1) -> HTMLResponse:
        """The answer to too many requests: to be tried again in a minute, or in an hour."""
        text = "slow_text" if minutes == 1 else "slow_hour_text"
        answer = self._short(language, "slow", {"lang": language}, 429, text)
        answer.headers["Retry-After"] = str(60 * minutes)
        return answer

    def _short(
        self, language: str, name: str, query: Mapping[str, str], status: int = 200, text: str = ""
    ) -> HTMLResponse:
        words = Words(language)
        return self._pages.show(
            "short.html", words, query, status, heading=words(f"{name}_title"),
            text=words(text or f"{name}_text", phone=self._organisation.phone),
        )  # fmt: skip

    def _told(self, step: Step, view: View, words: Words) -> list[str]:
        names = {topic.category: topic.names(words.language) for topic in view.topics}
        lines = [words("did_stop")] if step.stop_pressed else []
        for category, channel, on in step.cells:
            if category in names:
                lines.append(
                    words("did_on" if on else "did_off", names=names[category], channel=words.channel(channel))
                )
        if step.pause is not None:
            until = step.pause[0]
            lines.append(
                words("did_pause", date=self._day(until, view, words.language)) if until else words("did_unpause")
            )
        if step.language is not None:
            spoken = base(step.language[0])
            named = Locale(words.language).languages.get(spoken, spoken)
            lines.append(words("did_language", language=named))
        if step.format is not None:
            lines.append(words("did_large" if step.format[0] else "did_usual"))
        if step.resumed:
            joint = "、" if words.language == "ja" else ", "
            lines.append(
                words("did_resume", channels=joint.join(words.channel(channel) for channel, _ in step.resumed))
            )
        return lines or [words("nothing")]

    def _day(self, moment: datetime, view: View, language: str) -> str:
        return format_date(moment.astimezone(self._zone(view)).date(), "long", locale=language)

    def _zone(self, view: View) -> ZoneInfo:
        try:
            return ZoneInfo(view.customer.timezone or self._organisation.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")
