"""Who holds a lease: a process of some host, told apart from a later one with the same number."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def owner() -> str:
    """This process as a lease owner: host, process id and its start, so that a reused id is not mistaken."""
    return f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid())}"


def owner_is_gone(name: str) -> bool:
    """Whether a lease owner is a process of this host that no longer runs."""
    host, pid, started = name.rsplit("/", 2)
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = status.rsplit(")", 1)[1].split()
    return "" if fields[0] == "Z" else fields[19]  # field 22, start time in clock ticks, see proc(5)
