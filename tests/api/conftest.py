"""The page of an invented bank."""

from __future__ import annotations

import pytest
from api_parts import Browser
from support import Bank

from ccm.api.app import make_app


@pytest.fixture
def browser(bank: Bank) -> Browser:
    """Asks the bank's app."""
    return Browser(make_app(bank.project))
