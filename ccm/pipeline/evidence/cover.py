"""The cover of an evidence pack: one page that a person reads, set as letters are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from importlib import resources
from zoneinfo import ZoneInfo

from ccm.pipeline.evidence.collect import Found, MessageFound, ReleaseFound
from ccm.pipeline.evidence.words import KINDS, STATES, word
from ccm.pipeline.project import Project
from ccm.render.fonts import missing_glyphs
from ccm.render.letter import open_letter_renderer
from ccm.render.letter_brand import STYLE_SHEET
from ccm.workspace.settings import Person

MOST_MESSAGES, MOST_RELEASES, MOST_ACTIONS = 7, 3, 4
"""So many stand on the page; the others are counted."""


def cover(project: Project, found: Found, person: Person, purpose: str, now: datetime, language: str) -> bytes:
    """The page as PDF/UA-1 and PDF/A-2a; the same input gives the same bytes."""
    style = resources.files("ccm.pipeline.evidence").joinpath("cover.css").read_bytes()
    zone = ZoneInfo(project.workspace.settings.organisation.timezone)
    names = {each.id: each.name for each in project.workspace.settings.people}
    body = "".join((*_head(project, found, person, purpose, now, zone, language), *_messages(found, zone, language),
                    *_releases(found, names, zone, language), *_how(language)))  # fmt: skip
    for letter in missing_glyphs(body):  # of a name: a page of evidence must not fail over it
        body = body.replace(letter, "\N{GETA MARK}" if language == "ja" else "?")
    title = f"{word('title', language)}: {_printable(found.about.id)}"
    return open_letter_renderer({STYLE_SHEET: style}).render(
        f"<main>{body}</main>", title=title, language=language, large_print=False
    ).pdf  # fmt: skip


def _printable(text: str) -> str:
    for letter in missing_glyphs(text):
        text = text.replace(letter, "?")
    return text


def _head(
    project: Project, found: Found, person: Person, purpose: str, now: datetime, zone: ZoneInfo, language: str
) -> Iterable[str]:
    organisation = project.workspace.settings.organisation.name.of(language)
    kind = KINDS[found.about.kind][language == "ja"]
    facts = (
        ("about", f"{kind}: {found.about.id}"), ("made", _time(now, zone)), ("by", person.name), ("purpose", purpose),
        ("log", project.workspace.settings.log.origin), ("entries", f"{len(found.positions):,}"),
    )  # fmt: skip
    yield f'<p class="who">{escape(organisation)}</p><h1>{escape(word("title", language))}</h1>'
    yield _table((word(name, language), value) for name, value in facts)


def _messages(found: Found, zone: ZoneInfo, language: str) -> Iterable[str]:
    if not found.messages:
        return
    yield f"<h2>{escape(word('messages', language))}: {len(found.messages):,}</h2>"
    names = [word(name, language) for name in ("message", "communication", "decided", "state")]
    rows = [_message(message, zone, language) for message in found.messages[:MOST_MESSAGES]]
    yield _grid(names, rows)
    yield from _more(len(found.messages) - MOST_MESSAGES, language)


def _message(found: MessageFound, zone: ZoneInfo, language: str) -> Sequence[str]:
    row = found.row
    body = row["body_digest"] or word("none", language)
    gone = f" ({word('gone', language)})" if row["body_digest"] and found.content is None else ""
    state = STATES.get(row["state"], (row["state"],) * 2)[language == "ja"]
    on = " / ".join(part for part in (row["channel"], row["language"]) if part)
    return (f"{row['id']}\n{body}{gone}", f"{row['communication']}\n{on}", _time(row["decided_at"], zone), state)


def _releases(found: Found, names: dict[str, str], zone: ZoneInfo, language: str) -> Iterable[str]:
    if not found.releases:
        return
    yield f"<h2>{escape(word('releases', language))}</h2>"
    for release in found.releases[:MOST_RELEASES]:
        lines = (release.communication, release.digest, _use(release, zone, language))
        yield f'<p class="release">{"<br>".join(map(escape, lines))}</p>'
        actions = release.actions[-MOST_ACTIONS:]
        heads = [word(name, language) for name in ("action", "person", "at")]
        yield _grid(heads, [
            (word(action.action, language), names.get(action.person, action.person), _time(action.at, zone))
            for action in actions
        ])  # fmt: skip
    yield from _more(len(found.releases) - MOST_RELEASES, language)


def _use(found: ReleaseFound, zone: ZoneInfo, language: str) -> str:
    if found.first_use is None or found.last_use is None:
        return word("unused", language)
    first, last = _time(found.first_use, zone), _time(found.last_use, zone)
    return word("use", language, first=first, last=last, count=f"{found.messages:,}")


def _how(language: str) -> Iterable[str]:
    yield f"<h2>{escape(word('verify', language))}</h2><p>{escape(word('how', language))}</p>"


def _more(count: int, language: str) -> Iterable[str]:
    if count > 0:
        yield f"<p>{escape(word('more', language, count=f'{count:,}'))}</p>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    return f'<table class="facts">{lines}</table>'


def _grid(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = "".join("<tr>" + "".join(f"<td>{_lines(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="grid"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'


def _lines(text: str) -> str:
    first, *others = text.split("\n")
    return escape(first) + "".join(f'<br><span class="small">{escape(line)}</span>' for line in others if line)


def _time(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
