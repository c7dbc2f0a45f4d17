"""Explanations as lines for people, in English and Japanese."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ccm.pipeline.explain.digest import told_of_digest
from ccm.pipeline.explain.handoff import held, told_of_handoffs
from ccm.pipeline.explain.people import told_of_people
from ccm.pipeline.explain.words import channel_name, detail_words, phrase, state_name
from ccm.pipeline.replay import Replay, counts

_STILL_GOES = frozenset({"due", "claimed", "sending", "would_send"})


def told(found: Mapping[str, Any], language: str) -> list[str]:
    """What `ccm.pipeline.explain.message` found of one message, in lines."""
    return [*_head(found, language), *_decision(found, language), *_release(found, language)]


def line(found: Mapping[str, Any], language: str) -> str:
    """A `summary` in one line."""
    by = phrase("by", language, channel=channel_name(found["channel"], language)) if found["channel"] else ""
    state = state_name(found["state"], language)
    what = found["communication"] + (phrase("copy", language) if found["copy"] else "")
    return phrase(
        "line", language, at=found["decided_for"], message=found["message"], what=what, state=state, by=by,
        why=found["why"],
    )  # fmt: skip


def replayed(one: Replay, language: str) -> list[str]:
    """What deciding again gave, in lines."""
    if one.verdict == "cannot":
        return [phrase("cannot", language, why=phrase(one.why, language))]
    if one.verdict in ("tampered", "damaged"):
        return [phrase(one.verdict, language, why=one.why)]
    lines = [phrase("logged", language)]
    if one.handoffs:
        lines.append(phrase("replayed_handoffs", language, count=one.handoffs))
    if one.verdict == "agrees":
        return [phrase("agrees", language), *lines]
    lines.append(phrase("differs", language, count=len(one.differences)))
    for name, recorded, now in one.differences:
        lines.append(phrase("field", language, field=name, recorded=recorded, now=now))
    return lines


def run_line(run: str, replays: Sequence[Replay], language: str) -> str:
    """How many messages of a run had which verdict."""
    told = [
        phrase("count", language, count=count, verdict=phrase(f"verdict_{verdict}", language))
        for verdict, count in counts(replays).items()
    ]
    return phrase("run", language, run=run, counts=phrase("comma", language).join(told))


def _head(found: Mapping[str, Any], language: str) -> Iterator[str]:
    yield phrase("message" if found["message"] else "trial", language, **found)
    channel, decision = found["channel"], found["decision"]
    # What it waits for stands beside the time until which it does; the first decision's, unless it was held again.
    waits = held(found["detail"], language)
    detail = "" if waits else found["detail"]
    if waits is None and found["due"] == decision["due"]:
        waits = decision["held"]
    yield phrase(
        "state", language, state=state_name(found["state"], language), why=found["why"], reason=found["reason"],
        by=phrase("by", language, channel=channel_name(channel, language)) if channel else "",
        detail=detail_words(found["reason"], detail, language),
    )  # fmt: skip
    yield phrase("decided", language, at=found["decided_for"])
    yield from told_of_people(found, language)
    if found["due"]:
        why = ""
        if waits:
            about = detail_words(waits["reason"], waits["detail"], language)
            why = phrase("due_held", language, why=waits["why"], reason=waits["reason"], detail=about)
        yield phrase("due" if found["state"] in _STILL_GOES else "was_due", language, at=found["due"], why=why)
    if found["decision"]["digest"]:
        yield phrase("digest", language, digest=found["decision"]["digest"])
    yield from told_of_digest(found, language)


def _decision(found: Mapping[str, Any], language: str) -> Iterator[str]:
    for candidate in found["candidates"]:
        said = "" if candidate["detail"] == candidate["channel"] else candidate["detail"]
        yield phrase(
            "candidate", language, mark="+" if candidate["taken"] else "-",
            channel=channel_name(candidate["channel"], language), why=candidate["why"], reason=candidate["reason"],
            detail=detail_words(candidate["reason"], said, language),
        )  # fmt: skip
    if found["basis"]:
        yield phrase("because", language)
        yield from dict.fromkeys(f"    {one['text']}" for one in found["basis"])
    yield from told_of_handoffs(found, language)
    if not found["policy"]:
        return
    yield phrase("would", language)
    if found["after_decision"]:
        yield f"    {phrase('after_decision', language, why=found['why'])}"
    elif found["untold"]:
        yield f"    {phrase('cannot_tell', language, why=phrase(found['untold'], language))}"
    elif found["would_change"]:
        yield from (f"    {way['text']}" for way in found["would_change"])
    else:
        decision = found["decision"]
        key = "nothing" if not decision["send"] else "sent_later" if decision["held"] else "sent_first"
        yield f"    {phrase(key, language)}"
    yield phrase("policy", language, policy=found["policy"][:12], engine=found["engine"])


def _release(found: Mapping[str, Any], language: str) -> Iterator[str]:
    for rule in found["rules"]:
        why = phrase("broken", language, why=rule["reason"]) if rule["reason"] else ""
        yield phrase("rule", language, id=rule["id"], name=rule["name"], why=why)
    if "release" not in found:
        return
    yield phrase(
        "release", language, release=found["release"][:12],
        language=phrase("in_language", language, language=found["language"]) if found["language"] else "",
        variant=phrase("variant", language, variant=found["variant"]) if found["variant"] else "",
    )  # fmt: skip
    for action in found["approvals"]:
        yield phrase("action", language, **action)
    for use in found["wording"]:
        yield phrase("wording", language, id=use["id"], version=use["version"])
    if found["supplier_reference"]:
        yield phrase(
            "supplier", language, adapter=found["adapter"], reference=found["supplier_reference"],
            attempts=found["attempts"],
        )  # fmt: skip
