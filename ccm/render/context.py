"""What a template sees of one message: plain copies of customer, organisation, message and data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ccm.errors import RenderError
from ccm.model.customer import Customer
from ccm.model.message import RenderContext
from ccm.render.data import Read, clean, readers
from ccm.render.formats import Formats, formats_for
from ccm.render.people import address_block, addressee, full_name
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, FieldType
from ccm.workspace.languages import base

_KEPT_STARTS = 1024
"""Templates by languages by places: a few dozen in practice, but time zones are customers' data."""
CustomerField = Callable[[Customer, str], Any]
"""From a customer and the message's language to the value that templates read."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Who fills the names that one template reads."""

    customer: tuple[tuple[str, CustomerField], ...]
    data: tuple[tuple[str, Read], ...]
    message: bool


class ContextBuilder:
    """Makes the values of a communication's templates; the same for all messages of a language are made once."""

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        self._data = readers(communication.data.fields)
        self._zones = {code: zones[0] for code, zones in workspace.policy.zones.items() if zones}
        self._attributes = readers(
            {name: FieldType(type=kind, optional=True) for name, kind in workspace.settings.customer.attributes.items()}
        )
        self._starts: dict[Any, tuple[_Plan, dict[str, Any]]] = {}
        lines = workspace.settings.organisation.address
        self._preference_url = workspace.settings.organisation.preference_url
        self._organisation: dict[str, dict[str, Any]] = {
            language: {
                **constants_of(workspace, language)["organisation"],
                "address_lines": lines.of(language).strip().split("\n"),
            }
            for language in communication.languages
        }

    def build(
        self, context: RenderContext, uses: frozenset[str], *, plain: bool = False, token: str = ""
    ) -> dict[str, Any]:
        """The names that `uses` lists, filled; wording is added by the renderer.

        With `token`, the address of the preference page is this message's own.
        Raises `RenderError` where data are missing, of the wrong type or hold forbidden characters.
        """
        customer, language, data = context.customer, context.language, context.data
        key = (uses, language, customer.language, customer.timezone, customer.jurisdiction, plain)
        plan, same = self._starts.get(key) or self._start(key)
        values = same.copy()
        if plan.customer:
            spoken = base(language)
            values["customer"] = {name: read(customer, spoken) for name, read in plan.customer}
        if token:
            values["organisation"] = {
                **values["organisation"], "preference_url": preference_link(self._preference_url, token)
            }  # fmt: skip
        if plan.message:
            values["message"] = {
                "date": local_date(context.at, values["_f"].zone),
                "reference": clean(context.message_id, "message.reference"),
                "language": language,
            }
        for name, convert in plan.data:
            values[name] = convert(data.get(name), name, data, data)
        return values

    def _start(self, key: tuple[frozenset[str], str, str, str | None, str, bool]) -> tuple[_Plan, dict[str, Any]]:
        """Who fills the names, and those values that are the same for all customers of one language and place."""
        uses, language, tag, own_zone, jurisdiction, plain = key
        formats = _formats(tag, base(language), own_zone, self._zones.get(jurisdiction), plain)
        values = {"_f": formats, "customer": {}, "organisation": self._organisation[language]}
        if len(self._starts) >= _KEPT_STARTS:
            self._starts.clear()
        return self._starts.setdefault(key, (self._plan(uses), values))

    def _plan(self, uses: frozenset[str]) -> _Plan:
        fields = []
        for path in sorted(uses):
            owner, _, name = path.partition(".")
            if owner == "customer" and name and "." not in name:
                fields.append((name, self._read_attributes if name == "attributes" else _customer_field(name)))
        data = tuple((name, read) for name, read in self._data.items() if name in uses)
        return _Plan(tuple(fields), data, any(path.partition(".")[0] == "message" for path in uses))

    def _read_attributes(self, customer: Customer, language: str) -> dict[str, Any]:
        given = customer.attributes
        return {name: read(given.get(name), name, given, given) for name, read in self._attributes.items()}


def _customer_field(name: str) -> CustomerField:
    get: CustomerField = _FIELDS.get(name) or (lambda customer, language: getattr(customer, name, None))
    path, needed = f"customer.{name}", name in _NEEDED

    def read(customer: Customer, language: str) -> Any:
        value = get(customer, language)
        if isinstance(value, str):
            value = clean(value, path) or None
        elif isinstance(value, tuple):
            value = [clean(line, path) for line in value]
        if value is None and needed:
            raise RenderError("missing_data", f"'{path}' is missing")
        return value

    return read


@lru_cache(maxsize=1024)
def _formats(tag: str, language: str, own_zone: str | None, zone: str | None, plain: bool) -> Formats:
    return formats_for(tag, language, _zone(own_zone, zone), plain=plain)


def _zone(own: str | None, of_jurisdiction: str | None) -> str:
    for name in (own, of_jurisdiction):
        try:
            if name:
                return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return "UTC"


def constants_of(workspace: Workspace, language: str) -> dict[str, dict[str, str]]:
    """The texts that are the same in every message of a language, by name and field."""
    organisation = workspace.settings.organisation
    lines = organisation.address.of(language).strip().split("\n")
    return {
        "organisation": {
            "name": organisation.name.of(language),
            "address": _ADDRESS_SEPARATOR.get(base(language), ", ").join(lines),
            "website": organisation.website,
            "phone": organisation.phone,
            "preference_url": organisation.preference_url,
        },
    }


def preference_link(preference_url: str, token: str) -> str:
    """The address of the preference page as one message has it. A template may go on with a query or a fragment."""
    return f"{preference_url}?t={token}" if token else preference_url


def period_end(communication: Communication, context: RenderContext) -> dt.date | None:
    """The date in the data's ``period.end``, for communications that cover a period."""
    period = communication.data.fields.get("period")
    if period is None or "end" not in period.fields or period.fields["end"].type != "date":
        return None
    data = context.data
    read: Mapping[str, dt.date | None] = readers({"period": period})["period"](data.get("period"), "period", data, data)
    return read["end"] if read else None


@lru_cache(maxsize=256)
def local_date(at: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The date of an instant in a zone; all messages of a run carry the same instant."""
    return at.astimezone(zone).date()


def _email(customer: Customer, language: str) -> str | None:
    return customer.contact_points.get("email")


def _mobile(customer: Customer, language: str) -> str | None:
    return customer.contact_points.get("sms")


_ADDRESS_SEPARATOR = {"en": ", ", "ja": " "}
_FIELDS: Mapping[str, CustomerField] = {
    "full_name": full_name, "addressee": addressee, "address_lines": address_block, "email": _email, "mobile": _mobile,
}  # fmt: skip
_NEEDED = frozenset({"id", "full_name", "addressee", "language", "jurisdiction"})
