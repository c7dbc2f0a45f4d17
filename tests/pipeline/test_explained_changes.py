"""Explanations of single decisions: what would have to change, in both languages."""

from datetime import timedelta

import pytest
from explain_parts import ADA, AT, GIVEN, ONE_DATABASE, Explain, suppressed

from ccm.decide import Facts
from ccm.model.customer import Case, Contact, Preference, Relation
from ccm.workspace.policy import Policy

OPEN = Case("K1", "C1", "complaint", "open", AT - timedelta(days=40))
CLOSED = OPEN._replace(status="closed", closed_at=AT - timedelta(days=1))


@ONE_DATABASE
@pytest.mark.parametrize(
    ("kind", "english", "japanese"),
    [
        ("legal_hold", "the legal hold", "法的な理由による連絡停止"),
        ("do_not_contact", "the ban on contact", "連絡停止の登録"),
        ("vulnerable", "the note of needing special care", "特別な配慮の登録"),
        ("bereavement", "the note of a death in the family", "ご不幸による配慮の登録"),
    ],
)
def test_what_could_be_lifted_is_a_thing_and_no_sentence(
    explain: Explain, kind: str, english: str, japanese: str
) -> None:
    assert f"if {english}, for every channel, were lifted: it would go" in explain("en", suppressed(kind))
    assert f"    {japanese}（すべての手段）" in explain("ja", suppressed(kind))
    assert "が解除される場合：" in explain("ja", suppressed(kind))


@ONE_DATABASE
def test_several_changes_together_read_as_one_condition(explain: Explain) -> None:
    facts = Facts(ADA, suppressions=suppressed("legal_hold").suppressions)
    assert "were lifted and the customer gave marketing consent for e-mail (opt-in): it would go" in explain(
        "en", facts
    )
    assert "解除される場合で、かつお客さまからメールの広告配信の同意（オプトイン）を得る場合：" in explain("ja", facts)


@ONE_DATABASE
@pytest.mark.parametrize("case", [OPEN, CLOSED])
def test_a_complaint_is_no_reason_to_say_that_nothing_would_help(explain: Explain, case: Case) -> None:
    """Once it is over, consent is missing too: both are named."""
    facts = Facts(ADA, cases=(case,))
    english, japanese = (explain(language, facts) for language in ("en", "ja"))
    assert "nothing that ccm knows of" not in english
    assert "the customer gave marketing consent for e-mail (opt-in): it would go out by e-mail from" in english
    assert "a complaint was closed only recently [K1]" in english
    assert "お客さまからメールの広告配信の同意（オプトイン）を得る場合：" in japanese
    assert "苦情の解決から日が浅いため［K1］" in japanese


@ONE_DATABASE
def test_where_nothing_helps_it_says_what_was_tried(explain: Explain) -> None:
    facts = Facts(ADA.model_copy(update={"status": "deceased"}))
    english, japanese = (explain(language, facts) for language in ("en", "ja"))
    assert "the customer's status: deceased" in english
    assert "nothing that ccm knows of: no time within 400 days, and no three changes together" in english
    assert "お客さまの状態：ご逝去" in japanese
    assert "400日以内のいずれの時点でも、条件を3つまで同時に変えても、結果は同じ" in japanese


@ONE_DATABASE
def test_one_refusal_of_everything_is_one_fact_and_one_change(explain: Explain) -> None:
    no = Preference(customer_id="C1", category="*", channel="*", allowed=False)
    english, japanese = (explain(language, Facts(ADA, (no,), (GIVEN,))) for language in ("en", "ja"))
    assert english.count("the customer's own preference for everything on every channel: no") == 1
    assert english.count("if the customer allowed") == 1
    assert "if the customer allowed everything by every channel: it would go by e-mail" in english
    assert "お客さまがすべての手段での受取り（すべてのお知らせ）を希望する場合：" in japanese


@ONE_DATABASE
def test_a_channel_can_be_added_to_an_order_for_this_category_alone(explain: Explain) -> None:
    ranked = Preference(customer_id="C1", category="offers", channel="letter", rank=1)
    assert "if the customer ranked e-mail: it would go by e-mail" in explain("en", Facts(ADA, (ranked,), (GIVEN,)))


@ONE_DATABASE
def test_who_must_receive_for_the_customer_is_what_would_have_to_change(explain: Explain) -> None:
    facts = Facts(ADA, consents=(GIVEN,), relations=(Relation("C1", "guardian", "G1"),))
    assert "if a guardian, who receives for the customer, were known and active: it would go" in explain("en", facts)
    assert "代わりに受け取る方（後見人など法定の代理人）が有効なお客さまとして登録される場合：" in explain("ja", facts)


@ONE_DATABASE
def test_until_a_pause_ends_the_pause_is_the_reason(explain: Explain) -> None:
    pause = Preference(customer_id="C1", category="*", channel="*", paused_until=AT + timedelta(days=1))
    english, japanese = (explain(language, Facts(ADA, (pause,), (GIVEN,))) for language in ("en", "ja"))
    assert "or later; until then: the customer asked for a pause [until 2026-03-05 12:00:00 UTC]" in english
    assert "（それまで送信しない理由：お客さまのご希望で配信を休止中のため［2026-03-05 12:00:00 UTCまで］）" in japanese


@ONE_DATABASE
def test_what_waits_on_the_first_channel_goes_at_the_first_possible_time(explain: Explain) -> None:
    wish = Preference(customer_id="C1", category="*", channel="*", hours="18:00-20:00")
    english, japanese = (explain(language, Facts(ADA, (wish,), (GIVEN,))) for language in ("en", "ja"))
    assert "nothing: it took the first possible channel, at the first possible time" in english
    assert "なし（最も優先される手段を、送信できる最初の時刻で採用済み）" in japanese


@ONE_DATABASE
def test_consent_that_is_missing_beside_a_full_cap_is_named_with_the_wait(explain: Explain) -> None:
    sent = Contact("C1", AT - timedelta(days=1), "savings-offer", "offers", "email", "sent", "marketing", "low")
    policy = Policy.model_validate({"caps": [{"id": "c", "limit": 1, "days": 7}]})
    english, japanese = (explain(language, Facts(ADA, contacts=(sent,)), policy) for language in ("en", "ja"))
    assert "if the customer gave marketing consent for e-mail (opt-in): it would go out by e-mail from 2026-03-10" in \
        english  # fmt: skip
    assert "お客さまからメールの広告配信の同意（オプトイン）を得る場合：2026-03-10 12:00 GMT以降の判断なら" in japanese
