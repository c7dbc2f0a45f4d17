"""What a decision rests on: the rows, rules and settings behind its reasons, each with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from ccm.decide.consent import purposes_needed
from ccm.decide.grounds import Grounds
from ccm.model.customer import NOTHING_WENT
from ccm.pipeline.explain import limits
from ccm.pipeline.explain.about import POLICY, About, Known
from ccm.pipeline.explain.words import day, shown
from ccm.store.tables import preferences

_CONSENT = ("no_consent", "consent_withdrawn", "consent_too_weak", "taken")


class Basis(About):
    """What one decision rests on, in the reader's language."""

    def all(self) -> list[Known]:
        """In the order in which a decision is taken: who, which channel, when, how often."""
        found = [*self._whole(), *self._suppressions("*", self.decision.reason), *self._order()]
        for candidate in self.decision.candidates:
            if candidate.reason in _CONSENT:
                found += self._consent(candidate.channel, candidate.reason, candidate.detail)
            elif candidate.reason in ("opted_out", "paused"):
                found += self._refusals(candidate.channel)
            found += self._suppressions(candidate.channel, candidate.reason)
        found += [*limits.hours(self), *limits.caps(self)]
        if any(".yaml" in one.source for one in found) and self._changed_since():
            found.append(Known("changed_since", self.say("changed_since"), POLICY))
        return list(dict.fromkeys(found))

    def _whole(self) -> Iterator[Known]:
        """What stops every channel."""
        communication, decision = self.grounds.communication, self.decision
        named = communication.id
        match decision.reason:
            case "deceased" | "closed" as status:
                yield Known("status", self.say("status", status=status), "customer")
            case "jurisdiction_not_served":
                source, served = self.terms("jurisdictions"), self.listed(communication.jurisdictions)
                yield Known("served", self.say("served", communication=named, served=served, source=source), source)
            case "language_not_served":
                source, written = self.terms("languages"), self.listed(communication.languages)
                yield Known("written", self.say("written", communication=named, written=written, source=source), source)
            case "complaint_open" | "complaint_recent":
                yield from self._complaint()
            case "too_soon_after":
                yield from self._too_soon()
            case "digested" if communication.digest is not None:
                always, into = communication.digest.always, communication.digest.into
                key, source = ("digest_always" if always else "digest_on_cap"), self.terms("digest")
                yield Known(key, self.say(key, communication=named, digest=into, source=source), source)
            case "holdout" if communication.experiment is not None:
                one, source = communication.experiment, self.terms("experiment")
                text = self.say(
                    "experiment", experiment=one.id, count=one.holdout, source=source,
                    total=one.holdout + sum(one.variants.values()),
                )  # fmt: skip
                yield Known("experiment", text, source)

    def _changed_since(self) -> bool:
        """Whether the workspace decides by other settings today."""
        then, workspace = self.grounds, self.project.workspace
        communication = workspace.communications.get(then.communication.id)
        if communication is None:
            return True
        now = Grounds(communication, workspace.policy, workspace.channels, {})
        # Both written by this version: what another one wrote may have fewer fields.
        return now.content != Grounds(then.communication, then.policy, then.channels, {}).content

    def _consent(self, channel: str, reason: str, detail: str) -> Iterator[Known]:
        purpose, _, asked = detail.partition(": ")
        needed = {purpose} if reason != "taken" else {
            *purposes_needed(self.grounds.communication, channel),
            *({self.grounds.communication.purpose} if self.requirement(channel).consent_rules else ()),
        }  # fmt: skip
        for name in sorted(needed):
            rows = [row for row in self.facts.consents if (row.purpose, row.channel) == (name, channel)]
            values = {"purpose": name, "channel": self.channel(channel)}
            if not rows and reason != "taken":
                yield Known("consent_missing", self.say("consent_missing", **values), "consents", "", channel)
            for row in rows:
                key = "consent_given" if row.granted else "consent_refused"
                text = self.say(key, **values, basis=row.basis, at=day(row.at, self.zone))
                yield Known(key, text, "consents", row.at.isoformat(), channel)
        if asked:
            for rule in self.requirement(channel).consent_rules:
                source = self.rule(rule)
                basis = self.requirement(channel).consent
                yield Known("asked_by", self.say("asked_by", basis=basis, rule=rule, source=source), rule)

    def _order(self) -> Iterator[Known]:
        communication, reason = self.grounds.communication, self.decision.reason
        passed = {one.reason for one in self.decision.candidates}
        if reason == "default_order" or "not_offered" in passed:
            key = "default_order" if reason == "default_order" else "offered"
            source, order = self.terms("channels"), self.channels(communication.channels)
            yield Known(key, self.say(key, communication=communication.id, order=order, source=source), source)
        if self.decision.send and communication.at_once:
            source, order = self.terms("at_once"), self.channels(communication.at_once)
            yield Known(
                "at_once", self.say("at_once", communication=communication.id, order=order, source=source), source
            )
        if reason == "fallback":
            source, channel = self.terms("fallback"), communication.fallback or ""
            text = self.say("fallback", communication=communication.id, channel=self.channel(channel), source=source)
            yield Known("fallback", text, source, "", channel)
        if reason not in ("preferred", "fallback") and passed.isdisjoint(("not_preferred", "not_offered")):
            return
        for category in (communication.category, "*"):
            ranked = sorted(
                (row.rank, row.channel) for row in self.facts.preferences
                if row.category == category and row.allowed and row.rank is not None and row.channel != "*"
            )  # fmt: skip
            if ranked:
                order = self.channels([channel for _, channel in ranked])
                yield Known("order", self.say("order", category=category, order=order), "customer")
                return

    def _refusals(self, channel: str) -> Iterator[Known]:
        category = self.grounds.communication.category
        for row in self.facts.preferences:
            if row.category not in ("*", category) or row.channel not in ("*", channel):
                continue
            if not row.allowed:
                value = self.say("refused")
            elif row.paused_until is not None and row.paused_until > self.decision.at:
                value = self.say("paused_until", at=shown(row.paused_until, self.zone))
            else:
                continue
            table = preferences.c
            at = self.connection.scalar(
                select(table.at).where(
                    table.customer_id == self.facts.customer.id, table.category == row.category,
                    table.channel == row.channel,
                )
            )  # fmt: skip
            since = self.say("since", at=day(at, self.zone)) if at else ""
            named = self.say("preference", category=row.category, channel=self.channel(row.channel), value=value)
            yield Known("preference", named + since, "customer", at.isoformat() if at else "", channel)

    def _suppressions(self, channel: str, reason: str) -> Iterator[Known]:
        for row in self.facts.suppressions:
            if row.kind != reason or row.channel not in ("*", channel):
                continue
            days = self.grounds.policy.suppression.reach(row.kind).days
            if row.until is not None:
                until = self.say("until", at=day(row.until, self.zone))
            elif days is not None:
                ends = day(row.at + timedelta(days=days), self.zone)
                until = self.say("until_after", at=ends, days=days, source=self._own("suppression", row.kind, "days"))
            else:
                until = ""
            text = self.say(
                "suppressed", kind=row.kind, channel=self.channel(row.channel), at=day(row.at, self.zone), until=until
            )  # fmt: skip
            yield Known("suppressed", text, "suppressions", row.at.isoformat(), channel)

    def _complaint(self) -> Iterator[Known]:
        for case in self.facts.cases:
            if case.case_id == self.decision.detail:
                closed = self.say("closed", at=day(case.closed_at, self.zone)) if case.closed_at else ""
                opened = day(case.opened_at, self.zone)
                text = self.say("complaint", case=case.case_id, opened=opened, closed=closed)
                yield Known("complaint", text, "cases", case.opened_at.isoformat())
        source = self._own("complaint", "days_after_close")
        days = self.grounds.policy.complaint.days_after_close
        yield Known("cool_off", self.say("cool_off", days=days, source=source), source)

    def _too_soon(self) -> Iterator[Known]:
        """The rule of the communication, and the message that it would follow too soon."""
        earlier, source = self.decision.detail, self.terms("not_within")
        for rule in self.grounds.communication.not_within:
            if earlier not in rule.of:
                continue
            text = self.say("not_within", days=rule.days, communication=earlier, source=source)
            yield Known("not_within", text, source)
            since = self.decision.at - timedelta(days=rule.days)
            for row in self.facts.contacts:
                if row.communication == earlier and row.at > since and row.status not in NOTHING_WENT:
                    yield limits.told_before(self, row, "told_before")

    def _own(self, *path: str) -> str:
        """Where a setting of the policy stands, or that it is ccm's own."""
        return self.line(POLICY, *path) if self.stands(POLICY, *path) else self.say("built_in")
