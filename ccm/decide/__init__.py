"""Decide: which channel, when, or not at all, and why. Pure functions; what they need is handed in."""

from ccm.decide.decide import Facts, decide, recheck

__all__ = ["Facts", "decide", "recheck"]
