"""Where lines of Japanese headings and other short texts break: between phrases, never inside of a word.

Phrases (文節) are found by BudouX. On top of it stand the rules of line breaking (kinsoku shori, JIS X 4051 and
W3C JLREQ 3.1.7 and 3.1.8): no closing mark begins a line, no opening bracket ends one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count

import budoux

from ccm.render.dialects import Dialect
from ccm.render.language import Piece
from ccm.render.markup_tokens import Tokens

NOT_FIRST = frozenset(
    "、。，．・：；？！」』）］｝〉》】〕〗〙〟’”»,.:;?!)]}%％‰℃°゛゜ヽヾゝゞ々〻ー～〜‐–゠…‥"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
)
"""JLREQ classes 2 to 7 and 9 to 13: closing brackets, stops, marks of repetition, small kana, units behind a number."""
NOT_LAST = frozenset("「『（［｛〈《【〔〖〘〝‘“«([{￥¥＄$£￡＃#№")
"""JLREQ classes 1 and 12: opening brackets, signs before a number."""
_HEADING = re.compile(r"(<(h[1-6]|caption|mj-button)\b[^>]*>)(.*?)(</\2>)", re.DOTALL)
_LINE_END = re.compile(r"(<br\s*/?>)")
_ENTITY = r"&(?:[A-Za-z]+|#[0-9]+|#x[0-9A-Fa-f]+);"
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_ONE_WORD = re.compile("[0-9A-Za-z]{2}|[０-９Ａ-Ｚａ-ｚ]{2}|[\u30a1-\u30fa\u30fc]{2}")
"""Two letters between which BudouX may see a new phrase and no reader would: digits, Latin letters, katakana."""
_OPENING, _CLOSING = "「『（［【〔〈《", "」』）］】〕〉》"
_SHORT = 12
_STAND_IN = 0xE000


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of a Japanese text, between which a line may break; together they are `text` again."""
    found: list[str] = []
    for phrase in _parser()(text):
        if found and not (_may_break(found[-1][-1], phrase[0]) and _apart(found[-1], phrase)):
            found[-1] += phrase
        else:
            found.append(phrase)
    return tuple(found)


def _may_break(before: str, after: str) -> bool:
    return after not in NOT_FIRST and before not in NOT_LAST and not _ONE_WORD.fullmatch(before + after)


def break_headings(pieces: Sequence[Piece], language: str, dialect: Dialect) -> list[Piece]:
    """The pieces of a checked template, each phrase of its Japanese headings and buttons kept on one line.

    A phrase that is longer than the line still breaks inside. Headings in which an `if` or another tag than
    ``<br>`` stands are left as they are.
    """
    if language.split("-")[0] != "ja":
        return list(pieces)
    tokens = Tokens(pieces)
    words = iter(count())
    text = "".join(piece.text if piece.kind == "data" else tokens.word(next(words)) for piece in pieces)
    opening = '<span class="phrase">' if dialect.letter else '<span style="display:inline-block">'

    def broken(found: re.Match[str]) -> str:
        if any(piece.kind == "block" for piece in tokens.find(found[3])) or "<" in _LINE_END.sub("", found[3]):
            return found[0]
        lines = _LINE_END.split(found[3])
        done = [line if line.startswith("<") else _kept_together(line, tokens, opening) for line in lines]
        return f"{found[1]}{''.join(done)}{found[4]}"

    return _pieces(_HEADING.sub(broken, text), tokens)


def _kept_together(line: str, tokens: Tokens, opening: str) -> str:
    """One line of a heading, each phrase in an element of its own; code and entities count as one letter."""
    hidden: list[str] = []

    def stand_in(found: re.Match[str]) -> str:
        hidden.append(found[0])
        return chr(_STAND_IN + len(hidden) - 1)

    plain = re.sub(f"{tokens.pattern.pattern}|{_ENTITY}", stand_in, line)
    if not _JAPANESE.search(plain) or len(found := phrases(plain)) < 2:
        return line
    done = []
    for phrase in found:
        words = phrase.strip(" \n\t")
        before, _, after = phrase.partition(words) if words else (phrase, "", "")
        done.append(f"{before}{opening}{words}</span>{after}" if words else phrase)
    return re.sub("[\ue000-\uf8ff]", lambda found: hidden[ord(found[0]) - _STAND_IN], "".join(done))


def _pieces(text: str, tokens: Tokens) -> list[Piece]:
    done: list[Piece] = []
    at = 0
    for found in tokens.pattern.finditer(text):
        done += [Piece("data", text[at : found.start()], 0, 0), tokens.pieces[int(found[1])]]
        at = found.end()
    return [*done, Piece("data", text[at:], 0, 0)]


def _apart(before: str, after: str) -> bool:
    """False within a short pair of brackets, which reads better on one line."""
    inside = sum(before.count(mark) for mark in _OPENING) > sum(before.count(mark) for mark in _CLOSING)
    return not inside or len(before) + len(after) > _SHORT


@cache
def _parser() -> Callable[[str], list[str]]:
    parse: Callable[[str], list[str]] = budoux.load_default_japanese_parser().parse
    return parse
