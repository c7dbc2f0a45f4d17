"""Upper bounds of texts in a text message: how many units a text can take while only its length is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

from ccm.render.sms import BASIC, EXTENSION, GSM_PART, GSM_SINGLE, UCS_PART, UCS_SINGLE, Encoding


@dataclass(frozen=True, slots=True)
class Width:
    """The most that a text takes in one encoding."""

    units: int = 0
    wide: int = 0
    """Characters of two units, which the end of a part cannot split."""
    likely: int = 0
    """Units where every letter of a value takes one."""

    def plus(self, other: Width) -> Width:
        return Width(self.units + other.units, self.wide + other.wide, self.likely + other.likely)

    def most(self, other: Width) -> Width:
        return Width(max(self.units, other.units), max(self.wide, other.wide), max(self.likely, other.likely))

    def times(self, count: int) -> Width:
        return Width(self.units * count, self.wide * count, self.likely * count)


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that a text takes in either encoding."""

    gsm: Width | None = Width()
    """None: the text never goes out in GSM-7, since its fixed words do not."""
    ucs: Width = Width()
    other: bool = False
    """It may hold a character outside GSM-7."""
    characters: int = 0
    drivers: Mapping[str, int] = field(default_factory=dict)
    """The values in it, and the characters that each may bring."""

    def plus(self, after: Bound) -> Bound:
        """Both texts, one behind the other."""
        gsm = None if self.gsm is None or after.gsm is None else self.gsm.plus(after.gsm)
        drivers = {**self.drivers, **{n: self.drivers.get(n, 0) + count for n, count in after.drivers.items()}}
        return Bound(
            gsm, self.ucs.plus(after.ucs), self.other or after.other, self.characters + after.characters, drivers
        )

    def most(self, instead: Bound) -> Bound:
        """One text or the other."""
        gsm = self.gsm if instead.gsm is None else instead.gsm if self.gsm is None else self.gsm.most(instead.gsm)
        longer = self if self.ucs.units >= instead.ucs.units else instead
        return Bound(
            gsm, self.ucs.most(instead.ucs), self.other or instead.other, max(self.characters, instead.characters),
            longer.drivers,
        )  # fmt: skip

    def times(self, count: int) -> Bound:
        """The text again and again, at most so many times."""
        gsm = self.gsm.times(count) if self.gsm is not None else None if count else Width()
        drivers = {name: size * count for name, size in self.drivers.items()}
        return Bound(gsm, self.ucs.times(count), self.other, self.characters * count, drivers)

    def named(self, name: str) -> Bound:
        """The text as the value of a name."""
        return replace(self, drivers={name: self.characters})

    def segments(self) -> tuple[Encoding, int, int]:
        """The worst encoding with its units and segments."""
        found: list[tuple[int, int, Encoding]] = []
        if self.gsm is not None:
            found.append((_parts(self.gsm.units, self.gsm.wide, GSM_SINGLE, GSM_PART), self.gsm.units, "GSM-7"))
        if self.other:
            found.append((_parts(self.ucs.units, self.ucs.wide, UCS_SINGLE, UCS_PART), self.ucs.units, "UCS-2"))
        segments, units, encoding = max(found)
        return encoding, units, segments

    def likely_segments(self) -> int:
        """Segments where the values are at their longest, in letters that cost nothing extra."""
        if self.gsm is not None:
            return _parts(self.gsm.likely, 0, GSM_SINGLE, GSM_PART)
        return _parts(self.ucs.likely, 0, UCS_SINGLE, UCS_PART)


NOTHING = Bound()


def fixed(text: str) -> Bound:
    """A text that is known, exactly."""
    gsm: Width | None = None
    if all(char in BASIC or char in EXTENSION for char in text):
        wide = sum(char in EXTENSION for char in text)
        gsm = Width(len(text) + wide, wide, len(text) + wide)
    wide = sum(ord(char) > 0xFFFF for char in text)
    return Bound(gsm, Width(len(text) + wide, wide, len(text) + wide), gsm is None, len(text))


def any_text(characters: int) -> Bound:
    """Any text of so many characters: each may take two units, and any of them may need UCS-2."""
    width = Width(2 * characters, characters, characters)
    return Bound(width, width, other=True, characters=characters)


def latin(characters: int) -> Bound:
    """Any text of so many ASCII letters, digits and hyphens."""
    width = Width(characters, 0, characters)
    return Bound(width, width, characters=characters)


def one_of(texts: Iterable[str]) -> Bound:
    """One of several known texts; at least one is needed."""
    return reduce(Bound.most, map(fixed, texts))


def _parts(units: int, wide: int, single: int, part: int) -> int:
    """Parts of at most so many units, of which each but the last loses one where a wide character would be split."""
    if units <= single:
        return 1
    segments = -(-units // part)
    while part * segments - min(segments - 1, wide) < units:
        segments += 1
    return segments
