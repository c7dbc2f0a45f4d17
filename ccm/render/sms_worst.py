"""The most that a text message can take, from its template alone.

Every branch is taken at its longest, every list at its limit, every text at its `max_length`, every formatted
value at its widest in any locale of the language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from jinja2 import nodes

from ccm.errors import Problem, TemplateError
from ccm.render import sms_formats
from ccm.render.assemble import tree_of
from ccm.render.kit import Kit
from ccm.render.layouts import Layouts
from ccm.render.plurals import COUNT
from ccm.render.schema import schema_of, slot_name
from ccm.render.sms import Encoding
from ccm.render.sms_bounds import NOTHING, Bound, any_text, fixed, latin
from ccm.render.sms_values import Value, Values
from ccm.render.wording import plain_text
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, TemplateFile
from ccm.workspace.languages import base
from ccm.workspace.wording import Wording
from ccm.workspace.wording_text import PLACEHOLDER


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The longest that one text message can get."""

    encoding: Encoding
    units: int
    """Septets (GSM-7) or 16-bit units (UCS-2)."""
    segments: int
    likely: int
    """Segments where every value is at its longest, but holds no letter that costs extra."""
    drivers: tuple[tuple[str, int], ...]
    """The values that may bring most, with the characters that each may bring; longest first."""


class SmsBounds:
    """One SMS template, read once; its worst case differs with the wording that stands in it.

    Raises `TemplateError` where the template does not compile.
    """

    def __init__(self, workspace: Workspace, communication: Communication, file: TemplateFile) -> None:
        problems: list[Problem] = []
        names = schema_of(workspace, communication, problems)
        languages = communication.languages_behind(file.language)
        pieces = Kit(file, workspace, names, languages, Layouts(workspace, names, problems), problems).body()
        if pieces is None or problems:
            raise TemplateError(problems)
        self._body = _trimmed(tree_of(pieces).body)
        self._values = Values(workspace, communication, file.language)
        self._place = (base(file.language), *communication.jurisdictions)

    def worst(self, wording: Mapping[str, Wording]) -> WorstCase:
        """The worst case with the wording (by id) of one jurisdiction."""
        bound = _Walk(self._values, self._place, wording).body(self._body)
        encoding, units, segments = bound.segments()
        drivers = sorted(((size, name) for name, size in bound.drivers.items() if size), reverse=True)
        told = tuple((name, size) for size, name in drivers)
        return WorstCase(encoding, units, segments, bound.likely_segments(), told)


def _trimmed(body: list[nodes.Node]) -> list[nodes.Node]:
    """Without the white space around the whole message, which is taken off when it is filled."""
    for node, place, strip in ((body[0], 0, str.lstrip), (body[-1], -1, str.rstrip)) if body else ():
        if isinstance(node, nodes.Output) and node.nodes:
            part = node.nodes[place]
            if isinstance(part, nodes.TemplateData):
                node.nodes[place] = nodes.TemplateData(strip(part.data), lineno=part.lineno)
    return body


class _Walk:
    """Goes through a checked tree as rendering does, with bounds in place of texts."""

    def __init__(self, values: Values, place: sms_formats.Place, wording: Mapping[str, Wording]) -> None:
        self._values = values
        self._place = place
        self._items: dict[str, Value] = {}
        self._wording = {slot_name(wording_id): self._words(found) for wording_id, found in wording.items()}

    def body(self, body: Iterable[nodes.Node]) -> Bound:
        """The longest of some statements one behind the other."""
        bound = NOTHING
        for node in body:
            match node:
                case nodes.Output():
                    bound = bound.plus(_joined(self._text(part) for part in node.nodes))
                case nodes.If():
                    # A branch that is not taken prints nothing, and so does a missing 'else'.
                    branches = [self.body(branch.body) for branch in (node, *node.elif_)]
                    bound = bound.plus(_longest([*branches, self.body(node.else_)]))
                case nodes.For():
                    bound = bound.plus(self._loop(node))
                case _:
                    raise AssertionError(f"{type(node).__name__} passed the check")
        return bound

    def _loop(self, node: nodes.For) -> Bound:
        assert isinstance(node.target, nodes.Name)
        value = self._at(node.iter)
        self._items[node.target.name] = value
        bound = self.body(node.body).times(value.items)
        del self._items[node.target.name]
        return bound.most(self.body(node.else_))

    def _text(self, node: nodes.Expr) -> Bound:
        """What an expression prints."""
        match node:
            case nodes.TemplateData():
                return fixed(node.data)
            case nodes.Const():
                return fixed(str(node.value))
            case nodes.Concat():
                return _joined(self._text(part) for part in node.nodes)
            case nodes.CondExpr(expr2=nodes.Expr() as other):
                return self._text(node.expr1).most(self._text(other))
            case nodes.Filter():
                return self._filtered(node)
            case nodes.Getitem(node=nodes.Name(name="wording"), arg=nodes.Const(value=slot)):
                return self._wording[slot]
        return self._at(node).bound

    def _filtered(self, node: nodes.Filter) -> Bound:
        assert node.node is not None
        arguments = [part.value for part in node.args if isinstance(part, nodes.Const)]
        if node.name in _FORMATS:
            return _longest([self._formatted(node.name, value, arguments) for value in self._choices(node.node)])
        if node.name == "_plural":
            count = _longest([self._formatted("_number", value, []) for value in self._choices(node.node)])
            forms = [str(form.value.value) for form in node.kwargs if isinstance(form.value, nodes.Const)]
            return _longest([_with_count(form.split(COUNT), count) for form in forms])
        if node.name == "_default":
            return self._text(node.node).most(self._text(node.args[0]))
        if node.name == "_join":
            value = self._at(node.node)
            return value.bound.plus(self._text(node.args[0])).times(value.items)
        return _CHANGES[node.name](self._text(node.node), arguments)

    def _choices(self, node: nodes.Expr) -> list[Value]:
        """The values, one of which a formatted expression prints."""
        match node:
            case nodes.CondExpr(expr2=nodes.Expr() as other):
                return [*self._choices(node.expr1), *self._choices(other)]
            case nodes.Const():
                # With a mark for each three digits, a sign and a percent sign.
                return [Value("", any_text(2 * len(str(node.value)) + 4))]
            case nodes.Filter(name="_decimal", node=nodes.Expr() as number):
                return self._choices(number)
            case nodes.Filter():
                return [Value("", latin(8))]  # a length: at most 10,000
        return [self._at(node)]

    def _at(self, node: nodes.Node) -> Value:
        path: list[str] = []
        while not isinstance(node, nodes.Name):
            assert isinstance(node, nodes.Getitem | nodes.Getattr)
            if isinstance(node, nodes.Getattr):
                path.append(node.attr)
            else:
                assert isinstance(node.arg, nodes.Const)
                path.append(node.arg.value)
            node = node.node
        return self._values.at([node.name, *reversed(path)], self._items)

    def _formatted(self, function: str, value: Value, arguments: list[Any]) -> Bound:
        if value.field is None:
            return value.bound
        first = arguments[0] if arguments else None
        match function:
            case "_money" | "_amount":
                declared = value.field.currency or ""
                code = declared if len(declared) == 3 and declared.isupper() else None
                bound = sms_formats.money(self._place, code, sign=function == "_money")
            case "_number":
                bound = sms_formats.number(self._place, first, whole=value.field.type == "integer")
            case "_percent":
                bound = sms_formats.percent(self._place, first)
            case "_date":
                bound = sms_formats.date(self._place, first or "long")
            case _:
                bound = sms_formats.datetime(self._place)
        return bound.named(value.name)

    def _words(self, wording: Wording) -> Bound:
        parts = PLACEHOLDER.split(plain_text(wording, "sms"))
        bound = fixed(parts[0])
        for path, text in zip(parts[1::2], parts[2::2], strict=True):
            value = self._values.at(path.split("."), {})
            printed = _PRINTED.get(wording.placeholders[path])
            told = value.bound if printed is None else self._formatted(printed, value, [])
            bound = bound.plus(told).plus(fixed(text))
        return bound


def _longest(bounds: Iterable[Bound]) -> Bound:
    return reduce(Bound.most, bounds)


def _joined(bounds: Iterable[Bound]) -> Bound:
    return reduce(Bound.plus, bounds, NOTHING)


def _with_count(texts: list[str], count: Bound) -> Bound:
    return _joined([fixed(texts[0]), *(count.plus(fixed(text)) for text in texts[1:])])


def _grown(factor: int) -> Callable[[Bound, list[Any]], Bound]:
    """A change of each character into at most so many: ``ß`` becomes SS, ``ΐ`` three characters (SpecialCasing.txt)."""

    def change(bound: Bound, arguments: list[Any]) -> Bound:
        return _as_any(bound, bound.characters * factor)

    return change


def _as_any(bound: Bound, characters: int) -> Bound:
    """Any text of so many characters that comes of the same values."""
    drivers = {name: min(size, characters) for name, size in bound.drivers.items()}
    return replace(any_text(characters), drivers=drivers)


def _trim(bound: Bound, arguments: list[Any]) -> Bound:
    return bound if bound.gsm is not None else _as_any(bound, bound.characters)


def _mask(bound: Bound, arguments: list[Any]) -> Bound:
    shown = _as_any(bound, min(bound.characters, 4))
    return shown.plus(latin(bound.characters - shown.characters))


def _truncate(bound: Bound, arguments: list[Any]) -> Bound:
    length = int(arguments[0])
    return bound if bound.characters <= length else _as_any(bound, max(length, len("...")))


_FORMATS = frozenset({"_money", "_amount", "_number", "_percent", "_date", "_datetime"})
_PRINTED = {
    "money": "_money", "integer": "_number", "decimal": "_number", "percent": "_percent", "date": "_date",
    "datetime": "_datetime",
}  # fmt: skip
_CHANGES: Mapping[str, Callable[[Bound, list[Any]], Bound]] = {
    "_upper": _grown(3), "_lower": _grown(2), "_fullwidth": _grown(1), "_halfwidth": _grown(1), "_trim": _trim,
    "_mask": _mask, "_truncate": _truncate,
}  # fmt: skip
HANDLED = frozenset({
    *_FORMATS, *_CHANGES, "_default", "_join", "_plural", "_decimal", "_length", "_t", "_url", "_tel",
})  # fmt: skip
"""The filters of `LanguageEnvironment` for which there is a bound. The last three do not reach a compiled text:
shared words are text by then, and the others stand in links of HTML."""
