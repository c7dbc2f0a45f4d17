"""The `ccm` command, and ``python -m ccm``."""

from __future__ import annotations

import gc


def run() -> None:
    """Entry point of the console script."""
    # What importing makes stays, and there is much of it: nobody needs to look through it for garbage, again and again.
    gc.disable()
    from ccm.cli.main import main

    gc.freeze()
    gc.enable()
    try:
        main()
    finally:
        gc.unfreeze()  # Python ends by taking everything apart


if __name__ == "__main__":
    run()
