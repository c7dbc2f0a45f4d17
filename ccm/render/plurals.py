"""Plural forms: which a language has, and the one that a number takes.

The categories and rules are those of Unicode CLDR (UTS #35 part 3, Language Plural Rules) as Babel carries them.
"""

from __future__ import annotations

from functools import lru_cache

from babel import Locale, UnknownLocaleError

from ccm.render.formats import Formats

CATEGORIES = ("zero", "one", "two", "few", "many", "other")
"""Every category of CLDR, in the order in which CLDR lists them."""
COUNT = "#"
"""Stands for the number in the words of a form, as in ICU's messages."""


@lru_cache(maxsize=64)
def categories_of(language: str) -> tuple[str, ...]:
    """The plural categories of a language (ISO 639 or BCP 47): ``one, other`` in English, ``other`` in Japanese.

    Of a language that CLDR has no rule for, ``other`` alone.
    """
    try:
        has = Locale.parse(language, sep="-").plural_form.tags
    except (UnknownLocaleError, ValueError):
        has = frozenset()
    return tuple(category for category in CATEGORIES if category in has or category == "other")


def plural(value: int | None, formats: Formats, **forms: str) -> str | None:
    """The form that `value` takes in the message's locale, with the formatted number in place of each ``#``."""
    if value is None:
        return None
    # A regional variety may have a category that the language as a whole has not; 'other' always fits.
    words = forms.get(formats.locale.plural_form(abs(value))) or forms["other"]
    return words.replace(COUNT, formats.number(value))
