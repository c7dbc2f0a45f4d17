"""A workspace's settings as `import_feed` reads them, and a quick way to import text."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from intake_parts import HEADER, make_workspace

from ccm.intake import ImportReport, import_feed
from ccm.store import Store
from ccm.workspace import Workspace

NOW = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)


@dataclass
class Importer:
    """Imports text or files into one store, with the mapping of the repository's ccm.toml."""

    store: Store
    folder: Path
    workspace: Workspace

    def file(self, kind: Any, file: Path) -> ImportReport:
        return import_feed(self.store, self.workspace, kind, file, errors_dir=self.folder / "errors", now=NOW)

    def text(self, kind: Any, text: str | bytes, name: str = "feed.csv") -> ImportReport:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return self.file(kind, path)

    def rows(self, kind: Any, *rows: str, header: str = "") -> ImportReport:
        """`rows` as lines below the usual header of the kind."""
        usual = HEADER if kind == "customers" else ",".join(self.workspace.settings.feeds[kind].columns.values())
        header = header or usual
        return self.text(kind, "\r\n".join([header, *rows]) + "\r\n")


@pytest.fixture
def importer(store: Store, tmp_path: Path) -> Importer:
    return Importer(store, tmp_path, make_workspace())


@pytest.fixture
def errors() -> Callable[[ImportReport], list[dict[str, str]]]:
    def read(report: ImportReport) -> list[dict[str, str]]:
        if report.error_file is None:
            return []
        with report.error_file.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    return read
