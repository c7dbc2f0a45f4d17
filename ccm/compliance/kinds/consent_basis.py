"""What a message must rest on: the weakest basis of consent that is enough."""

from __future__ import annotations

from ccm.compliance.kinds import RuleParams
from ccm.model.requirements import ConsentBasis, PolicyRequirements
from ccm.workspace import Workspace
from ccm.workspace.rules import RuleFile


class Params(RuleParams):
    """`basis`: see `ccm.model.requirements.ConsentBasis`, weakest first."""

    basis: ConsentBasis


def requires(params: Params, file: RuleFile, workspace: Workspace) -> PolicyRequirements:
    """The basis, and the rule that asks for it."""
    asking = (file.id,) if params.basis != "none" else ()
    return PolicyRequirements(rules=(file.id,), consent=params.basis, consent_rules=asking)
