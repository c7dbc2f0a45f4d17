"""Type check and rewriting of a template's expressions.

`a.b` becomes the item ``b`` of plain data, and a printed value passes the format of its type in the
message's locale (``_f``).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from jinja2 import nodes

from ccm.render import checker_words as words
from ccm.render.checker_base import filtered
from ccm.render.checker_filters import TESTS
from ccm.render.checker_testing import Testing
from ccm.render.checker_types import a, literal, path_of
from ccm.render.language import WHAT_THERE_IS, unseen
from ccm.render.schema import BOOLEAN, LOOP, TEXT, UNKNOWN, Type

_REFUSED = {
    nodes.Call: "calls are", nodes.Getitem: "subscripts are", nodes.Slice: "subscripts are",
    nodes.Dict: "dictionaries are", nodes.Add: "arithmetic is", nodes.Sub: "arithmetic is",
    nodes.Mul: "arithmetic is", nodes.Div: "arithmetic is", nodes.FloorDiv: "arithmetic is",
    nodes.Mod: "arithmetic is", nodes.Pow: "arithmetic is", nodes.Pos: "arithmetic is", nodes.Neg: "arithmetic is",
    nodes.List: "lists outside of 'in' are", nodes.Tuple: "lists outside of 'in' are",
}  # fmt: skip
_MARKUP = re.compile(r"</?[a-z][^>]*>|&(?:[a-z]+|#x?[0-9a-f]+);", re.IGNORECASE)


class Expressions(Testing):
    """Checks and rewrites the expressions of one template; `Checker` does its statements."""

    def _expression(self, node: nodes.Expr) -> tuple[nodes.Expr, Type]:
        match node:
            case nodes.Name():
                return self._name(node)
            case nodes.Getattr():
                return self._field(node)
            case nodes.Const():
                return self._literal(node), literal(node)
            case nodes.Neg(node=nodes.Const(value=int() | float()) as number):
                return nodes.Neg(self._literal(number), lineno=node.lineno), literal(number)
            case nodes.Concat():
                return self._concat(node)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Test(name=name) if name not in TESTS:
                return self._test(node)[0], UNKNOWN
            case nodes.Test() | nodes.Not() | nodes.And() | nodes.Or() | nodes.Compare():
                return self._test(node)[0], BOOLEAN
            case nodes.CondExpr():
                return self._choice(node)
            case _:
                self._refused(node)
                return nodes.Const("", lineno=node.lineno), UNKNOWN

    def _refused(self, node: nodes.Expr) -> None:
        if isinstance(node, nodes.Call) and (path_of(node.node) or "") in self.pieces.assigned:
            return
        if isinstance(node, nodes.Sub) and (meant := self._with_underscore(node)):
            self._problem(node, f"names have _ and not -; did you mean '{meant}'?")
            return
        what = _REFUSED.get(type(node), f"'{type(node).__name__.lower()}' is")
        hint = WHAT_THERE_IS
        if isinstance(node, nodes.Add):
            hint = "texts are joined with ~, and sums come with the data"
        elif isinstance(node, nodes.Call) and (name := path_of(node.node)):
            hint = f"leave the brackets out: {name}"
        elif isinstance(node, nodes.Getitem) and (name := path_of(node.node)):
            key = node.arg.value if isinstance(node.arg, nodes.Const) else ""
            hint = (
                f"write {name}.{key}" if isinstance(key, str) and key.isidentifier() else "go through a list with 'for'"
            )
        self._problem(node, f"{what} not part of the template language; {hint}")

    def _with_underscore(self, node: nodes.Sub) -> str:
        """``wording.fee_notice`` where the author wrote ``wording.fee-notice``, if there is such a name."""
        path = _joined(node)
        return path if path and self._declared(path) is not UNKNOWN else ""

    def _literal(self, node: nodes.Const) -> nodes.Expr:
        value = node.value
        if isinstance(value, str):
            if hidden := next(unseen(value), None):
                self._problem(node, f"{hidden[1]} is not possible here: it cannot be seen")
            elif found := _MARKUP.search(value):
                self._problem(node, f"a text in code prints as it stands: the customer would read '{found[0]}'")
        elif isinstance(value, float):
            if not math.isfinite(value):
                self._problem(node, "this number is too large")
            # A decimal, not a float: 0.1 is then exactly what was written, also in comparisons.
            return filtered("_decimal", nodes.Const(repr(value), lineno=node.lineno), node.lineno, formats=False)
        elif value is None:
            self._problem(node, "'none' cannot be printed; to ask whether a value is missing, write: is none")
        return node

    def _name(self, node: nodes.Name) -> tuple[nodes.Expr, Type]:
        known = {**self.names, **self._loops, **({"loop": LOOP} if self._loops else {})}
        kind = known.get(node.name)
        if kind is None:
            if node.name not in self.pieces.assigned:
                self._problem(node, words.unknown_name(node.name, known))
            return node, UNKNOWN
        self.uses.add(node.name)
        return nodes.Name(node.name, "load", lineno=node.lineno), self._guarded(node.name, kind)

    def _field(self, node: nodes.Getattr) -> tuple[nodes.Expr, Type]:
        base, kind = self._expression(node.node)
        if kind.kind == "unknown":
            return base, UNKNOWN
        self._require(node.node, kind)
        path = path_of(node) or ""
        found = kind.fields.get(node.attr)
        if found is None:
            owner = path.rpartition(".")[0] or "this value"
            if kind.fields:
                message = f"'{owner}' has no field '{node.attr}'"
                self._problem(node, words.unknown_words(node.attr, message, kind.fields, words.FIELDS))
            elif kind.kind == "list":
                self._problem(node, f"'{owner}' is a list: go through it with {{% for item in {owner} %}}")
            else:
                self._problem(node, f"'{owner}' is {a(kind)} and has no fields such as '{node.attr}'")
            return base, UNKNOWN
        self.uses.add(path)
        if kind.kind == "loop":
            return nodes.Getattr(base, node.attr, "load", lineno=node.lineno), found
        item = nodes.Getitem(base, nodes.Const(node.attr, lineno=node.lineno), "load", lineno=node.lineno)
        return item, self._guarded(path, found)

    def _guarded(self, path: str, kind: Type) -> Type:
        return kind.given() if kind.optional and path in self._given else kind

    def _concat(self, node: nodes.Concat) -> tuple[nodes.Expr, Type]:
        parts = []
        names_customer = False
        for part in node.nodes:
            checked, kind = self._expression(part)
            self._require(part, kind)
            names_customer |= kind.names_customer
            if kind.kind == "wording":
                self._problem(part, "wording can only be printed by itself")
            parts.append(self._formatted(part, checked, kind))
        return nodes.Concat(parts, lineno=node.lineno), replace(TEXT, names_customer=names_customer)

    def _choice(self, node: nodes.CondExpr) -> tuple[nodes.Expr, Type]:
        test, facts = self._test(node.test)
        before = self._given
        self._given = before | facts[0]
        first, kind = self._expression(node.expr1)
        if node.expr2 is None:
            self._given = before
            self._problem(node, "an 'if' inside of {{ }} needs an 'else': {{ a if test else b }}")
            return first, UNKNOWN
        self._given = before | facts[1]
        second, other = self._expression(node.expr2)
        self._given = before
        if kind.kind != other.kind and "unknown" not in (kind.kind, other.kind):
            self._problem(node, f"both sides of an 'if' in {{{{ }}}} must be of one kind: {a(kind)}, {a(other)}")
        if kind.kind in ("wording", "list", "object"):
            self._problem(node, f"{a(kind)} cannot stand in an 'if' in {{{{ }}}}; write {{% if … %}}")
        chosen = nodes.CondExpr(test, first, second, lineno=node.lineno)
        both = replace(kind, names_customer=kind.names_customer or other.names_customer)
        return chosen, replace(both, optional=kind.optional or other.optional)


def _joined(node: nodes.Expr) -> str:
    """``a.b_c`` of ``a.b-c``, which reads as a subtraction; nothing of anything else."""
    if isinstance(node, nodes.Sub):
        left, right = _joined(node.left), _joined(node.right)
        return f"{left}_{right}" if left and right else ""
    return path_of(node) or ""
