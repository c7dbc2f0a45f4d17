"""Type check and rewriting of tests and comparisons, and what they tell of the values in them."""

from __future__ import annotations

from jinja2 import nodes

from ccm.render import checker_words as words
from ccm.render.checker_filtering import Filtering
from ccm.render.checker_filters import TESTS
from ccm.render.checker_types import NOTHING, Facts, a, comparable, facts_of, literal, path_of
from ccm.render.schema import UNKNOWN, Type

_SIGNS = {"lt": "<", "lteq": "<=", "gt": ">", "gteq": ">=", "in": "in", "notin": "not in"}


class Testing(Filtering):
    """Checks and rewrites tests."""

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
                return self._comparison(node), facts_of(node)
        checked, kind = self._expression(node)
        if kind.kind in ("wording", "object") and not kind.optional:
            name = path_of(node)
            this = f"'{name}'" if name else "this"
            self._problem(node, f"{this} is {a(kind)} that is always there and needs no 'if'")
        return checked, facts_of(node) if path_of(node) else NOTHING

    def _is(self, node: nodes.Test) -> nodes.Expr:
        checked, kind = self._expression(node.node)
        takes = TESTS.get(node.name)
        if takes is None:
            message = f"test 'is {node.name}' is not part of the template language"
            self._problem(node, words.unknown_words(node.name, message, TESTS, words.TESTS))
        elif node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._problem(node, f"nothing can stand behind 'is {node.name}'")
        elif takes and kind.kind not in (*takes, "unknown"):
            self._problem(node, f"'is {node.name}' asks {' or '.join(map(a, takes))}, and this is {a(kind)}")
        elif takes:
            self._require(node.node, kind)
        return nodes.Test(checked, node.name, [], [], None, None, lineno=node.lineno)

    def _comparison(self, node: nodes.Compare) -> nodes.Expr:
        checked, kind = self._expression(node.expr)
        operands = []
        left_node: nodes.Expr = node.expr
        for operand in node.ops:
            if isinstance(operand.expr, nodes.Const) and operand.expr.value is None:
                asked = "is none" if operand.op == "eq" else "is not none"
                self._problem(
                    left_node, f"to ask whether a value is missing, write: {path_of(left_node) or '…'} {asked}"
                )
                continue
            right, other = self._right_side(operand)
            if operand.op not in ("eq", "ne"):
                self._require(left_node, kind)
                self._require(operand.expr, other)
            if not comparable(kind, other, operand.op):
                sign = _SIGNS.get(operand.op, "")
                how = (
                    f"compared with {a(other)}" if kind.kind != other.kind else f"compared with {sign or 'each other'}"
                )
                self._problem(left_node, f"{a(kind)} cannot be {how}")
            operands.append(nodes.Operand(operand.op, right, lineno=operand.lineno))
            left_node, kind = operand.expr, other
        return nodes.Compare(checked, operands, lineno=node.lineno)

    def _right_side(self, operand: nodes.Operand) -> tuple[nodes.Expr, Type]:
        if operand.op in ("in", "notin") and isinstance(operand.expr, nodes.List | nodes.Tuple):
            return self._choices(operand, operand.expr)
        return self._expression(operand.expr)

    def _choices(self, operand: nodes.Operand, choices: nodes.List | nodes.Tuple) -> tuple[nodes.Expr, Type]:
        items = [item for item in choices.items if isinstance(item, nodes.Const)]
        if len(items) < len(choices.items):
            self._problem(operand, "a list behind 'in' holds only texts in quotes or numbers")
        literals = [self._literal(item) for item in items]
        kinds = {literal(item).kind: literal(item) for item in items}
        kind = next(iter(kinds.values()), UNKNOWN)
        if not all(comparable(kind, other, "eq") for other in kinds.values()):
            self._problem(operand, f"a list behind 'in' holds one kind: {', '.join(map(a, kinds))}")
        return nodes.List(literals, lineno=operand.lineno), Type("list", item=kind)
