"""Writes the page of a review.

Every text in it is other people's: the template engine escapes it, and the page's policy lets nothing run at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from ccm.cli.pages import page_environment
from ccm.cli.preview import UiLanguage
from ccm.cli.preview.cards import Card, card_of, data_address
from ccm.cli.preview.words import WORDS as PREVIEW_WORDS
from ccm.cli.review.letter_changes import letter_changes
from ccm.cli.review.words import WORDS
from ccm.errors import InputError
from ccm.pipeline.preview import Preview
from ccm.pipeline.review import Pair, Review
from ccm.pipeline.word_diff import Piece, passages, word_diff

PHONE = ("sms", "line", "whatsapp", "push", "social", "inbox")
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


@dataclass(frozen=True, slots=True)
class Shown:
    """One message that changes, as the page has it."""

    id: str
    pair: Pair
    subject: tuple[Piece, ...]
    passages: tuple[tuple[Piece, ...], ...]
    """Of the text, where it differs."""
    old: Card | None
    new: Card | None


def write_review(folder: Path, review: Review, at: datetime, ui_language: UiLanguage = UiLanguage.EN) -> None:
    """Writes ``index.html``, and beside it each rendering that differs, before and after.

    Raises `InputError` where the folder can't be written.
    """
    shown = [_shown(review, number, pair) for number, pair in enumerate(review.pairs, 1) if pair.changed]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in shown:
            for card in (one.old, one.new):
                for name, content in card.files.items() if card else ():
                    (folder / name).write_bytes(content)
        (folder / "index.html").write_text(_page(review, shown, at, ui_language), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error


def _source(name: str) -> str:
    place = "ccm.cli.preview" if name in ("cards.html", "page.css") else "ccm.cli.review"
    return (files(place) / name).read_text(encoding="utf-8")


def _page(review: Review, shown: list[Shown], at: datetime, ui_language: UiLanguage) -> str:
    environment = page_environment(_source)
    environment.filters["picture"] = data_address
    environment.filters["instant"] = _instant
    compiled, language = review.compiled, ui_language.value
    return environment.get_template("review.html").render(
        policy=_POLICY, style=_source("page.css") + _source("review.css"), ui=language,
        w={**PREVIEW_WORDS[ui_language], **WORDS[ui_language]}, review=review, shown=shown, phone=PHONE,
        name=compiled.communication.name.of(language), at=_instant(at), same=list(_same(review)),
        rules={rule.id: rule.file.name.of(language) for rule in compiled.rules},
    )  # fmt: skip


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _same(review: Review) -> Iterator[Pair]:
    return (pair for pair in review.pairs if not pair.changed)


def _shown(review: Review, number: int, pair: Pair) -> Shown:
    old, new = (_card(review, shown, side) for shown, side in ((pair.old, "old"), (pair.new, "new")))
    if old is not None and new is not None and old.pages and new.pages:
        old, new = _outlined(pair, old, new)
    before, after = (shown.rendered if shown else None for shown in (pair.old, pair.new))
    subjects = before.subject if before else "", after.subject if after else ""
    texts = before.text if before else "", after.text if after else ""
    return Shown(f"change-{number}", pair, word_diff(*subjects), passages(*texts), old, new)


def _card(review: Review, shown: Preview | None, side: str) -> Card | None:
    """One side as a card; its name begins with the side, so that both have ids and files of their own."""
    if shown is None:
        return None
    named = replace(shown, subject=replace(shown.subject, name=f"{side}-{shown.subject.name}"))
    base = "ja" if shown.language.split("-")[0] == "ja" else "en"
    return card_of(named, review.organisation[base])


def _outlined(pair: Pair, old: Card, new: Card) -> tuple[Card, Card]:
    """Two letters with what differs outlined."""
    assert pair.old is not None
    assert pair.new is not None
    assert pair.old.rendered is not None
    assert pair.new.rendered is not None
    before, after = letter_changes(pair.old.rendered.body, pair.new.rendered.body)
    return (
        replace(old, pages=tuple(replace(page, changes=found) for page, found in zip(old.pages, before, strict=True))),
        replace(new, pages=tuple(replace(page, changes=found) for page, found in zip(new.pages, after, strict=True))),
    )  # fmt: skip
