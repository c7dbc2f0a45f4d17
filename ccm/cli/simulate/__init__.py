"""`ccm simulate`: the command, and its page."""

from ccm.cli.simulate.command import simulate

__all__ = ["simulate"]
