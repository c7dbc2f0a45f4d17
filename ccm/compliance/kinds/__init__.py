"""Rule kinds: one module each, found by looking into this folder.

A module named ``forbid_words`` is the kind ``forbid_words``. It holds `Params`, a `RuleParams`, and one of two pure
functions: ``check(params, message)``, which returns one sentence for each thing that is wrong with a rendered message,
or ``requires(params, file, workspace)``, which returns what a decision must obey. Kinds with the second are kinds of
policy.
A module that does not load stops the program: a rule that is not run must not look like one that passed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Self

from ccm.compliance.text import CheckedText
from ccm.model.customer import Frozen
from ccm.model.requirements import PolicyRequirements
from ccm.workspace import Workspace
from ccm.workspace.rules import RuleFile
from ccm.workspace.settings import Slug
from ccm.workspace.yamlreader import Loc

__all__ = ["Kind", "NamesWording", "RuleParams", "scan"]


class RuleParams(Frozen):
    """Base of every kind's `Params`."""

    def problems(self, workspace: Workspace) -> Iterator[tuple[Loc, str]]:
        """What in the params does not agree with the workspace: where in the params, and a message."""
        return iter(())

    def required_wording(self) -> tuple[frozenset[str], int]:
        """Wording ids of which a message needs some slots, and how many of them it needs."""
        return frozenset(), 0

    def bound(self, workspace: Workspace) -> Self:
        """The params with everything that comes from the workspace filled in."""
        return self


class NamesWording(RuleParams):
    """Base of params that name wordings: those must exist."""

    wording: tuple[Slug, ...] = ()

    def problems(self, workspace: Workspace) -> Iterator[tuple[Loc, str]]:
        known = ", ".join(sorted(workspace.wording_ids)) or "none yet"
        for index, wording_id in enumerate(self.wording):
            if wording_id not in workspace.wording_ids:
                yield ("wording", index), f"wording '{wording_id}' does not exist; there are: {known}"


@dataclass(frozen=True)
class Kind:
    """One kind of rule."""

    name: str
    params: type[RuleParams]
    check: Callable[[Any, CheckedText], list[str]] | None
    requires: Callable[[Any, RuleFile, Workspace], PolicyRequirements] | None = None

    @property
    def is_policy(self) -> bool:
        """Whether its rules shape decisions and look at no text."""
        return self.requires is not None


def scan(package: ModuleType) -> dict[str, Kind]:
    """Every kind of a package, by name.

    Raises whatever a module raises on import, and TypeError for one that lacks `Params`, or has not exactly one of
    `check` and `requires`.
    """
    kinds = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        params = getattr(module, "Params", None)
        check, requires = getattr(module, "check", None), getattr(module, "requires", None)
        if not (isinstance(params, type) and issubclass(params, RuleParams)):
            raise TypeError(f"rule kind {module.__name__} has no class Params based on RuleParams")
        if callable(check) == callable(requires):
            either = "check(params, message) or requires(params, file, workspace)"
            raise TypeError(f"rule kind {module.__name__} has no function {either}, or both")
        kinds[info.name] = Kind(info.name, params, check, requires)
    return kinds
