"""Erasure: the customer is gone, from the archive too; the log verifies, runs add up, and a hold is in the way."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import orjson
import pytest
import zstandard
from sqlalchemy import func, select, update
from support import RUN_AT, Bank

from ccm.batch import runs
from ccm.batch.certificate import certificate
from ccm.delivery import deliver
from ccm.errors import Erased, InputError, IntegrityError, NotAllowed, NotFound
from ccm.log import leaves, sequencer
from ccm.log.crosscheck import verify_messages
from ccm.log.verify import verify_store
from ccm.log.waiting import every_leaf
from ccm.pipeline import contents, holds
from ccm.pipeline.compose import compose
from ccm.pipeline.erasure import erase, erase_again
from ccm.pipeline.record import ChunkClaim, record
from ccm.pipeline.reseal import reseal
from ccm.store import tables
from ccm.store.tables import customers, legal_holds, messages

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


def person(bank: Bank, name: str = "aoi") -> Any:
    return bank.project.workspace.person(name)


def sent(bank: Bank) -> str:
    """A run of one communication; returns its id."""
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    taken = runs.take(bank.project, run.id, "test/1/1")
    compiled = bank.project.compiled("savings-offer")
    with bank.project.store.read() as connection:
        chunks = connection.execute(select(tables.chunks).where(tables.chunks.c.run_id == run.id)).all()
    for chunk in chunks:
        outcomes, inputs = compose(bank.project, compiled, taken.occasion(), orjson.loads(chunk.customer_ids))
        record(bank.project, compiled, taken.occasion(), outcomes,
               ChunkClaim(run.id, chunk.number, taken.fence, inputs))  # fmt: skip
    runs.finish(bank.project, taken)
    return run.id


def one(bank: Bank, channel: str = "email") -> Any:
    query = select(messages).where(messages.c.state == "due", messages.c.channel == channel).order_by(messages.c.id)
    with bank.project.store.read() as connection:
        return connection.execute(query.limit(1)).mappings().one()


def row(bank: Bank, message: str) -> Any:
    with bank.project.store.read() as connection:
        return connection.execute(select(messages).where(messages.c.id == message)).mappings().one()


def everything(bank: Bank) -> str:
    """All rows of all tables as one text."""
    with bank.project.store.read() as connection:
        return "\n".join(
            str(dict(found)) for table in tables.metadata.sorted_tables
            for found in connection.execute(select(table)).mappings()
        )  # fmt: skip


def verified(bank: Bank) -> tuple[str, ...]:
    signer = bank.project.signer()
    sequencer.checkpoint(bank.project.store, signer, bank.clock())
    return verify_store(bank.project.store, signer.verifier).faults + verify_messages(bank.project.store)


def test_an_erased_customer_is_gone_and_the_log_verifies(bank: Bank) -> None:
    run = sent(bank)
    message = one(bank)
    customer = message["customer_id"]
    content = contents.load(bank.project, [message])[message["id"]]
    assert content.recipient in everything(bank)
    done = erase(bank.project, customer, person(bank), "The customer asked for it.")
    after = row(bank, message["id"])
    assert (after["state"], after["reason"], after["customer_id"]) == ("withheld", "erased", f"erased:{done.subject}")
    left = everything(bank)
    assert f"'{customer}'" not in left
    assert f'"{customer}"' not in left
    assert content.recipient not in left
    assert verified(bank) == ()
    while deliver(bank.project, moment=lambda: RUN_AT.replace(hour=10)).of("accepted"):
        pass
    found = certificate(bank.project, run)
    assert found.intended == found.sent + found.withheld + found.set_aside + found.pending + found.failed
    assert verified(bank) == ()


@ONE_DATABASE
def test_without_the_customers_key_a_copy_of_the_row_and_the_pack_tell_nothing(bank: Bank) -> None:
    sent(bank)
    message = dict(one(bank))
    erase(bank.project, message["customer_id"], person(bank), "asked")
    with pytest.raises(Erased):
        contents.load(bank.project, [message])
    with bank.project.store.write() as connection:  # somebody makes a new key for the same customer
        bank.project.vault().data_keys(connection, [message["customer_id"]], bank.project.random_bytes)
    with pytest.raises(IntegrityError, match="was changed"):
        contents.load(bank.project, [message])


@ONE_DATABASE
def test_what_contents_are_compressed_against_is_invented(bank: Bank) -> None:
    sent(bank)
    with bank.project.store.read() as connection:
        query = select(messages).where(messages.c.archive_pack.is_not(None))
        read = contents.load(bank.project, connection.execute(query).mappings().all()).values()
    packs = [pack.read_bytes() for pack in bank.project.archive.folder.rglob("*.pack")]
    assert packs
    for pack in packs:
        dictionary = zstandard.ZstdDecompressor().decompress(pack[12 : 12 + int.from_bytes(pack[8:12], "big")])
        assert b"Subject: " in dictionary
        assert not any(content.recipient.encode() in dictionary for content in read)


@ONE_DATABASE
def test_a_legal_hold_is_in_the_way_until_it_is_lifted(bank: Bank) -> None:
    sent(bank)
    customer = one(bank)["customer_id"]
    holds.act(bank.project, customer, "placed", person(bank), "Case 17")
    before = everything(bank)
    with pytest.raises(NotAllowed, match="under legal hold since 2026-04-01, by aoi"):
        erase(bank.project, customer, person(bank), "asked")
    assert everything(bank) == before
    assert verified(bank) == ()
    holds.act(bank.project, customer, "lifted", person(bank, "sam"), "Case closed")
    erase(bank.project, customer, person(bank), "asked")
    assert verified(bank) == ()


@ONE_DATABASE
def test_a_hold_that_somebody_took_out_of_the_table_is_found(bank: Bank) -> None:
    sent(bank)
    holds.act(bank.project, one(bank)["customer_id"], "placed", person(bank), "Case 17")
    with bank.project.store.write() as connection:
        connection.execute(legal_holds.delete())
    [fault] = verify_messages(bank.project.store)
    assert "placed by aoi" in fault
    assert fault.endswith("1 in the log only")


@pytest.mark.parametrize("when", ["before composing", "before recording"])
def test_a_customer_who_is_erased_while_a_run_composes_leaves_nothing(bank: Bank, when: str) -> None:
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    taken = runs.take(bank.project, run.id, "test/1/1")
    compiled = bank.project.compiled("savings-offer")
    with bank.project.store.read() as connection:
        chunk = connection.execute(select(tables.chunks).where(tables.chunks.c.run_id == run.id)).first()
    assert chunk is not None
    listed = orjson.loads(chunk.customer_ids)
    outcomes, inputs = compose(bank.project, compiled, taken.occasion(), listed)
    customer = next(outcome.decision.customer_id for outcome in outcomes if outcome.message is not None)
    erase(bank.project, customer, person(bank), "asked")
    if when == "before composing":
        outcomes, inputs = compose(bank.project, compiled, taken.occasion(), listed)
    record(bank.project, compiled, taken.occasion(), outcomes, ChunkClaim(run.id, chunk.number, taken.fence, inputs))
    left = everything(bank)
    assert f"'{customer}'" not in left
    assert f'"{customer}"' not in left
    with bank.project.store.read() as connection:
        again = connection.execute(select(messages).where(messages.c.erased_at.is_not(None))).mappings().all()
    assert [(found["state"], found["content_salt"]) for found in again] == [("withheld", None)]
    assert verified(bank) == ()


def test_an_erasure_waits_for_what_is_just_being_recorded(bank: Bank) -> None:
    sent(bank)
    message = one(bank)
    customer = message["customer_id"]
    done = threading.Thread(target=lambda: erase(bank.project, customer, person(bank), "asked"))
    with bank.project.store.write() as connection:
        later = {**message, "id": "f" * 32, "trigger_key": "later", "run_id": None}
        connection.execute(messages.insert(), later)
        erase_again(bank.project, connection, [later], bank.clock())
        done.start()
        done.join(0.3)
        assert done.is_alive()
    done.join()
    assert row(bank, "f" * 32)["customer_id"].startswith("erased:")


@ONE_DATABASE
@pytest.mark.parametrize(
    ("who", "customer", "reason", "error", "told"),
    [
        ("mika", "", "asked", NotAllowed, "mika may not erase a customer: it takes the role compliance or admin"),
        ("aoi", "nobody", "asked", NotFound, "customer 'nobody' does not exist"),
        ("aoi", "", "  ", InputError, "say why"),
    ],
)
def test_who_may_not_or_says_not_why_erases_nothing(
    bank: Bank, who: str, customer: str, reason: str, error: type[Exception], told: str
) -> None:
    with bank.project.store.read() as connection:
        first = connection.scalar(select(func.min(customers.c.id)))
        entries = list(every_leaf(connection))
    with pytest.raises(error, match=told):
        erase(bank.project, customer or str(first), person(bank, who), reason)
    with bank.project.store.read() as connection:
        assert list(every_leaf(connection)) == entries


@ONE_DATABASE
def test_contents_of_older_versions_go_under_keys_before_an_erasure(bank: Bank) -> None:
    sent(bank)
    old = as_before_encryption(bank)
    [first, second] = old[:2]
    words = contents.load(bank.project, [second])[second["id"]]
    erase(bank.project, first["customer_id"], person(bank), "asked")
    assert contents.load(bank.project, [row(bank, second["id"])])[second["id"]] == words
    assert not any(pack.read_bytes().startswith(b"CCMPACK1") for pack in bank.project.archive.folder.rglob("*.pack"))
    assert verified(bank) == ()
    assert reseal(bank.project) == 0


def as_before_encryption(bank: Bank) -> list[Any]:
    """Makes the e-mails what an older version left behind: one pack in plain, the first body its dictionary."""
    with bank.project.store.read() as connection:
        query = select(messages).where(messages.c.archive_pack.is_not(None)).order_by(messages.c.id)
        rows = connection.execute(query).mappings().all()
    read = contents.load(bank.project, rows)
    first = read[rows[0]["id"]].body[:65536]
    shared = zstandard.ZstdCompressionDict(first, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    dictionary = zstandard.ZstdCompressor(level=3).compress(first)
    packed = bytearray(b"CCMPACK1" + len(dictionary).to_bytes(4, "big") + dictionary)
    places = []
    for found in rows:
        frame = zstandard.ZstdCompressor(level=3, dict_data=shared).compress(read[found["id"]].body)
        places.append((len(packed), len(frame)))
        packed += frame
    pack = hashlib.sha256(packed).hexdigest()
    for file in bank.project.archive.folder.rglob("*.pack"):
        file.unlink()
    (bank.project.archive.folder / pack[:2]).mkdir(exist_ok=True)
    (bank.project.archive.folder / pack[:2] / f"{pack}.pack").write_bytes(packed)
    with bank.project.store.write() as connection:
        for found, (offset, length) in zip(rows, places, strict=True):
            content = read[found["id"]]
            connection.execute(
                update(messages).where(messages.c.id == found["id"]).values(
                    archive_pack=pack, archive_offset=offset, archive_length=length, content_salt=None,
                    recipient=content.recipient, subject=content.subject, state="withheld", reason="run_cancelled",
                )
            )  # fmt: skip
            sequencer.append(
                connection,
                [leaves.event_leaf(message_id=found["id"], state="withheld", detail="run_cancelled", at=RUN_AT)],
            )
    return [row(bank, found["id"]) for found in rows]
