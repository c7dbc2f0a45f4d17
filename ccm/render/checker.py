"""Type check of a template's syntax tree, and the rewriting that makes typed values print formatted.

The check is an allow-list: a node that is not named here or in `checker_expressions` is refused. The same
walk returns the tree that is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes

from ccm.render.checker_figures import FIGURES, FigureChecks
from ccm.render.checker_places import places_of
from ccm.render.checker_types import a, facts_of, language_of, path_of
from ccm.render.honorifics import honorific_problems
from ccm.render.placeholders import stray_problems
from ccm.render.schema import RESERVED, UNKNOWN


class Checker(FigureChecks):
    """Checks one template against the names it may use."""

    def check(self, tree: nodes.Template) -> nodes.Template:
        """The tree to compile; whatever is wrong is appended to `problems`."""
        self._language = self.source.language
        self._places = places_of(tree, self.pieces)
        self.problems.extend(stray_problems(self.source, self.pieces.pieces, self.names))
        self.problems.extend(honorific_problems(self.source, self.pieces.pieces))
        return nodes.Template(self._body(tree.body), lineno=1)

    def _body(self, body: Iterable[nodes.Node]) -> list[nodes.Node]:
        checked: list[nodes.Node] = []
        for node in body:
            match node:
                case nodes.Output():
                    checked.append(nodes.Output([self._printed(part) for part in node.nodes], lineno=node.lineno))
                case nodes.If():
                    checked.append(self._if(node))
                case nodes.For():
                    checked.append(self._for(node))
                case _:
                    # The split by blocks has refused them before; this keeps the walk an allow-list by itself.
                    raise AssertionError(f"{type(node).__name__} passed the split into pieces")
        return checked

    def _if(self, node: nodes.If) -> nodes.If:
        assert isinstance(node.test, nodes.Expr)
        self._piece = self._places.pieces.get(id(node))
        test, facts = self._test(node.test)
        self._keep(node, test)
        before, language = self._given, self._language
        self._given = before | facts[0]
        self._language = language or language_of(node.test)
        body = self._body(node.body)
        self._given, self._language = before | facts[1], language
        branches = []
        for branch in node.elif_:
            branches.append(self._if(branch))
            assert isinstance(branch.test, nodes.Expr)
            self._given |= facts_of(branch.test)[1]
        other = self._body(node.else_)
        self._given = before
        return nodes.If(test, body, branches, other, lineno=node.lineno)

    def _for(self, node: nodes.For) -> nodes.For:
        assert isinstance(node.iter, nodes.Expr)
        self._piece = self._places.pieces.get(id(node))
        source, kind = self._expression(node.iter)
        self._require(node.iter, kind)
        if kind.kind not in ("list", "unknown"):
            self._problem(node.iter, f"'for' needs a list, and this is {a(kind)}")
        if node.recursive or node.test is not None:
            self._problem(node.iter, "'for' takes only: for NAME in LIST; put an 'if' inside")
        path = path_of(node.iter) or ""
        if self._loops and path.split(".")[0] not in self._loops and kind.kind != "unknown":
            # Two independent loops in each other would let a short template run for hours.
            self._problem(node.iter, "a 'for' inside another may only go through a list of the outer loop's item")
        if not isinstance(node.target, nodes.Name):
            self._problem(node.target, "'for' takes one name: for NAME in LIST")
            return nodes.For(nodes.Name("_", "store"), source, [], [], None, False, lineno=node.lineno)
        name = node.target.name
        self._keep(node, nodes.For(nodes.Name(name, "store"), source, [], [], None, False, lineno=node.lineno))
        if name in self.names or name in RESERVED or name in self._loops or self._reserved(name):
            self._problem(node.target, f"'{name}' is taken; give the loop's item another name")
        elif not name.isascii():
            self._problem(node.target, "a name has only letters a to z, digits and _")
        outer = self._loops
        self._loops = {**outer, name: kind.item or UNKNOWN}
        body = self._body(node.body)
        self._loops = outer
        other = self._body(node.else_)
        return nodes.For(nodes.Name(name, "store"), source, body, other, None, False, lineno=node.lineno)

    def _reserved(self, name: str) -> bool:
        return name.startswith("_") and name not in self.pieces.assigned

    def _printed(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.TemplateData):
            return node
        self._piece = self._places.pieces.get(id(node))
        shown = self._shown(node)
        self._keep(node, shown)
        return shown

    def _keep(self, node: nodes.Node, code: nodes.Expr | nodes.For) -> None:
        """Puts what is compiled for a piece where whoever joins the pieces finds it."""
        if piece := self._places.pieces.get(id(node)):
            self.code[id(piece)] = code

    def _shown(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.Filter) and node.name in FIGURES:
            return self._figure(node)
        checked, kind = self._expression(node)
        self._require(node, kind)
        if kind.kind == "wording" and path_of(node) is None:
            self._problem(node, "wording can only be printed by itself, as in {{ wording.fee_notice }}")
        return self._formatted(node, checked, kind)
