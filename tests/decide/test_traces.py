"""Traces: small, free of personal data, and enough to take the same decision again."""

from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from typing import get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_traces import plain_trace

from ccm.decide import Facts, decide
from ccm.decide.codes import REACH, WORDS
from ccm.decide.facts import UNSAID
from ccm.decide.grounds import Grounds, names_of
from ccm.decide.packing import HEAD, Packer
from ccm.decide.unpacking import Trace, grounds_of, outcome_bytes, unpack
from ccm.errors import IntegrityError
from ccm.model.customer import (
    CONTACT_CHANNELS,
    Case,
    Consent,
    Contact,
    Customer,
    CustomerStatus,
    PostalAddress,
    Preference,
    Relation,
    RelationKind,
    Suppression,
    SuppressionKind,
)  # fmt: skip
from ccm.model.requirements import FrequencyLimit, PolicyRequirements, QuietWeek
from ccm.workspace.channels import Channel, QuietHours
from ccm.workspace.communication import Communication, Experiment
from ccm.workspace.policy import Cap, Policy
from ccm.workspace.settings import ByLanguage

AT = datetime(2026, 4, 1, 22, 15, 30, 123456, tzinfo=UTC)
OFFER = Communication(
    id="spring-offer", name=ByLanguage(en="Spring", ja="春"), purpose="marketing", category="offers",
    channels=("email", "sms", "letter"), languages=("en", "ja"), jurisdictions=("GB", "JP"), obeys_caps=True,
    counts_toward_caps=True, expires_after_hours=30,
    experiment=Experiment(id="words", variants={"b": 2, "a": 1}, holdout=1),
)  # fmt: skip
STATEMENT = Communication(
    id="statement", name=ByLanguage(en="Statement", ja="明細"), purpose="regulatory", category="statements",
    channels=("email", "letter", "sms"), languages=("en", "ja"), jurisdictions=("GB", "JP", "US"), fallback="letter",
    consent={"email": "e_delivery"},
)  # fmt: skip
POLICY = Policy(
    caps=(Cap(id="week", categories=("offers",), limit=2, days=7),),
    zones={"GB": ("Europe/London",), "JP": ("Asia/Tokyo",)},
)  # fmt: skip
CHANNELS = {
    "email": Channel(channel="email", adapter="outbox"),
    "sms": Channel(channel="sms", adapter="outbox", quiet_hours=QuietHours(start=time(21), end=time(8))),
    "letter": Channel(channel="letter", adapter="outbox"),
}
NIGHT = QuietWeek(("GB-night",), "", (((0, 480), (1260, 1440)),) * 7, frozenset({"12-31", "01-01"}))
ASKED = {
    "email": PolicyRequirements(rules=("GB-consent", "GB-night"), consent="soft_opt_in", consent_rules=("GB-consent",)),
    "sms": PolicyRequirements(
        rules=("GB-night",), quiet=(NIGHT,), frequency=(FrequencyLimit("GB-often", 3, 24, ("offers",), ("sms",)),)
    ),
}  # fmt: skip
NAMES = names_of((OFFER, STATEMENT), POLICY, ("GB-consent", "GB-night"))


def grounds(communication: Communication) -> Grounds:
    return Grounds(communication, POLICY, CHANNELS, ASKED, NAMES, "ccm test")


moments = st.one_of(
    st.integers(-(10**14), 10**13).map(lambda micros: AT + timedelta(microseconds=micros)),
    st.integers(-60 * 24, 60 * 24).map(lambda hours: AT + timedelta(hours=hours)),
    st.integers(-900, 30).map(lambda days: datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=days)),
)
channels = st.sampled_from(("*", *CONTACT_CHANNELS))
categories = st.sampled_from(("*", "offers", "statements", "別の分類"))
customers = st.builds(
    Customer, id=st.just("C1"), family_name=st.just("Moss"),
    language=st.sampled_from(("en-GB", "ja-JP", "fr", "zh-Hant-HK")),
    jurisdiction=st.sampled_from(("GB", "JP", "FR")), timezone=st.sampled_from((None, "Europe/London", "Asia/Tokyo")),
    status=st.sampled_from(get_args(CustomerStatus)), accessible_format=st.sampled_from(("", "large_print")),
    address=st.sampled_from((None, PostalAddress(line1="1 Quay", region="東京都", country="JP"),
                             PostalAddress(line1="", region="FL", country="US"))),
    contact_points=st.dictionaries(st.sampled_from(("email", "sms", "line")),
                                  st.sampled_from(("", "ada@example.com", "+12125550101", "+18085550101"))),
)  # fmt: skip
known = st.builds(
    Facts, customers,
    st.lists(st.builds(Preference, customer_id=st.just("C1"), category=categories, channel=channels,
                       rank=st.sampled_from((None, 0, 1, 2, 300)), paused_until=st.none() | moments,
                       hours=st.sampled_from(("", "18:00-20:00"))), max_size=4).map(tuple),
    st.lists(st.builds(Consent, customer_id=st.just("C1"), purpose=st.sampled_from(("marketing", "e_delivery")),
                       channel=channels, basis=st.sampled_from(("opt_in", "soft_opt_in", "電話")), at=moments,
                       granted=st.booleans()), max_size=6).map(tuple),
    st.lists(st.builds(Case, case_id=st.sampled_from(("K1", "K2")), customer_id=st.just("C1"),
                       kind=st.sampled_from(("complaint", "claim")), status=st.sampled_from(("open", "closed")),
                       opened_at=moments, closed_at=st.none() | moments), max_size=2).map(tuple),
    st.lists(st.builds(Contact, customer_id=st.just("C1"), communication=st.sampled_from(("spring-offer", "昔の通知")),
                       category=categories, channel=channels, at=moments,
                       status=st.sampled_from(("delivered", "released", "reserved", "x")), counts=st.booleans(),
                       message_id=st.none() | st.just("m")), max_size=5).map(tuple),
    st.just(ASKED),
    st.lists(st.builds(Suppression, customer_id=st.just("C1"), kind=st.sampled_from(get_args(SuppressionKind)),
                       channel=channels, at=moments, until=st.none() | moments), max_size=2).map(tuple),
    st.lists(st.builds(Relation, customer_id=st.just("C1"), kind=st.sampled_from(get_args(RelationKind)),
                       related_id=st.just("H7"), purposes=st.sampled_from(((), ("marketing",)))),
             max_size=2).map(tuple),
    st.none() | customers,
)  # fmt: skip


def packed(communication: Communication, facts: Facts, at: datetime = AT) -> tuple[bytes, Grounds]:
    known_grounds = grounds(communication)
    decision = decide(communication, POLICY, CHANNELS, facts, at)
    return Packer(known_grounds).pack(decision, facts), known_grounds


def opened(trace: bytes, known_grounds: Grounds | None) -> Trace:
    return unpack(trace, known_grounds, "C1", "spring-offer", AT)


@settings(max_examples=150, deadline=None)
@given(known, st.sampled_from((OFFER, STATEMENT)), moments)
def test_what_is_unpacked_leads_to_the_very_same_decision(
    facts: Facts, communication: Communication, at: datetime
) -> None:
    decision = decide(communication, POLICY, CHANNELS, facts, at)
    stored = grounds(communication)
    read = Grounds.read(stored.content, stored.digest)
    trace = unpack(Packer(stored).pack(decision, facts), read, "C1", communication.id, at)
    assert trace.outcome == decision
    assert trace.facts is not None
    again = decide(read.communication, read.policy, read.channels, trace.facts, trace.outcome.at)
    assert outcome_bytes(again) == outcome_bytes(decision)


PACKER = Packer(grounds(OFFER))
"""It sees all examples of the test below, and so remembers what it wrote for others."""


@settings(max_examples=300, deadline=None)
@given(known, st.sampled_from((OFFER, STATEMENT)), moments, st.booleans())
def test_a_trace_is_what_is_written_word_for_word(
    facts: Facts, communication: Communication, at: datetime, is_known: bool
) -> None:
    decision = decide(communication, POLICY, CHANNELS, facts, at)
    if communication is OFFER:  # more of what a decision can say than these facts lead to
        decision = decision._replace(variant="b", also=("sms", "line"), digest="昔の通知")
    given_facts = facts if is_known else None
    assert PACKER.pack(decision, given_facts) == plain_trace(PACKER.grounds, decision, given_facts)


def test_a_packer_that_has_seen_many_packs_as_a_new_one() -> None:
    old, facts = Packer(grounds(OFFER)), Facts(Customer(id="C1", language="en", jurisdiction="GB"))
    decision = decide(OFFER, POLICY, CHANNELS, facts, AT)
    old.pack(decide(STATEMENT, POLICY, CHANNELS, facts, AT), facts)
    assert old.pack(decision, facts) == Packer(grounds(OFFER)).pack(decision, facts)


def test_a_packer_that_has_forgotten_much_packs_as_before() -> None:
    packer, facts = Packer(grounds(OFFER)), Facts(Customer(id="C1", language="en", jurisdiction="GB"))
    decision = decide(OFFER, POLICY, CHANNELS, facts, AT)
    first = packer.pack(decision, facts)
    for number in range(5000):
        packer.pack(decision._replace(detail=f"K{number}"), None)
    assert packer.pack(decision, facts) == first


def test_a_trace_holds_no_name_and_no_address() -> None:
    customer = Customer(
        id="C-SECRET", family_name="Moss", given_name="蓮", language="ja-JP", jurisdiction="JP",
        address=PostalAddress(line1="1 Quay", city="Leith", region="東京都", postcode="EH6", country="JP"),
        contact_points={"email": "ada@example.com", "sms": "+447700900001"}, attributes={"plan": "gold"},
    )  # fmt: skip
    related = Relation(customer_id="C-SECRET", kind="guardian", related_id="C-OTHER")
    trace, known_grounds = packed(OFFER, Facts(customer, relations=(related,), proxy=customer))
    for secret in ("SECRET", "Moss", "蓮", "Quay", "Leith", "東京", "EH6", "ada@", "4477", "gold", "OTHER"):
        assert secret.encode() not in trace + known_grounds.content
    facts = opened(trace, known_grounds).facts
    assert facts is not None
    assert facts.customer.reach("email") == UNSAID


def test_only_the_newest_consent_of_a_purpose_and_channel_is_kept_and_of_two_at_once_the_refusal() -> None:
    rows = tuple(
        Consent(customer_id="C1", purpose="marketing", channel="email", basis="opt_in", granted=granted, at=at)
        for granted, at in ((True, AT - timedelta(days=9)), (False, AT - timedelta(days=2)),
                            (True, AT - timedelta(days=2)), (True, AT + timedelta(days=1)))
    )  # fmt: skip
    trace, known_grounds = packed(OFFER, Facts(Customer(id="C1", language="en", jurisdiction="GB"), consents=rows))
    facts = opened(trace, known_grounds).facts
    assert facts is not None
    assert facts.consents == (rows[1],)


def test_of_two_bases_given_at_once_a_trace_keeps_the_one_that_was_decided_by() -> None:
    ada = Customer(id="C1", language="en", jurisdiction="GB", contact_points={"email": "ada@example.com"})
    rows = tuple(
        Consent(customer_id="C1", purpose="marketing", channel="email", basis=basis, granted=True, at=AT)
        for basis in ("opt_in", "provided_contact")
    )
    for consents in (rows, rows[::-1]):
        trace, known_grounds = packed(OFFER, Facts(ada, consents=consents))
        facts = opened(trace, known_grounds).facts
        assert facts is not None
        assert facts.consents == consents[:1]


def test_traces_of_earlier_versions_are_still_read() -> None:
    old = orjson.dumps(
        ["fallback", "", [["email", False, "no_consent", "marketing"], ["letter", True, "fallback", ""]]]
    )
    newer = orjson.dumps(["cap", "week", [], "", ["GB-often"]])
    trace = opened(old, None)
    assert (trace.outcome.send, trace.outcome.channel, trace.facts, trace.grounds) == (True, "letter", None, "")
    assert opened(newer, None).outcome.rules == ("GB-often",)
    assert grounds_of(old) == ""


def test_words_keep_their_numbers() -> None:
    # A new word goes to the end: these 95 stay, and so does their digest.
    assert sha256("\n".join(WORDS[:95]).encode()).hexdigest()[:16] == "9ea800a2545024ab"
    assert len(set(WORDS)) == len(WORDS) < 1000
    assert REACH == ("email", "sms", "letter", "line", "whatsapp", "push", "social", "inbox")
    assert set(CONTACT_CHANNELS) <= set(REACH)


@settings(max_examples=200, deadline=None)
@given(known, st.data())
def test_damaged_bytes_are_refused_or_read_and_never_anything_else(facts: Facts, data: st.DataObject) -> None:
    trace, known_grounds = packed(OFFER, facts)
    place = data.draw(st.integers(HEAD.size, len(trace) - 1))
    broken = trace[:place] + data.draw(st.binary(max_size=6)) + trace[place + data.draw(st.integers(0, 4)) :]
    try:
        opened(broken, known_grounds)
    except IntegrityError as error:
        assert "trace" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("trace", "says"),
    [
        (b"", "too short"), (b"\2abc", "too short"), (b"\3" + b"\0" * 60, "version 3"), (b"[1,2", "damaged"),
        (b'["x"]', "damaged"), (b"{}" * 40, "version 123"),
    ],
)  # fmt: skip
def test_what_is_no_trace_is_refused(trace: bytes, says: str) -> None:
    with pytest.raises(IntegrityError, match=says):
        opened(trace, grounds(OFFER))


def test_a_list_is_never_longer_than_the_bytes_that_are_left() -> None:
    trace, known_grounds = packed(OFFER, Facts(Customer(id="C1", language="en", jurisdiction="GB")))
    # Where the list of rules begins stands a number of a thousand million rows.
    for place in range(HEAD.size, len(trace)):
        with pytest.raises(IntegrityError):
            opened(trace[:place] + b"\xff\xff\xff\xff\x03", known_grounds)


def test_a_trace_under_other_grounds_is_refused() -> None:
    trace, _ = packed(OFFER, Facts(Customer(id="C1", language="en", jurisdiction="GB")))
    with pytest.raises(IntegrityError, match="not the one at hand"):
        opened(trace, grounds(STATEMENT))


def test_stored_grounds_that_were_changed_are_refused() -> None:
    stored = grounds(OFFER)
    with pytest.raises(IntegrityError, match="not the one with this digest"):
        Grounds.read(stored.content.replace(b'"limit":2', b'"limit":9'), stored.digest)
    hostile = b'{"communication": 3}'
    with pytest.raises(IntegrityError, match="not one that this version reads"):
        Grounds.read(hostile, sha256(hostile).hexdigest())
