"""Explanations of single decisions: words, values and lines of files, in both languages."""

from datetime import timedelta
from typing import Any

import pytest
from explain_parts import ADA, AT, GIVEN, ONE_DATABASE, Explain, suppressed
from support import Bank

from ccm.decide import Facts, decide
from ccm.decide.grounds import Grounds
from ccm.model.customer import Contact, Preference, Relation
from ccm.model.requirements import FrequencyLimit, PolicyRequirements, QuietWeek
from ccm.pipeline.explain import told, tried
from ccm.workspace import load_workspace
from ccm.workspace.policy import Policy


@ONE_DATABASE
def test_the_end_of_a_suppression_names_the_setting_that_it_comes_from(explain: Explain, bank: Bank) -> None:
    assert "since 2026-03-01, until 2026-05-30: 90 days by ccm's own default" in explain(
        "en", suppressed("bereavement")
    )
    assert "2026-03-01から、2026-05-30まで。90日間はccmの既定値による" in explain("ja", suppressed("bereavement"))
    file = bank.project.workspace.root / "channels/policy.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "suppression:\n  bereavement: {purposes: [marketing], days: 90}\n", encoding="utf-8")
    line = len(text.splitlines()) + 2
    assert f"90 days by channels/policy.yaml:{line}" in explain("en", suppressed("bereavement"))


@ONE_DATABASE
def test_a_pause_that_is_over_is_not_what_it_was_decided_on(explain: Explain) -> None:
    over = Preference(customer_id="C1", category="offers", channel="email", paused_until=AT - timedelta(days=1))
    holds = Preference(customer_id="C1", category="*", channel="*", paused_until=AT + timedelta(days=1))
    english = explain("en", Facts(ADA, (over, holds), (GIVEN,)))
    assert "paused until 2026-03-05 12:00 GMT" in english
    assert "paused until 2026-03-03" not in english
    assert "(paused) [until 2026-03-05 12:00:00 UTC]" in english


@ONE_DATABASE
def test_a_cap_says_how_many_in_which_window_and_how_many_are_kept_for_others(explain: Explain) -> None:
    sent = Contact("C1", AT - timedelta(hours=1), "savings-offer", "offers", "email", "sent", "marketing", "low")
    facts = Facts(ADA, consents=(GIVEN,), contacts=(sent,))

    def policy(**cap: Any) -> Policy:
        return Policy.model_validate({"caps": [{"id": "c", **cap}]})

    kept = policy(limit=2, days=7, reserved={"high": 1})
    assert "cap c: 2 in 7 days, 1 of them kept for what is more important (channels/policy.yaml)" in \
        explain("en", facts, kept), "a cap that is gone has no line today"  # fmt: skip
    assert "上限 c：7日間に2回、うち1回は優先度の高い通知のために確保（channels/policy.yaml）" in explain(
        "ja", facts, kept
    )
    assert "cap c: 1 in 24 hours (" in explain("en", facts, policy(limit=1, days=1))
    assert "cap c: 1 in a day of the calendar (" in explain("en", facts, policy(limit=1, per="day"))
    assert "上限 c：暦月に1回（" in explain("ja", facts, policy(limit=1, per="month"))


@ONE_DATABASE
def test_limits_and_hours_of_a_rule_have_their_values(explain: Explain) -> None:
    sent = Contact("C1", AT - timedelta(hours=1), "savings-offer", "offers", "email", "sent", "marketing", "low")
    asked = PolicyRequirements(("R1",), frequency=(FrequencyLimit("R1", 1, 24, ("offers",)),))
    facts = Facts(ADA, consents=(GIVEN,), contacts=(sent,), requirements={"email": asked})
    assert "limit of rule R1: 1 in 24 hours (R1)" in explain("en", facts)
    assert "規則 R1 の上限：24時間に1回（R1）" in explain("ja", facts)
    nights = ((0, 480), (1200, 1440))
    week = QuietWeek(("Q1",), "", (*(nights,) * 5, ((0, 1440),), nights), frozenset({"12-31"}))
    facts = Facts(ADA, consents=(GIVEN,), requirements={"email": PolicyRequirements(("Q1",), quiet=(week,))})
    night = AT + timedelta(hours=10)
    assert "quiet hours of rule Q1: Mon-Fri 20:00 to 08:00, Sat 00:00 to 24:00, Sun 20:00 to 08:00, 12-31," in \
        explain("en", facts, at=night)  # fmt: skip
    assert "規則 Q1 の送信停止時間帯：月-金 20:00から08:00、土 00:00から24:00、日 20:00から08:00、12-31、" in \
        explain("ja", facts, at=night)  # fmt: skip


@ONE_DATABASE
def test_what_is_told_too_soon_after_another_message_names_it(explain: Explain) -> None:
    sent = Contact("C1", AT - timedelta(days=2), "rate-change", "rates", "email", "sent", "regulatory", "low", False)
    facts, after = Facts(ADA, consents=(GIVEN,), contacts=(sent,)), [{"days": 3, "of": ["rate-change"]}]
    english = explain("en", facts, not_within=after)
    assert "not within 3 days after rate-change (templates/savings-offer/communication.yaml)" in english
    assert "      rate-change by e-mail, 2026-03-02 12:00 GMT" in english
    assert "rate-changeの後 3 日間は送らない" in explain("ja", facts, not_within=after)


@ONE_DATABASE
def test_send_times_holidays_and_wishes_that_hold_a_message_are_named(explain: Explain) -> None:
    facts = Facts(ADA, consents=(GIVEN,))
    send = {"days": ["mon", "tue"], "start": "09:00", "end": "18:00", "holidays": "skip"}
    english = explain("en", facts, send=send, expires_after_hours=None)
    assert "held until the hours in which it is sent (held_for_send_window)" in english
    assert (
        "sent only Mon-Tue 09:00 to 18:00, the recipient's own zone: Europe/London (templates/savings-offer" in english
    )
    assert "nothing is sent on public holidays (templates/savings-offer" in english
    wish = Preference(customer_id="C1", category="*", channel="*", hours="18:00-20:00")
    japanese = explain("ja", Facts(ADA, (wish,), (GIVEN,)))
    assert "お客さまご希望の時間帯（すべてのお知らせ・すべての手段）：18:00-20:00" in japanese


@ONE_DATABASE
def test_a_zone_that_is_none_does_not_stop_the_explanation(explain: Explain) -> None:
    """As an old feed may have left it in the store; quiet hours went by the address then, and times are told in UTC."""
    nowhere = ADA.model_copy(update={"timezone": "Asia/Edo"})
    english = explain("en", Facts(nowhere, consents=(GIVEN._replace(channel="sms"),)), at=AT + timedelta(hours=10))
    assert "[the zone of the address: Europe/London]" in english
    assert "SMSの" in explain("ja", Facts(nowhere))


@ONE_DATABASE
def test_where_and_in_what_it_is_offered_and_what_is_held_out_have_their_lines(explain: Explain) -> None:
    french = Facts(ADA.model_copy(update={"language": "fr-FR"}))
    assert "savings-offer is written in en, ja (templates/savings-offer/communication.yaml:8)" in explain("en", french)
    abroad = Facts(ADA.model_copy(update={"jurisdiction": "FR"}))
    assert "savings-offerの対象法域：US、GB、JP（templates/savings-offer/communication.yaml:9）" in explain(
        "ja", abroad
    )
    trial = {"id": "t", "variants": {"a": 1}, "holdout": 999}
    assert "experiment t holds out 999 in 1000 (templates/" in explain(
        "en", Facts(ADA, consents=(GIVEN,)), experiment=trial
    )


@ONE_DATABASE
def test_what_joins_a_digest_is_told_as_such_on_trial_too(explain: Explain) -> None:
    digest = {"into": "news-digest", "always": True}
    english, japanese = (explain(one, Facts(ADA, consents=(GIVEN,)), digest=digest) for one in ("en", "ja"))
    assert "  would join a digest now: it is told in a digest, together with others (digested)" in english
    assert "savings-offer is always told in the digest news-digest (templates/" in english
    assert "savings-offerは常にnews-digestにまとめて送る（templates/" in japanese


@ONE_DATABASE
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("channels/policy.yaml", "days_after_close: 14", "days_after_close: 15"),
        ("channels/sms.yaml", '"21:00"', '"20:00"'),
        ("templates/savings-offer/communication.yaml", "expires_after_hours: 48", "expires_after_hours: 47"),
    ],
)
def test_an_explanation_says_that_settings_have_changed_whichever_file_they_stand_in(
    bank: Bank, file: str, old: str, new: str
) -> None:
    project, facts = bank.project, Facts(ADA, consents=(GIVEN,))
    then = project.workspace
    offer = then.communications["savings-offer"]
    grounds = Grounds(offer, then.policy, then.channels, {})
    decision = decide(offer, then.policy, then.channels, facts, AT)
    path = then.root / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    for workspace, changed in ((then, False), (load_workspace(then.root), True)):
        project.workspace = workspace
        with project.store.read() as connection:
            lines = told(tried(project, connection, decision, grounds, facts, "en"), "en")
        assert ("    settings have changed since: values are those of then, lines those of today" in lines) is changed


@ONE_DATABASE
def test_of_several_wishes_for_hours_the_one_that_counts_is_told(explain: Explain) -> None:
    anyhow = Preference(customer_id="C1", category="*", channel="*", hours="18:00-20:00")
    mails = Preference(customer_id="C1", category="*", channel="email", hours="14:00-15:00")
    english = explain("en", Facts(ADA, (anyhow, mails), (GIVEN,)))
    assert "the customer's preferred hours for everything on e-mail: 14:00-15:00" in english
    assert "18:00-20:00" not in english


@ONE_DATABASE
def test_what_fills_a_cap_beyond_its_limit_is_in_its_window_and_scope(explain: Explain) -> None:
    sent = Contact("C1", AT - timedelta(days=1), "savings-offer", "offers", "email", "sent", "marketing", "low")
    two = (sent._replace(at=AT - timedelta(days=2)), sent)
    others = (
        sent._replace(at=AT - timedelta(days=20)), sent._replace(category="news"), sent._replace(status="released")
    )  # fmt: skip
    for limit, fill in ((1, 2), (0, 0)):
        policy = Policy.model_validate({"caps": [{"id": "c", "categories": ["offers"], "limit": limit, "days": 7}]})
        english = explain("en", Facts(ADA, consents=(GIVEN,), contacts=(*others, *two)), policy)
        assert (english.count("taken by"), english.count("taken by savings-offer by e-mail, 2026-03-0")) == (fill, fill)


@ONE_DATABASE
def test_who_ranked_no_possible_channel_is_told_the_order_and_what_there_is(explain: Explain) -> None:
    facts = Facts(ADA, (Preference(customer_id="C1", category="*", channel="letter", rank=1),), (GIVEN,))
    english, japanese = (explain(language, facts) for language in ("en", "ja"))
    assert "withheld now: no channel was possible (no_channel)" in english
    assert "the customer's own order for everything: letter" in english
    assert "savings-offer has texts for e-mail, SMS (templates/savings-offer/communication.yaml:7)" in english
    assert "お客さまご希望の順（すべてのお知らせ）：郵便" in japanese
    assert "savings-offerの文面がある手段：メール、SMS（templates/savings-offer/communication.yaml:7）" in japanese


@ONE_DATABASE
def test_hours_are_told_as_those_of_who_receives_it(explain: Explain) -> None:
    """Told of the guardian, whose clock counts, and not of the customer."""
    guardian, away = Relation("C1", "guardian", "G1"), ADA.model_copy(update={"timezone": "America/New_York"})
    facts = Facts(away, consents=(GIVEN,), relations=(guardian,), proxy=ADA.model_copy(update={"id": "G1"}))
    send = {"start": "13:00", "end": "18:00"}
    assert "[the recipient's own zone: Europe/London]" in explain("en", facts, send=send)
    assert "［受取人の時間帯：Europe/London］" in explain("ja", facts, send=send)
    lost = ADA.model_copy(
        update={"id": "G1", "timezone": None, "address": None, "contact_points": {"email": "g@x.example"}}
    )
    policy, nowhere = Policy.model_validate({"zones": {}}), Facts(away, (), (GIVEN,), relations=(guardian,), proxy=lost)
    assert "if the recipient's time zone were known: it would go by e-mail" in explain("en", nowhere, policy, send=send)
    assert "受取人の時間帯が分かる場合：メールで" in explain("ja", nowhere, policy, send=send)
