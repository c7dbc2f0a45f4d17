"""Holds what one customer reads on each channel and in each language against each other and against the data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from ccm.render.facts.base import CODES, Declared, Fact, FactFinding, Figure, Reading, Spot
from ccm.render.facts.matching import (
    BASE_KINDS,
    differs,
    equals,
    explains,
    figures_agree,
    near,
    nearly_one_host,
    shown_value,
)

_NOT_DATA = ("customer.", "organisation.", "message.")
_WORDS_ENOUGH = 2
_LETTERS_ENOUGH = 3
"""Of a label that the end of a sentence must have for both to name the same thing: words, or Japanese characters."""


class Comparison:
    """Takes the readings of one sample customer after the other; `findings` says what contradicts what.

    FX01 one field, two values; FX02 one label, two fields; FX03 a figure written out that is a field's value; FX04 one
    that says something else than the field of its label; FX05 one that is close to a field, or stands where another
    channel prints one; FX06 two that contradict each other; FX07 a field that one language says and another does not;
    FX08 an address that is nearly the organisation's.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, Spot, str], FactFinding] = {}
        self._figures: dict[Spot, Figure] = {}
        self._explained: dict[Spot, Declared] = {}
        self._near: dict[Spot, FactFinding] = {}
        self._instead: dict[Spot, FactFinding] = {}
        self._printed: defaultdict[tuple[str, str, str], dict[str, Fact]] = defaultdict(dict)
        """Channel, variant and language to the fields that were printed."""
        self._files: dict[tuple[str, str, str], Reading] = {}

    def add(self, readings: Sequence[Reading], declared: Sequence[Declared]) -> None:
        """One sample's readings on all channels and in all languages, and the values behind them."""
        self._one_field_two_values(readings)
        for language in sorted({reading.language for reading in readings}):
            mine = [reading for reading in readings if reading.language == language]
            self._one_label_two_fields(mine)
            self._against_data(mine, declared)
        for reading in readings:
            key = (reading.channel, reading.variant, reading.language)
            self._files[key] = reading
            for fact in reading.facts:
                self._printed[key].setdefault(fact.field, fact)

    def findings(self) -> tuple[FactFinding, ...]:
        """Everything found, by place."""
        for spot, value in self._explained.items():
            figure = self._figures[spot]
            text = f"'{figure.text}' is written out and is what {value.path} says; write {written(value)} instead"
            self._tell(spot, "", "FX03", text)
        for told in (self._near, self._instead):
            for spot, finding in told.items():
                if spot not in self._explained and (told is self._near or spot not in self._near):
                    self._found.setdefault((finding.code, spot, ""), finding)
        self._two_figures()
        self._languages_say_the_same()
        return tuple(sorted(self._found.values()))

    def _tell(self, spot: Spot, other: str, code: str, message: str) -> None:
        self._found.setdefault((code, spot, other), _finding(spot, code, message))

    # Fields

    def _one_field_two_values(self, readings: Iterable[Reading]) -> None:
        by_path: defaultdict[str, list[tuple[Reading, Fact]]] = defaultdict(list)
        for reading in readings:
            for fact in reading.facts:
                if fact.kind in BASE_KINDS:
                    by_path[fact.path].append((reading, fact))
        for printed in by_path.values():
            # What says just what the data say is what the others are held against.
            best = next((fact for _, fact in printed if fact.value == fact.exact), printed[0][1])
            for reading, fact in printed:
                if fact.value == best.value or fact.spot == best.spot:
                    continue
                same = [f for r, f in printed if r.language == reading.language and f.value == best.value]
                other = same[0] if same else best
                text = (
                    f"says {fact.text} for {fact.field}, and {other.spot} says {other.text}; "
                    f"print it the same way in both (sample {reading.sample})"
                )
                self._tell(fact.spot, "", "FX01", text)

    def _one_label_two_fields(self, readings: Sequence[Reading]) -> None:
        labels = [_labels(reading) for reading in readings]
        for (first, mine), (second, others) in combinations(zip(readings, labels, strict=True), 2):
            if first.file == second.file:
                continue
            for label, fact in mine.items():
                for other_label, other in others.items():
                    if _other_field(fact, other) and _one_thing(label, other_label, whole=fact.kind == "text"):
                        text = (
                            f"'{label}' is {fact.field} here ({fact.text}), and '{other_label}' is {other.field} in "
                            f"{other.spot} ({other.text}) (sample {first.sample})"
                        )
                        self._tell(fact.spot, other.spot.path, "FX02", text)

    # Figures

    def _against_data(self, readings: Sequence[Reading], declared: Sequence[Declared]) -> None:
        for reading in readings:
            for figure in reading.figures:
                self._figures[figure.spot] = figure
                value = next((value for value in declared if equals(figure, value)), None)
                if value is not None:
                    self._explained.setdefault(figure.spot, value)
                    continue
                self._contradicts(figure, reading, readings, declared)

    def _contradicts(
        self, figure: Figure, reading: Reading, readings: Sequence[Reading], declared: Sequence[Declared]
    ) -> None:
        facts = [
            (other, fact) for other in readings for fact in other.facts
            if explains(figure, fact.kind) and not fact.path.startswith(_NOT_DATA)
        ]  # fmt: skip
        for _, fact in facts:
            if figure.spot.label and _one_thing(figure.spot.label, fact.spot.label) and differs(figure, fact):
                text = (
                    f"says {figure.text} for '{figure.spot.label}', and {fact.spot} prints {fact.field} there "
                    f"({fact.text}); write {{{{ {fact.field} }}}} here too (sample {reading.sample})"
                )
                self._near.setdefault(figure.spot, _finding(figure.spot, "FX04", text))
                return
        if value := next((value for value in declared if near(figure, value)), None):
            text = (
                f"says {figure.text}, which is close to {value.path} ({shown_value(value)}) but not it; "
                f"if it is the same thing, write {written(value)} (sample {reading.sample})"
            )
            self._near.setdefault(figure.spot, _finding(figure.spot, "FX05", text))
        elif figure.kind == "url":
            self._address(figure, declared)
        elif not any(other is reading for other, _ in facts):
            for other, fact in facts:
                alike = any(figures_agree(figure, theirs) for theirs in other.figures)
                if other.file != reading.file and not alike and "[" not in fact.path and differs(figure, fact):
                    text = (
                        f"says {figure.text}, where {fact.spot} prints {fact.field} ({fact.text}); "
                        f"if it is the same thing, write {{{{ {fact.field} }}}} (sample {reading.sample})"
                    )
                    self._instead.setdefault(figure.spot, _finding(figure.spot, "FX05", text))

    def _address(self, figure: Figure, declared: Sequence[Declared]) -> None:
        for value in declared:
            if value.path == "organisation.website" and nearly_one_host(figure.text, str(value.value)):
                text = (
                    f"'{figure.text}' is nearly, and not, the organisation's address ({value.value}); "
                    f"write {written(value)}, or a name that nobody takes for ours"
                )
                self._tell(figure.spot, "", "FX08", text)

    def _two_figures(self) -> None:
        for first, second in combinations(self._files.values(), 2):
            if first.file == second.file or (first.language != second.language and first.channel != second.channel):
                continue
            for kind in ("money", "percent", "date", "phone", "months"):
                mine, theirs = self._unexplained(first, kind), self._unexplained(second, kind)
                lonely = [one for one in mine if not any(figures_agree(one, other) for other in theirs)]
                left = [one for one in theirs if not any(figures_agree(one, other) for other in mine)]
                translated = first.language != second.language
                # A channel may say more than another; a translation says the same, figure by figure.
                if lonely and left and (translated or (len(lonely), len(left)) == (len(mine), len(theirs))):
                    one, other = lonely[0], left[0]
                    if one.unit != other.unit and translated:
                        continue
                    text = f"says {one.text}, and {other.spot} says {other.text}; if it is one thing, one is wrong"
                    self._tell(one.spot, other.spot.path, "FX06", text)

    def _unexplained(self, reading: Reading, kind: str) -> list[Figure]:
        return [
            figure for figure in reading.figures
            if figure.kind == kind and figure.spot not in self._explained and figure.spot not in self._near
            and figure.spot not in self._instead
        ]  # fmt: skip

    # Languages

    def _languages_say_the_same(self) -> None:
        for (channel, variant, language), reading in self._files.items():
            for (other_channel, other_variant, other_language), other in self._files.items():
                if (channel, variant) != (other_channel, other_variant) or reading.file == other.file:
                    continue
                said = self._printed[channel, variant, language]
                for field, fact in self._printed[other_channel, other_variant, other_language].items():
                    if field in said or field.startswith(_NOT_DATA):
                        continue
                    spot = Spot(reading.file, 0, 0, field)
                    text = f"does not say {field}, which {fact.spot} says in '{other_language}' ({fact.text})"
                    self._tell(spot, field, "FX07", text)


def _finding(spot: Spot, code: str, message: str) -> FactFinding:
    return FactFinding(spot.path, spot.line, spot.column, code, CODES[code], message)


def written(value: Declared) -> str:
    """How a template prints a value."""
    return f"{{{{ {value.path} }}}}"


def _labels(reading: Reading) -> dict[str, Fact]:
    """The labels that stand for one field only in a template."""
    found: dict[str, Fact] = {}
    twice = set()
    for fact in reading.facts:
        label = fact.spot.label
        if not label or fact.path.startswith(_NOT_DATA) or "[" in fact.path:
            continue
        if found.setdefault(label, fact).path != fact.path:
            twice.add(label)
    return {label: fact for label, fact in found.items() if label not in twice}


def _one_thing(first: str, second: str, *, whole: bool = False) -> bool:
    """Whether two labels are the same, or one is the end of the other and long enough to mean something.

    `whole`: long enough is asked of equal ones too. 'Account' can stand before a name and before a number.
    """
    short, long = sorted((first, second), key=len)
    if not short or not long.endswith(short):
        return False
    if short == long and not whole:
        return len(short) >= _LETTERS_ENOUGH or not short.isascii()
    if short.isascii():
        return len(short.split()) >= _WORDS_ENOUGH and (short == long or long[-len(short) - 1] == " ")
    return len(short) >= _LETTERS_ENOUGH


def _other_field(fact: Fact, other: Fact) -> bool:
    return fact.path != other.path and fact.kind == other.kind and fact.exact != other.exact
