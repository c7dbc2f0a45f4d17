"""A mail program's own "unsubscribe" must work with one click (RFC 8058, sections 3.1 and 4; RFC 2369).

Both lines of the header must be there: ``List-Unsubscribe`` with an https address, and ``List-Unsubscribe-Post`` with
the one value that RFC 8058 knows. Gmail and Yahoo ask it of those who send to many.
"""

from __future__ import annotations

import re

from ccm.compliance.kinds import RuleParams
from ccm.compliance.text import CheckedText

_POST = b"\nlist-unsubscribe-post:list-unsubscribe=one-click"
_ADDRESS = re.compile(rb"\nlist-unsubscribe:[^\n]*<https://[^<>\s]+>")


class Params(RuleParams):
    """None are needed."""


def check(params: Params, message: CheckedText) -> list[str]:
    """One sentence for each line that is missing or not of its form; channels without headers pass."""
    if message.channel != "email":
        return []
    head = message.raw[: message.raw.find(b"\r\n\r\n") + 2]
    # Folded lines are one (RFC 5322, 2.2.3); names and values are compared without case or space.
    lines = b"\n" + re.sub(rb"\r\n[ \t]+", b"", head).replace(b"\r", b"").replace(b" ", b"").lower() + b"\n"
    found = []
    if not _ADDRESS.search(lines):
        found.append("the header has no List-Unsubscribe with an https address")
    if lines.count(_POST + b"\n") != 1:
        found.append("the header has not List-Unsubscribe-Post: List-Unsubscribe=One-Click once")
    return found
