"""Where approved wording is missing on a day, and what ends soon: by communication, channel, language, jurisdiction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from ccm.compliance.releases import slots
from ccm.errors import Problem
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.wording import Wording, ends_at, resolve_for

MISSING = "WD02"
"""Code of a place for which a communication has no wording, and none is to come."""
State = Literal["ok", "missing", "ending"]


@dataclass(frozen=True, slots=True)
class Cover:
    """One wording of one communication, on one channel, in one language, for one jurisdiction, on one day."""

    communication: str
    channel: str
    language: str
    jurisdiction: str
    wording: str
    version: str
    """In force; empty: none."""
    borrowed: str
    """The other language whose text stands in; empty: its own."""
    ends: datetime | None
    """When the version in force stops, where that is within the span asked for."""
    follows: str
    """The version that is in force from then on; empty: none."""
    begins: datetime | None
    """Where nothing is in force: when the next version starts, if there is one."""

    @property
    def state(self) -> State:
        """``ending``: in force, stops within the span, and nothing follows at once."""
        if not self.version:
            return "missing"
        return "ending" if self.ends is not None and not self.follows else "ok"


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """A time in which one version has ended and the next one has not started."""

    wording: str
    language: str
    jurisdiction: str
    product: str
    ends: datetime
    starts: datetime
    before: str
    after: str


def wording_coverage(
    workspace: Workspace, communications: Iterable[Communication], at: datetime, within: timedelta
) -> Iterator[Cover]:
    """A row for everything that a message may need, in the order of the files."""
    for communication in communications:
        ids = sorted({*communication.wording, *(slots(workspace, communication) & workspace.wording_ids)})
        for language in communication.languages:
            for place in communication.jurisdictions:
                covers = [_cover(workspace, communication, name, language, place, at, within) for name in ids]
                for channel in communication.channels:
                    yield from (replace(cover, channel=channel) for cover in covers)


def wordings_of(workspace: Workspace, communication: Communication) -> list[Wording]:
    """All versions, past and to come, that messages of a communication may take."""
    languages = {name for own in communication.languages for name in communication.languages_behind(own)}
    ids = {*communication.wording, *slots(workspace, communication)}
    return [
        wording for wording in workspace.wordings
        if wording.id in ids and wording.language in languages
        and wording.jurisdiction in communication.jurisdictions
        and wording.product in (None, communication.product)
    ]  # fmt: skip


def never_covered(workspace: Workspace, communication: Communication, at: datetime) -> Iterator[Problem]:
    """A problem for each place for which there is no wording at an instant, and none starts later."""
    for cover in wording_coverage(workspace, [communication], at, timedelta()):
        if cover.channel == communication.channels[0] and not cover.version and cover.begins is None:
            place = f"{cover.jurisdiction.lower()}-{cover.language.lower()}-1.yaml"
            message = (
                f"{MISSING} '{communication.id}' needs wording '{cover.wording}' in '{cover.language}' for "
                f"{cover.jurisdiction}, and no version is in force or starts later; write one, as {place}"
            )
            yield Problem(f"compliance/wording/{cover.wording}", 0, message, code=MISSING)


@dataclass(frozen=True, slots=True)
class Change:
    """A wording that is another one from an instant on."""

    at: datetime
    wording: str
    language: str
    jurisdiction: str
    before: str
    """The version in force until then; empty: none."""
    after: str


def changes_within(workspace: Workspace, communication: Communication, start: datetime, end: datetime) -> list[Change]:
    """Every change of a communication's wording after `start` and not after `end`, in order of time."""
    own = wordings_of(workspace, communication)
    instants = {one.effective_from for one in own} | {one.effective_to for one in own if one.effective_to}
    inside = sorted(instant for instant in instants if start < instant <= end)
    found = []
    for wording_id in sorted({wording.id for wording in own}) if inside else ():
        for language in communication.languages:
            for place in communication.jurisdictions:
                before = resolve_for(own, communication, wording_id, language, place, start)
                for instant in inside:
                    after = resolve_for(own, communication, wording_id, language, place, instant)
                    if after != before:
                        names = [one.version if one else "" for one in (before, after)]
                        found.append(Change(instant, wording_id, language, place, *names))
                    before = after
    return sorted(found, key=lambda change: change.at)


def gaps(workspace: Workspace, at: datetime) -> list[Gap]:
    """All gaps between versions that are not over at an instant."""
    by_place: dict[tuple[str, str, str, str], list[Wording]] = {}
    for wording in workspace.wordings:
        by_place.setdefault(wording.place, []).append(wording)
    found = []
    for place, versions in by_place.items():
        in_time = sorted(versions, key=lambda wording: wording.effective_from)
        for early, late in pairwise(in_time):
            ends = early.effective_to
            if ends is not None and ends < late.effective_from and at < late.effective_from:
                found.append(Gap(*place, ends, late.effective_from, early.version, late.version))
    return sorted(found)


def _cover(
    workspace: Workspace, communication: Communication, wording_id: str, language: str, place: str, at: datetime,
    within: timedelta,
) -> Cover:  # fmt: skip
    def in_force(instant: datetime) -> Wording | None:
        return resolve_for(workspace.wordings, communication, wording_id, language, place, instant)

    found = in_force(at)
    if found is None:
        begins = _next_start(workspace, communication, wording_id, language, place, at)
        return Cover(communication.id, "", language, place, wording_id, "", "", None, "", begins)
    ends = ends_at(workspace.wordings, found)
    ends = ends if ends is not None and ends <= at + within else None
    after = in_force(ends) if ends is not None else None
    borrowed = "" if found.language.partition("-")[0] == language.partition("-")[0] else found.language
    follows = after.version if after is not None else ""
    return Cover(communication.id, "", language, place, wording_id, found.version, borrowed, ends, follows, None)


def _next_start(
    workspace: Workspace, communication: Communication, wording_id: str, language: str, place: str, at: datetime
) -> datetime | None:
    languages = communication.languages_behind(language)
    starts = [
        wording.effective_from for wording in wordings_of(workspace, communication)
        if wording.id == wording_id and wording.language in languages and wording.jurisdiction == place
        and wording.effective_from > at
    ]  # fmt: skip
    return min(starts) if starts else None
