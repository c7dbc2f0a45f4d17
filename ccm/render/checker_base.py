"""What all parts of the type check share: the names, the guards that hold, and how a problem is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from ccm.errors import Problem
from ccm.render.checker_places import Places
from ccm.render.checker_types import a, facts_of, path_of
from ccm.render.language import Piece, Pieces, Source, squeezed
from ccm.render.schema import PRINTABLE, UNKNOWN, Type

_FORMATTERS = {
    "money": "_money", "integer": "_number", "decimal": "_number", "percent": "_percent", "date": "_date",
    "datetime": "_datetime",
}  # fmt: skip
_NAMED_FIELDS = 6


@dataclass(slots=True)
class Findings:
    """The state of one template's check."""

    names: Mapping[str, Type]
    source: Source
    pieces: Pieces
    problems: list[Problem]
    uses: set[str] = field(default_factory=set)
    """Top-level names, and the fields read of customer and wording, as ``customer.full_name``."""
    code: dict[int, nodes.Expr | nodes.For] = field(default_factory=dict)
    """By the identity of a piece what is compiled for it: what it prints or asks, or a loop without its body."""
    _language: str = ""
    """Of the message, where it is known."""
    _loops: dict[str, Type] = field(default_factory=dict)
    _given: frozenset[str] = frozenset()
    _places: Places = field(default_factory=Places)
    _piece: Piece | None = None
    """The code that is being checked."""

    def _expression(self, node: nodes.Expr) -> tuple[nodes.Expr, Type]:
        """The expression rewritten, and its type."""
        raise NotImplementedError

    def _problem(self, node: nodes.Node, message: str) -> None:
        line, column = self._places.of(node, self._piece)
        if self._piece is not None:
            message = f"{message} (in {squeezed(self._piece.text)})"
        self.problems.append(self.source.problem(line, message, column))

    def _formatted(self, node: nodes.Expr, checked: nodes.Expr, kind: Type) -> nodes.Expr:
        if kind.kind not in PRINTABLE:
            name = path_of(node)
            this = f"'{name}' is {a(kind)}" if name else f"this is {a(kind)}"
            hint = {"boolean": "; use it in an 'if'", "list": "; go through it with 'for'"}.get(kind.kind, "")
            if kind.fields and name:
                fields = [f"{name}.{part}" for part in kind.fields]
                more = ", …" if len(fields) > _NAMED_FIELDS else ""
                hint = f"; name one of its fields: {', '.join(fields[:_NAMED_FIELDS])}{more}"
            self._problem(node, f"{this} and cannot be printed{hint}")
        formatter = _FORMATTERS.get(kind.kind)
        return checked if formatter is None else filtered(formatter, checked, node.lineno)

    def _require(self, node: nodes.Expr, kind: Type) -> None:
        if kind.optional and not self.pieces.doubtful:
            inner = self._missing_part(node)
            name = path_of(inner)
            guard = f"put it in {{% if {name} %}} … {{% endif %}}" if name else "put it in an 'if'"
            subject = f"'{name}'" if name else "this value"
            other = "" if kind.kind in ("object", "list") else " or add |default('…')"
            self._problem(inner, f"{subject} may be missing: {guard}{other}")

    def _missing_part(self, node: nodes.Expr) -> nodes.Expr:
        """The part of an expression that makes the whole optional: what is filtered, or a side of an inline `if`."""
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._missing_part(node.node)
        if isinstance(node, nodes.CondExpr) and node.expr2 is not None:
            for side, given in zip((node.expr1, node.expr2), facts_of(node.test), strict=True):
                part = self._missing_part(side)
                path = path_of(part)
                if path and path not in given | self._given and self._declared(path).optional:
                    return part
        return node

    def _declared(self, path: str) -> Type:
        """The type of a path as it was declared, whatever guards hold."""
        first, *rest = path.split(".")
        kind = {**self.names, **self._loops}.get(first, UNKNOWN)
        for part in rest:
            kind = kind.fields.get(part, UNKNOWN)
        return kind


def filtered(
    name: str, value: nodes.Expr, line: int, arguments: list[nodes.Expr] | None = None, *, formats: bool = True,
    forms: list[nodes.Keyword] | None = None,
) -> nodes.Filter:  # fmt: skip
    """`value` put through one of the environment's functions, which takes the message's formats first or not."""
    first: list[nodes.Expr] = [nodes.Name("_f", "load", lineno=line)] if formats else []
    return nodes.Filter(value, name, first + (arguments or []), list(forms or []), None, None, lineno=line)
