"""Small questions about a template's syntax tree: paths, guards, the types of literals."""

from __future__ import annotations

from functools import reduce

from jinja2 import nodes

from ccm.render.schema import BOOLEAN, INTEGER, NUMBERS, TEXT, UNKNOWN, Type

Facts = tuple[frozenset[str], frozenset[str]]
"""Paths that are known to be given where a test is true, and where it is false."""
NOTHING: Facts = (frozenset(), frozenset())
_WORDS = {
    "text": "text", "money": "money", "wording": "wording", "unknown": "something unknown", "integer": "a whole number",
    "decimal": "a number", "percent": "a percentage", "date": "a date", "datetime": "a date with time",
    "boolean": "a yes-or-no value", "object": "a group of fields", "list": "a list", "loop": "the loop's counter",
}  # fmt: skip


def path_of(node: nodes.Node) -> str | None:
    """``a.b.c`` of a chain of names, else None."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        base = path_of(node.node)
        return None if base is None else f"{base}.{node.attr}"
    return None


def facts_of(test: nodes.Expr) -> Facts:
    """What a test tells of the values in it."""
    match test:
        case nodes.Name() | nodes.Getattr():
            return _path(test), frozenset()
        case nodes.Not():
            true, false = facts_of(test.node)
            return false, true
        case nodes.And() | nodes.Or():
            sides = [facts_of(test.left), facts_of(test.right)]
            both = reduce(frozenset.union, (side[isinstance(test, nodes.Or)] for side in sides))
            common = reduce(frozenset.intersection, (side[isinstance(test, nodes.And)] for side in sides))
            return (both, common) if isinstance(test, nodes.And) else (common, both)
        case nodes.Test(name="defined"):
            return _path(test.node), frozenset()
        case nodes.Test(name="none"):
            return frozenset(), _path(test.node)
        case nodes.Compare(ops=[nodes.Operand(op="eq" | "ne" as operator) as operand]):
            # What equals a literal is there; so is what does not differ from one.
            given = _equal(test.expr, operand.expr) | _equal(operand.expr, test.expr)
            return (given, frozenset()) if operator == "eq" else (frozenset(), given)
    return NOTHING


def language_of(test: nodes.Expr) -> str:
    """The language that ``message.language == '…'`` chooses, or nothing."""
    match test:
        case nodes.Compare(ops=[nodes.Operand(op="eq", expr=nodes.Const(value=str() as language))]):
            return language if path_of(test.expr) == "message.language" else ""
    return ""


def _path(node: nodes.Expr) -> frozenset[str]:
    path = path_of(node)
    return frozenset({path} if path else ())


def _equal(node: nodes.Expr, other: nodes.Expr) -> frozenset[str]:
    literal_value = isinstance(other, nodes.Const) and other.value is not None
    return _path(node) if literal_value else frozenset()


def literal(node: nodes.Const) -> Type:
    """The type of a literal."""
    kinds = {bool: BOOLEAN, int: INTEGER, float: Type("decimal"), str: TEXT}
    return kinds.get(type(node.value), UNKNOWN)


def comparable(left: Type, right: Type, operator: str) -> bool:
    """Whether two types can stand at an operator's sides."""
    if "unknown" in (left.kind, right.kind):
        return True
    if operator in ("in", "notin"):
        if right.kind == "list":
            return right.item is not None and comparable(left, right.item, "eq")
        return left.kind == "text" and right.kind == "text"
    if left.kind in NUMBERS and right.kind in NUMBERS:
        return True
    return left.kind == right.kind and left.kind in ("text", "date", "datetime", "boolean")


def a(kind: Type | str) -> str:
    """A type in words, for messages."""
    return _WORDS[kind if isinstance(kind, str) else kind.kind]
