"""Why a message went out, on that channel, at that time, or why it did not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from ccm.compliance import approvals
from ccm.decide.trace import rules_of, unpack, words
from ccm.pipeline.project import Project


def explained(project: Project, connection: Connection, row: Mapping[Any, Any], language: str) -> dict[str, Any]:
    """A row of `messages`, its decision and its release's approvals, with reasons in English or Japanese."""
    decided, _, candidates = unpack(row["trace"])
    actions = approvals.state(connection, row["release"]).actions
    return {
        "message": row["id"], "customer": row["customer_id"], "communication": row["communication"],
        "run": row["run_id"], "state": row["state"], "reason": row["reason"],
        "why": words(row["reason"], language), "detail": row["detail"], "channel": row["channel"],
        "decision": {"reason": decided, "why": words(decided, language)},
        "language": row["language"], "variant": row["variant"], "jurisdiction": row["jurisdiction"],
        "decided_for": _shown(row["decided_at"]), "due": _shown(row["due_at"]),
        "candidates": [
            {"channel": c.channel, "taken": c.taken, "reason": c.reason, "why": words(c.reason, language),
             "detail": c.detail} for c in candidates
        ],
        "rules": _rules(project, row, language),
        "release": row["release"],
        "approvals": [{"action": a.action, "by": a.person, "at": _shown(a.at)} for a in actions],
        "wording": [{"id": w[0], "version": w[1], "digest": w[2]} for w in orjson.loads(row["wording"])],
        "body_digest": row["body_digest"], "segments": row["segments"], "pages": row["pages"],
        "adapter": row["adapter"], "attempts": row["attempts"], "supplier_reference": row["supplier_reference"],
        "updated": _shown(row["updated_at"]),
    }  # fmt: skip


def _rules(project: Project, row: Mapping[Any, Any], language: str) -> list[dict[str, str]]:
    """The rules that decision and message came under with their names; the one that stopped it with its reason."""
    known = {file.id: file for file in project.workspace.rules}
    broken = row["reason"].removeprefix("rule_")
    found = []
    for rule in rules_of(row["trace"]):
        file = known.get(rule)
        name = file.name.of(language) if file is not None else ""
        found.append({"id": rule, "name": name, "reason": file.reason if file and rule == broken else ""})
    return found


def told(found: Mapping[str, Any]) -> list[str]:
    """What `explained` found, in lines for people."""
    lines = []
    lines.append(f"message {found['message']}: {found['communication']} to {found['customer']}")
    on = f" by {found['channel']}" if found["channel"] else ""
    detail = f" [{found['detail']}]" if found["detail"] else ""
    lines.append(f"  {found['state']}{on}: {found['why']} ({found['reason']}){detail}")
    lines.append(f"  decided for {found['decided_for']}" + (f", due {found['due']}" if found["due"] else ""))
    for candidate in found["candidates"]:
        mark = "+" if candidate["taken"] else "-"
        extra = f" [{candidate['detail']}]" if candidate["detail"] else ""
        lines.append(f"    {mark} {candidate['channel']}: {candidate['why']} ({candidate['reason']}){extra}")
    for rule in found["rules"]:
        why = f": {rule['reason']}" if rule["reason"] else ""
        lines.append(f"    rule {rule['id']} {rule['name']}{why}")
    variant = f", variant {found['variant']}" if found["variant"] else ""
    language = f", in {found['language']}" if found["language"] else ""
    lines.append(f"  release {found['release'][:12]}{language}{variant}")
    for action in found["approvals"]:
        lines.append(f"    {action['action']} by {action['by']} at {action['at']}")
    for use in found["wording"]:
        lines.append(f"  wording {use['id']} version {use['version']}")
    if found["supplier_reference"]:
        lines.append(f"  {found['adapter']} took it as {found['supplier_reference']}, attempt {found['attempts']}")
    return lines


def _shown(value: datetime | None) -> str:
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
