"""Type check and rewriting of a template's expressions.

`a.b` becomes the item ``b`` of plain data, and a printed value passes the format of its type in the
message's locale (``_f``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from jinja2 import nodes

from ccm.errors import Problem
from ccm.render.checker_filters import FILTERS, TESTS, Argument
from ccm.render.checker_types import NOTHING, Facts, an, comparable, facts_of, last, literal, path_of
from ccm.render.language import WHAT_THERE_IS, Pieces, Source
from ccm.render.schema import BOOLEAN, INTEGER, LOOP, PRINTABLE, TEXT, UNKNOWN, Type

_REFUSED = {
    nodes.Call: "calls", nodes.Getitem: "subscripts", nodes.Slice: "subscripts", nodes.Dict: "dictionaries",
    nodes.Add: "arithmetic", nodes.Sub: "arithmetic", nodes.Mul: "arithmetic", nodes.Div: "arithmetic",
    nodes.FloorDiv: "arithmetic", nodes.Mod: "arithmetic", nodes.Pow: "arithmetic", nodes.Pos: "arithmetic",
    nodes.Neg: "arithmetic", nodes.List: "lists outside of 'in'", nodes.Tuple: "lists outside of 'in'",
}  # fmt: skip


@dataclass(slots=True)
class Expressions:
    """Checks and rewrites the expressions of one template; `Checker` does its statements."""

    names: Mapping[str, Type]
    source: Source
    pieces: Pieces
    problems: list[Problem]
    internal: bool = False
    """The text was put together by the compiler itself, which may use ``_url``, ``_tel`` and ``_`` names."""
    uses: set[str] = field(default_factory=set)
    """Top-level names, and the fields read of customer and wording, as ``customer.full_name``."""
    _loops: dict[str, Type] = field(default_factory=dict)
    _given: frozenset[str] = frozenset()
    _visits: dict[tuple[int, str], int] = field(default_factory=dict)

    def _problem(self, node: nodes.Node, message: str, name: str = "") -> None:
        column = 0
        if columns := self.pieces.columns.get((node.lineno, name)):
            visit = self._visits.get((node.lineno, name), 1) - 1
            column = columns[min(visit, len(columns) - 1)]
        elif piece := next((p for p in self.pieces.pieces if p.line == node.lineno and p.kind != "data"), None):
            column = piece.column
        self.problems.append(self.source.problem(node.lineno, message, column))

    def _visit(self, node: nodes.Node, name: str) -> None:
        self._visits[node.lineno, name] = self._visits.get((node.lineno, name), 0) + 1

    def _formatted(self, node: nodes.Expr, checked: nodes.Expr, kind: Type) -> nodes.Expr:
        if kind.kind not in PRINTABLE:
            hint = {
                "boolean": "; use it in an 'if'",
                "list": "; go through it with 'for'",
                "object": "; name a field of it",
            }
            self._problem(node, f"{an(kind)} cannot be printed{hint.get(kind.kind, '')}", last(node))
        formatter = {
            "money": "_money", "integer": "_number", "decimal": "_number", "percent": "_percent", "date": "_date",
            "datetime": "_datetime",
        }.get(kind.kind)  # fmt: skip
        return checked if formatter is None else _filter(formatter, checked, node.lineno)

    def _require(self, node: nodes.Expr, kind: Type) -> None:
        if kind.optional:
            name = path_of(node) or "this value"
            message = f"'{name}' may be missing: put it in {{% if {name} %}} or add |default('…')"
            self._problem(node, message, last(node))

    # Expressions

    def _expression(self, node: nodes.Expr) -> tuple[nodes.Expr, Type]:
        match node:
            case nodes.Name():
                return self._name(node)
            case nodes.Getattr():
                return self._field(node)
            case nodes.Const():
                return node, literal(node)
            case nodes.Neg(node=nodes.Const(value=int() | float()) as number):
                return node, literal(number)
            case nodes.Concat():
                return self._concat(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Test() | nodes.Not() | nodes.And() | nodes.Or() | nodes.Compare():
                return self._test(node)[0], BOOLEAN
            case nodes.CondExpr():
                return self._choice(node)
            case _:
                what = _REFUSED.get(type(node), f"'{type(node).__name__.lower()}'")
                verb = "is" if what in ("arithmetic",) or what[0] == "'" else "are"
                self._problem(node, f"{what} {verb} not part of the template language; {WHAT_THERE_IS}")
                return nodes.Const("", lineno=node.lineno), UNKNOWN

    def _name(self, node: nodes.Name) -> tuple[nodes.Expr, Type]:
        self._visit(node, node.name)
        known = {**self.names, **self._loops, **({"loop": LOOP} if self._loops else {})}
        kind = known.get(node.name)
        if kind is None:
            self._unknown(node, node.name, f"'{node.name}' is no known name", known)
            return node, UNKNOWN
        self.uses.add(node.name)
        return nodes.Name(node.name, "load", lineno=node.lineno), self._guarded(node.name, kind)

    def _field(self, node: nodes.Getattr) -> tuple[nodes.Expr, Type]:
        base, kind = self._expression(node.node)
        self._visit(node, node.attr)
        if kind.kind == "unknown":
            return base, UNKNOWN
        self._require(node.node, kind)
        path = path_of(node) or ""
        found = kind.fields.get(node.attr)
        if found is None:
            owner = path.rpartition(".")[0] or "this value"
            message = f"'{owner}' has no field '{node.attr}'" if kind.fields else f"{an(kind)} has no fields"
            self._unknown(node, node.attr, message, kind.fields)
            return base, UNKNOWN
        self.uses.add(path)
        if kind.kind == "loop":
            return nodes.Getattr(base, node.attr, "load", lineno=node.lineno), found
        item = nodes.Getitem(base, nodes.Const(node.attr, lineno=node.lineno), "load", lineno=node.lineno)
        return item, self._guarded(path, found)

    def _guarded(self, path: str, kind: Type) -> Type:
        return kind.given() if kind.optional and path in self._given else kind

    def _unknown(self, node: nodes.Node, name: str, message: str, known: Iterable[str]) -> None:
        choices = sorted(choice for choice in known if not choice.startswith("_"))
        near = get_close_matches(name, choices, 1)
        if near:
            message += f"; did you mean '{near[0]}'?"
        elif choices and len(choices) <= 24:
            message += f"; there are: {', '.join(choices)}"
        self._problem(node, message, name)

    def _concat(self, node: nodes.Concat) -> tuple[nodes.Expr, Type]:
        parts = []
        for part in node.nodes:
            checked, kind = self._expression(part)
            self._require(part, kind)
            if kind.kind == "wording":
                self._problem(part, "wording can only be printed by itself")
            parts.append(self._formatted(part, checked, kind))
        return nodes.Concat(parts, lineno=node.lineno), TEXT

    def _choice(self, node: nodes.CondExpr) -> tuple[nodes.Expr, Type]:
        test, facts = self._test(node.test)
        before = self._given
        self._given = before | facts[0]
        first, kind = self._expression(node.expr1)
        if node.expr2 is None:
            self._problem(node, "an inline 'if' needs an 'else'")
            return first, UNKNOWN
        self._given = before | facts[1]
        second, other = self._expression(node.expr2)
        self._given = before
        if kind.kind != other.kind and "unknown" not in (kind.kind, other.kind):
            self._problem(node, f"both sides of an inline 'if' must have one type: {an(kind)}, {an(other)}")
        if kind.kind in ("wording", "list", "object"):
            self._problem(node, f"{an(kind)} cannot stand in an inline 'if'")
        chosen = nodes.CondExpr(test, first, second, lineno=node.lineno)
        return chosen, replace(kind, optional=kind.optional or other.optional)

    def _filter(self, node: nodes.Filter) -> tuple[nodes.Expr, Type]:
        assert node.node is not None
        checked, kind = self._expression(node.node)
        self._visit(node, node.name)
        if self.internal and node.name in ("_url", "_tel"):
            return _filter(node.name, self._formatted(node.node, checked, kind), node.lineno, formats=False), TEXT
        rule = FILTERS.get(node.name)
        if rule is None:
            self._unknown(node, node.name, f"filter '{node.name}' is not part of the template language", FILTERS)
            return checked, UNKNOWN
        if kind.kind == "unknown":
            return checked, UNKNOWN
        if kind.kind not in rule.takes:
            takes = ", ".join(sorted(rule.takes))
            self._problem(node, f"filter '{node.name}' takes {takes}, and this is {an(kind)}", node.name)
            return checked, UNKNOWN
        arguments = self._arguments(node, rule.argument, required=rule.required)
        if node.name == "default":
            shown = self._formatted(node.node, checked, kind)
            return _filter("_default", shown, node.lineno, arguments, formats=False), TEXT
        if node.name in ("length", "join"):
            self._require(node.node, kind)
        if node.name == "join" and (kind.item is None or kind.item.kind != "text"):
            self._problem(node, "filter 'join' takes a list of texts", node.name)
        result = replace(INTEGER if node.name == "length" else TEXT, optional=kind.optional)
        return _filter(rule.function, checked, node.lineno, arguments, formats=rule.formats), result

    def _arguments(self, node: nodes.Filter, argument: Argument | None, *, required: bool) -> list[nodes.Expr]:
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > (argument is not None):
            takes = "one value" if argument else "no value"
            self._problem(node, f"filter '{node.name}' takes {takes} in its brackets", node.name)
            return []
        if not node.args:
            if required:
                assert argument is not None
                self._problem(node, f"filter '{node.name}' needs {argument.words} in its brackets", node.name)
            return []
        given = node.args[0]
        assert argument is not None
        if argument.expression and not isinstance(given, nodes.Const):
            checked, kind = self._expression(given)
            self._require(given, kind)
            fits = kind.kind in ("text", "unknown")
        else:
            checked, fits = given, isinstance(given, nodes.Const) and argument.fits(given.value)
        if not fits:
            self._problem(node, f"filter '{node.name}' takes {argument.words} in its brackets", node.name)
        return [checked]

    # Tests

    def _test(self, node: nodes.Expr) -> tuple[nodes.Expr, Facts]:
        match node:
            case nodes.Not():
                return nodes.Not(self._test(node.node)[0], lineno=node.lineno), facts_of(node)
            case nodes.And() | nodes.Or():
                left, facts = self._test(node.left)
                before = self._given
                self._given = before | facts[0 if isinstance(node, nodes.And) else 1]
                right = self._test(node.right)[0]
                self._given = before
                return type(node)(left, right, lineno=node.lineno), facts_of(node)
            case nodes.Test():
                return self._is(node), facts_of(node)
            case nodes.Compare():
                return self._comparison(node), NOTHING
        checked, kind = self._expression(node)
        if kind.kind in ("wording", "object") and not kind.optional:
            self._problem(node, f"{an(kind)} is always there and needs no 'if'", last(node))
        return checked, facts_of(node)

    def _is(self, node: nodes.Test) -> nodes.Expr:
        checked, kind = self._expression(node.node)
        self._visit(node, node.name)
        takes = TESTS.get(node.name)
        if takes is None:
            self._unknown(node, node.name, f"test 'is {node.name}' is not part of the template language", TESTS)
        elif node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._problem(node, f"test 'is {node.name}' takes no value", node.name)
        elif takes and kind.kind not in (*takes, "unknown"):
            self._problem(node, f"test 'is {node.name}' takes {', '.join(takes)}, not {an(kind)}", node.name)
        return nodes.Test(checked, node.name, [], [], None, None, lineno=node.lineno)

    def _comparison(self, node: nodes.Compare) -> nodes.Expr:
        checked, kind = self._expression(node.expr)
        operands = []
        for operand in node.ops:
            right: nodes.Expr = operand.expr
            if operand.op in ("in", "notin") and isinstance(operand.expr, nodes.List | nodes.Tuple):
                if not all(isinstance(item, nodes.Const) for item in operand.expr.items):
                    self._problem(operand, "a list behind 'in' holds only literals")
                kinds = [literal(item) for item in operand.expr.items if isinstance(item, nodes.Const)]
                other = kinds[0] if kinds else UNKNOWN
            else:
                right, other = self._expression(operand.expr)
            optional_matters = operand.op not in ("eq", "ne")
            for part, part_kind in ((node.expr, kind), (operand.expr, other)):
                if optional_matters:
                    self._require(part, part_kind)
            if not comparable(kind, other, operand.op):
                self._problem(node, f"{an(kind)} cannot be compared with {an(other)}", last(node.expr))
            operands.append(nodes.Operand(operand.op, right, lineno=operand.lineno))
        return nodes.Compare(checked, operands, lineno=node.lineno)


def _filter(
    name: str, value: nodes.Expr, line: int, arguments: list[nodes.Expr] | None = None, *, formats: bool = True
) -> nodes.Expr:
    first: list[nodes.Expr] = [nodes.Name("_f", "load", lineno=line)] if formats else []
    return nodes.Filter(value, name, first + (arguments or []), [], None, None, lineno=line)
