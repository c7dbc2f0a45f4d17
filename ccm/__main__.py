"""The `ccm` command, and ``python -m ccm``."""

from __future__ import annotations

import gc


def run() -> None:
    """Entry point of the console script."""
    # What importing makes stays, and there is much of it: a seventh of the start was looking through it for garbage.
    gc.disable()
    from ccm.cli.main import main

    gc.freeze()
    gc.enable()
    main()


if __name__ == "__main__":
    run()
