"""Parts shared by the intake tests."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ccm.workspace import Workspace
from ccm.workspace.policy import Policy
from ccm.workspace.settings import Settings

REPOSITORY = Path(__file__).parents[2]
BANK = REPOSITORY.parent / "shared" / "data" / "bank"
KINDS = (
    "customers", "accounts", "transactions", "preferences", "consents", "suppressions", "relations", "history", "cases",
)  # fmt: skip
"""In the order of an import: owners before what they own."""

CUSTOMER = (
    "{id},{account},en-GB,1980-02-03,standard,{family},{given},GB,Europe/London,1 Alder Lane,,Leeds,,LS1 4CV,GB,"
    "{mobile},{email},{format},active"
)


def customer_row(customer_id: str, **values: str) -> str:
    """A customers row in the column order of the mapping (not the bank's); see `HEADER`."""
    plain = {
        "account": f"A{customer_id}", "family": "Yarrow", "given": "Maeve", "mobile": "+447700900123",
        "email": "maeve@example.com", "format": "",
    }  # fmt: skip
    return CUSTOMER.format(id=customer_id, **{**plain, **values})


HEADER = (
    "customer_id,account_id,language,birth_date,segment,family_name,given_name,jurisdiction,timezone,address_line1,"
    "address_line2,city,region,postcode,country,mobile,email,accessible_format,status"
)


def make_workspace(**changes: Any) -> Workspace:
    """A workspace with the repository's own ccm.toml; `changes` replace parts of ``[feeds.customers]`` and so on."""
    settings = tomllib.loads((REPOSITORY / "ccm.toml").read_text("utf-8"))
    for kind, change in changes.items():
        if kind == "attributes":
            settings["customer"]["attributes"] = change
        else:
            settings["feeds"].setdefault(kind, {}).update(change)
    return Workspace(
        REPOSITORY, Settings.model_validate(settings), {}, {}, {}, {}, {}, {}, (), (), {}, Policy()
    )  # fmt: skip
