"""How long the values can get that a text message prints, by name.

Texts of the data have their `max_length`, the organisation's are known. Texts of a customer have no declared
length; `LIMITS` holds what is reckoned with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from ccm.render.context import constants_of
from ccm.render.data import MAX_ITEMS, MAX_TEXT
from ccm.render.sms_bounds import NOTHING, Bound, any_text, fixed, latin, one_of
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, FieldType

LIMITS: Mapping[str, int] = {
    "full_name": 40, "addressee": 60, "family_name": 40, "given_name": 40, "honorific": 16, "segment": 40,
    "address_lines": 80,
}  # fmt: skip
"""Characters of a customer's texts; an addressee is the name with what a person is called by."""
_CODES: Mapping[str, int] = {
    "id": 64, "email": 254, "mobile": 16, "accessible_format": 11, "language": 35, "jurisdiction": 2,
}  # fmt: skip
"""Texts of ASCII: an addr-spec (RFC 5321), an E.164 number, a BCP 47 tag (RFC 5646, 4.4.1), ISO 3166-1."""
ADDRESS_LINES = 7
"""Five of the address, its country, and at whose home or office it is."""
ATTRIBUTE = 40
REFERENCE = 32
"""Characters of a message's id."""
_DATE, _COUNT = FieldType(type="date"), FieldType(type="integer")


@dataclass(frozen=True, slots=True)
class Value:
    """What stands at a path of the data: the bound of a text, or the type of what is printed formatted."""

    name: str
    bound: Bound = NOTHING
    field: FieldType | None = None
    items: int = 0
    """The most that a list has."""


class Values:
    """The values of one communication in one language."""

    def __init__(self, workspace: Workspace, communication: Communication, language: str) -> None:
        self._fields = communication.data.fields
        self._attributes = workspace.settings.customer.attributes
        organisation = constants_of(workspace, language)["organisation"]
        lines = workspace.settings.organisation.address.of(language).strip().split("\n")
        self._known = {f"organisation.{name}": Value(name, fixed(text)) for name, text in organisation.items()}
        self._known |= {
            "organisation.address_lines": Value("organisation.address_lines", one_of(lines), items=len(lines)),
            "message.date": Value("message.date", field=_DATE),
            "message.reference": Value("message.reference", latin(REFERENCE).named("message.reference")),
            "message.language": Value("message.language", fixed(language)),
            "customer.birth_date": Value("customer.birth_date", field=_DATE),
            "loop.index": Value("loop.index", field=_COUNT),
        }

    def at(self, path: list[str], items: Mapping[str, Value]) -> Value:
        """The value at a path; `items` are those of the loops around it."""
        name = ".".join(path)
        if name in self._known:
            return self._known[name]
        if path[0] in items:
            item = items[path[0]]
            return item if item.field is None else _of(item.field.fields, path[1:], f"{item.name}.{path[1]}")
        if path[0] == "customer":
            return self._of_customer(name, path[1:])
        return _of(self._fields, path, name)

    def _of_customer(self, name: str, path: list[str]) -> Value:
        if path[0] == "attributes":
            return Value(name, any_text(ATTRIBUTE).named(name), FieldType(type=self._attributes[path[1]]))
        bound = any_text(LIMITS[path[0]]) if path[0] in LIMITS else latin(_CODES[path[0]])
        return Value(name, bound.named(name), items=ADDRESS_LINES if path[0] == "address_lines" else 0)


def _of(fields: Mapping[str, FieldType], path: list[str], name: str) -> Value:
    field = reduce(lambda parent, part: parent.fields[part], path[1:], fields[path[0]])
    if field.type == "list":
        return Value(name, field=field, items=field.max_length or MAX_ITEMS)
    bound = any_text(field.max_length or MAX_TEXT).named(name) if field.type == "text" else NOTHING
    return Value(name, bound, field)
