"""Explanations: what was decided on and what would have to change, in both languages; and deciding again."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, func, select, update
from support import SHARED, Bank
from syrupy.assertion import SnapshotAssertion

from ccm.errors import IntegrityError
from ccm.intake import import_feed
from ccm.model.customer import Consent
from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.pipeline.erasure import erase
from ccm.pipeline.explain import explained, replayed, told
from ccm.pipeline.record import record
from ccm.pipeline.replay import Replay, replay, replay_run
from ccm.pipeline.traces import load, opened
from ccm.store import feeds
from ccm.store.tables import consents, contacts, customers, decision_policies, messages

AT = datetime(2026, 4, 1, 3, 30, tzinfo=UTC)
ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])
FEED = {"customers": "customers", "consents": "consents", "preferences": "preferences", "cases": "cases",
        "history": "contact_history"}  # fmt: skip


def recorded(bank: Bank, run: str = "R1", **changes: Any) -> list[Composed]:
    """Everybody's offer; `changes` are made to the decisions before they are recorded."""
    if run == "R1":
        bank.approve("savings-offer")
    compiled = bank.project.compiled("savings-offer")
    with bank.project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, 1000)
    occasion = Occasion(run, run, AT, {})
    composed, _ = compose(bank.project, compiled, occasion, ids)
    if changes:
        composed = [one._replace(decision=one.decision._replace(**changes)) for one in composed]
    return record(bank.project, compiled, occasion, composed)


def rows(bank: Bank, *where: Any) -> Sequence[Any]:
    with bank.project.store.read() as connection:
        return connection.execute(select(messages).where(*where).order_by(messages.c.id)).mappings().all()


def replays(bank: Bank, run: str = "R1") -> list[Replay]:
    with bank.project.store.read() as connection:
        return list(replay_run(connection, run))


def document(bank: Bank, row: Any, language: str = "en") -> dict[str, Any]:
    with bank.project.store.read() as connection:
        return explained(bank.project, connection, row, language)


def lines(bank: Bank, row: Any, language: str) -> list[str]:
    """Without what changes with every rule and every release."""
    fixed = (
        "rule ", "規則 ", "release ", "版 ", "policy ", "方針 ", "wording ", "文言 ",
        "submitted", "approved", "申請", "承認",
    )  # fmt: skip
    return [line for line in told(document(bank, row, language), language) if not line.strip().startswith(fixed)]


def test_every_message_of_a_run_is_decided_again_and_agrees_with_what_the_log_holds(bank: Bank) -> None:
    recorded(bank)
    found = replays(bank)
    assert len(found) == len(rows(bank)) == 40
    assert {(one.verdict, one.logged) for one in found} == {("agrees", True)}
    assert sum(len(row["trace"]) for row in rows(bank)) < 300 * len(found)


@ONE_DATABASE
def test_a_trace_that_somebody_changed_is_not_the_one_in_the_log(bank: Bank) -> None:
    recorded(bank)
    mine, other = rows(bank)[:2]
    with bank.project.store.write() as connection:
        connection.execute(update(messages).where(messages.c.id == mine["id"]).values(trace=other["trace"]))
    assert Counter(one.verdict for one in replays(bank)) == {"agrees": 39, "tampered": 1}
    [row] = rows(bank, messages.c.id == mine["id"])
    with bank.project.store.read() as connection:
        [one] = replay(connection, [row])
    assert "the audit log vouches for" in replayed(one, "en")[0]
    assert "監査ログの記録と一致しない" in replayed(one, "ja")[0]


@ONE_DATABASE
def test_a_decision_that_does_not_follow_from_its_facts_is_shown_field_by_field(bank: Bank) -> None:
    recorded(bank, reason="fallback")
    found = replays(bank)
    assert {one.verdict for one in found} == {"differs"}
    assert {name for one in found for name, _, _ in one.differences} == {"reason"}
    assert any("reason: recorded fallback, now preferred" in line for one in found for line in replayed(one, "en"))
    assert any("reason：記録 fallback、再判断 preferred" in line for one in found for line in replayed(one, "ja"))


@ONE_DATABASE
def test_a_policy_is_stored_once_for_a_place_and_again_where_its_transaction_was_undone(bank: Bank) -> None:
    recorded(bank)
    with bank.project.store.write() as connection:
        kept = connection.scalar(select(func.count()).select_from(decision_policies))
        assert kept == len({row["policy"] for row in rows(bank)}) <= 5
        connection.execute(delete(decision_policies))
    recorded(bank, "R2")  # no transaction had seen them committed
    recorded(bank, "R3")
    assert {one.verdict for run in ("R1", "R2", "R3") for one in replays(bank, run)} == {"agrees"}


@ONE_DATABASE
def test_without_its_policy_a_message_is_not_explained(bank: Bank) -> None:
    recorded(bank)
    with bank.project.store.write() as connection:
        connection.execute(delete(decision_policies))
    assert {one.verdict for one in replays(bank)} == {"damaged"}
    with pytest.raises(IntegrityError, match="is not in the store"):
        document(bank, rows(bank)[0])


@ONE_DATABASE
def test_what_is_said_to_help_helps(bank: Bank) -> None:
    """Each consent that an explanation names is given, and the customer gets the message."""
    recorded(bank)
    tried = 0
    for row in rows(bank, messages.c.reason.in_(("no_consent", "consent_withdrawn"))):
        way = next(way for way in document(bank, row)["would_change"] if way["steps"][0]["code"] == "consent")
        [step] = way["steps"]
        given = Consent(
            customer_id=row["customer_id"], purpose=step["purpose"], channel=step["channel"], basis=step["basis"],
            granted=True, at=AT - timedelta(seconds=1),
        )  # fmt: skip
        with bank.project.store.write() as connection:
            connection.execute(consents.insert(), [{**given._asdict(), "row_digest": f"given-{tried}"}])
        composed, _ = compose(
            bank.project, bank.project.compiled("savings-offer"), Occasion("R9", "R9", AT, {}), [row["customer_id"]]
        )
        assert (composed[0].state, composed[0].decision.channel) == ("due", way["channel"])
        tried += 1
    assert tried > 2


@ONE_DATABASE
def test_a_full_cap_names_its_line_what_fills_it_and_the_second_from_which_there_is_room(bank: Bank) -> None:
    recorded(bank)
    row = rows(bank, messages.c.reason == "cap")[0]
    found = document(bank, row)
    named = {one["code"]: one for one in found["basis"]}
    assert named["cap"]["source"].startswith("channels/policy.yaml:")
    assert "filled" in named
    [wait] = [step for way in found["would_change"] for step in way["steps"] if step["code"] == "wait"]
    first = datetime.strptime(wait["at"], "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    compiled, customer = bank.project.compiled("savings-offer"), row["customer_id"]
    for moment, state in ((first, "due"), (first - timedelta(seconds=1), "withheld")):
        composed, _ = compose(bank.project, compiled, Occasion("R9", "R9", moment, {}), [customer])
        assert composed[0].state == state


@ONE_DATABASE
@pytest.mark.parametrize("language", ["en", "ja"])
def test_explanations_read_well(bank: Bank, language: str, snapshot: SnapshotAssertion) -> None:
    recorded(bank)
    shown: dict[str, list[str]] = {}
    for row in rows(bank):
        shown.setdefault(f"{row['state']} {row['reason']}", lines(bank, row, language))
    assert shown == snapshot


@ONE_DATABASE
def test_a_message_of_an_earlier_version_is_explained_from_what_it_has(bank: Bank) -> None:
    recorded(bank)
    mine = rows(bank)[0]
    old = orjson.dumps(["default_order", "", [["email", True, "taken", ""]], "", ["GN01"]])
    with bank.project.store.write() as connection:
        connection.execute(update(messages).where(messages.c.id == mine["id"]).values(trace=old, policy=""))
    found = document(bank, rows(bank, messages.c.id == mine["id"])[0])
    assert (found["decision"]["reason"], found["candidates"][0]["channel"], found["policy"]) == (
        "default_order",
        "email",
        "",
    )
    assert [rule["id"] for rule in found["rules"]] == ["GN01"]


@ONE_DATABASE
@pytest.mark.skipif(not (SHARED / "bank").is_dir(), reason="the shared bank feed is not there")
def test_traces_of_the_shared_bank_take_less_than_300_bytes_on_average(bank: Bank) -> None:
    with bank.project.store.write() as connection:
        for table in (customers, consents, contacts):
            connection.execute(delete(table))
    for kind, name in FEED.items():
        import_feed(
            bank.project.store, bank.project.workspace, kind, SHARED / "bank" / f"{name}.csv",
            errors_dir=bank.project.workspace.root / "errors", now=AT,
        )  # fmt: skip
    recorded(bank)
    found = rows(bank)
    assert len(found) > 900
    assert sum(len(row["trace"]) for row in found) / len(found) < 300
    with bank.project.store.read() as connection:
        grounds = load(connection, found)
    assert all(opened(row, grounds)[0].facts is not None for row in found)
    assert {one.verdict for one in replays(bank)} == {"agrees"}


@ONE_DATABASE
def test_what_was_decided_about_somebody_who_was_erased_is_still_told(bank: Bank) -> None:
    recorded(bank)
    row = rows(bank, messages.c.reason == "cap")[0]
    before = document(bank, row)
    erase(bank.project, row["customer_id"], bank.project.workspace.person("aoi"), "asked")
    [erased] = rows(bank, messages.c.id == row["id"])
    found = document(bank, erased)
    assert found["customer"].startswith("erased:")
    assert [one["text"] for one in found["basis"]] == [one["text"] for one in before["basis"]]
    assert found["would_change"] == before["would_change"] != []
