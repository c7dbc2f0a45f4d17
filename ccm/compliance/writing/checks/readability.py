"""How hard a message is to read: scores over the whole, and each sentence that is too long."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.phrases import GONE
from ccm.compliance.writing.readability import measure
from ccm.compliance.writing.written import Code, Context, Hit, Written
from ccm.workspace.writing import Limits

_FLESCH = "R. Flesch, A new readability yardstick, Journal of Applied Psychology 32 (1948), 221-233"
_HARD = "many customers would not get through it"
CODES = (
    Code("RD01", "hard to read", _HARD, "shorter sentences, shorter words", "warning", _FLESCH),
    Code(
        "RD02",
        "long sentence",
        "who reads it has lost the beginning at its end",
        "make two sentences of it",
        "warning",
        "M. Cutts, Oxford Guide to Plain English: 15 to 20 words on average",
    ),
    Code(
        "RD03",
        "long sentence",
        "who reads it has lost the beginning at its end",
        "make two sentences of it",
        "warning",
        "Usual advice for Japanese: 40 to 60 characters; 文化審議会建議「公用文作成の考え方」(2022), 一文を短くする",
    ),
    Code(
        "RD04",
        "many kanji",
        _HARD,
        "write words in hiragana where you can, and use verbs instead of nouns",
        "info",
        "The bank's own limit; three kanji in ten characters is usual",
    ),
    Code(
        "RD05",
        "hard to read",
        _HARD,
        "shorter sentences, words of Japanese origin",
        "info",
        "Y. Hasebe and J.-H. Lee, CASTEL/J 2015; under 1.5 is 'upper advanced'",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits for the message's text; subject and preheader have limits of their own."""
    limits = context.writing.settings.limits
    text = next((part.text for part in written.prose if part.place == "text"), "")
    for value in written.long_values:
        # A payer's long name does not make the writer's sentence long.
        text = text.replace(value, GONE * len(value))
    scored = measure(text, written.spoken)
    for sentence in scored.sentences:
        japanese = written.spoken == "ja"
        length = sentence.characters if japanese else len(sentence.words)
        most, unit = (limits.sentence_characters, "字") if japanese else (limits.sentence_words, "words")
        if length > most:
            words = f"{sentence.text[:30].rstrip()}… ({length} {unit}, at most {most})"
            yield Hit("RD03" if japanese else "RD02", words, "text", sentence.start, sentence.end)
    enough = max(scored.words, scored.characters // 3) >= limits.least_words
    if enough and scored.sentences:
        first = scored.sentences[0]
        for code, found in _scores(scored.flesch, scored.kanji_percent, scored.jreadability, limits):
            yield Hit(code, found, "text", first.start, first.end)


def _scores(
    flesch: float | None, kanji: float | None, jreadability: float | None, limits: Limits
) -> Iterator[tuple[str, str]]:
    if flesch is not None and flesch < limits.flesch:
        yield "RD01", f"Flesch reading ease {flesch:.0f}, at least {limits.flesch:g}"
    if kanji is not None and kanji > limits.kanji_percent:
        yield "RD04", f"{kanji:.0f} % kanji, at most {limits.kanji_percent:g} %"
    if jreadability is not None and jreadability < limits.jreadability:
        yield "RD05", f"jReadability {jreadability:.1f}, at least {limits.jreadability:g}"
