"""What a decision rests on: the rows, rules and settings behind its reasons, each with where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from ccm.decide import decide
from ccm.decide.consent import purposes_needed
from ccm.decide.facts import Facts
from ccm.decide.grounds import Grounds
from ccm.decide.trace import words
from ccm.decide.whatif import fills
from ccm.model.message import Decision
from ccm.model.requirements import NOTHING
from ccm.pipeline.explain_words import channel_name, day, phrase, shown
from ccm.pipeline.project import Project
from ccm.store.tables import contacts, preferences
from ccm.workspace.yamlfile import read_yaml

_CONSENT = ("no_consent", "consent_withdrawn", "consent_too_weak", "taken")


@dataclass(frozen=True, slots=True)
class Known:
    """One fact, rule or setting."""

    code: str
    text: str
    source: str
    """A file and line, a rule's id, ``customer``, ``consents``, ``cases``, ``suppressions`` or ``history``."""
    at: str = ""
    """ISO 8601, in UTC."""
    channel: str = ""
    message: str = ""
    """Of history: the message that takes room."""


class Basis:
    """What one decision rests on, in the reader's language."""

    def __init__(
        self, project: Project, connection: Connection, grounds: Grounds, facts: Facts, decision: Decision,
        language: str, again: Callable[[Facts], Decision] | None = None,
    ) -> None:  # fmt: skip
        """`again` takes the decision from other facts; by default as a first one is taken."""
        self.project, self.connection, self.grounds, self.facts = project, connection, grounds, facts
        self.decision, self.language = decision, language
        self.again = again or (
            lambda facts: decide(grounds.communication, grounds.policy, grounds.channels, facts, decision.at)
        )
        self.zone = facts.customer.timezone or "UTC"

    def all(self) -> list[Known]:
        """In the order in which a decision is taken: who, which channel, when, how often."""
        found = [*self._case(), *self._suppressions("*", self.decision.reason)]
        if self.decision.reason == "preferred":
            found += self._order()
        for candidate in self.decision.candidates:
            if candidate.reason in _CONSENT:
                found += self._consent(candidate.channel, candidate.reason, candidate.detail)
            elif candidate.reason in ("opted_out", "paused"):
                found += self._refusals(candidate.channel)
            found += self._suppressions(candidate.channel, candidate.reason)
        found += [*self._hours(), *self._cap()]
        if found and self.grounds.policy != self.project.workspace.policy:
            found.append(Known("changed_since", phrase("changed_since", self.language), "channels/policy.yaml"))
        return list(dict.fromkeys(found))

    def _say(self, key: str, **values: object) -> str:
        return phrase(key, self.language, **values)

    def _channel(self, channel: str) -> str:
        return channel_name(channel, self.language)

    def _consent(self, channel: str, reason: str, detail: str) -> Iterator[Known]:
        purpose, _, asked = detail.partition(": ")
        needed = {purpose} if reason != "taken" else {
            *purposes_needed(self.grounds.communication, channel),
            *({self.grounds.communication.purpose} if self._requirement(channel).consent_rules else ()),
        }  # fmt: skip
        for name in sorted(needed):
            rows = [row for row in self.facts.consents if (row.purpose, row.channel) == (name, channel)]
            values = {"purpose": name, "channel": self._channel(channel)}
            if not rows and reason != "taken":
                yield Known("consent_missing", self._say("consent_missing", **values), "consents", "", channel)
            for row in rows:
                key = "consent_given" if row.granted else "consent_refused"
                text = self._say(key, **values, basis=row.basis, at=day(row.at, self.zone))
                yield Known(key, text, "consents", row.at.isoformat(), channel)
        if asked:
            for rule in self._requirement(channel).consent_rules:
                source = self._rule(rule)
                basis = self._requirement(channel).consent
                yield Known("asked_by", self._say("asked_by", basis=basis, rule=rule, source=source), rule)

    def _requirement(self, channel: str) -> Any:
        return self.grounds.requirements.get(channel, NOTHING)

    def _rule(self, rule: str) -> str:
        return next((file.source for file in self.project.workspace.rules if file.id == rule), rule)

    def _order(self) -> Iterator[Known]:
        for category in (self.grounds.communication.category, "*"):
            ranked = sorted(
                (row.rank, row.channel) for row in self.facts.preferences
                if row.category == category and row.allowed and row.rank is not None and row.channel != "*"
            )  # fmt: skip
            if ranked:
                order = ", ".join(self._channel(channel) for _, channel in ranked)
                yield Known("order", self._say("order", category=category, order=order), "customer")
                return

    def _refusals(self, channel: str) -> Iterator[Known]:
        category = self.grounds.communication.category
        for row in self.facts.preferences:
            if row.category not in ("*", category) or row.channel not in ("*", channel):
                continue
            if not row.allowed:
                value = self._say("refused")
            elif row.paused_until is not None:
                value = self._say("paused_until", at=shown(row.paused_until, self.zone))
            else:
                continue
            table = preferences.c
            at = self.connection.scalar(
                select(table.at).where(
                    table.customer_id == self.facts.customer.id, table.category == row.category,
                    table.channel == row.channel,
                )
            )  # fmt: skip
            since = self._say("since", at=day(at, self.zone)) if at else ""
            named = self._say("preference", category=row.category, channel=self._channel(row.channel), value=value)
            yield Known("preference", named + since, "customer", at.isoformat() if at else "", channel)

    def _suppressions(self, channel: str, reason: str) -> Iterator[Known]:
        for row in self.facts.suppressions:
            if row.kind == reason and row.channel in ("*", channel):
                until = self._say("until", at=day(row.until, self.zone)) if row.until else ""
                text = self._say(
                    "suppressed", kind=words(row.kind, self.language), channel=self._channel(row.channel),
                    at=day(row.at, self.zone), until=until,
                )  # fmt: skip
                yield Known("suppressed", text, "suppressions", row.at.isoformat(), channel)

    def _case(self) -> Iterator[Known]:
        if not self.decision.reason.startswith("complaint_"):
            return
        for case in self.facts.cases:
            if case.case_id == self.decision.detail:
                closed = self._say("closed", at=day(case.closed_at, self.zone)) if case.closed_at else ""
                opened = day(case.opened_at, self.zone)
                text = self._say("complaint", case=case.case_id, opened=opened, closed=closed)
                yield Known("complaint", text, "cases", case.opened_at.isoformat())
        source = self._line("complaint")
        days = self.grounds.policy.complaint.days_after_close
        yield Known("cool_off", self._say("cool_off", days=days, source=source), source)

    def _hours(self) -> Iterator[Known]:
        """Quiet hours, where they held the message or kept it from going at all."""
        decision = self.decision
        held = decision.send and decision.due_at is not None and decision.due_at > decision.at
        channel = decision.channel if held else decision.detail if "quiet_hours" in decision.reason else None
        if channel is None or channel not in self.grounds.channels:
            return
        for week in self._requirement(channel).quiet:
            for rule in week.rules:
                yield Known("hours_rule", self._say("hours_rule", rule=rule, source=self._rule(rule)), rule)
        quiet = self.grounds.channels[channel].quiet_hours
        if quiet is not None and not self.grounds.communication.urgent:
            source = self._line("quiet_hours", file=f"channels/{channel}.yaml")
            zone = self.facts.customer.timezone or self._say("zone_unknown")
            text = self._say(
                "hours", channel=self._channel(channel), start=f"{quiet.start:%H:%M}", end=f"{quiet.end:%H:%M}",
                zone=zone, source=source,
            )  # fmt: skip
            yield Known("hours", text, source, "", channel)

    def _cap(self) -> Iterator[Known]:
        decision = self.decision
        detail = decision.detail.removeprefix("deferred_by_cap:")
        place = next((place for place, cap in enumerate(self.grounds.policy.caps) if cap.id == detail), None)
        if place is not None:
            source = self._line("caps", detail)
            yield Known("cap", self._say("cap", cap=detail, source=source), source)
        elif decision.reason == "cap":
            yield Known("cap_rule", self._say("cap_rule", cap=detail, source=self._rule(detail)), detail)
        else:
            return
        for contact in fills(self.facts, decision, self.again):
            table = contacts.c
            message = self.connection.scalar(
                select(table.id).where(
                    table.customer_id == self.facts.customer.id, table.communication == contact.communication,
                    table.channel == contact.channel, table.at == contact.at,
                    table.row_digest == "",  # imported rows have no message of ours
                )
            )  # fmt: skip
            named = self._say("filled_message", message=message) if message else ""
            text = self._say(
                "filled", communication=contact.communication, channel=self._channel(contact.channel),
                at=shown(contact.at, self.zone), message=named,
            )  # fmt: skip
            yield Known("filled", text, "history", contact.at.isoformat(), contact.channel, message or "")

    def _line(self, part: str, cap: str = "", file: str = "channels/policy.yaml") -> str:
        """Where a part of a settings file stands today: ``channels/policy.yaml:3``."""
        root = self.project.workspace.root
        if not (root / file).is_file():
            return file
        document = read_yaml(root / file, root)
        data: Mapping[str, Any] = document.data if isinstance(document.data, Mapping) else {}
        if part not in data:
            return file
        places = [place for place, one in enumerate(data[part]) if cap and one.get("id") == cap]
        return f"{file}:{document.line((part, *places[:1]))}"
