"""What the pages that commands write are made with."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment, FunctionLoader, StrictUndefined


def page_environment(source: Callable[[str], str]) -> Environment:
    """Jinja for pages whose texts are other people's: everything is escaped. `source` gives a template by its name."""
    return Environment(
        loader=FunctionLoader(source), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
