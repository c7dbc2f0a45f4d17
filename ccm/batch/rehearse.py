"""A run without a trace: decides, renders and checks, and records nothing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from ccm.batch import runs
from ccm.pipeline.compose import compose
from ccm.pipeline.project import Project


def rehearse(project: Project, communication_id: str, at: datetime, limit: int | None) -> Counter[tuple[str, str]]:
    """Counts customers by (state, reason), as a run at `at` would decide now; needs no approval."""
    compiled = project.compiled(communication_id)
    occasion = runs.occasion(compiled, at, limit)
    counts: Counter[tuple[str, str]] = Counter()
    with project.store.read() as connection:
        parts = list(runs.customer_chunks(connection, runs.chunk_size(compiled), limit))
    for part in parts:
        composed, _ = compose(project, compiled, occasion, part)
        counts.update((outcome.state, outcome.reason) for outcome in composed if not outcome.part)
    return counts
