"""Which variant of a communication's words a customer gets."""

from __future__ import annotations

import hashlib

from ccm.workspace.communication import Communication


def assign(communication: Communication, customer_id: str) -> str | None:
    """The customer's variant, empty where there is no experiment; None: held out, to measure against.

    A share of the SHA-256 over experiment and customer, cut into pieces as long as the weights: the same
    customer always gets the same variant, on every host and in every run, and two experiments are
    independent of each other.
    """
    experiment = communication.experiment
    if experiment is None:
        return ""
    total = sum(experiment.variants.values()) + experiment.holdout
    digest = hashlib.sha256(f"{experiment.id}\n{customer_id}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") * total >> 64
    for variant, weight in experiment.variants.items():
        if place < weight:
            return variant
        place -= weight
    return None
