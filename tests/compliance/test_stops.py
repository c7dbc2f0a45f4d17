"""Stops: who may, what falls under one, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from ccm.compliance import stops
from ccm.compliance.stops import Stop, Stops
from ccm.errors import Conflict, InputError, NotAllowed
from ccm.store import Store
from ccm.workspace.settings import Person

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
People = Callable[[str], Person]


class Log:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.stops: list[Stop] = []

    def __call__(self, connection: Connection, stop: Stop) -> None:
        assert connection.in_transaction()
        self.stops.append(stop)


def active(store: Store) -> Stops:
    with store.read() as connection:
        return stops.active(connection)


def message(stopped: Stops, **other: Any) -> str:
    fields: dict[str, Any] = {
        "release": "r1", "communication": "offer", "channel": "sms", "wording": [("fee-notice", "2")], **other,
    }  # fmt: skip
    found = stopped.of(**fields)
    return found.reason if found else ""


@pytest.mark.parametrize(
    ("target", "name", "other"),
    [
        ("release", "r1", {"release": "r2"}),
        ("communication", "offer", {"communication": "notice"}),
        ("channel", "sms", {"channel": "email"}),
        ("wording", "fee-notice", {"wording": []}),
        ("wording", "fee-notice@2", {"wording": [("fee-notice", "1")]}),
    ],
)
def test_a_stop_holds_for_its_messages_until_it_is_ended(
    store: Store, person: People, target: Any, name: str, other: dict[str, Any]
) -> None:
    log = Log()
    assert message(active(store)) == ""
    stops.stop(store, target, name, person("ops"), NOW, "wrong number", record=log)
    assert message(active(store)) == f"stopped_{target}"
    assert message(active(store), **other) == ""
    stops.resume(store, target, name, person("chie"), NOW, "corrected", record=log)
    assert message(active(store)) == ""
    stops.stop(store, target, name, person("ops"), NOW, "again", record=log)
    assert message(active(store)) == f"stopped_{target}"
    with store.read() as connection:
        assert list(stops.history(connection)) == log.stops
    assert [one.action for one in log.stops] == ["stopped", "resumed", "stopped"]


def test_stopping_is_open_to_more_people_than_starting_again(store: Store, person: People) -> None:
    auditor = person("ops").model_copy(update={"roles": ("auditor", "reviewer")})
    with pytest.raises(NotAllowed, match="needs the role author or compliance or operator or administrator"):
        stops.stop(store, "channel", "sms", auditor, NOW, "why", record=Log())
    stops.stop(store, "channel", "sms", person("ben"), NOW, "why", record=Log())
    for name in ("ben", "ops"):
        with pytest.raises(NotAllowed, match="needs the role compliance or administrator"):
            stops.resume(store, "channel", "sms", person(name), NOW, "why", record=Log())
    stops.resume(store, "channel", "sms", person("root"), NOW, "why", record=Log())


def test_what_makes_no_sense_is_told(store: Store, person: People) -> None:
    ops, chie = person("ops"), person("chie")
    for comment, told in ((" ", "says why"), ("x" * 2001, "2,001 characters")):
        with pytest.raises(InputError, match=told):
            stops.stop(store, "channel", "sms", ops, NOW, comment, record=Log())
    with pytest.raises(Conflict, match="is not stopped"):
        stops.resume(store, "channel", "sms", chie, NOW, "why", record=Log())
    stops.stop(store, "channel", "sms", ops, NOW, "why", record=Log())
    with pytest.raises(Conflict, match="was stopped by ops at 2026-04-01"):
        stops.stop(store, "channel", "sms", chie, NOW, "why", record=Log())
    with pytest.raises(NotAllowed, match="the clock says"):
        stops.resume(store, "channel", "sms", chie, NOW - timedelta(seconds=1), "why", record=Log())


def test_what_the_audit_log_does_not_take_is_not_stopped(store: Store, person: People) -> None:
    def broken(connection: Connection, stop: Stop) -> None:
        raise OSError("the log is full")

    with pytest.raises(OSError, match="full"):
        stops.stop(store, "channel", "sms", person("ops"), NOW, "why", record=broken)
    assert not active(store).active
