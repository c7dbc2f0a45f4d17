"""What every adapter is, and the checks that none of them may leave out."""

from __future__ import annotations

import re
import ssl
import unicodedata
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, NoReturn, Protocol, runtime_checkable
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from ccm.errors import Problem, SupplierRefused, WorkspaceError
from ccm.model.customer import Frozen
from ccm.model.message import ApprovedMessage, Receipt
from ccm.workspace.channels import Channel

_MESSAGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,127}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_ADDRESS = re.compile(r"<?[^\s<>@\"]+@[^\s<>@\"]+>?")
_NUMBER = re.compile(r"(?<!\w)\+?\d[\d ()-]{6,}\d(?!\w)")


class Adapter(Protocol):
    """Hands approved messages to one supplier.

    One thread uses an adapter at a time; each worker opens its own. `send` raises `SupplierRefused`
    (nothing went out) or `OutcomeUnknown` (it may have), and nothing else for what a supplier does.
    """

    name: ClassVar[str]
    """As written in ``channels/<channel>.yaml``."""
    channels: ClassVar[frozenset[str]]
    """The channels it can carry."""
    local: ClassVar[bool]
    """True: nothing leaves the machine."""
    can_find: ClassVar[bool]
    """True: `find` can tell after a crash whether a message was taken."""

    @abstractmethod
    def send(self, message: ApprovedMessage) -> Receipt:
        """Hands over one message, byte for byte; raises `SupplierRefused` or `OutcomeUnknown`."""

    @abstractmethod
    def find(self, message_id: str) -> Receipt | None:
        """The receipt of a message that was taken; None means it definitely was not.

        Only where `can_find`; elsewhere raises `NotImplementedError`, for an answer would be a guess.
        """

    @abstractmethod
    def close(self) -> None:
        """Gives back connections; the adapter is not used afterwards."""


@runtime_checkable
class Mailer(Protocol):
    """An adapter that also carries the organisation's own notices: no customer gets them, no release approves them."""

    @abstractmethod
    def post(self, body: bytes, recipient: str) -> Receipt:
        """Hands over one RFC 5322 message; raises as `Adapter.send`."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What an adapter is opened with, beside its own settings."""

    channel: Channel
    root: Path
    """The workspace; relative paths in settings start here."""
    outbox: Path
    environ: Mapping[str, str]
    """Where secrets come from, named by settings that end in ``_env``."""
    clock: Callable[[], datetime]
    """The time now, with its zone."""

    def refuse(self, message: str) -> NoReturn:
        """Raises `WorkspaceError` at the settings of the channel's file."""
        raise WorkspaceError([Problem(self.channel.path, self.channel.settings_line, message)])

    def secret(self, setting: str, variable: str) -> str:
        """The value of an environment variable; raises `WorkspaceError` where it is not set."""
        value = self.environ.get(variable, "")
        if not value:
            self.refuse(f"settings.{setting}: environment variable '{variable}' is not set")
        return value


class AdapterSettings(Frozen):
    """The ``settings`` of a channel's file, as one adapter understands them."""

    def complaints(self, channel: Channel) -> list[str]:
        """What in the rest of the channel's file does not go with these settings."""
        return []

    @abstractmethod
    def open(self, opening: Opening) -> Adapter:
        """Makes the adapter; raises `WorkspaceError` for a missing secret, file or Python package."""


@dataclass(frozen=True, slots=True)
class Supplier:
    """What a supplier's file declares."""

    adapter: type[Adapter]
    settings: type[AdapterSettings]


def outlasts_lease(seconds: float, channel: Channel) -> list[str]:
    """Complains where a single wait for the supplier may last as long as the lease on the message.

    Another worker would take the message for lost while it is still on its way.
    """
    if seconds < channel.lease_seconds:
        return []
    return [f"settings.timeout_seconds {seconds:g} must be less than lease_seconds {channel.lease_seconds}"]


def _secure_url(value: str) -> str:
    parts = urlsplit(value)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.scheme not in ({"http", "https"} if local else {"https"}):
        raise ValueError(f"'{value}' must start with https:// (http:// only for a stand-in on this machine)")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("the address must have no user name, query or fragment")
    return value.rstrip("/")


SecureUrl = Annotated[str, AfterValidator(_secure_url)]
"""An https address; http is possible only to the machine itself."""
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable."""


def check_message_id(message_id: str) -> str:
    """The id itself; it becomes part of file names. Raises `SupplierRefused`."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise SupplierRefused("message_id", "the message id may hold letters, digits, '-' and '_' only, 2 to 128")
    return message_id


def check_recipient(message: ApprovedMessage) -> str:
    """The recipient, which is one line without control characters. Raises `SupplierRefused`.

    A line break in an address is how a second header or a second recipient is slipped in.
    """
    recipient = message.recipient
    if not recipient.strip():
        raise SupplierRefused("recipient", "the recipient is empty")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in recipient):
        raise SupplierRefused("recipient", "the recipient holds a line break or another control character")
    return recipient


def check_number(message: ApprovedMessage) -> str:
    """The recipient as an E.164 number (ITU-T E.164: a plus sign and at most 15 digits). Raises `SupplierRefused`."""
    number = check_recipient(message)
    if not _E164.fullmatch(number):
        raise SupplierRefused("recipient", "the recipient is no E.164 number: a plus sign and 7 to 15 digits")
    return number


def check_sender(message: ApprovedMessage, channel: Channel) -> str:
    """The channel's sender for the message's jurisdiction. Raises `SupplierRefused` where there is none."""
    sender = channel.sender_for(message.jurisdiction)
    if not sender:
        raise SupplierRefused("sender", f"{channel.path} has no sender for '{message.jurisdiction}'")
    return sender


def scrub(text: Any, limit: int = 160) -> str:
    """A supplier's words on one line, shortened, without addresses and telephone numbers.

    Suppliers repeat the recipient in their answers; logs and errors must hold no personal data.
    """
    line = " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
    line = _NUMBER.sub("[number]", _ADDRESS.sub("[address]", line))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def certificate_failed(error: BaseException | None) -> bool:
    """Whether an error came of a certificate that does not hold, which ends a connection before anything is sent."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
