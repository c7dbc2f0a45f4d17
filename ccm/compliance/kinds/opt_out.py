"""How soon a refusal must be obeyed, and how far it reaches."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ccm.compliance.kinds import RuleParams
from ccm.model.requirements import OptOut, PolicyRequirements
from ccm.workspace import Workspace
from ccm.workspace.rules import RuleFile
from ccm.workspace.settings import WrongPart

HOURS = {"immediate": 0, "hours": 1, "days": 24, "business_days": 24}
"""Hours in one of the unit, the fewest it can have: a business day may be any day."""


class Params(RuleParams):
    """`within` of `unit`; with ``unit: immediate`` there is no number. `everything`: it ends other matters too."""

    unit: Literal["immediate", "hours", "days", "business_days"]
    within: int | None = Field(default=None, ge=1, le=366)
    everything: bool = False

    @model_validator(mode="after")
    def _number_where_it_belongs(self) -> Params:
        if (self.unit == "immediate") != (self.within is None):
            raise WrongPart("'within' is needed with hours, days and business_days, and not with immediate", "unit")
        return self


def requires(params: Params, file: RuleFile, workspace: Workspace) -> PolicyRequirements:
    """The deadline."""
    words = params.unit if params.within is None else f"{params.within} {params.unit}"
    opt_out = OptOut((params.within or 0) * HOURS[params.unit], words, params.everything)
    return PolicyRequirements(rules=(file.id,), opt_out=opt_out)
