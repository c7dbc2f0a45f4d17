"""How often a customer may be contacted in a window of hours."""

from __future__ import annotations

from pydantic import Field, model_validator

from ccm.compliance.kinds import RuleParams
from ccm.model.requirements import FrequencyLimit, PolicyRequirements
from ccm.workspace import Workspace
from ccm.workspace.rules import RuleFile
from ccm.workspace.settings import WrongPart

LONGEST = 366 * 24
"""Hours of a year: contacts are looked back at, and no law looks further."""


class Params(RuleParams):
    """At most `limit` contacts in any window of `hours` hours or `days` days.

    Counted are contacts of all categories that communications of the rule's scope have, on the rule's channels.
    """

    limit: int = Field(ge=0, le=1000, strict=True)
    hours: int | None = Field(default=None, ge=1, le=LONGEST, strict=True)
    days: int | None = Field(default=None, ge=1, le=366, strict=True)

    @model_validator(mode="after")
    def _one_window(self) -> Params:
        if (self.hours is None) == (self.days is None):
            raise WrongPart("give the window once: hours, or days", "hours" if self.hours else "days")
        return self


def requires(params: Params, file: RuleFile, workspace: Workspace) -> PolicyRequirements:
    """The limit over the categories that the rule is about."""
    scope = file.applies
    categories = {
        communication.category for communication in workspace.communications.values()
        if (not scope.purposes or communication.purpose in scope.purposes)
        and (not scope.categories or communication.category in scope.categories)
        and (not scope.communications or communication.id in scope.communications)
    }  # fmt: skip
    hours = params.hours or (params.days or 0) * 24
    limit = FrequencyLimit(file.id, params.limit, hours, tuple(sorted(categories)), scope.channels)
    return PolicyRequirements(rules=(file.id,), frequency=(limit,))
