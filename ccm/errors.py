"""Every error that ccm raises on purpose.

The type says what the caller does next: mend the input (`InputError` and its kin), ask another
person (`NotAllowed`), try again later (`TryAgain`) or stop and look (`IntegrityError`). A message
names the place, the value and what would be right, as in
``compliance/rules/CW01.yaml:7: kind 'require' is none of forbid_words, require_wording``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and where.

    `path` is relative to the workspace; `line` and `column` count from 1, and 0 means "the whole file".
    """

    path: str
    line: int
    message: str
    column: int = 0
    code: str = ""

    def __str__(self) -> str:
        place = self.path
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        return f"{place}: {self.message}"


class CcmError(Exception):
    """Base of all errors raised on purpose; anything else that escapes is a defect."""


class InputError(CcmError):
    """What was handed in is wrong; the message says where and what would be right."""


class ProblemsError(InputError):
    """Several problems of one reading, all at once.

    Attributes: `problems`, a sorted tuple of `Problem`.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ProblemsError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class WorkspaceError(ProblemsError):
    """The workspace (ccm.toml, templates, compliance, channels) does not load."""


class TemplateError(ProblemsError):
    """A template does not compile: unknown name, forbidden construct, wrong type."""


class RenderError(CcmError):
    """One message could not be rendered (missing data, a glyph no font has, output over the limit).

    Stops that message only. Attributes: `reason`, a short stable code such as ``missing_data``.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")

    def __reduce__(self) -> tuple[type[RenderError], tuple[str, str]]:
        return type(self), (self.reason, self.detail)


class NotFound(InputError):
    """A thing that was named does not exist."""


class NotAllowed(CcmError):
    """The person, or the state of the thing, does not permit this; nothing was changed."""


class Conflict(CcmError):
    """Somebody else did it first; nothing was changed."""


class TryAgain(CcmError):
    """A passing condition (lock, full disk, lost worker); the same call may succeed later."""


class IntegrityError(CcmError):
    """What is stored does not agree with what was recorded: stop and look."""


class Erased(CcmError):
    """The content was destroyed by an erasure or a disposal; nobody can bring it back."""


class SupplierRefused(CcmError):
    """The supplier said no, definitely: nothing went out.

    Attributes: `code` (the supplier's own), `permanent` (False: the same message may be tried later).
    """

    def __init__(self, code: str, detail: str, *, permanent: bool = True) -> None:
        self.code = code
        self.detail = detail
        self.permanent = permanent
        super().__init__(f"{code}: {detail}")


class OutcomeUnknown(CcmError):
    """The supplier may or may not have taken the message; it must not be sent again blindly."""
