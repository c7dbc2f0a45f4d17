"""What the e-mail suppliers share: who a finished RFC 5322 message is from and to, and what carrying it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from email.utils import getaddresses

from email_validator import EmailNotValidError, validate_email

from ccm.adapters.base import check_recipient
from ccm.errors import SupplierRefused
from ccm.model.message import ApprovedMessage

MAX_LINE = 998
"""Octets of a line without its CRLF (RFC 5322 section 2.1.1)."""
_OTHER_RECIPIENTS = ("Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sender and one recipient; domains are A-labels (RFC 5890), whatever the headers show."""

    sender: str
    recipient: str
    message_id: str
    """The Message-ID header with its angle brackets; empty where there is none."""
    needs_utf8: bool
    """An address or a header holds other than ASCII, which takes SMTPUTF8 (RFC 6531)."""
    needs_8bit: bool
    """The body holds other than ASCII, which takes 8BITMIME (RFC 6152)."""


def read_envelope(message: ApprovedMessage) -> Envelope:
    """Reads the envelope from a message and checks that it can go to its recipient and nobody else.

    Nothing is mended: raises `SupplierRefused`, before anything is sent, for a recipient that is no address,
    for other than one From address, for recipients in headers other than this one, and for lines that
    another mail server could read differently (bare CR or LF, more than 998 octets, no CRLF at the end).
    """
    return envelope_of(message.body, check_recipient(message))


def envelope_of(body: bytes, recipient: str) -> Envelope:
    """`read_envelope` for a message of the organisation itself, to one of its own mailboxes. Raises the same."""
    recipient = _ascii_domain(recipient, "recipient")
    _check_lines(body)
    head, _, rest = body.partition(b"\r\n\r\n")
    try:
        headers = HeaderParser().parsestr(head.decode())
    except UnicodeDecodeError as error:
        raise SupplierRefused("headers", "the headers are neither ASCII nor UTF-8") from error
    senders = _addresses(headers, "From")
    if len(senders) != 1 or len(headers.get_all("From", [])) != 1:
        raise SupplierRefused("sender", f"the message must have one From address; it has {len(senders)}")
    for name in _OTHER_RECIPIENTS:
        if name in headers:
            raise SupplierRefused("other_recipients", f"header {name} names recipients beside the customer")
    if "To" in headers and [_ascii_domain(to, "To") for to in _addresses(headers, "To")] != [recipient]:
        raise SupplierRefused("other_recipients", "header To is not the recipient")
    sender = _ascii_domain(senders[0], "From")
    found = re.search(r"<[^<>\s]+>", headers.get("Message-ID", ""))
    needs_utf8 = not (sender.isascii() and recipient.isascii() and head.isascii())
    return Envelope(sender, recipient, found[0] if found else "", needs_utf8, not rest.isascii())


def _addresses(headers: Message, name: str) -> list[str]:
    return [address for _, address in getaddresses(headers.get_all(name, []))]


def _ascii_domain(address: str, where: str) -> str:
    """The address as an envelope takes it; the local part stays as it is."""
    try:
        # Whether the domain exists is for the mail server to say; here only the form counts.
        valid = validate_email(
            address, check_deliverability=False, test_environment=True, globally_deliverable=False,
            allow_quoted_local=True,
        )  # fmt: skip
    except EmailNotValidError as error:
        code = "recipient" if where == "recipient" else "headers"
        raise SupplierRefused(code, f"{where} is no e-mail address") from error
    return f"{valid.local_part}@{valid.ascii_domain}"


def _check_lines(body: bytes) -> None:
    if _BARE.search(body) or not body.endswith(b"\r\n"):
        raise SupplierRefused("line_ends", "every line of the message, the last one too, must end with CRLF")
    if len(max(body.split(b"\r\n"), key=len)) > MAX_LINE:
        raise SupplierRefused("long_line", f"a line of the message has more than {MAX_LINE} octets")
