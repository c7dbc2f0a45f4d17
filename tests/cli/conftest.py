"""One prepared bank for all tests; each test that changes it gets a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_parts import CONSENTS, CUSTOMERS, Commands
from support import keep_only


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """A workspace with four customers and two approved communications of two samples each."""
    folder = tmp_path_factory.mktemp("cli")
    ccm = Commands(folder / "bank")
    ccm.run("init", str(ccm.workspace))
    keep_only(ccm.workspace, "payment-received", "savings-offer")
    for sample in (ccm.workspace / "templates").glob("*/samples/*.yaml"):
        if sample.stem not in ("jane-us", "haruka-jp"):
            sample.unlink()
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
