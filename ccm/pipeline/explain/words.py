"""Codes, times and zones of explanations in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ccm.decide.case import SHUT
from ccm.decide.trace import words
from ccm.pipeline.explain.names import CHANNELS, NAMES, STATES
from ccm.pipeline.explain.phrases import PHRASES
from ccm.workspace.settings import known_zones

LANGUAGES = ("en", "ja")
WEEKDAYS = (("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), tuple("月火水木金土日"))


def phrase(key: str, reader: str, /, **values: object) -> str:
    """A sentence in the reader's language, with its values filled in."""
    japanese = reader == "ja"
    for name, known in NAMES.items():
        if name in values:
            code = str(values[name])
            values[name] = known.get(code, (code, code))[japanese]
    return PHRASES[key][japanese].format(**values)


def channel_name(channel: str, language: str) -> str:
    """A channel as people call it; an unknown one by its id."""
    return CHANNELS.get(channel, (channel, channel))[language == "ja"]


def state_name(state: str, language: str) -> str:
    return STATES.get(state, (state, state))[language == "ja"]


def reason_words(reason: str, detail: str, language: str) -> str:
    """A reason, of a channel that was passed over too, where the detail tells more than the code does."""
    if reason == "quiet_hours" and not detail:  # of those that are used at once
        return phrase("not_at_once", language)
    return words(reason, language)


def detail_words(reason: str, detail: str, language: str) -> str:
    """What stands behind a reason, in brackets; empty where there is nothing to tell."""
    told = detail
    if reason in SHUT:
        told = channel_name(detail, language)
    elif reason.startswith("held_for_"):
        told = where_words(*detail.partition(" ")[::2], language)
    elif reason == "paused":
        told = phrase("pause_end", language, at=utc(datetime.fromisoformat(detail)))
    elif reason in ("no_consent", "consent_withdrawn", "consent_too_weak"):
        purpose, _, asked = detail.partition(": ")
        basis, _, rules = asked.partition(" ")
        key = "consent_asked" if asked else "consent_about"
        told = phrase(key, language, purpose=purpose, basis=basis, rules=rules.strip("()"))
    return phrase("detail", language, detail=told) if detail else ""


def where_words(source: str, zones: str, language: str) -> str:
    """Zones as `ccm.decide.timing` tells them, ``customer Asia/Tokyo``, and how they were found."""
    count, _, many = zones.partition(" ")
    named = phrase("some_zones", language, count=count) if many else zones.replace("+", phrase("comma", language))
    return phrase("zones", language, where=source, zones=named) if zones else phrase("where", language, where=source)


def clock(zone: str | None) -> str:
    """The zone of a clock to tell times by: UTC where nobody knows it, or it is none that the database has."""
    return zone if zone in known_zones() else "UTC"


def shown(moment: datetime, zone: str) -> str:
    """A time on the clock of `zone`, with the zone's short name: ``2026-03-09 08:00 JST``."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def day(moment: datetime, zone: str) -> str:
    """A date on the clock of `zone`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d}"


def utc(moment: datetime | None) -> str:
    """A time in UTC, to the second; empty where there is none."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
