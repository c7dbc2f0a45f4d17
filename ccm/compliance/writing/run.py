"""Finds the checks, runs them, and puts what they find in lines for people."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from ccm.compliance.writing import checks as checks_package
from ccm.compliance.writing.places import Found, locate
from ccm.compliance.writing.written import Code, Context, Hit, Remark, Written
from ccm.workspace import Workspace
from ccm.workspace.writing import Severity, Silence, Writing

LONGEST_FOUND = 60
"""Characters of the words that are shown."""


@dataclass(frozen=True)
class Check:
    """One check module."""

    name: str
    codes: tuple[Code, ...]
    one: Callable[[Written, Context], Iterable[Hit]] | None
    together: Callable[[Sequence[Written], Context], Iterable[tuple[Written, Hit]]] | None
    brand: Callable[[Context], Iterable[Hit]] | None


def scan(package: ModuleType) -> tuple[Check, ...]:
    """Every check of a package, in order of its name.

    Raises whatever a module raises on import, TypeError for one that lacks `CODES` or any function, and
    ValueError for a code that two of them give.
    """
    found: list[Check] = []
    taken: dict[str, str] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        codes = getattr(module, "CODES", None)
        if not (isinstance(codes, tuple) and codes and all(isinstance(code, Code) for code in codes)):
            raise TypeError(f"check {module.__name__} has no CODES, a tuple of Code")
        functions = [getattr(module, name, None) for name in ("check", "check_together", "check_brand")]
        if not any(map(callable, functions)):
            raise TypeError(f"check {module.__name__} has none of check, check_together and check_brand")
        for code in codes:
            if taken.setdefault(code.code, info.name) != info.name:
                raise ValueError(f"checks {taken[code.code]} and {info.name} both give {code.code}")
        found.append(Check(info.name, codes, *functions))
    return tuple(found)


CHECKS = scan(checks_package)
"""Every check there is. Loaded with this module, so that a broken one stops the program at its start."""
CODES: Mapping[str, Code] = {code.code: code for check in CHECKS for code in check.codes}


def context_of(workspace: Workspace, writing: Writing) -> Context:
    """What the checks need to know of a workspace."""
    settings = workspace.settings
    staff = (*(person.name for person in settings.people), *writing.settings.staff)
    return Context(writing, settings.organisation, staff, workspace.brand)


def remarks(context: Context, messages: Sequence[Written], checks: Sequence[Check] = CHECKS) -> tuple[Remark, ...]:
    """Everything the checks say of these messages, sorted; what several samples share is told once."""
    codes = {code.code: code for check in checks for code in check.codes}
    told: dict[tuple[str, int, int, str, str], Remark] = {}
    for written, hit in _hits(context, messages, checks):
        remark = _remark(context, codes[hit.code], written, hit)
        if remark is not None:
            # One line for one place: what stands there differs between samples, and lists overlap.
            key = remark.path, remark.line, remark.column, remark.code, "" if remark.line else remark.found
            told[key] = min(told.get(key, remark), remark, key=lambda one: (-len(one.found), one))
    return tuple(sorted(told.values()))


def brand_remarks(context: Context, checks: Sequence[Check] = CHECKS) -> tuple[Remark, ...]:
    """Everything the checks say of the layouts, sorted."""
    codes = {code.code: code for check in checks for code in check.codes}
    found = [
        _line(codes[hit.code], severity, hit, Found(hit.path, hit.line, hit.column), None)
        for check in checks
        if check.brand
        for hit in check.brand(context)
        if (severity := _severity(context, codes[hit.code])) != "off"
    ]
    return tuple(sorted(set(found)))


def _hits(context: Context, messages: Sequence[Written], checks: Sequence[Check]) -> Iterator[tuple[Written, Hit]]:
    active = [check for check in checks if any(_severity(context, code) != "off" for code in check.codes)]
    for check in active:
        if check.one:
            for written in messages:
                for hit in check.one(written, context):
                    yield written, hit
        if check.together:
            yield from check.together(messages, context)


def _remark(context: Context, code: Code, written: Written, hit: Hit) -> Remark | None:
    severity = _severity(context, code)
    if severity == "off" or (code.channels and written.channel not in code.channels) or _silent(context, code, written):
        return None
    found = Found(hit.path, hit.line, hit.column) if hit.path else locate(hit, written)
    if found.value and not code.of_data:
        return None
    return _line(code, severity, hit, found, written)


def _line(code: Code, severity: Severity, hit: Hit, found: Found, written: Written | None) -> Remark:
    words = " ".join(hit.found.split())
    if len(words) > LONGEST_FOUND:
        words = words[: LONGEST_FOUND - 1].rstrip() + "…"
    what = f"{code.what}: '{words}'" if words else code.what
    if found.value:
        what += f" (comes with {found.value})"
    return Remark(
        found.path, found.line, found.column, code.code, severity, what, code.why, hit.mend or code.mend,
        written.communication.id if written else "", written.sample if written else "",
        written.channel if written else "", written.language if written else "",
    )  # fmt: skip


def _severity(context: Context, code: Code) -> Severity | Literal["off"]:
    return context.writing.settings.severity.get(code.code, code.severity)


def _silent(context: Context, code: Code, written: Written) -> bool:
    return any(
        silence.code == code.code and _within(silence, written) for silence in context.writing.settings.exceptions
    )


def _within(silence: Silence, written: Written) -> bool:
    communication = written.communication
    return (
        (not silence.communications or communication.id in silence.communications)
        and (not silence.categories or communication.category in silence.categories)
        and (not silence.channels or written.channel in silence.channels)
        and (not silence.languages or written.language in silence.languages)
    )
