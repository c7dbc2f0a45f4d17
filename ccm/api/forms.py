"""A form's fields, read within limits."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import HTTPException, Request
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser

MAX_FIELDS, MAX_VALUE = 300, 4096
"""Fields of a form, and characters of a value; eight channels in fifteen categories fit twice."""
Fields = list[tuple[str, str]]


async def read_form(request: Request) -> Fields:
    """The fields in order. Raises `HTTPException`: 415 for what is no form, 400 for one that cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        fields = _urlencoded(await request.body())
    elif kind == "multipart/form-data":
        fields = await _multipart(request)
    else:
        raise HTTPException(415, "A form is expected.")
    if any(len(name) > MAX_VALUE or len(value) > MAX_VALUE for name, value in fields):
        raise HTTPException(400, "A field of the form is too long.")
    return fields


def _urlencoded(body: bytes) -> Fields:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:  # which a wrong encoding is, too
        raise HTTPException(400, "The form cannot be read.") from error


async def _multipart(request: Request) -> Fields:
    try:
        parser = MultiPartParser(request.headers, request.stream(), max_files=0, max_fields=MAX_FIELDS)
        form: FormData = await parser.parse()
    except (MultiPartException, ValueError, KeyError) as error:
        raise HTTPException(400, "The form cannot be read.") from error
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
