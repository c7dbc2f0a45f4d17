"""A customer as the JSON that the store keeps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from ccm.model.customer import Customer, PostalAddress
from ccm.store.rows import builder

_DEFAULTS: dict[str, Any] = {
    name: field.get_default(call_default_factory=True)
    for name, field in Customer.model_fields.items() if not field.is_required()
}  # fmt: skip
_NO_ADDRESS: dict[str, Any] = {
    name: field.default for name, field in PostalAddress.model_fields.items() if not field.is_required()
}
_customer, _address = builder(Customer), builder(PostalAddress)


def customer_document(customer: Customer) -> str:
    """The JSON kept in ``customers.document``; `customer_from_document` gives an equal customer back."""
    plain = customer.model_dump(mode="json", exclude={"attributes"}, exclude_defaults=True)
    if customer.attributes:
        plain["attributes"] = {name: _tagged(value) for name, value in customer.attributes.items()}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()


def customer_from_document(document: str) -> Customer:
    """The customer that `customer_document` wrote, attributes in their declared types.

    It was checked when it was taken in; to check it again would take half of the time of reading everything.
    """
    values = {**_DEFAULTS, **orjson.loads(document)}
    if values["attributes"]:
        values["attributes"] = {name: _untagged(value) for name, value in values["attributes"].items()}
    if values["birth_date"] is not None:
        values["birth_date"] = date.fromisoformat(values["birth_date"])
    if values["account_ids"]:
        values["account_ids"] = tuple(values["account_ids"])
    if values["address"] is not None:
        values["address"] = _address({**_NO_ADDRESS, **values["address"]})
    return _customer(values)


def _tagged(value: object) -> object:
    # JSON has neither dates nor exact decimals; a tag keeps the type that ccm.toml declares.
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    return value


def _untagged(value: object) -> object:
    if isinstance(value, dict):
        return Decimal(value["$decimal"]) if "$decimal" in value else date.fromisoformat(value["$date"])
    return value
