"""rules: which rules there are, which apply where and when, and what they ask together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, get_args

import typer

from ccm.cli.output import JsonOption, Out, WorkspaceOption, command, instant, root_of
from ccm.compliance.overview import Question, combined, in_force, matches
from ccm.compliance.rules import is_policy, load_rules
from ccm.errors import InputError
from ccm.model.customer import Purpose
from ccm.model.requirements import DAY, PolicyRequirements, QuietWeek
from ccm.pipeline.project import wall_clock
from ccm.workspace import load_workspace
from ccm.workspace.communication import ChannelId
from ccm.workspace.rules import RuleFile

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def show(
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Day or instant; what applies then, and combined.")
    ] = None,
    jurisdiction: Annotated[str, typer.Option("--jurisdiction", help="US, US-FL, GB, JP, …; empty: any.")] = "",
    channel: Annotated[str, typer.Option("--channel", help="email, sms, …; empty: any.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="marketing, servicing, …; empty: any.")] = "",
    language: Annotated[str, typer.Option("--language", help="Of the names: en or ja.")] = "en",
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """All rules, or with --at, --jurisdiction, --channel or --purpose those that apply, and what they ask together."""
    with command(json) as out:
        _choice("language", language, ("en", "ja"))
        _choice("channel", channel, get_args(ChannelId))
        _choice("purpose", purpose, get_args(Purpose))
        loaded = load_workspace(root_of(workspace))
        found = loaded.communications.values()
        categories = frozenset(one.category for one in found if purpose in ("", one.purpose))
        question = Question(_moment(at), jurisdiction.upper(), channel, purpose, categories)
        rules = load_rules(loaded)
        asked = bool(at or jurisdiction or channel or purpose)
        files = in_force(loaded.rules, question) if asked else tuple(sorted(loaded.rules, key=lambda file: file.id))
        rows = [_row(file, language) for file in files]
        off = [_row(file, language) for file in loaded.rules if asked and file not in files and matches(file, question)]
        _table(out, rows)
        document: dict[str, Any] = {"rules": rows}
        if asked:
            together = combined(rules, question)
            document |= {"at": question.at, "not_in_force": off, "combined": _asked(together)}
            _tell(out, together, off)
        out.document(document)


def _choice(name: str, value: str, known: Sequence[str]) -> None:
    if value and value not in known:
        raise InputError(f"{name} '{value}' is none of {', '.join(known)}")


def _moment(text: str | None) -> datetime:
    """A day is meant from its beginning in UTC; raises `InputError`."""
    return instant(f"{text}T00:00:00Z" if text and len(text) == len("2026-01-01") else text, wall_clock)


def _row(file: RuleFile, language: str) -> dict[str, Any]:
    return {
        "code": file.id, "name": file.name.of(language), "kind": file.kind, "pack": file.pack,
        "jurisdictions": list(file.applies.jurisdictions), "channels": list(file.applies.channels),
        "purposes": list(file.applies.purposes), "categories": list(file.applies.categories),
        "from": str(file.effective_from or ""), "to": str(file.effective_to or ""), "timezone": file.timezone,
        "on": file.enabled, "off_because": file.off_because, "severity": file.severity, "policy": is_policy(file),
        "reason": file.reason, "source": file.source, "source_type": file.source_type, "confidence": file.confidence,
        "note": file.note, "path": file.path,
    }  # fmt: skip


def _table(out: Out, rows: Sequence[dict[str, Any]]) -> None:
    out.table(
        ["code", "name", "kind", "where", "from", "to", "", "confidence"],
        [
            [row["code"], row["name"], row["kind"], " ".join(row["jurisdictions"]) or "all", row["from"][:10],
             row["to"][:10], "on" if row["on"] else "off", row["confidence"] or ""] for row in rows
        ],
    )  # fmt: skip


def _asked(together: PolicyRequirements) -> dict[str, Any]:
    stop = together.opt_out
    return {
        "rules": list(together.rules), "consent": together.consent, "consent_rules": list(together.consent_rules),
        "quiet_hours": [
            {"rules": list(week.rules), "zone": week.zone or "the customer's", "quiet": _days(week),
             "dates": sorted(week.dates)} for week in together.quiet
        ],
        "frequency": [
            {"rule": limit.id, "limit": limit.limit, "hours": limit.hours, "categories": list(limit.categories),
             "channels": list(limit.channels)} for limit in together.frequency
        ],
        "opt_out": None if stop is None else {"within": stop.words, "hours": stop.hours, "everything": stop.everything},
        "evidence_days": together.evidence_days, "content_days": together.content_days,
    }  # fmt: skip


def _days(week: QuietWeek) -> dict[str, list[str]]:
    return {
        day: [f"{_clock(start)}-{_clock(end)}" for start, end in spans]
        for day, spans in zip(_WEEKDAYS, week.days, strict=True)
    }


def _clock(minute: int) -> str:
    return "24:00" if minute == DAY else f"{minute // 60:02}:{minute % 60:02}"


def _tell(out: Out, together: PolicyRequirements, off: Sequence[dict[str, Any]]) -> None:
    asked = _asked(together)
    out.say(f"consent: {together.consent}" + _by(together.consent_rules))
    for week in asked["quiet_hours"]:
        spans: dict[str, list[str]] = {}
        for day, hours in week["quiet"].items():
            spans.setdefault(", ".join(hours) or "none", []).append(day)
        hours = "; ".join(f"{' '.join(days)}: {text}" for text, days in spans.items())
        closed = f"; never on {', '.join(week['dates'])}" if week["dates"] else ""
        out.say(f"quiet on {week['zone']} clock: {hours}{closed}" + _by(week["rules"]))
    for limit in together.frequency:
        out.say(f"at most {limit.limit} in {limit.hours} hours" + _by([limit.id]))
    if together.opt_out is not None:
        reach = ", and it ends messages on other matters too" if together.opt_out.everything else ""
        out.say(f"a refusal is obeyed: {together.opt_out.words.replace('_', ' ')}{reach}")
    if together.evidence_days is not None:
        out.say(f"evidence is kept at least {together.evidence_days:,} days")
    if together.content_days is not None:
        out.say(f"content is kept at most {together.content_days:,} days")
    for row in off:
        why = row["off_because"] or "not within its dates"
        out.say(f"not in force: {row['code']} {row['name']}: {why}")


def _by(rules: Sequence[str]) -> str:
    return f" ({', '.join(rules)})" if rules else ""
