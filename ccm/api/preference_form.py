"""From what a customer chose on the page to changes, and back: each step can be told in words and undone."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from ccm.api.forms import Fields
from ccm.api.preference_cells import cell_changes
from ccm.api.preference_view import View
from ccm.model.customer import AccessibleFormat
from ccm.pipeline.preference_changes import (
    Change,
    ConsentToMarketing,
    SetAccessibleFormat,
    SetLanguage,
    SetPause,
    UnsubscribeFromMarketing,
)
from ccm.workspace.languages import base

LANGUAGES = ("en", "ja")
PAUSES = (30, 60, 90)
"""Days that the page offers."""
LONGEST_PAUSE = timedelta(days=366)
UNDO_WITHIN = timedelta(days=1)
_TAGS = ("en-GB", "en-US", "ja-JP")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Step:
    """What one press of a button changed; `None` or empty: not that."""

    at: datetime
    cells: tuple[tuple[str, str, bool], ...] = ()
    """Category, channel, and whether it is on now."""
    pause: tuple[datetime | None, datetime | None] | None = None
    """The new end and the one before."""
    language: tuple[str, str] | None = None
    format: tuple[AccessibleFormat, AccessibleFormat] | None = None
    stopped: tuple[tuple[str, bool], ...] = ()
    """Channels that lost consent to marketing, and whether it had been given in writing."""
    resumed: tuple[tuple[str, bool], ...] = ()
    stop_pressed: bool = False
    undone: bool = False

    @property
    def empty(self) -> bool:
        """Whether it changed nothing."""
        return not (self.cells or self.pause or self.language or self.format or self.stopped or self.resumed)

    def reversed(self, at: datetime) -> Step:
        """The step that takes this one back."""
        return Step(
            at, tuple((category, channel, not on) for category, channel, on in self.cells),
            self.pause and (self.pause[1], self.pause[0]), self.language and (self.language[1], self.language[0]),
            self.format and (self.format[1], self.format[0]), resumed=self.stopped, undone=True,
        )  # fmt: skip

    def packed(self) -> bytes:
        """As JSON, for `unpacked`; compressed, since it stands in an address and may name every cell of a form."""
        return zlib.compress(orjson.dumps([
            self.at, self.cells, self.pause, self.language, self.format, self.stopped, self.resumed, self.stop_pressed,
            self.undone,
        ]))  # fmt: skip

    @classmethod
    def unpacked(cls, content: bytes) -> Step:
        """What `packed` wrote."""
        at, cells, pause, language, format_, stopped, resumed, stop_pressed, undone = orjson.loads(
            zlib.decompress(content)
        )
        return cls(
            datetime.fromisoformat(at), tuple((a, b, c) for a, b, c in cells),
            None if pause is None else (_moment(pause[0]), _moment(pause[1])),
            None if language is None else (language[0], language[1]),
            None if format_ is None else (format_[0], format_[1]),
            tuple((a, b) for a, b in stopped), tuple((a, b) for a, b in resumed), stop_pressed, undone,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the page's form. Cells are written as in the form, ``offers.email``."""

    was: dict[str, bool]
    """Each cell, and whether it was on when the customer first saw it."""
    ticked: frozenset[str]
    language: str
    format: str
    shown_format: str
    pause: str = "keep"
    pause_date: str = ""

    @classmethod
    def of(cls, view: View) -> Filled:
        """The form as things are."""
        was = {f"{topic.category}.{channel}": topic.on[channel] for topic, channel in view.cells()}
        format_ = view.customer.accessible_format
        return cls(
            was, frozenset(cell for cell, on in was.items() if on), base(view.customer.language), format_, format_
        )

    @classmethod
    def again(cls, fields: Fields, view: View) -> Filled:
        """The form as it was sent, for a customer whose day for the pause cannot be taken. Raises `WrongForm`."""
        now, one = cls.of(view), dict(fields)
        sent = {
            f"{category}.{channel}": on
            for category, channel, on in (_shown(value) for name, value in fields if name == "shown")
        }
        was = {cell: sent.get(cell, on) for cell, on in now.was.items()}
        ticked = {value for name, value in fields if name == "on"} | (now.ticked - sent.keys())
        day = one.get("pause_date", "")
        return cls(
            was, frozenset(ticked & was.keys()), one.get("language", now.language), one.get("format", ""),
            one.get("shown_format", now.shown_format), "date", day if _DAY.fullmatch(day) else "",
        )  # fmt: skip


class WrongForm(ValueError):
    """The form does not say what this page's forms say; the words name the field, and are for the customer."""


def step_of(fields: Fields, view: View, zone: str, at: datetime) -> Step:
    """What the page's form asks to change. `zone` is the organisation's. Raises `WrongForm`."""
    one = dict(fields)
    ticked = {value for name, value in fields if name == "on"}
    known = {(topic.category, channel): topic.on[channel] for topic, channel in view.cells()}
    cells = []
    for category, channel, was in (_shown(value) for name, value in fields if name == "shown"):
        wanted = f"{category}.{channel}" in ticked
        # What the customer saw and left as it was is no change, whatever it has become meanwhile.
        if wanted != was and known.get((category, channel), wanted) != wanted:
            cells.append((category, channel, wanted))
    pause = _pause(one.get("pause", "keep"), one.get("pause_date", ""), view, zone, at)
    language = _language(one.get("language", ""), view)
    return Step(at, tuple(dict.fromkeys(cells)), pause, language, _format(one, view))


def stop_step(view: View, at: datetime) -> Step:
    """All marketing ends on every channel."""
    return Step(at, stopped=tuple(view.marketing_channels(at)), stop_pressed=True)


def still_possible(step: Step, view: View) -> Step:
    """The step without what the page does not show, or is so already."""
    known = {(topic.category, channel): topic.on[channel] for topic, channel in view.cells()}
    return replace(step, cells=tuple(cell for cell in step.cells if known.get(cell[:2], cell[2]) != cell[2]))


def changes_of(step: Step, view: View) -> list[Change]:
    """The changes that bring a step about."""
    changes = cell_changes({(category, channel): on for category, channel, on in step.cells}, view, step.at)
    if step.pause is not None:
        # One for everything would hold what the customer is owed, too: it is set topic by topic.
        changes.append(SetPause(None))
        if step.pause[0] is not None:
            changes += [SetPause(step.pause[0], topic.category) for topic in view.topics]
    if step.language is not None:
        changes.append(SetLanguage(step.language[0]))
    if step.format is not None:
        changes.append(SetAccessibleFormat(step.format[0]))
    if step.stop_pressed:
        changes.append(UnsubscribeFromMarketing())
    changes += [ConsentToMarketing((channel,), written) for channel, written in step.resumed]
    return changes


def _shown(value: str) -> tuple[str, str, bool]:
    category, _, rest = value.partition(".")
    channel, _, on = rest.partition(".")
    if on not in ("0", "1"):
        raise WrongForm("shown")
    return category, channel, on == "1"


def _pause(
    wanted: str, day: str, view: View, zone: str, at: datetime
) -> tuple[datetime | None, datetime | None] | None:
    before = view.paused_until
    # Who fills in a day means it, whether or not the button above it was pressed, too.
    if wanted == "keep" and day:
        wanted = "date"
    if wanted == "keep":
        return None
    if wanted == "none":
        return None if before is None else (None, before)
    here = _zone(view.customer.timezone or zone)
    today = at.astimezone(here).date()
    if wanted in map(str, PAUSES):
        until = today + timedelta(days=int(wanted))
    elif wanted == "date":
        try:
            until = date.fromisoformat(day)
        except ValueError as error:
            raise WrongForm("pause_date") from error
    else:
        raise WrongForm("pause")
    if not today < until <= today + LONGEST_PAUSE:
        raise WrongForm("pause_date")
    end = datetime.combine(until, time(), here).astimezone(UTC)
    return None if end == before else (end, before)


def _format(fields: dict[str, str], view: View) -> tuple[AccessibleFormat, AccessibleFormat] | None:
    now, shown, ticked = view.customer.accessible_format, fields.get("shown_format"), fields.get("format", "")
    if ticked not in get_args(AccessibleFormat):
        raise WrongForm("format")
    wanted: AccessibleFormat = "large_print" if ticked else ""
    return (wanted, now) if shown not in (None, wanted) and wanted != now else None


def _language(wanted: str, view: View) -> tuple[str, str] | None:
    now = view.customer.language
    if not wanted or wanted == base(now):
        return None
    if wanted not in LANGUAGES:
        raise WrongForm("language")
    tag = f"{wanted}-{view.customer.jurisdiction}"
    return (tag if tag in _TAGS else wanted, now)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
