"""What tests of explanations share."""

from datetime import datetime
from typing import Any

import pytest
from explain_parts import AT, Explain
from support import Bank

from ccm.decide import Facts, decide
from ccm.decide.grounds import Grounds
from ccm.pipeline.explain import told, tried
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy


@pytest.fixture
def explain(bank: Bank) -> Explain:
    """The lines in which a decision about the savings offer is told."""

    def lines(language: str, facts: Facts, policy: Policy | None = None, at: datetime = AT, **terms: Any) -> str:
        workspace = bank.project.workspace
        offer = workspace.communications["savings-offer"]
        about = Communication.model_validate(offer.model_dump() | terms)
        by = policy or workspace.policy
        decision = decide(about, by, workspace.channels, facts, at)
        grounds = Grounds(about, by, workspace.channels, facts.requirements)
        with bank.project.store.read() as connection:
            return "\n".join(told(tried(bank.project, connection, decision, grounds, facts, language), language))

    return lines
