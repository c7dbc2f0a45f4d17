"""Decide: which channel, when, or not at all, and why. Pure functions; what they need is handed in."""

from ccm.decide.case import NOT_NOW
from ccm.decide.decide import decide, recheck
from ccm.decide.facts import Facts
from ccm.decide.plan import Plan, plan_for

__all__ = ["NOT_NOW", "Facts", "Plan", "decide", "plan_for", "recheck"]
