"""What a template sees of one message: plain copies of customer, organisation, message and data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ccm.errors import RenderError
from ccm.model.customer import Customer
from ccm.model.message import RenderContext
from ccm.render.data import clean, read_data
from ccm.render.formats import Formats, formats_for
from ccm.render.people import address_lines, addressee, full_name
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, FieldType
from ccm.workspace.languages import base


class ContextBuilder:
    """Makes the values of a communication's templates; the same for all messages of a language are made once."""

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        self._fields = communication.data.fields
        self._zones = {code: zones[0] for code, zones in workspace.policy.zones.items() if zones}
        self._attributes = {
            name: FieldType(type=kind, optional=True) for name, kind in workspace.settings.customer.attributes.items()
        }
        organisation = workspace.settings.organisation
        self._organisation: dict[str, dict[str, Any]] = {
            language: {
                "name": organisation.name.of(language),
                "address": _ADDRESS_SEPARATOR.get(base(language), ", ").join(
                    organisation.address.of(language).strip().split("\n")
                ),
                "address_lines": organisation.address.of(language).strip().split("\n"),
                "website": organisation.website,
                "phone": organisation.phone,
                "preference_url": organisation.preference_url,
            }
            for language in communication.languages
        }

    def build(self, context: RenderContext, uses: frozenset[str], *, plain: bool = False) -> dict[str, Any]:
        """The names that `uses` lists, filled; wording is added by the renderer.

        Raises `RenderError` where data are missing, of the wrong type or hold forbidden characters.
        """
        customer, language = context.customer, context.language
        zone = self._zone(customer)
        formats = formats_for(customer.language, base(language), zone, plain=plain)
        return {
            "_f": formats,
            "customer": self._customer(customer, base(language), uses),
            "organisation": self._organisation[language],
            "message": {
                "date": local_date(context.at, formats),
                "reference": clean(context.message_id, "message.reference"),
                "language": language,
            },
            **read_data(self._fields, context.data, uses),
        }

    def _zone(self, customer: Customer) -> str:
        for name in (customer.timezone, self._zones.get(customer.jurisdiction)):
            try:
                if name:
                    return ZoneInfo(name).key
            except (ZoneInfoNotFoundError, ValueError):
                continue
        return "UTC"

    def _customer(self, customer: Customer, language: str, uses: frozenset[str]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for path in uses:
            base, _, name = path.partition(".")
            if base != "customer" or not name or "." in name:
                continue
            value = _FIELDS[name](customer, language) if name in _FIELDS else getattr(customer, name, None)
            if name == "attributes":
                value = read_data(self._attributes, customer.attributes, frozenset(self._attributes))
            elif isinstance(value, str):
                value = clean(value, path) or None
            elif isinstance(value, tuple):
                value = [clean(line, path) for line in value]
            if value is None and name in _NEEDED:
                raise RenderError("missing_data", f"'{path}' is missing")
            values[name] = value
        return values


def period_end(communication: Communication, context: RenderContext) -> dt.date | None:
    """The date in the data's ``period.end``, for communications that cover a period."""
    period = communication.data.fields.get("period")
    if period is None or "end" not in period.fields or period.fields["end"].type != "date":
        return None
    read = read_data(communication.data.fields, context.data, frozenset({"period"}))
    end: dt.date | None = read["period"]["end"]
    return end


def local_date(at: dt.datetime, formats: Formats) -> dt.date:
    """The date of an instant in the message's zone."""
    return at.astimezone(formats.zone).date()


def _address(customer: Customer, language: str) -> tuple[str, ...]:
    return address_lines(customer.address, customer.jurisdiction)


def _email(customer: Customer, language: str) -> str | None:
    return customer.contact_points.get("email")


def _mobile(customer: Customer, language: str) -> str | None:
    return customer.contact_points.get("sms")


_ADDRESS_SEPARATOR = {"en": ", ", "ja": " "}
_FIELDS: Mapping[str, Any] = {
    "full_name": full_name, "addressee": addressee, "address_lines": _address, "email": _email, "mobile": _mobile,
}  # fmt: skip
_NEEDED = frozenset({"id", "full_name", "addressee", "language", "jurisdiction"})
