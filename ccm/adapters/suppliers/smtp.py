"""``smtp``: e-mail through the organisation's own mail server (RFC 5321).

The final dot decides: before it nothing can have gone out, and after it only the server's answer tells.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ccm.adapters.base import Adapter, AdapterSettings, Opening, Supplier, VariableName, outlasts_lease, scrub
from ccm.adapters.mail import Envelope, envelope_of, read_envelope
from ccm.errors import OutcomeUnknown, SupplierRefused
from ccm.model.message import ApprovedMessage, Receipt
from ccm.workspace.channels import Channel

PORTS = {"none": 25, "starttls": 587, "tls": 465}
ACCOUNT_CODES = frozenset({530, 534, 535, 538})
"""Replies about our own login (RFC 4954 section 6): the same message can go once that is mended."""
Reply = tuple[int, bytes]
HostName = Annotated[
    str,
    StringConstraints(max_length=253, pattern=r"^([A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*|[0-9A-Fa-f:]{2,39})$"),
]


class SmtpSettings(AdapterSettings):
    """The mail server."""

    host: HostName
    """Name or IP address."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """25, 587 or 465 by `security` where it is not given."""
    security: Literal["none", "starttls", "tls"] = "starttls"
    """``none`` is for a relay on the same machine or network; certificates are always checked."""
    ca_file: str = ""
    """PEM file of the certificate authorities to trust instead of the system's; relative to the workspace."""
    ehlo_name: HostName | None = None
    """What this machine calls itself; its own name where not given."""
    username: str = Field(default="", pattern=r"^[!-~]*$")
    password_env: VariableName | None = None
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    """For each wait: to connect, and for every reply."""

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if bool(self.username) != bool(self.password_env):
            raise ValueError("username and password_env go together")
        if self.username and self.security == "none":
            raise ValueError("a password must not cross the network in the clear: set security to starttls or tls")
        if self.ca_file and self.security == "none":
            raise ValueError("ca_file has no use with security none")
        return self

    def complaints(self, channel: Channel) -> list[str]:
        return outlasts_lease(self.timeout_seconds, channel)

    def open(self, opening: Opening) -> Smtp:
        password = opening.secret("password_env", self.password_env) if self.password_env else ""
        if not password.isascii():
            opening.refuse(f"settings.password_env: the password in '{self.password_env}' must be ASCII")
        authorities = opening.root / self.ca_file if self.ca_file else None
        try:
            return Smtp(self, password, authorities)
        except (OSError, ssl.SSLError) as error:
            opening.refuse(f"settings.ca_file '{self.ca_file}' cannot be read: {error.strerror}")


class _Lost(SupplierRefused):
    """The connection ended before anything was handed over."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail, permanent=False)


class Smtp(Adapter):
    """One connection to a mail server, kept between messages and made anew where the server closed it."""

    name: ClassVar[str] = "smtp"
    channels: ClassVar[frozenset[str]] = frozenset({"email"})
    local: ClassVar[bool] = False
    can_find: ClassVar[bool] = False

    def __init__(self, settings: SmtpSettings, password: str, authorities: Path | None) -> None:
        self._settings = settings
        self._password = password
        self._tls = None if settings.security == "none" else ssl.create_default_context(cafile=authorities)
        self._connection: smtplib.SMTP | None = None
        # Two messages on one connection at once would mix their recipients.
        self._lock = Lock()

    def send(self, message: ApprovedMessage) -> Receipt:
        """Sends to one recipient; the reference is the Message-ID, by which bounces name the message."""
        return self._post(read_envelope(message), message.body)

    def post(self, body: bytes, recipient: str) -> Receipt:
        """A notice of the organisation itself, to one mailbox; the same checks."""
        return self._post(envelope_of(body, recipient), body)

    def _post(self, envelope: Envelope, body: bytes) -> Receipt:
        with self._lock:
            kept = self._connection is not None
            try:
                connection = self._announce(envelope, len(body))
            except _Lost:
                if not kept:
                    raise
                # Servers close idle connections; nothing was handed over yet, so once more is safe.
                connection = self._announce(envelope, len(body))
            reply = self._hand_over(connection, body)
        detail = scrub(reply.decode("utf-8", "replace"))
        return Receipt(supplier_reference=envelope.message_id or detail, detail=detail)

    def find(self, message_id: str) -> Receipt | None:
        raise NotImplementedError("a mail server cannot be asked what it took")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Every message has its outcome already; a server that is gone needs no goodbye.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()

    def _announce(self, envelope: Envelope, size: int) -> smtplib.SMTP:
        """Everything up to the server's "go ahead": names sender and recipient, moves no content."""
        connection = self._connection or self._connect()
        try:
            options = _options(connection, envelope, size)
            _expect(connection.mail(envelope.sender, options), 2)
            _expect(connection.rcpt(envelope.recipient), 2)
            _expect(connection.docmd("DATA"), 3)
        except SupplierRefused as refused:
            self._start_over(connection, drop=isinstance(refused, _Lost))
            raise
        except (smtplib.SMTPException, OSError) as error:
            self._drop(connection)
            raise _Lost("connection", f"the connection ended before the message: {_words(error)}") from error
        return connection

    def _hand_over(self, connection: smtplib.SMTP, body: bytes) -> bytes:
        """Sends the content and the final dot; gives the text of the server's acceptance."""
        try:
            connection.send(re.sub(rb"(?m)^\.", b"..", body))
        except (smtplib.SMTPException, OSError) as error:
            self._drop(connection)
            raise _Lost("connection", f"the connection ended within the message: {_words(error)}") from error
        try:
            connection.send(b".\r\n")
            reply = connection.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop(connection)
            raise OutcomeUnknown(f"the mail server gave no answer to the message: {_words(error)}") from error
        try:
            _expect(reply, 2)
        except _Lost as lost:
            self._drop(connection)
            if lost.code == "reply":
                raise OutcomeUnknown(f"the mail server's answer to the message cannot be read: {lost.detail}") from lost
            raise
        return reply[1]

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        port = settings.port or PORTS[settings.security]
        connection: smtplib.SMTP | None = None
        try:
            name, wait = settings.ehlo_name, settings.timeout_seconds
            if settings.security == "tls":
                connection = smtplib.SMTP_SSL(settings.host, port, name, timeout=wait, context=self._tls)
            else:
                connection = smtplib.SMTP(settings.host, port, name, timeout=wait)
            if settings.security == "starttls":
                connection.starttls(context=self._tls)
            connection.ehlo_or_helo_if_needed()
            if settings.username:
                connection.login(settings.username, self._password)
            assert connection.sock is not None
            # The final dot is a small write of its own, which must not wait for the one before it.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (smtplib.SMTPException, OSError) as error:
            if connection is not None:
                connection.close()
            code = str(error.smtp_code) if isinstance(error, smtplib.SMTPResponseException) else "connect"
            # Even a 5xx here is about us and the server, not about this message.
            raise SupplierRefused(
                code, f"no connection to the mail server: {_words(error)}", permanent=False
            ) from error
        self._connection = connection
        return connection

    def _start_over(self, connection: smtplib.SMTP, *, drop: bool) -> None:
        """After a refusal the next message starts afresh on the same connection where that is possible."""
        try:
            if not drop and connection.rset()[0] == 250:
                return
        except (smtplib.SMTPException, OSError):
            drop = True
        self._drop(connection)

    def _drop(self, connection: smtplib.SMTP) -> None:
        connection.close()
        self._connection = None


def _options(connection: smtplib.SMTP, envelope: Envelope, size: int) -> list[str]:
    """Parameters of MAIL; raises `SupplierRefused` where the server cannot carry the message unchanged."""
    options = [f"size={size}"] if connection.has_extn("size") else []
    for needed, extension, option in (
        (envelope.needs_8bit or envelope.needs_utf8, "8bitmime", "body=8bitmime"),
        (envelope.needs_utf8, "smtputf8", "smtputf8"),
    ):
        if needed and not connection.has_extn(extension):
            raise SupplierRefused(extension, f"the message needs {extension.upper()}, which the mail server lacks")
        if needed:
            options.append(option)
    return options


def _expect(reply: Reply, kind: int) -> None:
    """Raises `SupplierRefused` unless the reply is of the kind 2xx or 3xx that was asked for."""
    code, text = reply
    detail = scrub(text.decode("utf-8", "replace"))
    if code == 421:
        raise _Lost("421", f"the mail server closes the connection: {detail}")
    if 400 <= code <= 599:
        raise SupplierRefused(str(code), detail, permanent=code >= 500 and code not in ACCOUNT_CODES)
    if code // 100 != kind:
        raise _Lost("reply", f"code {code}: {detail}")


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return scrub(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
    return scrub(error) or type(error).__name__


SUPPLIER = Supplier(Smtp, SmtpSettings)
