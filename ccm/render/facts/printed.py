"""What a template shows of the data, found by walking its syntax tree with one message's values.

Every printed value keeps the path that it came from, so that channels are compared field by field and not by
the looks of their texts. Branches that a sample does not take are not walked; a test that cannot be decided here
counts as both true and false.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from jinja2 import nodes

from ccm.errors import RenderError
from ccm.model.message import RenderContext
from ccm.render.checker_filters import FILTERS
from ccm.render.compile import PLAIN
from ccm.render.facts.base import Fact, Reading, Spot, Value
from ccm.render.facts.figures import figures
from ccm.render.facts.source import FactSource, Masked, parse_file
from ccm.render.formats import Formats
from ccm.render.renderer import Renderer
from ccm.render.schema import UNKNOWN, Type, schema_of
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, TemplateFile

MAX_ITEMS = 20
"""Items of a list that are looked at: the rows of a table are all printed alike."""
_SHOWS = frozenset({
    "date", "money", "amount", "number", "percent", "upper", "lower", "trim", "mask", "truncate",
    "fullwidth", "halfwidth",
})  # fmt: skip
"""Filters behind which a value is still the same fact, rounded at most."""
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "lteq": operator.le, "gt": operator.gt,
    "gteq": operator.ge, "in": lambda a, b: a in b, "notin": lambda a, b: a not in b,
}  # fmt: skip


class FactReader:
    """Reads the facts of one communication's templates; each file is parsed once."""

    def __init__(self, workspace: Workspace, communication: Communication, renderer: Renderer) -> None:
        self._renderer = renderer
        self._names = schema_of(workspace, communication, [])
        self._root = workspace.root
        self._files = workspace.templates[communication.id]
        self._sources: dict[str, FactSource | None] = {}

    @property
    def templates(self) -> tuple[TemplateFile, ...]:
        """Every template that is served."""
        return self._files

    def words(self, file: TemplateFile) -> Masked | None:
        """The words of a template; None where it cannot be read as a whole."""
        source = self._source(file)
        return None if source is None else source.masked

    def read(self, file: TemplateFile, sample: str, context: RenderContext) -> Reading | None:
        """What a customer reads in one template; None where the message does not render, which is told elsewhere.

        `context` is in the file's language, with its wording.
        """
        source = self._source(file)
        if source is None:
            return None
        try:
            values = self._renderer.filling(file.channel, context).plain
        except RenderError:
            return None
        facts = tuple(_Walk(source, values, self._names).facts())
        return Reading(sample, file.channel, file.language, file.variant, file.path, facts, source.figures)

    def _source(self, file: TemplateFile) -> FactSource | None:
        if file.path not in self._sources:
            parsed = parse_file(file, self._root)
            self._sources[file.path] = None
            if parsed is not None:
                tree, spots, masked = parsed
                self._sources[file.path] = FactSource(tree, spots, masked, figures(masked, file.path.split("/")[-2]))
        return self._sources[file.path]


class _Undecided(Exception):
    """A value that this walk cannot know."""


class _Walk:
    """One template, one message."""

    def __init__(self, source: FactSource, values: Mapping[str, Any], names: Mapping[str, Type]) -> None:
        self._source = source
        self._formats: Formats = values["_f"]
        self._scope: dict[str, tuple[str, Type, Any]] = {
            name: (name, kind, values.get(name)) for name, kind in names.items()
        }
        self._found: list[Fact] = []

    def facts(self) -> Iterator[Fact]:
        """In the order in which the customer reads them."""
        self._body(self._source.tree.body)
        yield from self._found

    def _body(self, body: list[nodes.Node]) -> None:
        for node in body:
            match node:
                case nodes.Output():
                    for part in node.nodes:
                        if spot := self._source.spots.get(id(part)):
                            self._print(part, spot)
                case nodes.If():
                    self._if(node)
                case nodes.For():
                    self._for(node)

    def _if(self, node: nodes.If) -> None:
        branches = [(node.test, node.body), *((branch.test, branch.body) for branch in node.elif_)]
        for test, body in branches:
            holds = self._holds(test)
            if holds is not False:
                self._body(body)
            if holds:
                return
        self._body(node.else_)

    def _for(self, node: nodes.For) -> None:
        try:
            path, kind, items = self._resolve(node.iter)
        except _Undecided:
            return
        if not items:
            self._body(node.else_)
        assert isinstance(node.target, nodes.Name)
        for number, item in enumerate((items or [])[:MAX_ITEMS]):
            self._scope[node.target.name] = (f"{path}[{number}]", kind.item or UNKNOWN, item)
            self._body(node.body)

    def _print(self, node: nodes.Node, spot: Spot) -> None:
        match node:
            case nodes.CondExpr():
                holds = self._holds(node.test)
                if holds is not False:
                    self._print(node.expr1, spot)
                if not holds and node.expr2 is not None:
                    self._print(node.expr2, spot)
            case nodes.Concat():
                for part in node.nodes:
                    self._print(part, spot)
            case _:
                self._value(node, spot)

    def _value(self, node: nodes.Node, spot: Spot) -> None:
        steps: list[tuple[str, list[Any]]] = []
        instead: nodes.Expr | None = None
        while isinstance(node, nodes.Filter) and node.node is not None:
            if node.name == "default":
                instead = node.args[0] if node.args else None
            else:
                steps.insert(0, (node.name, [arg.value for arg in node.args if isinstance(arg, nodes.Const)]))
            node = node.node
        try:
            path, kind, value = self._resolve(node)
        except _Undecided:
            return None
        if value is None and instead is not None:
            return self._print(instead, spot)
        if value is None or isinstance(value, list | dict | bool) or kind.kind in ("wording", "loop", "unknown"):
            return None
        if all(name in _SHOWS for name, _ in steps):
            shown, exact = _shown(value, steps, self._formats)
            self._found.append(Fact(path, kind.kind, self._text(kind.kind, value, steps), shown, exact, spot))
        return None

    def _text(self, kind: str, value: Any, steps: list[tuple[str, list[Any]]]) -> str:
        default = {"integer": "number", "decimal": "number", "datetime": "datetime"}.get(kind, kind)
        names = {"money", "number", "percent", "date", "amount"}
        if not any(name in names for name, _ in steps) and default in {*names, "datetime"}:
            steps = [(default, []), *steps]
        text: Any = value
        for name, arguments in steps:
            rule = FILTERS.get(name)
            function: Callable[..., Any] = PLAIN.filters["_datetime" if rule is None else rule.function]
            formats = [self._formats] if rule is None or rule.formats else []
            text = function(text, *formats, *arguments)
        return str(text)

    def _resolve(self, node: nodes.Node) -> tuple[str, Type, Any]:
        if isinstance(node, nodes.Name) and node.name in self._scope:
            return self._scope[node.name]
        if isinstance(node, nodes.Getattr):
            path, kind, value = self._resolve(node.node)
            found = kind.fields.get(node.attr, UNKNOWN)
            return f"{path}.{node.attr}", found, value.get(node.attr) if isinstance(value, Mapping) else None
        raise _Undecided

    def _holds(self, node: nodes.Node) -> bool | None:
        try:
            return bool(self._decide(node))
        except (_Undecided, TypeError):
            return None

    def _decide(self, node: nodes.Node) -> Any:
        match node:
            case nodes.Const():
                return node.value
            case nodes.Not():
                return not self._decide(node.node)
            case nodes.And():
                return self._decide(node.left) and self._decide(node.right)
            case nodes.Or():
                return self._decide(node.left) or self._decide(node.right)
            case nodes.List() | nodes.Tuple():
                return [self._decide(item) for item in node.items]
            case nodes.Neg():
                return -self._decide(node.node)
            case nodes.Test() if node.name in PLAIN.tests:
                test: Any = PLAIN.tests[node.name]
                return test(self._decide(node.node))
            case nodes.Filter(name="length") if node.node is not None:
                return len(self._decide(node.node))
            case nodes.Compare():
                left = self._decide(node.expr)
                for operand in node.ops:
                    right = self._decide(operand.expr)
                    if not _COMPARE[operand.op](left, right):
                        return False
                    left = right
                return True
        return self._resolve(node)[2]


def _shown(value: Any, steps: list[tuple[str, list[Any]]], formats: Formats) -> tuple[Value, Value]:
    """What the printed text says, and what the data say."""
    if isinstance(value, dt.datetime):
        local = value.astimezone(formats.zone)
        # To the minute, or to the day: both are the same fact, and the day is what can differ.
        return local.date(), local.date()
    if isinstance(value, dt.date):
        return value, value
    if isinstance(value, int | Decimal):
        exact = Decimal(value)
        shown = exact
        for name, arguments in steps:
            if name in ("number", "percent") and arguments:
                places = arguments[0] + (2 if name == "percent" else 0)
                shown = shown.quantize(Decimal(1).scaleb(-places))
        return shown.normalize() + 0, exact.normalize() + 0
    return str(value), str(value)
