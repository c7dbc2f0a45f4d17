"""Caps, priorities and what a communication says of them: mistakes are told at their line, with the choices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from ccm.workspace.communication import Communication
from ccm.workspace.policy import DEFAULT_TERMS, Policy, Terms

POLICY = "channels/policy.yaml"
COMMUNICATION = "templates/payment-received/communication.yaml"
WEEK = "  - id: offers-week\n    categories: [payments]\n    limit: 2\n    days: 7\n"


def communication(**fields: object) -> Communication:
    return Communication.model_validate({
        "id": "offer", "name": {"en": "x", "ja": "x"}, "purpose": "marketing", "category": "offers",
        "channels": ["sms", "email"], "languages": ["en"], "jurisdictions": ["GB"], **fields,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("file", "before", "after", "line_of", "message"),
    [
        (POLICY, WEEK, WEEK.replace("limit: 2", "limit: -1"), "limit: -1",
         "caps.0.limit: '-1' is neither a whole number from 0 up nor the word unlimited"),
        (POLICY, WEEK, WEEK.replace("limit: 2", "limit: unlimted"), "limit: unlimted",
         "caps.0.limit: 'unlimted' is neither a whole number"),
        (POLICY, WEEK, WEEK.replace("limit: 2", "limit: true"), "limit: true",
         "caps.0.limit: 'True' is neither a whole number"),
        (POLICY, WEEK, WEEK.replace("    days: 7\n", ""), "- id: offers-week",
         "caps.0: cap 'offers-week' has none of them; it needs exactly one of hours, days, per"),
        (POLICY, WEEK, WEEK + "    per: week\n", "per: week",
         "cap 'offers-week' has days and per; it needs exactly one of hours, days, per"),
        (POLICY, WEEK, WEEK.replace("days: 7", "days: true"), "days: true",
         "caps.0.days: True: must be a whole number, in half-width digits"),
        (POLICY, WEEK, WEEK + "    reserved: {high: true}\n", "reserved: {high",
         "caps.0.reserved.high: True: must be a whole number, in half-width digits"),
        (COMMUNICATION, "expires_after_hours: 72", "expires_after_hours: true", "expires_after_hours:",
         "expires_after_hours: True: must be a whole number, in half-width digits"),
        (POLICY, WEEK, WEEK.replace("days: 7", "per: fortnight"), "per: fortnight",
         "caps.0.per 'fortnight' is none of day, week, month"),
        (POLICY, WEEK, WEEK.replace("[payments]", "[]"), "categories: []",
         "an empty list would match nothing; leave it out to match everything"),
        (POLICY, WEEK, WEEK + "    reserved: {hihg: 1}\n", "reserved: {hihg",
         "cap 'offers-week': 'hihg' is none of the priorities critical, high, normal, low"),
        (POLICY, WEEK, WEEK + "    reserved: {low: 1}\n", "reserved: {low",
         "cap 'offers-week': no class is below 'low'"),
        (POLICY, WEEK, WEEK + "    reserved: {critical: 2, high: 1}\n", "reserved: {critical",
         "cap 'offers-week' reserves 3, which is more than its limit 2"),
        (POLICY, WEEK, WEEK + WEEK, "- id: offers-week\n    categories: [payments]\n    limit: 2\n    days: 7\n  - id",
         "cap 'offers-week' stands twice"),
        (POLICY, "priorities: [critical, high, normal, low]", "priorities: [top, low]", "servicing:",
         "purpose servicing has the priority 'normal', which is none of top, low; write purposes: servicing: priority"),
        (POLICY, "zones:", "suppression:\n  bereavement: {days: 180}\nzones:", "  bereavement:",
         "suppression.bereavement: it stops nothing, so nothing can end: name 'purposes' or 'categories' too"),
        (POLICY, "zones:", "suppression:\n  vulnerable: {}\nzones:", "  vulnerable:",
         "'vulnerable' says nothing and would stop nothing; leave it out for the engine's own, or write purposes: []"),
        (POLICY, "zones:", "suppression:\n  vulnerable: {categories: [laons]}\nzones:", "  vulnerable:",
         "suppression 'vulnerable': no communication has the category 'laons'; there are: payments"),
        (POLICY, "complaint:\n", "complaint:\n  categories: [laons]\n", "  categories: [laons]",
         "complaint: no communication has the category 'laons'; there are: payments"),
        (POLICY, WEEK, WEEK + "    purposes: [servicing, regulatory]\n", "purposes: [servicing, reg",
         "cap 'offers-week' would never hold: nothing that is servicing or regulatory obeys caps (obeys_caps, of the"),
        (POLICY, "    - Europe/London", "    - Europe/Londom", "- Europe/Londom",
         "'Europe/Londom' is no IANA time zone, such as Asia/Tokyo; did you mean Europe/London?"),
        (POLICY, "    - Europe/London", "    - Factory", "- Factory", "'Factory' is no IANA time zone"),
        (POLICY, "  GB:\n    - Europe/London", "  GB: []", "GB: []",
         "no zone stands for GB; leave it out where nobody knows"),
        (POLICY, "regulatory: {", "regulatory: {obeys_caps: true, ", "regulatory: {",
         "a regulatory communication must arrive: it cannot obey caps"),
        (COMMUNICATION, "category:", "on_cap: wait\ncategory:", "on_cap: wait",
         "on_cap 'wait' is none of drop, defer, fallback, digest"),
        (COMMUNICATION, "category:", "on_cap: digest\ncategory:", "on_cap: digest",
         "on_cap: digest needs 'digest', as in digest: {into: weekly-summary}"),
        (COMMUNICATION, "category:", "priority: urgent\ncategory:", "priority: urgent",
         "priority 'urgent' is none of critical, high, normal, low (channels/policy.yaml)"),
        (COMMUNICATION, "category:", "not_within: [{days: 3, of: [rates]}]\ncategory:", "not_within:",
         "communication 'rates' does not exist; there are: payment-received"),
        (COMMUNICATION, "category:", "at_once: [sms, push]\ncategory:", "at_once:",
         "at_once is for urgent communications"),
        (COMMUNICATION, "category:", "one_per: household\ncategory:", "one_per:",
         "a transactional communication is for each customer: one_per: household is for marketing"),
        (COMMUNICATION, "category:", "copies: joint\nurgent: true\nat_once: [sms, email]\ncategory:", "copies:",
         "copies go out one by one, so 'at_once' cannot stand beside them"),
        (COMMUNICATION, "purpose: transactional", "purpose: marketing\ncopies: joint", "copies:",
         "copies are not for marketing: each customer gets offers of their own"),
        (COMMUNICATION, "purpose: transactional", "purpose: marketing\none_per: household\ndigest: {into: offers}",
         "one_per:", "one_per: household: a digest is each customer's own; leave one of both out"),
        (COMMUNICATION, "category:", "one_per: home\ncategory:", "one_per:",
         "one_per 'home' is none of customer, household"),
        (COMMUNICATION, "category:", "urgent: true\nat_once: [sms, letter]\ncategory:", "at_once:",
         "at_once: 'letter' is none of channels sms, email, push, line, whatsapp"),
        (COMMUNICATION, "category:", "escalation: [{after_days: 3, unless: opened, channel: letter}]\ncategory:",
         "escalation:", "escalation: 'letter' is none of channels"),
        (COMMUNICATION, "channels: [sms, email", "channels: [sms, sms, email", "channels:",
         "channels: 'sms' stands twice"),
        (COMMUNICATION, "category:", "urgent: true\nat_once: [sms, email, sms]\ncategory:", "at_once:",
         "at_once: 'sms' stands twice"),
        (COMMUNICATION, "category:", "consent: {letter: e_delivery}\ncategory:", "consent:",
         "consent: 'letter' is none of channels sms, email"),
        (COMMUNICATION, "expires_after_hours: 72", "expires_after_hours: 100000000", "expires_after_hours:",
         "expires_after_hours"),
        (POLICY, "transactional: {", "transactional: {on_cap: digest, ", "",
         "channels/policy.yaml has on_cap: digest for transactional; this needs 'digest', or an on_cap"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line_with_what_would_be_right(
    small: Path, problems: Callable[[], list[str]], file: str, before: str, after: str, line_of: str, message: str
) -> None:
    text = (small / file).read_text(encoding="utf-8")
    assert before in text
    text = text.replace(before, after, 1)
    (small / file).write_text(text, encoding="utf-8")
    [problem] = problems()
    assert message in problem
    if line_of:
        place = text.index(line_of) + (line_of.rindex("  - id") if line_of.endswith("  - id") else 0)
        assert problem.startswith(f"{file}:{text.count(chr(10), 0, place) + 1}:")


def test_a_digest_is_one_customers_own_and_no_copy_of_it_is_made() -> None:
    collects = {"every": "day", "at": "17:00"}
    with pytest.raises(ValidationError, match="so 'collects' cannot stand beside them"):
        communication(collects=collects, purpose="servicing", copies="joint")
    with pytest.raises(ValidationError, match="a digest is each customer's own"):
        communication(collects=collects, one_per="household")


@pytest.mark.parametrize(
    ("file", "before"), [(POLICY, "transactional: {priority: high, obeys_caps: false"), (COMMUNICATION, "category:")]
)
def test_a_cap_of_a_purpose_holds_where_something_of_it_obeys(
    small: Path, problems: Callable[[], list[str]], file: str, before: str
) -> None:
    policy = (small / POLICY).read_text(encoding="utf-8")
    (small / POLICY).write_text(policy.replace(WEEK, WEEK + "    purposes: [transactional]\n"), encoding="utf-8")
    assert len(problems()) == 1
    text = (small / file).read_text(encoding="utf-8")
    obeying = (
        before.replace("obeys_caps: false", "obeys_caps: true") if file == POLICY else f"obeys_caps: true\n{before}"
    )
    assert before in text
    (small / file).write_text(text.replace(before, obeying, 1), encoding="utf-8")
    assert problems() == []


def test_terms_are_the_communications_own_then_the_policys_then_the_engines() -> None:
    policy = Policy.model_validate({"purposes": {"marketing": {"on_cap": "defer", "counts_toward_caps": False}}})
    assert policy.terms(communication()) == Terms("low", True, False, "defer")
    assert policy.terms(communication(counts_toward_caps=True, obeys_caps=False, priority="high", on_cap="drop")) == (
        Terms("high", False, True, "drop")
    )
    assert Policy().terms(communication()) == DEFAULT_TERMS["marketing"]


def test_no_purpose_can_make_a_regulatory_communication_obey_caps() -> None:
    with pytest.raises(ValidationError, match="must arrive"):
        communication(purpose="regulatory", fallback="sms", obeys_caps=True)
    assert not Policy().terms(communication(purpose="regulatory", fallback="sms")).obeys_caps
