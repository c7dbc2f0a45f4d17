"""Importing one CSV file. A row or field that can't be taken is set aside; the rest goes on.

A file is read through first (digest, encoding, limits, header, duplicate keys) and refused whole before anything
is stored. Rows are then stored in short transactions: a kill in between leaves a part of the file stored, and
importing the file again ends in the same state, because every row is stored under its own key.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, insert, select, tuple_

from ccm.errors import InputError
from ccm.intake.csvfile import CsvFile, CsvRow
from ccm.intake.errorfile import ErrorFile
from ccm.intake.feeds import FeedSpec, feed_spec
from ccm.intake.fields import Field, RowReader, match_columns
from ccm.intake.values import Bad
from ccm.store import Store, feeds
from ccm.store.engine import BATCH
from ccm.store.tables import imports
from ccm.workspace import Workspace
from ccm.workspace.settings import Feed, FeedKind

ROWS_PER_TRANSACTION = 10_000
"""Keeps the write lock of SQLite for a fraction of a second, so that sending goes on beside an import."""
_BUCKETS = 256


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import did. Rows read are new + changed + unchanged + set aside."""

    kind: FeedKind
    file: str
    """The file's name, without its folder."""
    file_digest: str
    """SHA-256 of the file's bytes, hexadecimal."""
    encoding: str
    rows_read: int
    rows_new: int
    rows_changed: int
    rows_unchanged: int
    rows_set_aside: int
    fields_set_aside: int
    """Values dropped from rows that were taken."""
    orphans: int
    """Rows taken that name a customer (a transaction: an account) that the store does not have yet."""
    error_file: Path | None
    """Where the rows and fields set aside are listed; None when there are none."""


def import_feed(
    store: Store, workspace: Workspace, kind: FeedKind, file: Path, *, errors_dir: Path, now: datetime
) -> ImportReport:
    """Imports one file as the workspace's ``[feeds.<kind>]`` says.

    Where a key stands in several rows of the file, the last one counts and the others are set aside (in the
    history, which has no keys of its own, each row is one contact). Raises `InputError` when the whole file
    can't be taken (nothing is stored then), `TryAgain` for passing conditions.
    """
    feed, zone = _feed(workspace, kind)
    spec = feed_spec(kind, workspace, zone)
    with CsvFile(file, feed.encoding) as source:
        place = f"ccm.toml [feeds.{kind}.columns]"
        matched = match_columns(spec.fields, feed.columns, source.header, place, file.name)
        last = _last_of_repeated_keys(source, spec, matched)
        errors = ErrorFile(errors_dir / f"{kind}-{source.digest[:12]}.csv")
        try:
            return _Import(store, spec, source, matched, last, errors, now).run()
        except BaseException:
            errors.abandon()
            raise


def _feed(workspace: Workspace, kind: FeedKind) -> tuple[Feed, ZoneInfo]:
    feeds_known = workspace.settings.feeds
    if kind not in feeds_known:
        known = ", ".join(sorted(feeds_known)) or "none yet"
        raise InputError(f"ccm.toml: there is no [feeds.{kind}.columns]; feeds: {known}")
    feed = feeds_known[kind]
    try:
        return feed, ZoneInfo(feed.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"ccm.toml [feeds.{kind}]: timezone '{feed.timezone}' is no IANA time zone such as Asia/Tokyo"
        raise InputError(message) from error


Key = tuple[Any, ...]


def _keys(source: CsvFile, spec: FeedSpec, matched: Sequence[tuple[Field, int]]) -> Iterator[tuple[int, Key]]:
    plan = [(field.convert, index) for field, index in matched if field.name in spec.key]
    (first, at), more = plan[0], plan[1:]
    for number, _line, cells, malformed in source.rows():
        try:
            if malformed:
                yield number, ()
            elif more:
                yield number, tuple([convert(cells[index]) for convert, index in plan])
            else:
                yield number, (first(cells[at]),)
        except Bad:  # it is set aside with its reason when the row itself is read
            yield number, ()


def _last_of_repeated_keys(
    source: CsvFile, spec: FeedSpec, matched: Sequence[tuple[Field, int]]
) -> dict[Key, int]:  # fmt: skip
    """Keys that stand in several rows, with the number of the last such row.

    The first pass keeps a 64-bit hash a row, the second, only where hashes repeat, the keys themselves: a
    collision of hashes changes nothing.
    """
    buckets = [array("q") for _ in range(_BUCKETS)]
    rows = 0
    for _number, key in _keys(source, spec, matched):
        rows += 1
        if key:
            value = hash(key)
            buckets[value % _BUCKETS].append(value)
    if rows == 0:
        raise InputError(f"{source.path.name}: holds no rows, only a header; nothing was changed")
    repeated: set[int] = set()
    for bucket in buckets:
        if len(set(bucket)) < len(bucket):
            repeated.update(value for value, count in Counter(bucket).items() if count > 1)
    if not repeated:
        return {}
    last: dict[Key, int] = {}
    counts: Counter[Key] = Counter()
    for number, key in _keys(source, spec, matched):
        if key and hash(key) in repeated:
            last[key] = number
            counts[key] += 1
    return {key: number for key, number in last.items() if counts[key] > 1}


class _Import:
    """One run over the rows of a file."""

    def __init__(
        self, store: Store, spec: FeedSpec, source: CsvFile, matched: Sequence[tuple[Field, int]],
        last: Mapping[Key, int], errors: ErrorFile, now: datetime,
    ) -> None:  # fmt: skip
        self.store, self.spec, self.source, self.last, self.errors, self.now = store, spec, source, last, errors, now
        self.key_plan = [(field.convert, index) for field, index in matched if field.name in spec.key]
        self.reader = RowReader(spec.fields, matched, source.header, spec.finish)
        self.times: Counter[Key] = Counter()
        self.read = self.aside = self.new = self.changed = self.unchanged = self.orphans = 0

    def run(self) -> ImportReport:
        rows = self.source.rows()
        while batch := list(islice(rows, ROWS_PER_TRANSACTION)):
            taken = [(row, values) for row in batch if (values := self._row(row)) is not None]
            self.read += len(batch)
            self.aside += len(batch) - len(taken)
            with self.store.write() as connection:
                self._save(connection, taken)
            self.errors.write(self.reader.asides)
            self.reader.asides.clear()
        error_file = self.errors.finish()
        with self.store.write() as connection:
            connection.execute(insert(imports).values(self._record()))
        return ImportReport(
            self.spec.kind, self.source.path.name, self.source.digest, self.source.encoding, self.read, self.new,
            self.changed, self.unchanged, self.aside, self.reader.fields_dropped, self.orphans, error_file,
        )  # fmt: skip

    def _row(self, row: CsvRow) -> dict[str, Any] | None:
        if row.malformed:
            self.reader.set_aside(row.number, row.line, row.malformed)
            return None
        key = self._repeated_key(row) if self.last else None
        if key and not self.spec.repeatable and (later := self.last[key]) != row.number:
            self.reader.set_aside(row.number, row.line, f"row {later} has the same key; the last one counts")
            return None
        taken = self.reader.read(row.number, row.line, row.cells)
        if key and taken is not None and self.spec.repeatable:
            self.times[key] += 1
            if (times := self.times[key]) > 1:
                taken["id"] = hashlib.sha256(f"{taken['id']} {times}".encode()).hexdigest()
        return taken

    def _repeated_key(self, row: CsvRow) -> Key | None:
        """The row's key where it stands in several rows of the file."""
        try:
            key = tuple(convert(row.cells[index]) for convert, index in self.key_plan)
        except Bad:  # told when the row itself is read
            return None
        return key if key in self.last else None

    def _save(self, connection: Connection, taken: Sequence[tuple[CsvRow, dict[str, Any]]]) -> None:
        rows = [values for _row, values in taken]
        if self.spec.append_only:
            for start in range(0, len(taken), BATCH):
                self._append(connection, taken[start : start + BATCH])
        else:
            if self.spec.settle:
                rows = self.spec.settle(connection, rows, self.now)
            new, changed, unchanged = self.store.upsert(connection, self.spec.table, rows)
            self.new, self.changed, self.unchanged = self.new + new, self.changed + changed, self.unchanged + unchanged
        if self.spec.owner:
            owners = [row[self.spec.owner] for row in rows]
            known = feeds.known(connection, self.spec.owner_table, owners)
            self.orphans += sum(owner not in known for owner in owners)

    def _append(self, connection: Connection, taken: Sequence[tuple[CsvRow, dict[str, Any]]]) -> None:
        """Inserts rows with new keys; a row that contradicts a stored one is set aside."""
        table = self.spec.table
        keys = list(table.primary_key.columns)
        wanted = [tuple(values[key.name] for key in keys) for _row, values in taken]
        stored = connection.execute(select(*keys, table.c.row_digest).where(tuple_(*keys).in_(wanted)))
        known = {tuple(row[:-1]): row[-1] for row in stored}
        fresh = []
        for key, (row, values) in zip(wanted, taken, strict=True):
            if key not in known:
                fresh.append(values)
            elif known[key] == values["row_digest"]:
                self.unchanged += 1
            else:
                self.aside += 1
                reason = "another row with this key is on record, and records of this kind are never changed"
                self.reader.set_aside(row.number, row.line, reason)
        if fresh:
            connection.execute(self.store.insert(table).on_conflict_do_nothing(index_elements=keys), fresh)
            self.new += len(fresh)

    def _record(self) -> dict[str, Any]:
        return {
            "kind": self.spec.kind, "file_digest": self.source.digest, "at": self.now, "rows_read": self.read,
            "rows_new": self.new, "rows_changed": self.changed, "rows_unchanged": self.unchanged,
            "rows_set_aside": self.aside, "fields_set_aside": self.reader.fields_dropped,
        }  # fmt: skip
