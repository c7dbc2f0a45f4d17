"""Every table. Body bytes never stand here: they are in the archive, and a message row refers to them."""

from ccm.store.tables.approvals import release_actions, release_files, release_parts, releases, stops
from ccm.store.tables.base import Instant, Words, metadata
from ccm.store.tables.feeds import (
    accounts,
    cases,
    consents,
    contacts,
    customer_choices,
    customer_guards,
    customer_salts,
    customers,
    imports,
    preferences,
    relations,
    suppressions,
    transactions,
)
from ccm.store.tables.log import log_checkpoints, log_keys, log_leaves, log_state, log_tiles, log_waiting
from ccm.store.tables.messages import chunks, decision_policies, digests, messages, runs
from ccm.store.tables.vault import customer_keys, erasures, legal_holds, vault_keys

__all__ = [
    "Instant",
    "Words",
    "accounts",
    "cases",
    "chunks",
    "consents",
    "contacts",
    "customer_choices",
    "customer_guards",
    "customer_keys",
    "customer_salts",
    "customers",
    "decision_policies",
    "digests",
    "erasures",
    "imports",
    "legal_holds",
    "log_checkpoints",
    "log_keys",
    "log_leaves",
    "log_state",
    "log_tiles",
    "log_waiting",
    "messages",
    "metadata",
    "preferences",
    "relations",
    "release_actions",
    "release_files",
    "release_parts",
    "releases",
    "runs",
    "stops",
    "suppressions",
    "transactions",
    "vault_keys",
]
