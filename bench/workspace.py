"""A workspace of many communications: how long compiling them all takes, and compiling again after one change."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.bank import new_workspace
from bench.measure import Row
from ccm.pipeline.project import open_project

COUNT = 200
MODELS = ("payment-received", "savings-offer")
"""The demo's communications that are multiplied: e-mail and SMS in English and Japanese each, with two samples."""


def write_workspace(root: Path, count: int) -> Path:
    """The starter workspace with `count` more communications, each with words of its own; returns `root`."""
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
    return root


def compile_rows() -> Iterator[Row]:
    """Loading and compiling `COUNT` communications, and what a change of one of their files costs in an open project.

    Processor time of this process: the machine's other work does not count.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = write_workspace(Path(folder) / "bank", COUNT)
        for file in root.rglob("*"):
            os.utime(file, (1_700_000_000, 1_700_000_000))  # written some time ago, as most files of a workspace
        started = time.process_time()
        project = open_project(root)
        loaded = time.process_time()
        wanted = [name for name in project.workspace.communications if name[-3:].isdigit()]
        for name in wanted:
            project.compiled(name)
        done = time.process_time()
        yield Row(f"load {COUNT} communications", "workspaces", loaded - started)
        yield Row(f"compile {COUNT} communications", "workspaces", done - loaded)
        changed = f"{MODELS[0]}-000"
        _replace(root / "templates" / changed / "en/email.mjml", "<h1>", "<h1>Changed ")
        started = time.process_time()
        project = project.reloaded()
        for name in wanted:
            project.compiled(name)
        yield Row("load and compile after one change", "changes", time.process_time() - started)
        project.store.close()


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")
