"""The customers feed: from cells to `ccm.model.customer.Customer`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ccm.intake import values
from ccm.intake.fields import Field, FieldProblem
from ccm.intake.values import Bad
from ccm.model.customer import CONTACT_CHANNELS, Customer, PostalAddress
from ccm.store.customer_documents import customer_document
from ccm.workspace.settings import AttributeType

_NAMES = ("family_name", "given_name", "honorific", "organisation_name")
_ADDRESS = ("line1", "line2", "city", "region", "postcode", "country")
_ADDRESS_LINE = values.text(200)
_NUMBERS = ("sms", "whatsapp")
"""Channels whose address is a telephone number."""


def _contact_field(channel: str) -> Field:
    # A number needs the customer's country, so it is converted when the row is complete.
    convert: Callable[[str], str] = str if channel in _NUMBERS else values.handle
    if channel == "email":
        convert = values.email
    return Field(f"contact.{channel}", values.optional(convert), vital=False, default=None)


CUSTOMER_FIELDS = (
    Field("id", values.identifier, needed=True),
    # A name is never changed, not even to mend it: one that can't be printed as written sets the row aside.
    *(Field(name, values.text(200)) for name in _NAMES),
    Field("language", values.language, needed=True),
    Field("jurisdiction", values.country, needed=True),
    Field("timezone", values.timezone, vital=False, default=None),
    Field("status", values.one_of("active", "closed", "deceased"), default="active"),
    Field("segment", values.text(100), vital=False),
    Field("accessible_format", values.one_of("", "large_print"), vital=False),
    Field("birth_date", values.birthday, vital=False, default=None),
    Field("account_ids", values.identifiers, default=()),
    # Taken as it is here and looked at as a whole when the row is complete.
    *(Field(f"address.{part}", str, default=None if part == "country" else "") for part in _ADDRESS),
    *(_contact_field(channel) for channel in CONTACT_CHANNELS if channel != "letter"),
)


def attribute_fields(declared: Mapping[str, AttributeType]) -> tuple[Field, ...]:
    """A field ``attributes.<name>`` for every attribute declared in ccm.toml."""
    converters: dict[AttributeType, Callable[[str], Any]] = {
        "text": values.text(500),
        "integer": values.integer,
        "decimal": values.decimal,
        "boolean": values.boolean,
        "date": values.day,
    }
    return tuple(
        Field(f"attributes.{name}", values.optional(converters[kind]), vital=False, default=None)
        for name, kind in declared.items()
    )


def finish_customer(row: dict[str, Any], problem: FieldProblem) -> dict[str, Any]:
    """The row of table ``customers``; raises `Bad` for a customer without any name."""
    if not any(row[name].strip() for name in ("family_name", "given_name", "organisation_name")):
        raise Bad("", "the customer has no name")
    address = _address(row, problem)
    contact_points = {}
    for channel in CONTACT_CHANNELS:
        value = row.get(f"contact.{channel}")
        if value and channel in _NUMBERS:
            region = address.country if address else row["jurisdiction"]
            value = _kept(partial(values.mobile, value, region), f"contact.{channel}", problem)
        if value:
            contact_points[channel] = value
    customer = Customer(
        **{name: row[name] for name in _PLAIN},
        address=address,
        contact_points=contact_points,
        attributes={
            name.removeprefix("attributes."): value
            for name, value in row.items()
            if name.startswith("attributes.") and value is not None
        },
    )
    document = customer_document(customer)
    return {"id": customer.id, "document": document, "row_digest": hashlib.sha256(document.encode()).hexdigest()}


_PLAIN = (
    "id", *_NAMES, "language", "jurisdiction", "timezone", "status", "segment", "accessible_format", "birth_date",
    "account_ids",
)  # fmt: skip


def _kept(convert: Callable[[], str], field: str, drop: FieldProblem) -> str | None:
    try:
        return convert()
    except Bad as bad:
        drop(field, bad)
        return None


def _address(row: Mapping[str, Any], drop: FieldProblem) -> PostalAddress | None:
    """The address, or None where there is none or a part of it can't be taken: half an address misleads.

    One without its first line is kept as the feed has it; `Customer.reach` knows that no letter gets there.
    """
    parts = {part: row[f"address.{part}"] for part in _ADDRESS}
    if not any(parts[part] for part in _ADDRESS[:-1]):
        return None
    if parts["country"] is None:  # the feed has no such column
        parts["country"] = row["jurisdiction"]
    part = ""
    try:
        for part in _ADDRESS:
            (values.country if part == "country" else _ADDRESS_LINE)(parts[part])
    except Bad as bad:
        drop(f"address.{part}", bad)
        return None
    return PostalAddress(**parts)
