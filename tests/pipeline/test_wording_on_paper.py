"""What a wording asks of its place and its type holds for real letters and messages, in English and Japanese."""

from __future__ import annotations

from typing import Any

import pytest
from support import RUN_AT, Bank

from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.store import feeds

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


def statements(bank: Bank, **change: Any) -> list[Composed]:
    """Some customers' statements, with deposit-protection wording that asks for something else."""
    workspace = bank.project.workspace
    wordings = tuple(
        wording.model_copy(update=change) if wording.id == "deposit-protection" else wording
        for wording in workspace.wordings
    )
    object.__setattr__(workspace, "wordings", wordings)
    bank.project._compiled = {}
    compiled = bank.project.compiled("quarterly-statement")
    start, end = compiled.data.period(RUN_AT)
    with bank.project.store.read() as connection:
        customers = feeds.customers(connection, feeds.customer_ids(connection, None, 40))
    by_language: dict[str, list[str]] = {"en": [], "ja": []}
    for name, customer in sorted(customers.items()):
        by_language[customer.language[:2]].append(name)
    ids = [name for names in by_language.values() for name in names[:4]]
    occasion = Occasion("x", "run", RUN_AT, {"period_start": start, "period_end": end})
    found, _ = compose(bank.project, compiled, occasion, ids)
    return [one for one in found if one.decision.channel in ("letter", "email") and one.state != "set_aside"]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"minimum_points": 8.0}, ""),
        ({"minimum_points": 40.0}, "wording: wording 'deposit-protection' is printed in "),
        ({"position": "start"}, "wording: wording 'deposit-protection' must stand at the start"),
        ({"position": "beside", "beside": ("no such words", "ない言葉")}, ""),
    ],
)
def test_a_letter_whose_wording_is_too_small_or_elsewhere_is_withheld(
    bank: Bank, change: dict[str, Any], detail: str
) -> None:
    found = statements(bank, **change)
    assert {one.language for one in found} == {"en", "ja"}
    for one in found:
        assert (one.state, one.reason) == (("withheld", "rule_wording") if detail else ("due", one.reason))
        assert one.detail.startswith(detail)
