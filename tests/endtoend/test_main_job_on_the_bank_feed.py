"""The main job on the shared bank feed, by the commands that people type, on SQLite and on PostgreSQL.

1,229 account owners and 20,897 bookings, dirty on purpose. About two minutes on two cores.
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
from sqlalchemy import select
from support import SHARED

from ccm.store import Store
from ccm.store.tables import messages

BANK = SHARED / "bank"
pytestmark = pytest.mark.skipif(not BANK.is_dir(), reason="the shared bank feed (shared/data/bank) is not here")
FILES = {
    "customers": "customers", "accounts": "accounts", "transactions": "transactions", "preferences": "preferences",
    "consents": "consents", "cases": "cases", "history": "contact_history",
}  # fmt: skip
CUSTOMERS = 1229
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


def main_job(ccm: Commands, statements: int) -> dict[str, Any]:
    """Everything from the export to the verified log; returns both certificates. `statements` is the run's limit."""
    ccm("init", str(ccm.workspace))
    for kind, name in FILES.items():
        [report] = ccm("import", kind, str(BANK / f"{name}.csv"), status=1 if kind == "customers" else 0)["files"]
        assert report["rows_set_aside"] == 0
        assert report["fields_set_aside"] == (25 + 27 if kind == "customers" else 0)
    for communication, limit in (("savings-offer", CUSTOMERS), ("quarterly-statement", statements)):
        digest = ccm("submit", communication, "--as", "mika")["digest"]
        ccm("approve", digest, "--as", "aoi")
        ccm("run", "start", communication, "--at", RUN_AT, "--limit", str(limit))
    for moment in ("2026-04-01T10:00:00Z", "2026-04-01T19:00:00Z"):
        ccm("deliver", "--once", "--at", moment)
    certificates = {run: ccm("run", "certificate", run) for run in (STATEMENT, OFFER)}
    assert ccm("log", "verify")["verifies"]
    return certificates


def outcomes(store_url: str, workspace: Path) -> dict[str, dict[str, Any]]:
    """What became of each customer's message, by communication and customer."""
    columns = ("communication", "customer_id", "id", "state", "reason", "channel", "language", "body_digest", "pages")
    with Store(store_url, workspace).read() as connection:
        rows = connection.execute(select(*(messages.c[name] for name in columns))).mappings()
        return {f"{row['communication']} {row['customer_id']}": dict(row) for row in rows}


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_the_main_job_accounts_for_every_customer_and_is_the_same_on_both_databases(
    tmp_path: Path, new_store_url: Callable[[], str]
) -> None:
    urls = {"sqlite": f"sqlite:///{tmp_path / 'bank.db'}", "postgresql": new_store_url()}
    limits = {"sqlite": CUSTOMERS, "postgresql": 150}  # letters take most of the time, and the words are the same
    certificates, found = {}, {}
    for name, url in urls.items():
        ccm = Commands(tmp_path / name, url)
        certificates[name] = main_job(ccm, limits[name])
        found[name] = outcomes(url, ccm.workspace)
        statement, offer = certificates[name][STATEMENT], certificates[name][OFFER]
        assert (statement["intended"], offer["intended"]) == (limits[name], CUSTOMERS)
        for certificate in (statement, offer):
            assert certificate["adds_up"]
            assert certificate["failed"] == certificate["unknown"] == 0
        bodies = [
            path for path in (ccm.workspace / ".ccm/outbox").rglob("*") if path.suffix in (".eml", ".pdf", ".txt")
        ]
        assert len(bodies) == statement["sent"] + offer["sent"]
    statement, offer = (certificates["sqlite"][run] for run in (STATEMENT, OFFER))
    assert statement["withheld_by_reason"]["deceased"] == offer["withheld_by_reason"]["deceased"] == 8
    assert statement["withheld_by_reason"]["closed"] == offer["withheld_by_reason"]["closed"] == 10
    assert set(statement["set_aside_by_reason"]) == {"balance_does_not_reconcile"}
    assert offer["withheld_by_reason"]["complaint_open"] > 40
    assert certificates["postgresql"][OFFER] == offer
    assert len(found["postgresql"]) == CUSTOMERS + 150
    assert found["postgresql"].items() <= found["sqlite"].items(), "the databases disagree"
