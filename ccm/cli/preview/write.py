"""Writes the files of a preview and the page that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ccm.cli.preview.cards import Card, card_of, file_name, finding_lines
from ccm.cli.preview.page import preview_page
from ccm.cli.preview.words import UiLanguage
from ccm.errors import InputError
from ccm.pipeline.preview import Preview
from ccm.pipeline.project import Compiled, Project
from ccm.render.channels.letter import LetterChannel
from ccm.workspace.stationery import Sheet


@dataclass(frozen=True, slots=True)
class Group:
    """The renderings of one sample or customer in one language: a row of the page."""

    id: str
    name: str
    path: str
    language: str
    jurisdiction: str
    large_print: bool
    cards: tuple[Card, ...]


def write_previews(
    folder: Path, project: Project, compiled: Compiled, previews: Sequence[Preview], at: datetime,
    ui_language: UiLanguage = UiLanguage.EN,
) -> list[dict[str, object]]:  # fmt: skip
    """Writes each rendering and ``index.html``; returns what was written, one entry a rendering.

    Raises `InputError` where the folder can't be written.
    """
    organisation = project.workspace.settings.organisation
    cards = [
        (shown, card_of(shown, organisation.name.of(shown.language), _sheet(compiled, shown))) for shown in previews
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for _, card in cards:
            for name, content in card.files.items():
                (folder / name).write_bytes(content)
        page = preview_page(compiled, _groups(cards), at, ui_language)
        (folder / "index.html").write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error
    return [_told(shown, card) for shown, card in cards]


def _sheet(compiled: Compiled, shown: Preview) -> Sheet | None:
    """The paper of a letter in an envelope with a window."""
    if shown.channel != "letter":
        return None
    letters = compiled.renderer.channel("letter")
    assert isinstance(letters, LetterChannel)
    return letters.sheet(shown.subject.customer) if letters.has_window(shown.subject.customer) else None


def _groups(cards: Sequence[tuple[Preview, Card]]) -> list[Group]:
    groups: dict[tuple[str, str], list[tuple[Preview, Card]]] = {}
    for shown, card in cards:
        groups.setdefault((shown.subject.name, shown.language), []).append((shown, card))
    made = []
    for (name, language), members in groups.items():
        subject = members[0][0].subject
        made.append(
            Group(
                f"{file_name(name)}.{language}", name, subject.path, language, subject.customer.jurisdiction,
                subject.customer.accessible_format == "large_print", tuple(card for _, card in members),
            )
        )  # fmt: skip
    return made


def _told(shown: Preview, card: Card) -> dict[str, object]:
    files = list(card.files)
    return {
        "subject": shown.subject.name, "channel": shown.channel, "language": shown.language, "variant": shown.variant,
        "file": files[0] if files else None, "files": files, "problem": shown.problem,
        "segments": shown.rendered.segments if shown.rendered else 0,
        "pages": shown.rendered.pages if shown.rendered else 0, "findings": finding_lines(card),
    }  # fmt: skip
