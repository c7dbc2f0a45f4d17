"""Charts of the report, as shapes for the page to draw: nothing in them is markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720.0, 200.0
"""Of a chart's drawing area, in units of its view box."""
COLOURS = ("#1f5c4d", "#d08a1d", "#3f6fb5", "#a8456b", "#6b8e23", "#7a5ea8", "#4d4d4d", "#b5651d")
"""Told apart by lightness too; the figures stand in a table below each chart."""


@dataclass(frozen=True, slots=True)
class Block:
    """One rectangle with the words that pointing at it shows."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    title: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A column a day, divided by channel."""

    blocks: tuple[Block, ...]
    ticks: tuple[tuple[float, str], ...]
    """Height and figure of the lines behind the columns."""
    labels: tuple[tuple[float, str], ...]
    """Place and day of the month under the columns."""
    legend: tuple[tuple[str, str], ...]
    """Colour and name."""


def columns(
    days: Sequence[str], counts: Mapping[str, Mapping[str, int]], names: Mapping[str, str], top: int
) -> Columns:
    """`counts` is day to channel to messages, `names` the channels in order with their words, `top` the scale's end."""
    step = WIDTH / max(len(days), 1)
    blocks = []
    for number, day in enumerate(days):
        height = HEIGHT
        for place, (channel, name) in enumerate(names.items()):
            count = counts.get(day, {}).get(channel, 0)
            if count:
                size = count / top * HEIGHT
                height -= size
                colour = COLOURS[place % len(COLOURS)]
                blocks.append(Block(number * step + 1, height, step - 2, size, colour, f"{day} {name}: {count:,}"))
    every = max(1, len(days) // 16)
    labels = tuple(
        (number * step + step / 2, str(int(day[8:]))) for number, day in enumerate(days) if number % every == 0
    )
    ticks = tuple((HEIGHT - HEIGHT * part / 4, f"{top * part // 4:,}") for part in range(5))
    legend = tuple((COLOURS[place % len(COLOURS)], name) for place, name in enumerate(names.values()))
    return Columns(tuple(blocks), ticks, labels, legend)


def round_top(largest: int) -> int:
    """The scale's end: four equal steps of 1, 2, 3 or 5 times a power of ten, the smallest that hold `largest`."""
    step, power = 1, 1
    while step * 4 < largest:
        nice = [factor * power for factor in (1, 2, 3, 5, 10)]
        step = next((one for one in nice if one * 4 >= largest), nice[-1])
        power *= 10
    return step * 4
