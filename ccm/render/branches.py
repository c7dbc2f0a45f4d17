"""Which branches of a template a message goes through: for `ccm check`, which tells what no sample has shown yet.

Of each source only its conditions and loops are compiled once more, with a mark in every branch and no other words.
Filled with a message's values, such a probe prints the marks that the message came by. Real templates stay as they
are. A probe knows nothing of MJML, Markdown or YAML: branches stand in the source before any of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import nodes

from ccm.errors import RenderError
from ccm.render.checker import Checker
from ccm.render.compile import PLAIN
from ccm.render.environment import render
from ccm.render.language import Piece, Source
from ccm.render.schema import Type
from ccm.render.syntax import parse

Way = Literal["true", "false", "rows", "empty"]
"""What makes a message take a branch: its condition holds or not, its list has rows or none."""
_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_GIVEN = re.compile(rf"(?:(not)\s+)?({_PATH})(?:\s+is\s+(?:(not)\s+)?(defined|none))?")
_NAME = re.compile(rf"(?<![\w.|]){_PATH}")
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_INLINE = re.compile(r"\bif\s+(.*?)\s+else\b", re.DOTALL)
_MAY_BRANCH = re.compile(r"\{%|\bif\b")
"""What no source with a condition or loop lacks; most sources are a line or two without either."""
_OPERATORS = frozenset({"true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "defined"})


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through a template, at the place of the code that opens it."""

    path: str
    line: int
    column: int
    way: Way
    tests: tuple[str, ...]
    """The condition, or the list, as written; for an ``else`` behind ``elif`` all that were tried."""
    outer: Branch | None = None
    """The branch in which it stands."""
    kind: str = ""
    """The type of the one field that the condition asks for, if it is that simple."""

    def told(self, sample: str) -> tuple[str, str]:
        """That no `sample` ("sample in ja") takes the branch, and what one that would take it is like."""
        (test, *others), holds = self.tests, self.way in ("true", "rows")
        given = None if others or self.kind == "boolean" else _given(test)
        if self.way in ("rows", "empty"):
            word, more = f"has rows in {test}", "that has some" if holds else "in which that list is empty"
        elif given is not None:
            path, asked = given
            holds = asked == holds
            rows = self.kind == "list"
            word = f"has rows in {path}" if rows else f"has {path}"
            more = ("that has some" if holds else "without any") if rows else ("that has it" if holds else "without it")
        elif others:
            told = ", ".join(f"({test})" for test in self.tests)
            return f"in every {sample} one of {told} is true", "in which none of them is"
        else:
            which = "no" if holds else "every"
            return f"in {which} {sample} ({test}) is true", "in which it is" if holds else "in which it is not"
        return f"{'no' if holds else 'every'} {sample} {word}", more


class Probe:
    """The branches of one source, and which of them a message takes.

    `source` is one that passed the checks, `names` the types of all names that it may read.
    """

    def __init__(self, source: Source, names: Mapping[str, Type]) -> None:
        self.branches: tuple[Branch, ...] = ()
        self._template = None
        if not _MAY_BRANCH.search(source.text):
            return
        parsed = parse(source, PLAIN, [])
        assert parsed is not None, "a source that compiled does not parse"
        tree, pieces = parsed
        checked = Checker(names, source, pieces, []).check(tree)
        maker = _Maker(source, names, [piece for piece in pieces.pieces if piece.kind != "data"])
        body = maker.body(checked.body, None)
        self.branches = tuple(maker.branches)
        self._template = PLAIN.make(nodes.Template(body, lineno=1)) if maker.branches else None

    def reached(self, values: Mapping[str, Any]) -> frozenset[Branch]:
        """The branches that a message with these values takes; none where a value that a condition reads is missing."""
        if self._template is None:
            return frozenset()
        try:
            marks = render(self._template, values)
        except RenderError:
            # The rendering itself tells what is missing.
            return frozenset()
        return frozenset(self.branches[int(mark)] for mark in set(marks.split()))


class _Maker:
    """Makes the probe's tree. Code is met in the order in which its pieces stand in the source."""

    def __init__(self, source: Source, names: Mapping[str, Type], pieces: Sequence[Piece]) -> None:
        self._source, self._names = source, names
        self._pieces = list(pieces)
        self._at = 0
        self.branches: list[Branch] = []

    def body(self, body: Sequence[nodes.Node], outer: Branch | None) -> list[nodes.Node]:
        """The probe's nodes for these of the template."""
        made: list[nodes.Node] = []
        for node in body:
            match node:
                case nodes.Output():
                    for part in node.nodes:
                        if not isinstance(part, nodes.TemplateData):
                            made += self._choices(part, self._next(), outer)
                case nodes.If():
                    made += self._if(node, outer)
                case nodes.For():
                    made.append(self._for(node, outer))
        return made

    def _next(self) -> Piece:
        self._at += 1
        return self._pieces[self._at - 1]

    def _is_else(self) -> bool:
        return self._pieces[self._at].word == "else"

    def _marked(self, piece: Piece, way: Way, tests: Sequence[str], outer: Branch | None) -> tuple[Branch, nodes.Node]:
        place = self._source.problem(piece.line, "", piece.column)
        kind = _kind(tests[0], self._names) if len(tests) == 1 else ""
        branch = Branch(place.path, place.line, place.column, way, tuple(tests), outer, kind)
        self.branches.append(branch)
        return branch, nodes.Output([nodes.TemplateData(f"{len(self.branches) - 1} ")])

    def _branch(
        self, piece: Piece, way: Way, tests: Sequence[str], body: Sequence[nodes.Node], outer: Branch | None
    ) -> list[nodes.Node]:
        branch, mark = self._marked(piece, way, tests, outer)
        return [mark, *self.body(body, branch)]

    def _if(self, node: nodes.If, outer: Branch | None) -> list[nodes.Node]:
        piece = first = self._next()
        tests = [_behind(piece)]
        asked = self._choices(node.test, piece, outer)
        made = nodes.If(node.test, self._branch(piece, "true", tests, node.body, outer), [], [], lineno=node.lineno)
        for branch in node.elif_:
            piece = self._next()
            tests.append(_behind(piece))
            then = self._branch(piece, "true", tests[-1:], branch.body, outer)
            made.elif_.append(nodes.If(branch.test, then, [], [], lineno=branch.lineno))
        piece = self._next() if self._is_else() else first
        made.else_ = self._branch(piece, "false", tests, node.else_, outer)
        self._next()
        return [*asked, made]

    def _for(self, node: nodes.For, outer: Branch | None) -> nodes.Node:
        piece = self._next()
        rows = re.sub(r"^.*?\bin\s+", "", _behind(piece), count=1)
        body = self._branch(piece, "rows", [rows], node.body, outer)
        if self._is_else():
            piece = self._next()
        empty = self._branch(piece, "empty", [rows], node.else_, outer)
        self._next()
        return nodes.For(node.target, node.iter, body, empty, None, False, lineno=node.lineno)

    def _choices(self, node: nodes.Node, piece: Piece, outer: Branch | None) -> list[nodes.Node]:
        """The marks of every ``a if test else b`` in an expression."""
        found = list(_inline(node))
        tests = _inline_tests(piece.inner)
        if len(tests) != len(found):
            tests = [" ".join(piece.inner.split())] * len(found)
        return self._sides(node, piece, dict(zip(map(id, found), tests)), outer)

    def _sides(
        self, node: nodes.Node, piece: Piece, tests: Mapping[int, str], outer: Branch | None
    ) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for child in [node] if isinstance(node, nodes.CondExpr) else node.iter_child_nodes():
            if not isinstance(child, nodes.CondExpr):
                made += self._sides(child, piece, tests, outer)
                continue
            made += self._sides(child.test, piece, tests, outer)
            assert child.expr2 is not None, "a choice without an else passed the checks"
            first, mark = self._marked(piece, "true", [tests[id(child)]], outer)
            then = [mark, *self._sides(child.expr1, piece, tests, first)]
            second, mark = self._marked(piece, "false", [tests[id(child)]], outer)
            other = [mark, *self._sides(child.expr2, piece, tests, second)]
            made.append(nodes.If(child.test, then, [], other, lineno=child.lineno))
        return made


def _inline(node: nodes.Node) -> Iterator[nodes.CondExpr]:
    """The inline choices of an expression in the order in which their ``if`` stands in the text."""
    if isinstance(node, nodes.CondExpr):
        yield from _inline(node.expr1)
        yield node
        yield from _inline(node.test)
        if node.expr2 is not None:
            yield from _inline(node.expr2)
    else:
        for child in node.iter_child_nodes():
            yield from _inline(child)


def _inline_tests(inner: str) -> list[str]:
    """What stands between each ``if`` and its ``else``."""
    without_literals = _LITERAL.sub(lambda found: "_" * len(found[0]), inner)
    spans = [found.span(1) for found in _INLINE.finditer(without_literals)]
    return [" ".join(inner[start:end].split()) for start, end in spans]


def reads_only(test: str, names: frozenset[str]) -> bool:
    """Whether a condition or list reads nothing but the top-level `names` and literals."""
    found = {name.partition(".")[0] for name in _NAME.findall(_LITERAL.sub("", test))}
    return found - _OPERATORS <= names


def _behind(piece: Piece) -> str:
    """What stands behind ``if``, ``elif`` or ``for``, on one line."""
    inner = piece.inner.strip("-+ \n\t")
    return " ".join(inner.removeprefix(piece.word).split())


def _given(test: str) -> tuple[str, bool] | None:
    """The field whose presence a test asks for, and whether it is true where the field is there."""
    found = _GIVEN.fullmatch(test)
    if found is None or found[2].startswith("loop."):
        return None
    negative = (found[1] is not None) + (found[3] is not None) + (found[4] == "none")
    return found[2], negative % 2 == 0


def _kind(test: str, names: Mapping[str, Type]) -> str:
    found = _GIVEN.fullmatch(test)
    first, *rest = found[2].split(".") if found else [""]
    kind = names.get(first)
    for part in rest:
        kind = kind.fields.get(part) if kind is not None else None
    return "" if kind is None else kind.kind


def untouched(branches: Sequence[Branch], reached: frozenset[Branch]) -> Iterator[Branch]:
    """The outermost branches that nobody took: those inside one of them are not told."""
    for branch in branches:
        if branch not in reached and (branch.outer is None or branch.outer in reached):
            yield branch
