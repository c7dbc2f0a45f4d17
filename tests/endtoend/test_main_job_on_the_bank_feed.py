"""The main job on the shared bank feed, by the commands that people type, on SQLite and on PostgreSQL.

1,229 account owners and 20,897 bookings, dirty on purpose.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support import SHARED
from typer.testing import CliRunner

from ccm.cli.main import app
from ccm.store import Store
from ccm.store.tables import messages

BANK = SHARED / "bank"
pytestmark = pytest.mark.skipif(not BANK.is_dir(), reason="the shared bank feed (shared/data/bank) is not here")
FILES = {
    "customers": "customers", "accounts": "accounts", "transactions": "transactions", "preferences": "preferences",
    "consents": "consents", "cases": "cases", "history": "contact_history",
}  # fmt: skip
CUSTOMERS = 1229
LINK_KEY = ".ccm/keys/links.key"
RUN_AT = "2026-04-01T00:30:00Z"


class Commands:
    """Runs `ccm` as a person would: each command in a process of its own, or, to be quicker, all in this one."""

    def __init__(self, workspace: Path, store_url: str, *, processes: bool) -> None:
        self.workspace, self.processes = workspace, processes
        self.environment = {"CCM_STORE_URL": store_url}

    def __call__(self, *words: str, status: int = 0) -> dict[str, Any]:
        arguments = [*words, "--json"]
        if words[0] != "init":
            arguments += ["--workspace", str(self.workspace)]
        ended, output, told = self._in_a_process(arguments) if self.processes else self._here(arguments)
        assert ended == status, told
        result: dict[str, Any] = json.loads(output)
        return result

    def _in_a_process(self, arguments: list[str]) -> tuple[int, str, str]:
        command, environment = [sys.executable, "-m", "ccm", *arguments], {**os.environ, **self.environment}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        return done.returncode, done.stdout, done.stderr

    def _here(self, arguments: list[str]) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, arguments, env=self.environment)
        return done.exit_code, done.stdout, f"{done.stderr} {done.exception!r}"


def main_job(ccm: Commands, limit: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Everything from the export to the verified log; the certificates of statements, up to `limit`, and offers."""
    for kind, name in FILES.items():
        [report] = ccm("import", kind, str(BANK / f"{name}.csv"), status=1 if kind == "customers" else 0)["files"]
        assert report["rows_set_aside"] == 0
        assert report["fields_set_aside"] == (25 + 27 if kind == "customers" else 0)
    runs = []
    for communication, options in (("savings-offer", ()), ("quarterly-statement", ("--limit", str(limit)))):
        digest = ccm("submit", communication, "--as", "mika")["digest"]
        ccm("approve", digest, "--as", "aoi")
        runs.append(ccm("run", "start", communication, "--at", RUN_AT, *options)["run"])
    for moment in ("2026-04-01T10:00:00Z", "2026-04-01T19:00:00Z"):
        ccm("deliver", "--once", "--at", moment)
    offer, statement = (ccm("run", "certificate", run) for run in runs)
    assert ccm("log", "verify")["verifies"]
    return statement, offer


def feed_states(first: int) -> Counter[str]:
    """How many of the feed's first customers, in order of id, are deceased, closed or active."""
    with (BANK / "customers.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: row["customer_id"])
    return Counter(row["status"] for row in rows[:first])


def outcomes(store_url: str, workspace: Path) -> dict[str, tuple[Any, ...]]:
    """What became of each customer's message, by communication and customer; of offers, byte for byte."""
    columns = [messages.c[name] for name in ("state", "reason", "detail", "channel", "language", "subject", "pages")]
    query = select(messages.c.communication, messages.c.customer_id, messages.c.body_digest, *columns)
    with Store(store_url, workspace).read() as connection:
        # A run of the first customers only has another name, which stands in its messages' ids, and so in the bodies.
        return {
            f"{communication} {customer}": (digest if communication == "savings-offer" else None, *others)
            for communication, customer, digest, *others in connection.execute(query)
        }


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_the_main_job_accounts_for_every_customer_and_is_the_same_on_both_databases(
    tmp_path: Path, new_store_url: Callable[[], str]
) -> None:
    urls = {"sqlite": f"sqlite:///{tmp_path / 'bank.db'}", "postgresql": new_store_url()}
    limits = {"sqlite": 60, "postgresql": 40}  # letters take most of the time, and the words are the same
    certificates, found = {}, {}
    for name, url in urls.items():
        ccm = Commands(tmp_path / name, url, processes=name == "sqlite")
        ccm("init", str(ccm.workspace))
        if name != "sqlite":  # links in messages are the same where their key is
            shutil.copyfile(tmp_path / "sqlite" / LINK_KEY, ccm.workspace / LINK_KEY)
            (ccm.workspace / LINK_KEY).chmod(0o600)
        statement, offer = certificates[name] = main_job(ccm, limits[name])
        found[name] = outcomes(url, ccm.workspace)
        assert (statement["intended"], offer["intended"]) == (limits[name], CUSTOMERS)
        for certificate in (statement, offer):
            withheld = certificate["withheld_by_reason"]
            states = feed_states(certificate["intended"])
            assert (withheld["deceased"], withheld["closed"]) == (states["deceased"], states["closed"])
        for certificate in (statement, offer):
            assert certificate["adds_up"]
            assert certificate["failed"] == certificate["unknown"] == 0
        handed_over = (ccm.workspace / ".ccm/outbox").rglob("*")
        bodies = [path for path in handed_over if path.suffix in (".eml", ".pdf", ".txt")]
        assert len(bodies) == statement["sent"] + offer["sent"]
    statement, offer = certificates["sqlite"]
    assert (offer["withheld_by_reason"]["deceased"], offer["withheld_by_reason"]["closed"]) == (8, 10)
    assert set(statement["set_aside_by_reason"]) == {"balance_does_not_reconcile"}
    assert offer["withheld_by_reason"]["complaint_open"] > 40
    assert certificates["postgresql"][1] == offer
    assert len(found["postgresql"]) == CUSTOMERS + limits["postgresql"]
    assert found["postgresql"].items() <= found["sqlite"].items(), "the databases disagree"
