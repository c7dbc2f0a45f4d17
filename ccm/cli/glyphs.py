"""Tells of customers whose names or addresses no font of the letters can print."""

from __future__ import annotations

from itertools import islice

from ccm.cli.output import Out
from ccm.pipeline.glyphs import unprintable_customers
from ccm.pipeline.project import Project

MAX_TOLD = 50
"""Lines for people; --json has all."""
MAX_KEPT = 100_000
"""In one document. So many mean that the letters' fonts are wrong, not the names."""


def tell_unprintable(out: Out, project: Project, *, limit: int | None = None) -> list[dict[str, object]]:
    """Says which customers' letters would be set aside, by id and code points; returns them for the document."""
    found = list(islice(unprintable_customers(project, limit=limit), MAX_KEPT))
    for customer in found[:MAX_TOLD]:
        characters = ", ".join(customer.characters)
        out.say(f"customer {customer.customer_id}: GL01 no font of the letters has {characters} (warning)")
    if len(found) > MAX_TOLD:
        out.say(f"and {len(found) - MAX_TOLD:,} customers more; --json has them all")
    if found:
        out.say(f"{len(found):,} customers' letters would be set aside (missing_glyph)")
    return [{"customer": customer.customer_id, "characters": list(customer.characters)} for customer in found]
