"""MJML to HTML, once a template, in a child process that can be killed.

mrml 0.2.4 ends the whole process by SIGSEGV on some thousands of nested tags, and nothing bounds its time.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import lru_cache

TIME_LIMIT_SECONDS = 20
_MEMORY_BYTES = 1 << 30
_CHILD = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY_BYTES}, {_MEMORY_BYTES}))
resource.setrlimit(resource.RLIMIT_CPU, ({TIME_LIMIT_SECONDS}, {TIME_LIMIT_SECONDS}))
from mjml import mjml2html
source = sys.stdin.buffer.read().decode()
try:
    sys.stdout.buffer.write(mjml2html(source, fonts={{}}).encode())
except Exception as error:
    sys.stderr.write(str(error)[:500])
    sys.exit(3)
"""
_ACTIVE = re.compile(
    r"<\s*(?:script|iframe|object|embed|form|base|svg)\b|\bjavascript\s*:|\bvbscript\s*:|\bdata\s*:\s*text"
    r"|<[^>]*\s(?:src|background)\s*=|<link\b|@import|url\s*\(",
    re.IGNORECASE,
)
_BREAK_BEFORE = re.compile(r"(?=<(?:table|tr|td|th|div|style|/body|/head|!--\[if))")
_LONG_LINE = 300


class MjmlError(Exception):
    """mrml refuses the layout, or its result holds something active."""


@lru_cache(maxsize=128)
def compile_mjml(source: str) -> str:
    """The HTML of an MJML document, in lines that mail servers pass unchanged.

    Raises `MjmlError`. The same source is compiled once a process.
    """
    command = [sys.executable, "-I", "-c", _CHILD]
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and program; the source goes in as data)
            command, input=source.encode(), capture_output=True, timeout=TIME_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MjmlError(f"compiling the layout took more than {TIME_LIMIT_SECONDS} seconds") from error
    if done.returncode == 3:
        raise MjmlError(f"MJML: {done.stderr.decode(errors='replace')}")
    if done.returncode:
        raise MjmlError(f"the MJML compiler ended with status {done.returncode}")
    html = done.stdout.decode()
    if found := _ACTIVE.search(html):
        raise MjmlError(f"the compiled e-mail would hold '{found[0][:40]}', which is not possible")
    return _lines(html)


def _lines(html: str) -> str:
    """Breaks lines where white space means nothing, to keep them far under the 998 octets of RFC 5322."""
    lines = []
    for line in _BREAK_BEFORE.sub("\n", html).split("\n"):
        while len(line) > _LONG_LINE and (space := line.rfind(" ", 1, _LONG_LINE)) > 0:
            lines.append(line[:space])
            line = line[space + 1 :]
        lines.append(line)
    return "\n".join(line for line in lines if line)
