"""Type check of the filters that draw: charts of lists, and QR codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from jinja2 import nodes

from ccm.render.checker_expressions import Expressions
from ccm.render.checker_types import a, path_of
from ccm.render.figures import MAX_BARS, MAX_CODE, MAX_TITLE
from ccm.render.schema import NUMBERS, UNKNOWN, Type

FIGURES = frozenset({"bar_chart", "line_chart", "qr_code"})
_OWN_LINKS = ("organisation.website", "organisation.preference_url")
_FITTING = ("message.reference",)
_FIRST = {"bar_chart": ("text", frozenset({"text"})), "line_chart": ("a date", frozenset({"date"}))}


@dataclass
class FigureChecks(Expressions):
    """Adds `FIGURES` to the language; each can only be printed by itself."""

    figures: list[nodes.Filter] = field(default_factory=list)
    """Where one is printed, for channels that cannot show it."""

    def _filter(self, node: nodes.Filter) -> tuple[nodes.Expr, Type]:
        if node.name not in FIGURES:
            return super()._filter(node)
        self._problem(node, f"'{node.name}' can only be printed by itself, as in {{{{ name|{node.name}(…) }}}}")
        return nodes.Const("", lineno=node.lineno), UNKNOWN

    def _figure(self, node: nodes.Filter) -> nodes.Expr:
        """What is compiled for a printed figure."""
        self.figures.append(node)
        count = 1 if node.name == "qr_code" else 3
        texts = [arg.value for arg in node.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)]
        if len(texts) != count or len(node.args) != count or node.kwargs or node.dyn_args or node.dyn_kwargs:
            wanted = "('…')" if count == 1 else "('FIELD', 'NUMBER FIELD', 'Title')"
            what = "a caption" if count == 1 else "two field names and a title"
            self._problem(node, f"'{node.name}' takes {what}: |{node.name}{wanted}")
            return node
        if not 0 < len(texts[-1].strip()) <= MAX_TITLE:
            self._problem(node, f"'{node.name}' needs a title of 1 to {MAX_TITLE} characters")
        return self._code(node, texts[0]) if count == 1 else self._chart(node, texts)

    # Charts

    def _chart(self, node: nodes.Filter, texts: list[str]) -> nodes.Expr:
        assert node.node is not None
        checked, kind = self._expression(node.node)
        if kind.kind == "unknown":
            return node
        self._require(node.node, kind)
        if kind.kind != "list" or kind.item is None or kind.item.kind != "object":
            self._problem(node, f"'{node.name}' takes a list of objects, and this is {a(kind)}")
            return node
        first = _FIRST[node.name]
        self._chart_field(node, kind.item, texts[0], *first)
        self._chart_field(node, kind.item, texts[1], "a number", NUMBERS)
        if node.name == "bar_chart" and not (kind.max_length and kind.max_length <= MAX_BARS):
            name = path_of(node.node)
            self._problem(node, f"a chart has at most {MAX_BARS} bars: give '{name}' a max_length of up to that")
        return self._made(f"_{node.name}", checked, node, texts)

    def _chart_field(self, node: nodes.Filter, item: Type, name: str, words: str, kinds: frozenset[str]) -> None:
        found = item.fields.get(name)
        if found is None:
            near = get_close_matches(name, item.fields, 1) or sorted(item.fields)
            self._problem(node, f"the list's items have no field '{name}'; there is: {', '.join(near)}")
        elif found.kind not in kinds or found.optional:
            may = ", which may be missing" if found.optional else ""
            self._problem(node, f"'{node.name}' needs {words} here, and '{name}' is {a(found)}{may}")

    # Codes

    def _code(self, node: nodes.Filter, caption: str) -> nodes.Expr:
        assert node.node is not None
        parts = node.node.nodes if isinstance(node.node, nodes.Concat) else [node.node]
        start, rest = parts[0], parts[1:]
        if path_of(start) in _OWN_LINKS:
            return self._link(node, start, rest, caption)
        checked, kind = self._expression(start)
        if kind.kind == "unknown":
            return node
        self._require(start, kind)
        known = path_of(start) in _FITTING or (kind.kind == "text" and kind.max_length and kind.max_length <= MAX_CODE)
        if rest or isinstance(start, nodes.Const) or not known:
            self._problem(
                node,
                f"'qr_code' takes a link of the organisation, {_OWN_LINKS[0]} ~ '/path', or a text field with a"
                f" max_length of up to {MAX_CODE}",
            )
        return self._made("_qr_text", checked, node, [caption])

    def _link(self, node: nodes.Filter, start: nodes.Expr, rest: list[nodes.Expr], caption: str) -> nodes.Expr:
        checked, _ = self._expression(start)
        arguments: list[nodes.Expr] = []
        for index, part in enumerate(rest):
            value = part.value if isinstance(part, nodes.Const) else None
            if index == 0 and not (isinstance(value, str) and value[:1] in ("/", "?", "#")):
                self._problem(node, "behind the organisation's address a link goes on with '/…', '?…' or '#…'")
            if isinstance(value, str):
                arguments.append(nodes.List([part], lineno=node.lineno))
                continue
            argument, kind = self._expression(part)
            self._require(part, kind)
            if kind.kind not in ("text", "integer", "unknown"):
                self._problem(node, f"{a(kind)} cannot stand in a link")
            arguments.append(argument)
        return self._made("_qr_link", checked, node, [caption], arguments)

    def _made(
        self, name: str, value: nodes.Expr, node: nodes.Filter, texts: list[str], more: list[nodes.Expr] | None = None
    ) -> nodes.Expr:
        line = node.lineno
        constants: list[Any] = [nodes.Const(text, lineno=line) for text in texts]
        arguments = [nodes.Name("_f", "load", lineno=line), *constants, *(more or [])]
        return nodes.Filter(value, name, arguments, [], None, None, lineno=line)
