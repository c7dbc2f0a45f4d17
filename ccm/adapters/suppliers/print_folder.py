"""``print-folder``: letters for a print house, as PDF files and a manifest in a folder of the day.

``<folder>/<yyyy-mm-dd>/<message id>.pdf`` and ``<folder>/<yyyy-mm-dd>/manifest.csv`` (RFC 4180, UTF-8),
one row for each letter. The print house may take a day's folder away at any time, so what was handed over
is remembered apart, in ``<folder>/.taken``. The order of writing decides every crash: note in ``.taken``,
then the PDF moves from ``.staged`` to the day's folder (the letter is handed over), then the manifest row.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from ccm.adapters import files
from ccm.adapters.base import Adapter, AdapterSettings, Opening, Supplier, check_message_id, check_recipient
from ccm.errors import OutcomeUnknown, SupplierRefused
from ccm.model.message import ApprovedMessage, Receipt

COLUMNS = ("message_id", "file", "sha256", "communication", "language")
SHARED_FOLDER, SHARED_FILE = 0o770, 0o640
"""The print house's own account reads here through the group; the umask narrows the folder's."""


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"'{value}' is no IANA time zone")
    return value


class PrintFolderSettings(AdapterSettings):
    """Where the print house collects."""

    folder: str = Field(min_length=1)
    """Absolute, or relative to the workspace; the whole of it on one file system."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """IANA key: whose midnight starts a new day's folder."""

    def open(self, opening: Opening) -> PrintFolder:
        return PrintFolder(opening.root / self.folder, ZoneInfo(self.timezone), opening)


class PrintFolder(Adapter):
    """Writes letters into the folder of the day on which they are handed over."""

    name: ClassVar[str] = "print-folder"
    channels: ClassVar[frozenset[str]] = frozenset({"letter"})
    local: ClassVar[bool] = True
    can_find: ClassVar[bool] = True

    def __init__(self, folder: Path, zone: ZoneInfo, opening: Opening) -> None:
        self._folder = folder
        self._zone = zone
        self._clock = opening.clock
        self._staged = folder / ".staged"
        self._taken = folder / ".taken"

    def send(self, message: ApprovedMessage) -> Receipt:
        """Hands one PDF over; the same message again changes nothing, on whatever day.

        A full disk is `SupplierRefused` for now, a body that is no PDF for good. Another body under an id
        that was handed over already is `OutcomeUnknown`.
        """
        message_id = check_message_id(message.message_id)
        check_recipient(message)
        if not message.body.startswith(b"%PDF-"):
            raise SupplierRefused("no_pdf", "the body is no PDF")
        row = {
            "message_id": message_id,
            "file": f"{message_id}.pdf",
            "sha256": hashlib.sha256(message.body).hexdigest(),
            "communication": message.communication,
            "language": message.language,
            "day": self._clock().astimezone(self._zone).date().isoformat(),
        }
        try:
            for folder in (self._staged, self._taken / message_id[:2], self._folder / row["day"]):
                files.make_folder(folder, SHARED_FOLDER)
            with files.locked(self._folder / ".lock"):
                try:
                    earlier = self._settle(message_id)
                except OSError as error:
                    raise OutcomeUnknown(f"letter {message_id}: an earlier try cannot be settled") from error
                if earlier is None:
                    self._hand_over(row, message.body)
        except OSError as error:
            raise files.refusal(error) from error
        if earlier is not None and earlier["sha256"] != row["sha256"]:
            raise OutcomeUnknown(f"letter {message_id} was handed over already, with another body under the same id")
        return _receipt(earlier or row)

    def _hand_over(self, row: dict[str, str], body: bytes) -> None:
        staged, note, final = self._places(row)
        try:
            files.publish(files.stage(self._staged, row["message_id"], body), staged)
            staged.chmod(SHARED_FILE)
            files.publish(files.stage(self._staged, row["message_id"], json.dumps(row).encode()), note)
            files.publish(staged, final)
            self._list(row, repair=False)
        except OSError as error:
            try:
                # Refused has to mean that the print house has nothing. While the PDF is staged, the note
                # says "not handed over"; so the PDF moves back first and goes last.
                if final.exists():
                    files.publish(final, staged)
                self._forget(staged, note)
            except OSError:
                raise OutcomeUnknown(f"letter {row['message_id']}: neither finished nor taken back") from error
            raise

    def _forget(self, staged: Path, note: Path) -> None:
        files.discard(note)
        if note.parent.is_dir():
            files.sync_folder(note.parent)
        files.discard(staged)

    def _settle(self, message_id: str) -> dict[str, str] | None:
        """The row of a letter that was handed over; None, and nothing left of it, where it was not."""
        staged, note = self._staged / f"{message_id}.pdf", self._note(message_id)
        files.sweep(self._staged, message_id)
        if staged.exists() or not note.exists():
            self._forget(staged, note)
            return None
        row: dict[str, str] = json.loads(note.read_bytes())
        if self._places(row)[2].exists():
            self._list(row, repair=True)
        return row

    def _list(self, row: dict[str, str], *, repair: bool) -> None:
        """Adds the letter to its day's manifest; where that repairs a crash, only if it does not stand there."""
        record = _csv_row([row[column] for column in COLUMNS])
        start = b"\r\n" + row["message_id"].encode() + b","
        with files.locked(self._folder / row["day"] / "manifest.csv", SHARED_FILE) as manifest:
            if os.fstat(manifest).st_size < len(HEAD):
                files.append(manifest, HEAD, end=HEAD)
            files.append(manifest, record, end=b"\r\n", unless=start if repair else b"")

    def find(self, message_id: str) -> Receipt | None:
        """Settles what a crash left half done; raises `OSError` where the disk cannot be read."""
        if not self._note(check_message_id(message_id)).parent.is_dir():
            return None
        with files.locked(self._folder / ".lock"):
            row = self._settle(message_id)
        return None if row is None else _receipt(row)

    def close(self) -> None:
        """Holds nothing open between messages."""

    def _note(self, message_id: str) -> Path:
        return self._taken / message_id[:2] / f"{message_id}.json"

    def _places(self, row: dict[str, str]) -> tuple[Path, Path, Path]:
        note = self._note(row["message_id"])
        return self._staged / row["file"], note, self._folder / row["day"] / row["file"]


def _csv_row(cells: list[str] | tuple[str, ...]) -> bytes:
    """One row; a cell that a spreadsheet would take for a formula is kept as text by an apostrophe."""
    text = io.StringIO()
    safe = [f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else cell for cell in cells]
    csv.writer(text, lineterminator="\r\n").writerow(safe)
    return text.getvalue().encode()


HEAD = _csv_row(COLUMNS)


def _receipt(row: dict[str, str]) -> Receipt:
    return Receipt(supplier_reference=f"{row['day']}/{row['file']}", detail=f"sha256:{row['sha256']}")


SUPPLIER = Supplier(PrintFolder, PrintFolderSettings)
