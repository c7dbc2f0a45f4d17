"""What `ccm check` tells of a communication's text messages before any is rendered.

``TX01`` more segments than the channel takes, ``TX02`` more than it wants, ``TX03`` the figure, ``TX04`` a
character that makes the whole text dearer, ``TX05`` a sender that a network does not carry, ``TX06`` no way to
opt out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ccm.errors import Problem
from ccm.render import sms_letters
from ccm.render.sms_worst import SmsBounds, WorstCase
from ccm.workspace import Workspace
from ccm.workspace.channels import MESSAGING_SERVICE
from ccm.workspace.communication import Communication, TemplateFile
from ccm.workspace.wording import Wording, resolve_for

OPT_OUT = "marketing-opt-out"
"""The id of the wording that tells how to stop marketing."""
NUMBERS_ONLY = frozenset({"US", "CA", "PR"})
"""Whose networks carry no names as senders (Twilio, "International support for Alphanumeric Sender ID")."""
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class SmsFinding:
    """One line of `ccm check`; a note tells a figure, and nothing is wrong."""

    problem: Problem
    severity: Severity


def sms_findings(workspace: Workspace, communication: Communication, at: datetime) -> list[SmsFinding]:
    """Everything there is to tell of a communication's text messages, with the wording in force at an instant.

    Empty where it has none. Raises `TemplateError` where a template does not compile.
    """
    if "sms" not in communication.channels:
        return []
    check = _Check(workspace, communication, at)
    found = [*check.senders(), *check.opt_outs(), *check.wording_letters()]
    for file in workspace.templates[communication.id]:
        if file.channel == "sms":
            found += [*check.length(file), *check.letters(file)]
    return sorted(set(found))


def _finding(severity: Severity, code: str, place: Problem, message: str) -> SmsFinding:
    return SmsFinding(Problem(place.path, place.line, f"{code} {message}", place.column, code), severity)


class _Check:
    def __init__(self, workspace: Workspace, communication: Communication, at: datetime) -> None:
        self.workspace, self.communication, self.at = workspace, communication, at
        self.channel = workspace.channels["sms"]
        self.itself = Problem(f"templates/{communication.id}/communication.yaml", 0, "")

    def wording(self, wording_id: str, language: str, jurisdiction: str) -> Wording | None:
        """The version in force of a wording, in the language or one that stands in for it."""
        return resolve_for(self.workspace.wordings, self.communication, wording_id, language, jurisdiction, self.at)

    def wordings(self, language: str) -> dict[str, Mapping[str, Wording]]:
        """Jurisdiction to its wording by id; one that lacks a wording is left out, since nothing can be sent there."""
        found: dict[str, Mapping[str, Wording]] = {}
        for jurisdiction in self.communication.jurisdictions:
            given = {
                wording_id: wording
                for wording_id in self.communication.wording
                if (wording := self.wording(wording_id, language, jurisdiction)) is not None
            }
            if len(given) == len(self.communication.wording):
                found[jurisdiction] = given
        return found

    def length(self, file: TemplateFile) -> Iterator[SmsFinding]:
        """The worst case of one template over all jurisdictions."""
        place = Problem(file.path, 0, "")
        wordings = self.wordings(file.language)
        if not wordings:
            return
        bounds = SmsBounds(self.workspace, self.communication, file)
        cases = {jurisdiction: bounds.worst(wording) for jurisdiction, wording in wordings.items()}
        where, worst = max(cases.items(), key=lambda item: (item[1].segments, item[1].units))
        told = _told(worst, where if len(set(cases.values())) > 1 else "")
        yield _finding("note", "TX03", place, told)
        most, wanted = self.channel.max_segments, self.channel.warn_segments
        if worst.segments > most:
            mend = "shorten the words, or give the longest values a smaller max_length"
            yield _finding("error", "TX01", place, f"{told}; {self.channel.path} takes {most} at most: {mend}")
        elif wanted is not None and worst.segments > wanted:
            yield _finding("warning", "TX02", place, f"{told}; {self.channel.path} wants {wanted} at most")

    def letters(self, file: TemplateFile) -> Iterator[SmsFinding]:
        """The characters of one template that could be replaced, with what they cost."""
        found = sms_letters.template_letters(file)
        given = next(iter(self.wordings(file.language).values()), None)
        if not found or given is None:
            return
        now, then = (
            SmsBounds(self.workspace, self.communication, one).worst(given).likely
            for one in (file, sms_letters.mended(file))
        )
        price = f"takes the text from {_segments(then)} to {now}" if now > then else _UCS
        for place, char in found:
            yield _finding("warning", "TX04", place, sms_letters.told(char, price))

    def wording_letters(self) -> Iterator[SmsFinding]:
        """The same for the wording that stands in text messages."""
        for language in self.communication.languages:
            for given in self.wordings(language).values():
                for wording in given.values():
                    for _, char in sms_letters.replaceable(wording.said_on("sms")):
                        place = Problem(wording.path, 0, "")
                        yield _finding("warning", "TX04", place, sms_letters.told(char, _UCS))

    def senders(self) -> Iterator[SmsFinding]:
        """Every jurisdiction needs a sender that its networks carry; an outbox may do without any."""
        if not self.channel.sender:
            return
        place = Problem(self.channel.path, 0, "")
        for jurisdiction in self.communication.jurisdictions:
            sender = self.channel.sender_for(jurisdiction)
            if not sender:
                mend = f"add it under 'sender', as in {jurisdiction}: '+12025550199'"
                yield _finding("error", "TX05", place, f"no sender for {jurisdiction}: {mend}")
            elif jurisdiction in NUMBERS_ONLY and _is_name(sender):
                why = f"'{sender}' is a name, which networks in {jurisdiction} do not carry"
                yield _finding("error", "TX05", place, f"{why}: give a number or a messaging service for it")

    def opt_outs(self) -> Iterator[SmsFinding]:
        """Marketing needs words to stop it by, short ones, wherever it may go."""
        if self.communication.purpose != "marketing":
            return
        for jurisdiction in self.communication.jurisdictions:
            for language in self.communication.languages:
                wording = self.wording(OPT_OUT, language, jurisdiction)
                if wording is None:
                    message = f"no wording '{OPT_OUT}' in force for {jurisdiction}/{language}: add one with texts.sms"
                    yield _finding("error", "TX06", self.itself, message)
                elif "sms" not in wording.texts:
                    message = (
                        f"'{OPT_OUT}' for {jurisdiction}/{language} has no texts.sms: text messages take the long one"
                    )
                    yield _finding("warning", "TX06", Problem(wording.path, 0, ""), message)


_UCS = "takes the text to UCS-2, 70 characters a segment instead of 160"


def _is_name(sender: str) -> bool:
    return not sender.removeprefix("+").isdigit() and not MESSAGING_SERVICE.fullmatch(sender)


def _told(worst: WorstCase, where: str) -> str:
    values = ", ".join(f"{name} of {size} characters" for name, size in worst.drivers[:3])
    told = f"up to {_segments(worst.segments)} ({worst.encoding}, {worst.units} units)"
    told += f" in {where}" if where else ""
    told += f" with {values}" if values else ""
    if worst.likely < worst.segments:
        told += f"; {worst.likely} while no value holds letters that cost extra"
    return told


def _segments(count: int) -> str:
    return f"{count} segment{'' if count == 1 else 's'}"
