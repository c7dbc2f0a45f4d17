"""The main job on the shared bank feed, by the commands that people type, on SQLite and on PostgreSQL.

1,229 account owners and 20,897 bookings, dirty on purpose. About two minutes a database on two cores.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import SHARED

BANK = SHARED / "bank"
pytestmark = pytest.mark.skipif(not BANK.is_dir(), reason="the shared bank feed (shared/data/bank) is not here")
FILES = {
    "customers": "customers", "accounts": "accounts", "transactions": "transactions", "preferences": "preferences",
    "consents": "consents", "cases": "cases", "history": "contact_history",
}  # fmt: skip
RUN_AT = "2026-04-01T00:30:00Z"
STATEMENT, OFFER = "quarterly-statement-2026-01-01--2026-03-31", "savings-offer-20260401T003000Z"


class Commands:
    """Runs `ccm` as a person would, in processes of its own."""

    def __init__(self, workspace: Path, store_url: str) -> None:
        self.workspace = workspace
        self.environment = {**os.environ, "CCM_STORE_URL": store_url}

    def __call__(self, *words: str, status: int = 0) -> dict[str, Any]:
        command = [sys.executable, "-m", "ccm", *words, "--json"]
        if words[0] != "init":
            command += ["--workspace", str(self.workspace)]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment, check=False)
        assert done.returncode == status, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result


def main_job(ccm: Commands) -> dict[str, Any]:
    """Everything from the export to the verified log; returns both certificates."""
    ccm("init", str(ccm.workspace))
    for kind, name in FILES.items():
        [report] = ccm("import", kind, str(BANK / f"{name}.csv"), status=1 if kind == "customers" else 0)["files"]
        assert report["rows_set_aside"] == 0
        assert report["fields_set_aside"] == (25 + 27 if kind == "customers" else 0)
    for communication in ("quarterly-statement", "savings-offer"):
        digest = ccm("submit", communication, "--as", "mika")["digest"]
        ccm("approve", digest, "--as", "aoi")
        ccm("run", "start", communication, "--at", RUN_AT)
    for moment in ("2026-04-01T10:00:00Z", "2026-04-01T19:00:00Z"):
        ccm("deliver", "--once", "--at", moment)
    certificates = {run: ccm("run", "certificate", run) for run in (STATEMENT, OFFER)}
    assert ccm("log", "verify")["verifies"]
    return certificates


@pytest.fixture(scope="module")
def certificates() -> dict[str, dict[str, Any]]:
    """Certificates by database, so that the second database is compared with the first."""
    return {}


def test_the_main_job_accounts_for_every_customer_and_is_the_same_on_both_databases(
    tmp_path: Path, new_store_url: Callable[[], str], dialect: str, certificates: dict[str, dict[str, Any]]
) -> None:
    ccm = Commands(tmp_path / "bank", new_store_url())
    certificates[dialect] = main_job(ccm)
    statement, offer = certificates[dialect][STATEMENT], certificates[dialect][OFFER]
    for found in (statement, offer):
        assert found["intended"] == 1229
        assert found["adds_up"]
        assert found["failed"] == found["unknown"] == 0
    assert statement["withheld_by_reason"]["deceased"] == offer["withheld_by_reason"]["deceased"] == 8
    assert statement["withheld_by_reason"]["closed"] == offer["withheld_by_reason"]["closed"] == 10
    # An address that the envelope's window would hide sets a letter aside too, where the feed has such.
    assert {"balance_does_not_reconcile"} <= statement["set_aside_by_reason"].keys() <= {
        "balance_does_not_reconcile", "address_hidden",
    }  # fmt: skip
    assert offer["withheld_by_reason"]["complaint_open"] > 40
    outbox = tmp_path / "bank" / ".ccm" / "outbox"
    bodies = [path for path in outbox.rglob("*") if path.suffix in (".eml", ".pdf", ".txt")]
    assert len(bodies) == statement["sent"] + offer["sent"]
    first, *others = certificates.values()
    assert all(other == first for other in others), "the databases disagree"
