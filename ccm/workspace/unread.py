"""Missing folders, and files that somebody wrote but nothing reads: one of them could be a rule that never runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ccm.errors import Problem
from ccm.workspace.yamlfile import relative

PATTERNS = {
    "templates": (
        "*/communication.yaml",
        "*/samples/*.yaml",
        "*/*/push.yaml",
        "*/*/push@*.yaml",
        "*/*/whatsapp.yaml",
        "*/*/whatsapp@*.yaml",
    ),
    "compliance": (
        "wording/*/*.yaml",
        "rules/*.yaml",
        "packs.yaml",
        "packs/*.yaml",
        "writing.yaml",
        "writing/*.yaml",
        "retention.yaml",
    ),
    "channels": ("*.yaml",),
}
"""Where YAML files are read."""


def unread_problems(root: Path) -> Iterator[Problem]:
    """One problem for each folder that is missing and each file that is never read."""
    for name, patterns in PATTERNS.items():
        base = root / name
        if not base.is_dir():
            yield Problem(name, 0, "this folder is missing")
            continue
        read = {file for pattern in patterns for file in base.glob(pattern)}
        for file in sorted(base.rglob("*.y*ml")):
            if file.suffix in (".yaml", ".yml") and file not in read and not file.name.startswith("."):
                wanted = ", ".join(f"{name}/{pattern}" for pattern in patterns)
                yield Problem(relative(file, root), 0, f"is never read; YAML files here are {wanted}")
    for folder in sorted((root / "templates").glob("[!._]*/")):
        if folder.is_dir() and not (folder / "communication.yaml").exists():
            yield Problem(relative(folder, root), 0, "communication.yaml is missing")
