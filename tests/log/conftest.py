"""The key that tests of the log sign with: always the same, so that a failing test fails again."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ccm.log.keys import Signer


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer("example.com/ccm", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
