"""Explanations of decisions, from what was recorded, for staff and for evidence."""

from ccm.pipeline.explain.lines import line, replayed, run_line, told
from ccm.pipeline.explain.message import explained, summary, tried
from ccm.pipeline.explain.words import LANGUAGES

__all__ = ["LANGUAGES", "explained", "line", "replayed", "run_line", "summary", "told", "tried"]
