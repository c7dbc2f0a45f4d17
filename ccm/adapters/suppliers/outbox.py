"""``outbox``: messages become files on this machine, and nothing leaves it.

``<outbox>/<channel>/<first two characters>/<message id>.eml|.txt|.pdf|.json|.html``, each under its name whole or not
at all, and ``<outbox>/index.jsonl`` with one line for each. The file is what counts: a line that a crash
prevented is added when the message is sent or looked for again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar

from ccm.adapters import files
from ccm.adapters.base import (
    Adapter,
    AdapterSettings,
    Opening,
    Supplier,
    check_message_id,
    check_recipient,
)
from ccm.errors import OutcomeUnknown
from ccm.model.message import ApprovedMessage, Receipt
from ccm.workspace.channels import Channel

SUFFIXES = {
    "email": ".eml", "sms": ".txt", "letter": ".pdf", "line": ".json", "push": ".json", "whatsapp": ".json",
    "social": ".txt", "inbox": ".html",
}  # fmt: skip


class OutboxSettings(AdapterSettings):
    """The outbox has no settings; its folder is ``store.outbox`` of ccm.toml."""

    def open(self, opening: Opening) -> Outbox:
        return Outbox(opening.outbox, opening.channel)


class Outbox(Adapter):
    """Writes one channel's messages below a folder that all channels and processes share."""

    name: ClassVar[str] = "outbox"
    channels: ClassVar[frozenset[str]] = frozenset(SUFFIXES)
    local: ClassVar[bool] = True
    can_find: ClassVar[bool] = True

    def __init__(self, outbox: Path, channel: Channel) -> None:
        self._outbox = outbox
        self._settings = channel
        self._channel = channel.channel
        self._index = outbox / "index.jsonl"

    def send(self, message: ApprovedMessage) -> Receipt:
        """Writes the body's bytes as they are; the same message again changes nothing.

        A full disk is `SupplierRefused` for now. Another body under an id that is there already is
        `OutcomeUnknown`: what went out is not what was recorded, and a person has to look.
        """
        final = self._file(check_message_id(message.message_id))
        check_recipient(message)
        digest = hashlib.sha256(message.body).hexdigest()
        record = {
            "message_id": message.message_id,
            "channel": message.channel,
            "communication": message.communication,
            "customer_id": message.customer_id,
            "language": message.language,
            **self._sender(message),
            "file": final.relative_to(self._outbox).as_posix(),
            "sha256": digest,
        }
        staged: Path | None = None
        try:
            files.make_folder(final.parent, files.PRIVATE_FOLDER)
            # Staged before the lock: others need not wait for the disk to take this body.
            staged = files.stage(final.parent, message.message_id, message.body)
            with files.locked(self._index) as index:
                if final.exists():
                    files.discard(staged)
                    return self._again(index, record, final)
                self._add(index, record, staged, final)
        except OSError as error:
            if staged is not None:
                files.discard(staged)
            raise files.refusal(error) from error
        return _receipt(record)

    def _sender(self, message: ApprovedMessage) -> dict[str, str]:
        # An e-mail says itself who sends it; a text message does not.
        sender = self._settings.sender_for(message.jurisdiction) if message.channel == "sms" else ""
        return {"sender": sender} if sender else {}

    def _add(self, index: int, record: dict[str, Any], staged: Path, final: Path) -> None:
        try:
            staged.rename(final)
            _list(index, record, repair=False)
            # Last, because syncing the index has mostly written the name too: this saves a wait for the disk.
            files.sync_folder(final.parent)
        except OSError as error:
            try:
                # Refused has to mean that nothing is there.
                files.discard(final)
                files.sync_folder(final.parent)
            except OSError:
                raise OutcomeUnknown(f"{record['file']}: neither finished nor taken back") from error
            raise

    def _again(self, index: int, record: dict[str, Any], final: Path) -> Receipt:
        try:
            if hashlib.sha256(final.read_bytes()).hexdigest() != record["sha256"]:
                raise OutcomeUnknown(f"{record['file']} is in the outbox already, with another body under the same id")
            _list(index, record, repair=True)
        except OSError as error:
            raise OutcomeUnknown(f"{record['file']} is in the outbox already; {error.strerror}") from error
        return _receipt(record)

    def find(self, message_id: str) -> Receipt | None:
        """Looks at the file, and adds its line to the index where a crash came between the two.

        The line then has no communication, customer or language: the file alone does not tell them.
        Raises `OSError` where the disk cannot be read.
        """
        final = self._file(check_message_id(message_id))
        if not final.parent.is_dir():
            return None
        with files.locked(self._index) as index:
            files.sweep(final.parent, message_id)
            if not final.exists():
                return None
            record = {
                "message_id": message_id,
                "channel": self._channel,
                "file": final.relative_to(self._outbox).as_posix(),
                "sha256": hashlib.sha256(final.read_bytes()).hexdigest(),
            }
            _list(index, record, repair=True)
        return _receipt(record)

    def close(self) -> None:
        """Holds nothing open between messages."""

    def _file(self, message_id: str) -> Path:
        return self._outbox / self._channel / message_id[:2] / (message_id + SUFFIXES[self._channel])


def _list(index: int, record: dict[str, Any], *, repair: bool) -> None:
    """Adds the message to the index; where that repairs a crash, only if it does not stand there."""
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    start = f'{{"message_id":"{record["message_id"]}","channel":"{record["channel"]}"'.encode()
    files.append(index, line + b"\n", end=b"\n", unless=start if repair else b"")


def _receipt(record: dict[str, Any]) -> Receipt:
    return Receipt(supplier_reference=record["file"], detail=f"sha256:{record['sha256']}")


SUPPLIER = Supplier(Outbox, OutboxSettings)
