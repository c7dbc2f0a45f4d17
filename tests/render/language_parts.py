"""The names that tests of the template language use, and what its check says of a text."""

from __future__ import annotations

from ccm.errors import Problem
from ccm.render.compile import check_source
from ccm.render.dialects import Dialect
from ccm.render.language import Source
from ccm.render.schema import BOOLEAN, INTEGER, MESSAGE, NAME, OPTIONAL_NAME, OPTIONAL_TEXT, ORGANISATION, TEXT, Type

ROW = Type("object", fields={"label": TEXT, "amount": Type("money"), "memo": OPTIONAL_TEXT, "parts": Type(
    "list", item=Type("object", fields={"label": TEXT}))})  # fmt: skip
HOLDER = Type("object", optional=True, fields={"name": TEXT, "nick": OPTIONAL_TEXT})
NAMES = {
    "customer": Type("object", fields={
        "id": TEXT, "full_name": NAME, "addressee": NAME, "family_name": OPTIONAL_NAME, "given_name": OPTIONAL_NAME,
        "honorific": OPTIONAL_TEXT, "attributes": Type("object", fields={"tier": OPTIONAL_TEXT}),
    }),
    "organisation": ORGANISATION,
    "message": MESSAGE,
    "wording": Type("object", fields={"fee_notice": Type("wording"), "deposit_protection": Type("wording")}),
    "account": Type("object", fields={"number": TEXT, "holder": HOLDER, "opened_on": Type("date", optional=True)}),
    "closing_balance": Type("money"),
    "opening_balance": Type("money"),
    "rate": Type("percent"),
    "due": Type("date"),
    "seen_at": Type("datetime"),
    "agreed": BOOLEAN,
    "number": INTEGER,
    "name": TEXT,
    "note": OPTIONAL_TEXT,
    "rows": Type("list", item=ROW),
    "others": Type("list", item=ROW, optional=True),
}  # fmt: skip


def problems_in(text: str, language: str = "en", dialect: Dialect | None = None, *, layout: bool = False) -> list[str]:
    """Every problem of a template, as a person reads it, in the order of the file."""
    problems: list[Problem] = []
    source = Source("t", text, language=language)
    check_source(source, NAMES, problems, dialect, layout=layout, assets={"logo.svg": b"<svg/>"})
    ordered = sorted(set(problems), key=lambda problem: (problem.line, problem.column, problem.message))
    return [str(problem) for problem in ordered]
