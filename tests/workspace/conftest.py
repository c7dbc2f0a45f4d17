"""A small workspace to break: one communication, one wording in two versions, one rule."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import copy_workspace, without_lost_link

from ccm.errors import WorkspaceError
from ccm.workspace import load_workspace


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copy_workspace(tmp_path_factory.mktemp("workspace") / "small")
    for folder in (root / "templates").iterdir():
        if folder.name not in ("_brand", "payment-received"):
            shutil.rmtree(folder)
    without_lost_link(root)
    kept = {"gb-en-1.yaml", "gb-en-2.yaml", "GN01.yaml"}
    for file in (root / "compliance").rglob("*.yaml"):
        if file.name not in kept or file.parent.name not in ("deposit-protection", "rules"):
            file.unlink()
    policy = root / "channels" / "policy.yaml"
    policy.write_text(policy.read_text().replace("offers]", "payments]"))
    return root


@pytest.fixture
def small(small_template: Path, tmp_path: Path) -> Path:
    """The small workspace, to change at will; it loads."""
    root = tmp_path / "small"
    shutil.copytree(small_template, root)
    return root


@pytest.fixture
def problems(small: Path) -> Callable[[], list[str]]:
    """Loads the small workspace and returns what is wrong, as a person reads it."""

    def load() -> list[str]:
        try:
            load_workspace(small)
        except WorkspaceError as error:
            return [str(problem) for problem in error.problems]
        return []

    return load
