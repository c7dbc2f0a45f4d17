"""``templates/_brand/locale/<language>.po``: gettext catalogues of the words that layouts and templates share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

from ccm.errors import Problem
from ccm.workspace.languages import SOURCE, check_language
from ccm.workspace.yamlfile import read_bytes, relative
from ccm.workspace.yamlreader import Refused

FOLDER = "locale"
TEMPLATE = f"{FOLDER}/messages.pot"
"""Every shared word with the places where it stands; nothing renders from it."""
_LINE = re.compile(r'(?:#.*|(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)\s+)?"(?:[^"\\]|\\.)*")?')
Words = Mapping[str, str]
"""The word as the source language has it to its translation."""


def read_catalogues(brand: Path, root: Path, problems: list[Problem]) -> dict[str, Words]:
    """Language to its words; entries that are empty or marked fuzzy are no translations yet and are left out.

    What is wrong with a file is appended to `problems`.
    """
    found: dict[str, Words] = {}
    for file in sorted((brand / FOLDER).glob("*.po")):
        path = relative(file, root)
        try:
            catalogue = read_catalogue(relative(file, root), read_bytes(file, root))
        except Refused as refused:
            problems.append(refused.problem)
            continue
        words: dict[str, str] = {}
        for message in catalogue:
            if not message.id or message.fuzzy:
                continue
            if not isinstance(message.id, str) or not isinstance(message.string, str):
                text = "plural entries are not possible; templates have the filter 'plural'"
                problems.append(Problem(path, message.lineno or 0, text))
            elif message.string:
                words[message.id] = message.string
        found[file.stem] = words
    return found


def translated(word: str, languages: tuple[str, ...], catalogues: Mapping[str, Words]) -> str | None:
    """The word in the first of `languages` that has it; None where none has. The source language has every word."""
    for language in languages:
        text = catalogues.get(language, {}).get(word)
        if text is not None:
            return text
        if language == SOURCE:
            return word
    return None


def read_catalogue(path: str, content: bytes) -> Catalog:
    """The catalogue in a ``.po`` file whose name is its language; raises `Refused` with what is wrong and where."""
    language = PurePosixPath(path).stem
    try:
        check_language(language)
        for number, line in enumerate(content.decode("utf-8-sig").splitlines(), 1):
            # Babel reads past a missing quotation mark, and takes the last letter for it.
            if not _LINE.fullmatch(line.strip()):
                raise Refused(Problem(path, number, 'gettext catalogue: must be a keyword and "text", or "text"'))
        return read_po(BytesIO(content), locale=language.replace("-", "_"), abort_invalid=True)
    except PoFileError as error:
        raise Refused(Problem(path, error.lineno, f"gettext catalogue: {error.args[0]}")) from error
    except UnicodeDecodeError as error:
        raise Refused(Problem(path, 0, "gettext catalogue: is not UTF-8")) from error
    except ValueError as error:
        raise Refused(Problem(path, 0, f"gettext catalogue: {error}")) from error
