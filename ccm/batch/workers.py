"""What every worker process begins with."""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent(parent: int) -> None:
    """Makes this process end with the one that forked it, whose id is `parent`, and leaves Ctrl-C to that one."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before the line above took hold
    signal.signal(signal.SIGINT, signal.SIG_IGN)
