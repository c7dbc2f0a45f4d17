"""Values that are the same in every message of a language, written into a template when it is compiled.

Name, address and telephone of the organisation and the shared strings make up most of what an e-mail prints;
as text of the template they are escaped once and joined with the markup around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

Constants = Mapping[str, Mapping[str, str]]
"""By name and field, such as ``organisation`` and ``phone``."""


def folded(code: nodes.Expr | nodes.For, constants: Constants) -> nodes.Expr | nodes.For:
    """Checked code with the constants in place of their fields; `code` itself stays as it is."""
    made: nodes.Expr | nodes.For = _folded(code, constants)
    return made


def _folded(part: Any, constants: Constants) -> Any:
    match part:
        case nodes.Getitem(node=nodes.Name(name=base), arg=nodes.Const(value=field)):
            value = constants.get(base, {}).get(field)
            return part if value is None else nodes.Const(value, lineno=part.lineno)
        case nodes.Node():
            return type(part)(*(_folded(value, constants) for _, value in part.iter_fields()), lineno=part.lineno)
        case list():
            return [_folded(value, constants) for value in part]
    return part
