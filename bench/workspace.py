"""A workspace of many communications: how long compiling them all takes, and compiling again after one change."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.bank import new_workspace
from bench.measure import Row
from ccm.render import Renderer
from ccm.workspace import load_workspace

COUNT = 200
MODELS = ("payment-received", "savings-offer")
"""The demo's communications that are multiplied: e-mail and SMS in English and Japanese each, with two samples."""


def write_workspace(root: Path, count: int) -> Path:
    """The starter workspace with `count` communications, each with words of its own; returns `root`."""
    new_workspace(root)
    templates = root / "templates"
    for number in range(count):
        model = MODELS[number % len(MODELS)]
        name = f"{model}-{number:03}"
        shutil.copytree(templates / model, templates / name)
        for file in (templates / name).rglob("*"):
            if file.name == "communication.yaml":
                _replace(file, f"id: {model}\n", f"id: {name}\n")
            elif file.name == "email.mjml":
                _replace(file, "<h1>", f"<h1>{number}: ")
            elif file.name == "sms.txt":
                file.write_text(f"{number}: {file.read_text(encoding='utf-8')}", encoding="utf-8")
    for folder in templates.glob("[!_]*"):
        if not folder.name[-3:].isdigit():
            shutil.rmtree(folder)
    return root


def compile_rows() -> Iterator[Row]:
    """Loading and compiling `COUNT` communications, and both again after one of their files changed."""
    with tempfile.TemporaryDirectory() as folder:
        root = write_workspace(Path(folder) / "bank", COUNT)
        started = time.perf_counter()
        workspace = load_workspace(root)
        loaded = time.perf_counter()
        for communication in workspace.communications.values():
            Renderer(workspace, communication)
        done = time.perf_counter()
        yield Row(f"load {COUNT} communications", "workspaces", loaded - started)
        yield Row(f"compile {COUNT} communications", "workspaces", done - loaded)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")
