"""Values of another customer, left in a template by somebody who tried it out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ccm.compliance.writing.written import Code, Context, Hit, Written
from ccm.model.customer import Customer

CODES = (
    Code(
        "PB02",
        "data of another customer",
        "every customer would read it",
        "use the customer's own field",
        "error",
        "UK GDPR and GDPR, article 5(1)(f); 個人情報の保護に関する法律23条",
        of_data=True,
    ),
)
SHORTEST = 5
"""Characters from which on a value says who is meant; Japanese names from 3."""


def check_together(messages: Sequence[Written], context: Context) -> Iterator[tuple[Written, Hit]]:
    """A hit for each value of another sample's customer, or of its account, that is none of the sample's own."""
    samples = {written.sample: written for written in messages}
    values = {sample: _telling(written) for sample, written in samples.items()}
    others = {sample: dict(_of_others(written, values)) for sample, written in samples.items()}
    for written in messages:
        for part in written.own:
            for value, kind in others[written.sample].items():
                at = part.text.find(value)
                if at >= 0:
                    yield written, Hit("PB02", kind, part.place, at, at + len(value))


def _of_others(written: Written, values: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """What tells of other samples and not of this one; a street that two live in is no other customer's."""
    own = "\n".join((*(value for _, value in written.values), *values[written.sample]))
    for sample, found in values.items():
        if sample != written.sample:
            yield from ((value, kind) for value, kind in found.items() if value not in own)


def _telling(written: Written) -> dict[str, str]:
    """The values that tell who a sample is, with what each is."""
    found: dict[str, str] = {}
    customer = written.customer
    if customer is not None:
        for name in _names(customer):
            found[name] = "name"
        for channel, address in customer.contact_points.items():
            found[address] = f"{channel} address"
        if customer.address:
            found[customer.address.line1] = "postal address"
    for name, value in written.values:
        if re.search(r"(?:account|iban)[\w.\[\]]*$", name) and len(re.findall(r"\d", value)) >= 6:
            found[value] = "account number"
    return {value: kind for value, kind in found.items() if len(value) >= (SHORTEST if value.isascii() else 3)}


def _names(customer: Customer) -> Iterator[str]:
    given, family = customer.given_name, customer.family_name
    if given and family:
        for joint in (" ", "") if not (given + family).isascii() else (" ",):
            yield f"{given}{joint}{family}"
            yield f"{family}{joint}{given}"
    if customer.organisation_name:
        yield customer.organisation_name
