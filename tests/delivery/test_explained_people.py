"""`ccm explain` says to whom a message really is: a joint holder, a guardian, a person for correspondence."""

import pytest
from handoff_parts import delivered, notice, people, relate, rows, told_of, with_terms
from support import Bank

from ccm.pipeline.erasure import erase
from ccm.pipeline.explain import explained, line, summary

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture
def copied(bank: Bank) -> tuple[str, str, str, str]:
    """A customer, a joint holder, and the message of each."""
    with_terms(bank, copies="joint", channels=("email",))
    customer, holder = people(bank, 2)
    relate(bank, customer, "joint", holder)
    own = notice(bank, customer).message_id
    [copy] = [one["id"] for one in rows(bank) if one["part"]]
    return customer, holder, own, copy


def test_a_copy_names_whose_matter_it_is_and_their_own_message(bank: Bank, copied: tuple[str, str, str, str]) -> None:
    customer, holder, own, copy = copied
    english, japanese = (told_of(bank, copy, language) for language in ("en", "ja"))
    assert f"a copy for a joint holder: it tells of what concerns {customer}, whose own message is {own}" in english
    assert f"共同名義の方への写し：お客さま {customer} に関する内容（ご本人宛はメッセージ {own}）" in japanese
    assert f"copied to joint holder {holder} in message {copy}: will be sent" in told_of(bank, own, "en")
    assert f"共同名義のお客さま {holder} への写し：メッセージ {copy}（送信予定）" in told_of(bank, own, "ja")
    delivered(bank, copy)
    assert f"copied to joint holder {holder} in message {copy}: sent" in told_of(bank, own, "en")


@ONE_DATABASE
def test_as_data_too(bank: Bank, copied: tuple[str, str, str, str]) -> None:
    customer, holder, own, copy = copied
    by_id = {one["id"]: one for one in rows(bank)}
    with bank.project.store.read() as connection:
        one, other = (explained(bank.project, connection, by_id[name], "en") for name in (copy, own))
    assert (one["copy_of"], one["copies"]) == ({"message": own, "customer": customer}, [])
    assert (other["copy_of"], other["copies"]) == (None, [{"message": copy, "customer": holder, "state": "due"}])
    assert "payment-received (copy)  " in line(summary(by_id[copy], "en"), "en")
    assert "payment-received（写し）  " in line(summary(by_id[copy], "ja"), "ja")
    assert "(copy)" not in line(summary(by_id[own], "en"), "en")


@ONE_DATABASE
def test_what_was_erased_is_not_named(bank: Bank, copied: tuple[str, str, str, str]) -> None:
    customer, holder, own, copy = copied
    erase(bank.project, customer, bank.project.workspace.person("aoi"), "asked for it")
    assert customer not in told_of(bank, copy, "en")
    assert "what concerns erased:" in told_of(bank, copy, "en")
    erase(bank.project, holder, bank.project.workspace.person("aoi"), "asked for it")
    assert "a copy for a joint holder: whose matter it tells of was erased" in told_of(bank, copy, "en")
    assert "共同名義の方への写し：どのお客さまに関する内容かは消去済み" in told_of(bank, copy, "ja")
    assert holder not in told_of(bank, own, "en")


@pytest.mark.parametrize(
    ("kind", "english", "japanese"),
    [
        ("guardian", "a guardian receives it in the customer's place", "お客さまに代わり、後見人など法定の代理人"),
        ("correspondence", "the person named for correspondence receives it in the customer's place",
         "お客さまに代わり、郵便物等の受取人として登録された方"),
    ],
)  # fmt: skip
def test_one_that_goes_to_somebody_else_says_so(bank: Bank, kind: str, english: str, japanese: str) -> None:
    customer, other = people(bank, 2)
    assert english not in told_of(bank, notice(bank, customer, "k0").message_id, "en")
    relate(bank, customer, kind, other)
    message = notice(bank, customer).message_id
    assert english in told_of(bank, message, "en")
    assert japanese in told_of(bank, message, "ja")


@ONE_DATABASE
def test_so_does_one_that_goes_to_nobody_since_they_are_not_known(bank: Bank) -> None:
    [customer] = people(bank, 1)
    relate(bank, customer, "guardian", "Z9")
    accepted = notice(bank, customer)
    assert accepted.reason == "no_proxy"
    assert "a guardian receives it in the customer's place" in told_of(bank, accepted.message_id, "en")
    assert "Z9" not in told_of(bank, accepted.message_id, "en")
