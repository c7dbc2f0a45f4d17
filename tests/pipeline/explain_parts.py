"""A customer about whom single decisions are explained."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ccm.decide import Facts
from ccm.model.customer import Consent, Customer, PostalAddress, Suppression

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
ADA = Customer(
    id="C1", language="en-GB", jurisdiction="GB", timezone="Europe/London",
    address=PostalAddress(line1="1 Quay", country="GB"),
    contact_points={"email": "ada@example.com", "sms": "+447700900001"},
)  # fmt: skip
GIVEN = Consent(
    customer_id="C1", purpose="marketing", channel="email", basis="opt_in", granted=True, at=AT - timedelta(days=100)
)
Explain = Callable[..., str]


def suppressed(kind: str, **values: Any) -> Facts:
    row = Suppression("C1", kind, "*", AT - timedelta(days=3))  # type: ignore[arg-type]
    return Facts(ADA, consents=(GIVEN,), suppressions=(row._replace(**values),))
