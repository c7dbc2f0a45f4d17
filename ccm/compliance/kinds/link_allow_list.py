"""Links may lead to known hosts only: the organisation's own, and those that a rule names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Self
from urllib.parse import urlsplit

from ccm.compliance.kinds import RuleParams
from ccm.compliance.text import CheckedText
from ccm.workspace import Workspace
from ccm.workspace.settings import Host

_IN_TEXT = re.compile(r"//[^\s<>\"'、。」）]+")

_REST = re.compile("[?#]")
"""Ends the part of an address that says the host (RFC 3986, 3.2); behind it stands what differs by customer."""


class Params(RuleParams):
    """`hosts`: further hosts. Those of website, preference page and `link_hosts` in ccm.toml are known."""

    hosts: tuple[Host, ...] = ()

    def bound(self, workspace: Workspace) -> Self:
        found = workspace.settings.organisation
        own = [urlsplit(page).hostname or "" for page in (found.website, found.preference_url)]
        return self.model_copy(update={"hosts": tuple(dict.fromkeys((*self.hosts, *own, *found.link_hosts)))})


def check(params: Params, message: CheckedText) -> list[str]:
    """At most one sentence. A link is counted, not shown, as it may hold a customer's token."""
    known = frozenset(params.hosts)
    strange = {link for link in message.links if not _is_allowed(link, known)}
    # Mail and SMS programs make links of addresses in plain text too.
    if not all(_is_allowed(link, known) for link in {*_IN_TEXT.findall(message.text)}):
        strange |= {_whole(found) for found in _IN_TEXT.finditer(message.text) if not _is_allowed(found[0], known)}
    if not strange:
        return []
    there = ", ".join(sorted(known))
    return [f"{len(strange)} of the links lead to hosts that are not allowed; allowed: {there}"]


def _whole(found: re.Match[str]) -> str:
    """An address in the text with the scheme before it, so that one that is among the links is not counted twice."""
    start = found.start()
    before = found.string[max(0, start - 6) : start]
    for scheme in ("https:", "http:"):
        if before.lower().endswith(scheme):
            return before[-len(scheme) :] + found[0]
    return found[0]


def _is_allowed(link: str, known: frozenset[str]) -> bool:
    return _is_known(_REST.split(link, 1)[0], known)


@lru_cache(maxsize=4096)
def _is_known(link: str, known: frozenset[str]) -> bool:
    try:
        parts = urlsplit(link.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:  # such as an unclosed [ of an IPv6 host: nobody knows where a program would go
        return False
    if parts.scheme.lower() in ("mailto", "tel", "sms"):
        return True
    # A name before an @ is not the host, whatever it looks like; a browser would go behind it.
    return "@" not in parts.netloc and "\\" not in link and host in known
