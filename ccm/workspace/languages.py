"""Languages of templates and wording, and what stands in where one has no text of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, StringConstraints


def check_language(value: str) -> str:
    """The same tag; raises ValueError where CLDR does not know its language."""
    try:
        Locale.parse(value, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ValueError(f"'{value}' is no language that CLDR knows, such as en, ja, en-GB or zh-Hant") from None
    return value


Language = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$"), AfterValidator(check_language)
]
"""A BCP 47 tag: language, and where it matters script and region (``ja``, ``en-GB``, ``zh-Hant``)."""
SOURCE = "en"
"""The language in which shared words are written in layouts; other languages translate them in catalogues."""


def base(tag: str) -> str:
    """The language alone of a BCP 47 tag: ``en`` of ``en-GB``."""
    return tag.partition("-")[0]


def chain(tag: str, fallbacks: Mapping[str, str]) -> tuple[str, ...]:
    """The languages to look in for a BCP 47 tag, best first.

    The tag, then the tag with its last part taken off (RFC 4647, 3.4, lookup), then what `fallbacks` declares
    for each of them, and so on. A circle of fallbacks ends where it comes back to its start.
    """
    return _chain(tag, tuple(fallbacks.items()))


@lru_cache(maxsize=1024)
def _chain(tag: str, declared: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    fallbacks = dict(declared)
    found: list[str] = []
    waiting = [tag]
    while waiting:
        parts = waiting.pop(0).split("-")
        steps = ["-".join(parts[:end]) for end in range(len(parts), 0, -1)]
        new = [step for step in steps if step not in found]
        found += new
        waiting += [fallbacks[step] for step in new if step in fallbacks]
    return tuple(found)
