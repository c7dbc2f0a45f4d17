"""An address out of a customer's document, as databases index it: so that who has it is found without reading all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class EmailOfDocument(ColumnElement[str]):
    """The e-mail address in ``customers.document``, in small letters; NULL where there is none.

    To be compared with what the same database makes small: some collations have other letters for "I".
    """

    type = Text()
    inherit_cache = True


@compiles(EmailOfDocument, "sqlite")
def _sqlite(element: EmailOfDocument, compiler: SQLCompiler, **options: Any) -> str:
    return "lower(json_extract(document, '$.contact_points.email'))"


@compiles(EmailOfDocument, "postgresql")
def _postgresql(element: EmailOfDocument, compiler: SQLCompiler, **options: Any) -> str:
    # In the words in which PostgreSQL tells it back, so that a test can compare tables and migrations.
    return "lower((document::json -> 'contact_points') ->> 'email')"
