"""How long records must be kept, and how long content may be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ccm.compliance.kinds import RuleParams
from ccm.model.customer import Frozen
from ccm.model.requirements import PolicyRequirements
from ccm.workspace import Workspace
from ccm.workspace.rules import RuleFile

LONG = {"days": 1, "months": 31, "years": 366}
SHORT = {"days": 1, "months": 28, "years": 365}
"""Days of a unit, the most and the fewest: kept is never a day too short, and content never a day too long."""


class Period(Frozen):
    """A number of days, months or years."""

    value: int = Field(ge=1, le=100)
    unit: Literal["days", "months", "years"]


class Params(RuleParams):
    """`at_least`: evidence of the message is kept as long. `at_most`: its content no longer."""

    at_least: Period | None = None
    at_most: Period | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Params:
        if self.at_least is None and self.at_most is None:
            raise ValueError("asks for nothing: give at_least, at_most or both")
        return self


def requires(params: Params, file: RuleFile, workspace: Workspace) -> PolicyRequirements:
    """Both periods in days."""
    least, most = params.at_least, params.at_most
    return PolicyRequirements(
        rules=(file.id,),
        evidence_days=None if least is None else least.value * LONG[least.unit],
        content_days=None if most is None else most.value * SHORT[most.unit],
    )
