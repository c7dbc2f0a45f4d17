"""Dates in the Japanese calendar: 令和8年3月31日 instead of 2026年3月31日.

The table is checked against CLDR's calendar ``japanese`` (supplemental data, ``calendarData``), which Babel
does not carry. The law behind each row stands beside it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ccm.errors import RenderError

STYLES = ("era", "era_short")
"""``era``: 令和8年3月31日; ``era_short``: R8.3.31, as forms and tables have it."""
LANGUAGE = "ja"


@dataclass(frozen=True, slots=True)
class Era:
    """An era: its `name` and `letter`, its `first` day in our calendar, and the Gregorian `year` that is its year 1."""

    name: str
    letter: str
    first: dt.date
    year: int


ERAS = (
    # 元号法 (Act 43 of 1979) and 元号を改める政令 (Cabinet Order 143 of 2019), in force on 1 May 2019.
    Era("令和", "R", dt.date(2019, 5, 1), 2019),
    # 元号法 and 元号を改める政令 (Cabinet Order 1 of 1989), in force on the day after 7 January 1989.
    Era("平成", "H", dt.date(1989, 1, 8), 1989),
    # 改元の詔書 of 25 December 1926: that day itself is of year 1.
    Era("昭和", "S", dt.date(1926, 12, 25), 1926),
    # 改元の詔書 of 30 July 1912: that day itself is of year 1.
    Era("大正", "T", dt.date(1912, 7, 30), 1912),
    # 太政官布告第337号 (1872): the Gregorian calendar is that of Japan from 1 January of Meiji 6. Older dates
    # were lunisolar: day and month of our calendar would be wrong with an era's name.
    Era("明治", "M", dt.date(1873, 1, 1), 1868),
)
"""Newest first."""


def era_date(day: dt.date, style: str) -> str:
    """`day` in the Japanese calendar, in one of `STYLES`; the first year of an era is 元年.

    Raises `RenderError` ``bad_data`` for a day before the table.
    """
    for era in ERAS:
        if day >= era.first:
            year = day.year - era.year + 1
            if style == "era_short":
                return f"{era.letter}{year}.{day.month}.{day.day}"
            return f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    raise RenderError("bad_data", f"a date before {ERAS[-1].first} cannot be written with an era")
