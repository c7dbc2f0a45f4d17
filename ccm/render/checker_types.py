"""Small questions about a template's syntax tree: paths, guards, the types of literals."""

from __future__ import annotations

from functools import reduce

from jinja2 import nodes

from ccm.render.schema import BOOLEAN, INTEGER, NUMBERS, TEXT, Type

Facts = tuple[frozenset[str], frozenset[str]]
"""Paths that are known to be given where a test is true, and where it is false."""
NOTHING: Facts = (frozenset(), frozenset())


def path_of(node: nodes.Node) -> str | None:
    """``a.b.c`` of a chain of names, else None."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        base = path_of(node.node)
        return None if base is None else f"{base}.{node.attr}"
    return None


def last(node: nodes.Node) -> str:
    """The last name of a chain, or nothing."""
    path = path_of(node)
    return path.rpartition(".")[2] if path else ""


def facts_of(test: nodes.Expr) -> Facts:
    """What a test tells of the values in it."""
    match test:
        case nodes.Name() | nodes.Getattr():
            return frozenset({path_of(test) or ""}), frozenset()
        case nodes.Not():
            true, false = facts_of(test.node)
            return false, true
        case nodes.And() | nodes.Or():
            sides = [facts_of(test.left), facts_of(test.right)]
            both = reduce(frozenset.union, (side[isinstance(test, nodes.Or)] for side in sides))
            common = reduce(frozenset.intersection, (side[isinstance(test, nodes.And)] for side in sides))
            return (both, common) if isinstance(test, nodes.And) else (common, both)
        case nodes.Test(name="defined"):
            return frozenset({path_of(test.node) or ""}), frozenset()
        case nodes.Test(name="none"):
            return frozenset(), frozenset({path_of(test.node) or ""})
    return NOTHING


def literal(node: nodes.Const) -> Type:
    """The type of a literal."""
    kinds = {bool: BOOLEAN, int: INTEGER, float: Type("decimal"), str: TEXT}
    return kinds.get(type(node.value), Type("object"))


def comparable(left: Type, right: Type, operator: str) -> bool:
    """Whether two types can stand at an operator's sides."""
    if "unknown" in (left.kind, right.kind):
        return True
    if operator in ("in", "notin") and right.kind == "list":
        return left.kind == "text" and right.item is not None and right.item.kind == "text"
    if left.kind in NUMBERS and right.kind in NUMBERS:
        return True
    return left.kind == right.kind and left.kind in ("text", "date", "datetime", "boolean")


def an(kind: Type) -> str:
    """A type in words, for messages."""
    article = {"text": "text", "money": "money", "wording": "wording", "unknown": "something unknown"}
    if kind.kind in article:
        return article[kind.kind]
    return f"an {kind.kind}" if kind.kind[0] in "aeio" else f"a {kind.kind}"
