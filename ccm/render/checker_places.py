"""Where each node of a syntax tree stands: Jinja's tree knows lines only, its lexer knows columns too.

Both tell of the same names in the same order, so that a walk in the order of the text brings them together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import nodes

from ccm.render.language import Piece, Pieces


@dataclass(slots=True)
class Places:
    """The places of one tree's nodes, by the nodes' identity."""

    names: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of a name, field, filter, test or form: line and column."""
    pieces: dict[int, Piece] = field(default_factory=dict)
    """Of a printed expression, `if` or `for`: the piece that it stands in."""

    def of(self, node: nodes.Node, piece: Piece | None) -> tuple[int, int]:
        """Line and column of a node, or of the first name in it, or of its `piece`."""
        for part in (node, *_in_order(node)):
            if id(part) in self.names:
                return self.names[id(part)]
        return (piece.line, piece.column) if piece is not None else (node.lineno, 0)


def places_of(tree: nodes.Template, pieces: Pieces) -> Places:
    """The place of every node that the pieces tell of."""
    result = Places()
    seen: dict[str, int] = defaultdict(int)
    printed = iter([piece for piece in pieces.pieces if piece.kind == "expression"])
    blocks = iter([piece for piece in pieces.pieces if piece.word in ("if", "elif", "for")])
    for node in _in_order(tree):
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                if not isinstance(part, nodes.TemplateData) and (piece := next(printed, None)):
                    result.pieces[id(part)] = piece
        elif isinstance(node, nodes.If | nodes.For) and (piece := next(blocks, None)):
            result.pieces[id(node)] = piece
        if (name := _name_of(node)) is not None:
            places = pieces.places.get(name, [])
            if seen[name] < len(places):
                result.names[id(node)] = places[seen[name]]
            seen[name] += 1
    return result


def _name_of(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name() | nodes.Filter() | nodes.Test():
            return node.name
        case nodes.Getattr():
            return node.attr
        case nodes.Keyword():
            return node.key
    return None


def _in_order(node: nodes.Node) -> Iterator[nodes.Node]:
    """The nodes in the order in which their own names stand in the text."""
    rest: list[nodes.Node | None]
    match node:
        case nodes.Getattr() | nodes.Filter() | nodes.Test():
            # The value comes before the name of what is taken from it or done to it.
            if node.node is not None:
                yield from _in_order(node.node)
            yield node
            rest = [] if isinstance(node, nodes.Getattr) else [*node.args, *node.kwargs, node.dyn_args, node.dyn_kwargs]
        case nodes.CondExpr():
            yield node
            rest = [node.expr1, node.test, node.expr2]
        case nodes.For():
            yield node
            rest = [node.target, node.iter, node.test, *node.body, *node.else_]
        case _:
            yield node
            rest = list(node.iter_child_nodes())
    for child in rest:
        if child is not None:
            yield from _in_order(child)
