"""What somebody may have meant who wrote a name that there is not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from ccm.render.checker_filters import FILTERS as RULES
from ccm.render.schema import Type

_LISTED = 24
_DEEP = 2
FIELDS = {
    "name": "full_name", "first_name": "given_name", "forename": "given_name", "last_name": "family_name",
    "surname": "family_name", "title": "honorific", "salutation": "addressee", "phone": "mobile",
    "birthday": "birth_date", "address": "address_lines", "url": "website",
}  # fmt: skip
FILTERS = {
    "currency": "money", "round": "number", "format": "number", "int": "number", "count": "length", "size": "length",
    "d": "default", "strftime": "date", "dateformat": "date", "time": "date", "pluralize": "plural",
    "zenkaku": "fullwidth", "hankaku": "halfwidth", "wareki": "date('era')", "uppercase": "upper",
    "lowercase": "lower", "capitalize": "upper", "strip": "trim", "cut": "truncate", "shorten": "truncate",
}  # fmt: skip
TESTS = {"null": "none", "empty": "none", "undefined": "not defined", "present": "defined", "given": "defined"}
_LOOKS_LATIN = re.compile("CYRILLIC|GREEK|LATIN|ARMENIAN|CHEROKEE|MATHEMATICAL")
_NEVER_NEEDED = {"safe", "escape", "e", "forceescape"}


def unknown_words(name: str, message: str, known: Iterable[str], meant: Mapping[str, str] | None = None) -> str:
    """`message` about a name that is none of `known`, with the name that was probably meant, or those there are."""
    choices = sorted(choice for choice in known if not choice.startswith("_"))
    if not name.isascii():
        return f"{message}; {_letters(name, choices)}"
    near = [choice for choice in choices if choice == name.lower().replace("-", "_")]
    alias = (meant or {}).get(name.lower(), "")
    if not near and alias and (alias in choices or alias.split("(")[0] in choices or " " in alias):
        near = [alias]
    near = near or get_close_matches(name.lower(), choices, 1)
    if near:
        return f"{message}; did you mean '{near[0]}'?"
    if choices and len(choices) <= _LISTED:
        return f"{message}; there are: {', '.join(choices)}"
    return message


def unknown_name(name: str, known: Mapping[str, Type]) -> str:
    """The message about a name that stands by itself: also a field of something known may have been meant."""
    message = f"'{name}' is no known name"
    if name in ("endif", "endfor", "else", "elif"):
        return f"'{name}' stands in {{% {name} %}}, not in {{{{ }}}}"
    if name == "loop":
        return "'loop' is there only inside of {% for … %}"
    if name in ("null", "nil", "None", "undefined"):
        return f"'{name}' is no known name; to ask whether a value is missing, write: is none"
    paths = dict(_paths(known, "", _DEEP))
    near = [path for path, last in paths.items() if name.isascii() and last == name.lower()]
    if near and name.lower() not in known:
        return f"{message}; did you mean '{min(near, key=len)}'?"
    words = unknown_words(name, message, known, {})
    if "did you mean" in words or not name.isascii():
        return words
    close = get_close_matches(FIELDS.get(name.lower(), name.lower()), sorted(set(paths.values())), 1, 0.75)
    paths_of = [path for path, last in paths.items() if close and last == close[0]]
    return f"{message}; did you mean '{min(paths_of, key=len)}'?" if paths_of else words


def refused_filter(name: str) -> str:
    """The message about a filter that the language does not have."""
    message = f"filter '{name}' is not part of the template language"
    if name in _NEVER_NEEDED:
        return f"{message} and not needed: values are always made safe for the channel"
    return unknown_words(name, message, RULES, FILTERS)


def _paths(known: Mapping[str, Type], prefix: str, depth: int) -> Iterable[tuple[str, str]]:
    for name, kind in known.items():
        if prefix:
            yield f"{prefix}{name}", name
        if kind.kind == "object" and depth:
            yield from _paths(kind.fields, f"{prefix}{name}.", depth - 1)


def _letters(name: str, choices: list[str]) -> str:
    narrow = unicodedata.normalize("NFKC", name)
    if narrow.isascii():
        return f"its letters are full-width; did you mean '{narrow}'?"
    rule = "names have only the letters a to z, digits and _"
    letter = next(character for character in name if not character.isascii())
    if not _LOOKS_LATIN.match(unicodedata.name(letter, "")):
        return rule
    near = get_close_matches(name.replace(letter, ""), choices, 1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"its '{letter}' is U+{ord(letter):04X} ({unicodedata.name(letter)}), and {rule}{hint}"
