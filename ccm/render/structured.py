"""Templates that are data (YAML, JSON): every text in them is a template, the shape around them is fixed.

A value can therefore never add a field or end a string: the shape is written out only after the texts are filled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from jinja2 import Template

from ccm.errors import Problem
from ccm.render.dialects import HTML
from ccm.render.environment import render
from ccm.render.kit import Kit
from ccm.render.language import Source
from ccm.workspace.yamlreader import Document, Loc, Refused, parse_yaml


def read_structure(kit: Kit) -> Document | None:
    """The file as plain data, or None with the reason among the problems. JSON is read as the YAML that it is."""
    try:
        document = parse_yaml(kit.file.body, kit.file.path, kit.file.body_line)
    except Refused as refused:
        kit.problems.append(refused.problem)
        return None
    if not isinstance(document.data, dict | list):
        kit.problems.append(Problem(kit.file.path, 1, "must be names and values"))
        return None
    return document


def checked_text(kit: Kit, document: Document, loc: Loc, *, link: bool = False) -> Any:
    """The pieces of the text at `loc`, checked as words or as a link's address; None where it is wrong."""
    value: Any = document.data
    for part in loc:
        value = value[part]
    if not isinstance(value, str):
        name = ".".join(map(str, loc))
        kit.problems.append(Problem(document.path, document.line(loc), f"'{name}' must be text; put it in quotes"))
        return None
    # A block text (|) starts on the line behind its key; findings name at most the line before.
    source = Source(document.path, value, document.line(loc), language=kit.file.written_in)
    return kit.link(source, HTML) if link else kit.check(source)


def mapped(tree: Any, change: Callable[[Any], Any]) -> Any:
    """The tree with `change` applied to all that is no mapping or list."""
    if isinstance(tree, dict):
        return {name: mapped(part, change) for name, part in tree.items()}
    if isinstance(tree, list):
        return [mapped(part, change) for part in tree]
    return change(tree)


def fill(tree: Any, values: Mapping[str, Any]) -> Any:
    """The tree with every template in it filled; raises `RenderError`."""
    return mapped(tree, lambda part: render(part, values).strip() if isinstance(part, Template) else part)


def texts_named(tree: Any, names: Collection[str]) -> Iterator[str]:
    """The texts that stand under one of these names anywhere in the tree, in order."""
    if isinstance(tree, dict):
        for name, part in tree.items():
            if isinstance(part, str) and name in names:
                yield part
            else:
                yield from texts_named(part, names)
    elif isinstance(tree, list):
        for part in tree:
            yield from texts_named(part, names)


def utf16_units(text: str) -> int:
    """The length of a text as LINE counts it."""
    return len(text.encode("utf-16-le")) // 2


def allowed(kit: Kit, document: Document, needed: set[str], possible: set[str]) -> bool:
    """Whether the file is a mapping with the names it needs; what is not possible is told."""
    if not isinstance(document.data, dict):
        kit.problems.append(Problem(document.path, 1, f"must have {', '.join(sorted(needed))}"))
        return False
    before = len(kit.problems)
    for name in document.data.keys() - needed - possible:
        there = ", ".join(sorted(needed | possible))
        kit.problems.append(Problem(document.path, document.line((name,)), f"'{name}' is none of {there}"))
    for name in sorted(needed - document.data.keys()):
        kit.problems.append(Problem(document.path, 1, f"'{name}' is missing"))
    return len(kit.problems) == before
