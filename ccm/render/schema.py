"""The types of all names a template can use: customer, organisation, message, strings, wording, data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from ccm.errors import Problem
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication, FieldType

Kind = Literal[
    "text", "integer", "decimal", "money", "percent", "date", "datetime", "boolean",
    "object", "list", "loop", "wording", "unknown",
]  # fmt: skip
"""`loop` is the loop's own counter object, `wording` an approved slot, `unknown` what already has a problem."""

NUMBERS = frozenset({"integer", "decimal", "money", "percent"})
PRINTABLE = NUMBERS | {"text", "date", "datetime", "wording", "unknown"}
RESERVED = frozenset({"customer", "organisation", "message", "wording", "loop"})


@dataclass(frozen=True, slots=True)
class Type:
    """The static type of an expression."""

    kind: Kind
    optional: bool = False
    """The value may be missing, so that it needs an `if` or a `default`."""
    fields: Mapping[str, Type] = field(default_factory=dict)
    item: Type | None = None
    """Of a list."""
    max_length: int | None = None
    names_customer: bool = False
    """A customer's name or a text made with it, which must print as it was given."""

    def given(self) -> Type:
        """The same type once a guard has shown that the value is there."""
        return replace(self, optional=False)


TEXT = Type("text")
OPTIONAL_TEXT = Type("text", optional=True)
INTEGER = Type("integer")
BOOLEAN = Type("boolean")
UNKNOWN = Type("unknown")
NAME = Type("text", names_customer=True)
OPTIONAL_NAME = replace(NAME, optional=True)
LINES = Type("list", item=TEXT)
LOOP = Type("loop", fields={"index": INTEGER, "first": BOOLEAN, "last": BOOLEAN})

ORGANISATION = Type(
    "object",
    fields={
        "name": TEXT,
        "address": TEXT,
        "address_lines": LINES,
        "website": TEXT,
        "phone": TEXT,
        "preference_url": TEXT,
    },
)
MESSAGE = Type("object", fields={"date": Type("date"), "reference": TEXT, "language": TEXT})
_CUSTOMER = {
    "id": TEXT,
    "family_name": OPTIONAL_NAME,
    "given_name": OPTIONAL_NAME,
    "full_name": NAME,
    "addressee": NAME,
    "honorific": OPTIONAL_TEXT,
    "email": OPTIONAL_TEXT,
    "mobile": OPTIONAL_TEXT,
    "address_lines": LINES,
    "segment": OPTIONAL_TEXT,
    "accessible_format": OPTIONAL_TEXT,
    "language": TEXT,
    "jurisdiction": TEXT,
    "birth_date": Type("date", optional=True),
}


def type_of(declared: FieldType) -> Type:
    """The type of one declared data field."""
    fields = {name: type_of(part) for name, part in declared.fields.items()}
    if declared.type == "list":
        item = Type("object", fields=fields)
        return Type("list", declared.optional, item=item, max_length=declared.max_length)
    return Type(declared.type, declared.optional, fields, max_length=declared.max_length)


def schema_of(workspace: Workspace, communication: Communication, problems: list[Problem]) -> dict[str, Type]:
    """Every top-level name of the communication's templates with its type.

    Data fields that take a name of the language are reported to `problems`.
    """
    attributes = {
        name: Type(declared, optional=True) for name, declared in workspace.settings.customer.attributes.items()
    }
    wording = {slot_name(wording_id): Type("wording") for wording_id in workspace.wording_ids}
    names = {
        "customer": Type("object", fields={**_CUSTOMER, "attributes": Type("object", fields=attributes)}),
        "organisation": ORGANISATION,
        "message": MESSAGE,
        "wording": Type("object", fields=wording),
    }
    for name, declared in communication.data.fields.items():
        if name in RESERVED:
            path = f"templates/{communication.id}/communication.yaml"
            message = f"data field '{name}' has a name of the template language; call it something else"
            problems.append(Problem(path, 0, message))
        else:
            names[name] = type_of(declared)
    return names


def slot_name(wording_id: str) -> str:
    """How a wording is called in templates: ``fee-notice`` is ``wording.fee_notice``."""
    return wording_id.replace("-", "_")
