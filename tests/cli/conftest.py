"""One prepared bank for all tests; each test that changes it gets a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_parts import CONSENTS, CUSTOMERS, Commands


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """A workspace with four customers and two approved communications; the slow statement is taken out."""
    folder = tmp_path_factory.mktemp("cli")
    ccm = Commands(folder / "bank")
    ccm.run("init", str(ccm.workspace))
    shutil.rmtree(ccm.workspace / "templates" / "quarterly-statement")
    for rule in ("CW01", "CW02"):
        (ccm.workspace / "compliance" / "rules" / f"{rule}.yaml").unlink()
    for wording in ("deposit-protection", "fee-notice"):
        shutil.rmtree(ccm.workspace / "compliance" / "wording" / wording)
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (folder / "consents.csv").write_text(CONSENTS, encoding="utf-8")
    ccm.run("import", "customers", str(folder / "customers.csv"))
    ccm.run("import", "consents", str(folder / "consents.csv"))
    ccm.approve("payment-received")
    ccm.approve("savings-offer")
    return ccm


@pytest.fixture
def ccm(template: Commands, tmp_path: Path) -> Commands:
    """`ccm` on a copy of the prepared bank. The path has a space and Japanese in it."""
    workspace = tmp_path / "銀行 one"
    shutil.copytree(template.workspace, workspace)
    return Commands(workspace)
