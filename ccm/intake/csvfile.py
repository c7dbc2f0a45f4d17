"""Reading a CSV file (RFC 4180) as a stream: encoding, limits, header, rows with their line numbers.

Memory is bounded by the limits below, whatever the file holds.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from ccm.errors import InputError, TryAgain

MAX_LINE = 1_000_000
"""Bytes of one physical line."""
MAX_COLUMNS = 200
MAX_RECORD = 4_000_000
"""Characters of one record, over all lines that its quoted cells span."""
_CHUNK = 1 << 20


class CsvRow(NamedTuple):
    """One record. `number` counts data rows from 1, `line` is the physical line it starts on."""

    number: int
    line: int
    cells: list[str]
    malformed: str = ""
    """Why the record could not be parsed; then `cells` is empty."""


class _TooLong(Exception):
    """More than `MAX_RECORD` characters were read for one record."""


class _Lines:
    """The lines of a text, as long as not too many are `taken` for one record."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.taken += len(line)
            if self.taken > MAX_RECORD:
                raise _TooLong
            yield line


class CsvFile:
    """An open CSV file that was read through once: decodable, within limits, with a header.

    Attributes: `digest` (SHA-256 of the bytes, hexadecimal), `encoding` (``utf-8`` or ``cp932``), `header`.
    Raises `InputError` when the file can't be taken; use as a context manager.
    """

    def __init__(self, path: Path, encoding: Literal["auto", "utf-8", "cp932"] = "auto") -> None:
        self.path = path
        if not path.is_file():
            raise InputError(f"{path.name}: " + ("is no regular file" if path.exists() else "there is no such file"))
        try:
            self._raw: BinaryIO = path.open("rb")
        except OSError as error:
            raise InputError(f"{path.name}: cannot be read: {error.strerror}") from error
        try:
            self._stamp = self._stat()
            self.digest = self._scan()
            self.encoding = self._detect(encoding)
            self.header = self._header()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> CsvFile:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._raw.close()

    def _stat(self) -> tuple[int, int]:
        stat = os.fstat(self._raw.fileno())
        return stat.st_size, stat.st_mtime_ns

    def _chunks(self) -> Iterator[bytes]:
        self._raw.seek(0)
        while chunk := self._raw.read(_CHUNK):
            yield chunk

    def _scan(self) -> str:
        digest = hashlib.sha256()
        line, open_length = 1, 0
        for chunk in self._chunks():
            digest.update(chunk)
            pieces = chunk.replace(b"\r", b"\n").split(b"\n")
            if b"\0" in chunk:
                raise InputError(f"{self.path.name}: holds NUL bytes; is it UTF-16? Export it as UTF-8")
            for position, piece in enumerate(pieces):
                open_length = len(piece) if position else open_length + len(piece)
                if open_length > MAX_LINE:
                    raise InputError(f"{self.path.name}: line {line} is longer than {MAX_LINE:,} bytes")
                line += position + 1 < len(pieces)
        return digest.hexdigest()

    def _detect(self, wanted: str) -> str:
        bad_line = 0
        for encoding in ("utf-8", "cp932") if wanted == "auto" else (wanted,):
            line = self._undecodable_line(encoding)
            if line is None and bad_line and self._mostly_utf8():
                raise InputError(
                    f"{self.path.name}:{bad_line}: is not UTF-8, as the rest of the file is; export it again"
                )
            if line is None:
                return encoding
            bad_line = bad_line or line
        tried = "neither UTF-8 nor CP932" if wanted == "auto" else f"not {wanted.upper()}"
        raise InputError(f"{self.path.name}:{bad_line}: is {tried}")

    def _mostly_utf8(self) -> bool:
        """Whether more characters than not are UTF-8: one damaged byte must not make every name in the file another."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        good = bad = 0
        for chunk in self._chunks():
            foreign = [character for character in decoder.decode(chunk) if character > "\x7f"]
            damaged = foreign.count("\ufffd")
            good, bad = good + len(foreign) - damaged, bad + damaged
        return good > bad

    def _undecodable_line(self, encoding: str) -> int | None:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        line = 1
        for chunk in self._chunks():
            try:
                line += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return line
        return None

    def _reader(self) -> Iterator[tuple[int, list[str] | None]]:
        """Yields (physical line it starts on, cells), or None for a record whose quoting is broken."""
        self._raw.seek(0)
        # "utf-8-sig" drops a byte order mark; newline="" leaves line ends inside quotes as they are.
        codec = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        text = io.TextIOWrapper(self._raw, encoding=codec, newline="")
        try:
            lines = _Lines(text)
            reader = csv.reader(lines, strict=True)
            while True:
                line = reader.line_num + 1
                lines.taken = 0
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except _TooLong as error:
                    message = f"a record is longer than {MAX_RECORD:,} characters; is a quote never closed?"
                    raise InputError(f"{self.path.name}:{line}: {message}") from error
                except csv.Error as error:
                    if "unexpected end" in str(error):
                        raise InputError(f"{self.path.name}:{line}: a quote opened here is never closed") from error
                    if "field larger" in str(error):
                        limit = csv.field_size_limit()
                        message = f"a cell is longer than {limit:,} characters; is a quote never closed?"
                        raise InputError(f"{self.path.name}:{line}: {message}") from error
                    yield line, None
                    continue
                if cells:  # an empty line is no record
                    yield line, cells
        finally:
            if not self._raw.closed:
                text.detach()  # else the wrapper would close the file when it goes

    def _header(self) -> list[str]:
        records = self._reader()
        _line, cells = next(records, (1, []))
        records.close()  # type: ignore[attr-defined]
        if cells is None:
            raise InputError(f"{self.path.name}:1: the header's quotes are broken")
        if not cells:
            raise InputError(f"{self.path.name}: is empty; its first line must name the columns")
        if len(cells) > MAX_COLUMNS:
            raise InputError(f"{self.path.name}: has {len(cells):,} columns; at most {MAX_COLUMNS} are taken")
        names = [cell.strip() for cell in cells]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"{self.path.name}:1: column {_quoted(twice)} stands twice in the header")
        return names

    def rows(self) -> Iterator[CsvRow]:
        """Every record below the header, in file order; may be called again.

        Raises `TryAgain` at the end when the file changed since it was opened.
        """
        records = self._reader()
        next(records, None)
        width = len(self.header)
        for number, (line, cells) in enumerate(records, 1):
            if cells is None:
                yield CsvRow(number, line, [], "quotes are broken: text stands after a closing quote")
            elif len(cells) != width:
                yield CsvRow(number, line, [], f"{len(cells)} cells, where the header has {width}")
            else:
                yield CsvRow(number, line, cells)
        if self._stat() != self._stamp:
            raise TryAgain(f"{self.path.name}: changed while it was read; import it again when it is complete")


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
