"""A message never goes with words that are not in force any more when it is handed off."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from support import Bank

from ccm.batch import coordinator, runs
from ccm.delivery import deliver
from ccm.errors import InputError, NotAllowed
from ccm.store.tables import contacts, messages
from ccm.workspace.wording import Wording

DAY = datetime(2026, 4, 1, 10, tzinfo=UTC)
CHANGE = DAY - timedelta(minutes=1)


def put(bank: Bank, *wordings: Wording) -> None:
    """Adds wordings; one that has the path of another stands in its place."""
    paths = {wording.path for wording in wordings}
    kept = [wording for wording in bank.project.workspace.wordings if wording.path not in paths]
    object.__setattr__(bank.project.workspace, "wordings", (*kept, *wordings))


def identity(bank: Bank, language: str, jurisdiction: str) -> Wording:
    place = ("sender-identity", language, jurisdiction, "")
    return next(wording for wording in bank.project.workspace.wordings if wording.place == place)


def next_version(old: Wording, starts: datetime) -> Wording:
    update = {"version": "2", "effective_from": starts, "path": old.path.replace("-1.", "-2."), "digest": "2" * 64}
    return old.model_copy(update=update)


def rows(bank: Bank) -> list[Any]:
    with bank.project.store.read() as connection:
        return list(connection.execute(select(messages).where(messages.c.channel.is_not(None))).mappings())


def uses(row: Any, old: Wording) -> bool:
    return [old.id, old.version, old.digest] in orjson.loads(row["wording"])


@pytest.mark.parametrize(("language", "jurisdiction"), [("en", "GB"), ("ja", "JP")])
@pytest.mark.offers_due
def test_words_that_were_replaced_before_the_hand_off_do_not_go(bank: Bank, language: str, jurisdiction: str) -> None:
    old = identity(bank, language, jurisdiction)
    put(bank, next_version(old, CHANGE))
    deliver(bank.project, moment=lambda: DAY)
    touched = [row for row in rows(bank) if uses(row, old)]
    others = Counter(row["reason"] for row in rows(bank) if not uses(row, old))
    assert touched
    assert others
    assert {(row["state"], row["reason"], row["detail"]) for row in touched if row["reason"] == "wording_changed"} == {
        ("withheld", "wording_changed", "sender-identity 1 was replaced by 2")
    }
    assert not any(row["state"] in ("accepted", "due") for row in touched)
    assert "wording_changed" not in others
    with bank.project.store.read() as connection:
        slots = connection.scalars(select(contacts.c.status).where(contacts.c.id.in_([row["id"] for row in touched])))
        assert set(slots) == {"released"}


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"effective_to": DAY}, "sender-identity 1 has ended"),
        ({"effective_to": DAY + timedelta(seconds=1)}, ""),
        ({"digest": "0" * 64}, "sender-identity 1 was edited"),
        ({"effective_to": None}, ""),
    ],
)
@pytest.mark.offers_due
def test_words_that_ended_or_were_edited_do_not_go(bank: Bank, change: dict[str, Any], detail: str) -> None:
    old = identity(bank, "en", "GB")
    put(bank, old.model_copy(update=change))
    deliver(bank.project, moment=lambda: DAY)
    told = {row["detail"] for row in rows(bank) if row["reason"] == "wording_changed"}
    assert told == ({detail} if detail else set())


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.offers_due
def test_a_version_that_starts_later_changes_nothing_yet(bank: Bank) -> None:
    old = identity(bank, "en", "GB")
    put(bank, next_version(old, DAY + timedelta(microseconds=1)))
    deliver(bank.project, moment=lambda: DAY)
    assert not [row for row in rows(bank) if row["reason"] == "wording_changed"]


@pytest.mark.parametrize(("language", "jurisdiction"), [("en", "GB"), ("ja", "JP")])
@pytest.mark.offers_due
def test_those_whose_words_changed_are_composed_anew_and_nobody_gets_two(
    bank: Bank, language: str, jurisdiction: str
) -> None:
    old = identity(bank, language, jurisdiction)
    put(bank, next_version(old, CHANGE))
    bank.project._compiled = {}
    first = deliver(bank.project, moment=lambda: DAY).of("accepted")
    changed = {row["customer_id"] for row in rows(bank) if row["reason"] == "wording_changed"}
    [run] = {row["run_id"] for row in rows(bank)}
    with pytest.raises(NotAllowed):  # the new words make a new release
        runs.again(bank.project, run, DAY)
    bank.approve("savings-offer")
    new = runs.again(bank.project, run, DAY)
    assert (new.id, new.intended) == (f"{run}-again-1", len(changed))
    coordinator.execute(bank.project, new.id, workers=1)
    second = deliver(bank.project, moment=lambda: DAY).of("accepted")
    assert second > 0
    sent = [row for row in rows(bank) if row["state"] == "accepted"]
    assert len(sent) == len({row["customer_id"] for row in sent}) == first + second
    assert {row["customer_id"] for row in sent if row["run_id"] == new.id} <= changed
    assert not any(uses(row, old) for row in sent if row["run_id"] == new.id)
    with pytest.raises(InputError, match=r"nobody of run .* was withheld as wording_changed"):
        runs.again(bank.project, new.id, DAY)
