"""Hours of the day as customers state them."""

from __future__ import annotations

import re
from functools import lru_cache

from ccm.model.requirements import DAY

_HOURS = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])-(?:([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00)")


@lru_cache(maxsize=4096)
def read_hours(text: str) -> tuple[int, int] | None:
    """``18:00-20:00`` as [start, end) in minutes from midnight; None for what is no span of hours.

    An end that is not after the start is on the next day, and then greater than 1440.
    """
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        return None
    start = int(found[1]) * 60 + int(found[2])
    end = DAY if found[3] is None else int(found[3]) * 60 + int(found[4])
    if start == end:
        return None
    return start, end if end > start else end + DAY
