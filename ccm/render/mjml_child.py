"""One child process that compiles MJML, document after document, and can be killed.

mrml 0.2.4 ends the whole process by SIGSEGV on some thousands of nested tags, and nothing bounds its time. A child
takes 0.1 s to start, so one serves many documents. A document that crashes or hangs costs its own child: the
next one gets a new child.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

TIME_LIMIT_SECONDS = 20.0
"""For one document; the shipped ones take a thousandth of a second."""
_MEMORY_BYTES = 1 << 30
_DOCUMENTS = 2_000
"""After so many a child is replaced, so that what mrml may leak counts against no document."""
_HEAD_BYTES = 5

# Its own alarm ends the child also where its parent was killed while it worked. Otherwise the end of input does:
# a parent that dies closes the socket. (PR_SET_PDEATHSIG would end it with the *thread* that started it.)
_CHILD = f"""
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY_BYTES}, {_MEMORY_BYTES}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
from mjml import mjml2html
while len(head := sys.stdin.buffer.read(8)) == 8:
    source = sys.stdin.buffer.read(int.from_bytes(head[:4], "big"))
    signal.setitimer(signal.ITIMER_REAL, int.from_bytes(head[4:], "big") / 1000 + 1)
    try:
        kind, answer = b"h", mjml2html(source.decode(), fonts={{}}).encode()
    except Exception as error:
        kind, answer = b"e", str(error)[:500].encode()
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.stdout.buffer.write(kind + len(answer).to_bytes(4, "big") + answer)
    sys.stdout.buffer.flush()
"""


class MjmlError(Exception):
    """mrml refuses the layout, or its result holds something active."""


class _Gone(Exception):
    """The child ended without an answer."""


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    line: socket.socket
    answers: int = 0


class MjmlChild:
    """Compiles with mrml in a child. For one thread at a time, others wait; a forked process starts its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def compile(self, source: str, seconds: float = TIME_LIMIT_SECONDS) -> str:
        """The HTML of an MJML document as mrml gives it.

        Raises `MjmlError` where mrml refuses it, takes more than `seconds`, or crashes; only this document
        is lost then.
        """
        content = source.encode()
        with self._lock:
            known = self._mine()
            try:
                kind, answer = self._ask(known or self._start(), content, seconds)
            except _Gone as gone:
                # One that had served before may have been ended from outside; a new one tells whose fault it was.
                if known is None or not known.answers:
                    raise MjmlError(str(gone)) from gone
                try:
                    kind, answer = self._ask(self._start(), content, seconds)
                except _Gone as again:
                    raise MjmlError(str(again)) from again
        if kind == b"e":
            raise MjmlError(f"MJML: {answer.decode(errors='replace')}")
        return answer.decode()

    def close(self) -> None:
        """Ends the child, if this process has one."""
        with self._lock:
            if self._mine() is not None:
                self._end()

    def forget(self) -> None:
        """For a process that was just forked: the child is its parent's, and so may be whoever holds the lock."""
        self._lock = threading.Lock()
        if self._child is not None:
            self._child.line.close()
            self._child.process.returncode = 0  # else Popen would look after a process that is not ours
            self._child = None

    def _mine(self) -> _Child | None:
        child = self._child
        if child is not None and child.answers >= _DOCUMENTS:
            self._end()
            return None
        return child

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603  (our own interpreter and program; sources go in as data)
                [sys.executable, "-I", "-c", _CHILD],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
            )
        self._child = _Child(process, ours)
        return self._child

    def _ask(self, child: _Child, content: bytes, seconds: float) -> tuple[bytes, bytes]:
        deadline = time.monotonic() + seconds
        head = len(content).to_bytes(4, "big") + int(seconds * 1000).to_bytes(4, "big")
        try:
            child.line.settimeout(seconds)
            child.line.sendall(head + content)
            told = _receive(child.line, _HEAD_BYTES, deadline)
            size = int.from_bytes(told[1:], "big")
            answer = _receive(child.line, size, deadline)
        except TimeoutError:
            self._end()
            raise MjmlError(f"compiling the layout took more than {seconds:g} seconds") from None
        except (OSError, EOFError) as error:
            raise _Gone(f"the MJML compiler ended with status {self._end()}") from error
        except BaseException:
            self._end()  # half an answer must not be taken for the next document's
            raise
        child.answers += 1
        return told[:1], answer

    def _end(self) -> int:
        """Ends the child at once; its exit status, as `subprocess` counts it, or that of its own crash."""
        child, self._child = self._child, None
        assert child is not None
        child.line.close()
        try:
            status = child.process.wait(0.2 if child.process.poll() is None else 0)
        except subprocess.TimeoutExpired:
            child.process.kill()
            status = child.process.wait()
        return status


def _receive(line: socket.socket, size: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)
        part = line.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


CHILD = MjmlChild()
"""This process's one."""
atexit.register(CHILD.close)
os.register_at_fork(after_in_child=CHILD.forget)
