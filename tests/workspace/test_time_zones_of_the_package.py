"""Time zones come from the locked package, so that decisions are the same on every host."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = "import ccm, zoneinfo; print(zoneinfo.TZPATH)"


def test_the_system_database_is_not_looked_at_unless_it_is_asked_for() -> None:
    words = [sys.executable, "-c", PROGRAM]
    alone = subprocess.run(words, env={}, capture_output=True, text=True, check=True)
    asked = subprocess.run(words, env={"PYTHONTZPATH": "/usr/zones"}, capture_output=True, text=True, check=True)
    assert (alone.stdout, asked.stdout) == ("()\n", "('/usr/zones',)\n")
