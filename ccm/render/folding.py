"""Values that are the same in every message of a language, written into a template when it is compiled.

Name, address and telephone of the organisation and the shared strings make up most of what an e-mail prints;
as text of the template they are escaped once and joined with the markup around them.
"""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

Constants = Mapping[str, Mapping[str, str]]
"""By name and field, such as ``organisation`` and ``phone``."""


def fold(tree: nodes.Template, constants: Constants) -> None:
    """Puts the constants in place of the fields of a checked tree."""
    _Folding(constants).visit(tree)


class _Folding(NodeTransformer):
    def __init__(self, constants: Constants) -> None:
        self._constants = constants

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 (Jinja's name)
        self.generic_visit(node)
        match node:
            case nodes.Getitem(node=nodes.Name(name=base), arg=nodes.Const(value=field)):
                value = self._constants.get(base, {}).get(field)
                if value is not None:
                    return nodes.Const(value, lineno=node.lineno)
        return node
