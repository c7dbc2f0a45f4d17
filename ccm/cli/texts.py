"""text sms and text readability: how a text goes over the air, and how hard it is to read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ccm.cli.output import JsonOption, Out, command
from ccm.compliance.writing.readability import Readability, has_jreadability, measure
from ccm.compliance.writing.sentences import Sentence
from ccm.errors import InputError
from ccm.render.sms import encode_info
from ccm.workspace.writing import Limits

MAX_TEXT = 100_000
"""Bytes of a text message, far more than any network takes."""
MAX_FILE = 1_000_000
"""Bytes of a text whose readability is measured."""
MEASURED = ("en", "ja")
SHOWN = 10
"""Hardest sentences."""
text_app = typer.Typer(help="Look at a text.", no_args_is_help=True)


@text_app.callback()
def _group() -> None:
    """Look at a text."""


@text_app.command("sms")
def sms(text: Annotated[str, typer.Argument(metavar="TEXT|-")], json: JsonOption = False) -> None:
    """Encoding, units and segments of a text message; - reads standard input."""
    with command(json) as out:
        info = encode_info(_standard_input() if text == "-" else text)
        out.say(f"{info.encoding}, {info.units} units, {info.segments} segments")
        if info.offending:
            out.say("outside GSM-7: " + " ".join(info.offending))
        out.document({"encoding": info.encoding, "units": info.units, "segments": info.segments,
                      "offending": list(info.offending)})  # fmt: skip


def _standard_input(most: int = MAX_TEXT, kind: str = "text message") -> str:
    return _decoded(sys.stdin.buffer.read(most + 1), "standard input", most, kind)


def _decoded(raw: bytes, name: str, most: int, kind: str) -> str:
    if len(raw) > most:
        raise InputError(f"{name} is larger than {most:,} bytes; that is no {kind}")
    try:
        return raw.decode("utf-8-sig").rstrip("\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(f"{name}:{line}: is not UTF-8") from error


@text_app.command("readability")
def readability(
    file: Annotated[str, typer.Argument(metavar="FILE|-")],
    language: Annotated[str, typer.Option("--language", metavar="en|ja", help="The text's language.")],
    json: JsonOption = False,
) -> None:
    """How hard a text is to read, and its hardest sentences; - reads standard input."""
    with command(json) as out:
        if language not in MEASURED:
            raise InputError(f"language '{language}' is none of {', '.join(MEASURED)}")
        text = _standard_input(MAX_FILE, "text to read") if file == "-" else _file(Path(file))
        scores = measure(text, language)
        limit = Limits().sentence_characters if language == "ja" else Limits().sentence_words
        hardest = [(text.count("\n", 0, one.start) + 1, length_of(one, language), one.text) for one in scores.sentences]
        hardest.sort(key=lambda row: (-row[1], row[0]))
        _tell_scores(out, scores, sum(length > limit for _, length, _ in hardest), limit)
        out.table(["line", "length", "hardest sentences"], hardest[:SHOWN])
        out.document({
            "language": language, "sentences": len(scores.sentences), "words": scores.words,
            "characters": scores.characters, "mean_length": round(scores.mean_length, 1),
            "flesch": rounded(scores.flesch), "kanji_percent": rounded(scores.kanji_percent),
            "jreadability": rounded(scores.jreadability, 2),
            "hardest": [{"line": line, "length": length, "text": words} for line, length, words in hardest[:SHOWN]],
        })  # fmt: skip


def _tell_scores(out: Out, scores: Readability, long: int, limit: int) -> None:
    unit = "characters" if scores.language == "ja" else "words"
    out.say(f"{len(scores.sentences)} sentences, {scores.mean_length:.1f} {unit} each; {long} over {limit} {unit}")
    if scores.flesch is not None:
        out.say(f"Flesch reading ease {scores.flesch:.0f} (60 to 70 is plain English; higher is easier)")
    if scores.kanji_percent is not None:
        out.say(f"kanji {scores.kanji_percent:.0f} % of all characters (about 30 % is usual)")
    if scores.jreadability is not None:
        out.say(
            f"jReadability {scores.jreadability:.1f} (0.5 upper advanced to 6.5 lower elementary; higher is easier)"
        )
    elif scores.language == "ja" and not has_jreadability():
        out.say("jReadability is not installed: pip install 'ccm-engine[readability]'")


def length_of(sentence: Sentence, language: str) -> int:
    """Characters of a Japanese sentence, words of others."""
    return sentence.characters if language == "ja" else len(sentence.words)


def rounded(value: float | None, digits: int = 1) -> float | None:
    """A score as it is printed in a document."""
    return None if value is None else round(value, digits)


def _file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return _decoded(raw, str(path), MAX_FILE, "text to read")
