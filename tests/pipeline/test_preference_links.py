"""Tokens of links to the preference page, and their keys."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.errors import InputError, NotAllowed, NotFound, RenderError
from ccm.model.customer import CONTACT_CHANNELS
from ccm.pipeline.preference_links import LONGEST, PreferenceLink, PreferenceLinks
from ccm.store import Store
from ccm.store.link_keys import KEY_SIZE, open_link_keys, rotate

AT = datetime(2026, 4, 1, 23, 59, tzinfo=UTC)
KEY, OTHER = bytes(range(64)), bytes(range(1, 65))
OFFER = ("5f2c9a7e41d0" + "0" * 20, "C-000123", "offers", "marketing", "email", "ja", AT)
LINKS = PreferenceLinks([KEY])


def random(byte: int):  # type: ignore[no-untyped-def]
    """A source of what only looks random, other for each call."""
    made = iter(range(byte, 256))
    return lambda size: bytes([next(made)]) * size


def test_a_token_says_what_it_was_made_of_and_hides_it() -> None:
    token = LINKS.token(*OFFER)
    assert LINKS.read(token) == PreferenceLink(*OFFER[:6], date(2026, 4, 1))
    assert token == PreferenceLinks([KEY]).token(*OFFER)
    assert "C-000123" not in token
    assert len(token) < 100


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.from_regex(r"[0-9a-f]{32}", fullmatch=True), st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True)),
    st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=25),
    st.from_regex(r"[a-z0-9][a-z0-9-]{0,63}", fullmatch=True),
    st.sampled_from(["marketing", "servicing", "transactional", "regulatory"]), st.sampled_from(CONTACT_CHANNELS),
    st.sampled_from(["en", "ja", "zh-Hant-TW"]), st.dates(date(2020, 1, 1), date(2190, 1, 1)),
)  # fmt: skip
def test_every_token_reads_back_in_fewer_than_300_url_safe_characters(
    message: str, customer: str, category: str, purpose: str, channel: str, language: str, day: date
) -> None:
    at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
    token = LINKS.token(message, customer, category, purpose, channel, language, at)
    assert len(token) <= LONGEST
    assert token.replace("-", "").replace("_", "").isalnum()
    assert token.isascii()
    assert LINKS.read(token) == PreferenceLink(message, customer, category, purpose, channel, language, day)


def test_a_token_that_was_changed_anywhere_is_none() -> None:
    token = LINKS.token(*OFFER)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place, letter in enumerate(token):
        for other in (alphabet[alphabet.index(letter) ^ bit] for bit in (1, 2, 4, 8, 16, 32)):
            assert LINKS.read(token[:place] + other + token[place + 1 :]) is None
    for wrong in ("", token[:-1], token + "A", token + "=", token * 4, token.lower(), "é" + token[1:], token + "\n"):
        assert LINKS.read(wrong) is None


def test_other_keys_and_other_domains_read_nothing() -> None:
    token = LINKS.token(*OFFER)
    assert PreferenceLinks([OTHER]).read(token) is None
    assert PreferenceLinks([OTHER, KEY]).read(token) == LINKS.read(token)
    note = LINKS.note(token, b"saved")
    assert LINKS.read_note(token, note) == b"saved"
    assert LINKS.read(note) is None
    assert LINKS.read_note(token, token) is None
    assert LINKS.read_note(LINKS.token("other", *OFFER[1:]), note) is None


def test_a_page_shows_for_the_days_of_the_settings() -> None:
    link = LINKS.read(LINKS.token(*OFFER))
    assert link is not None
    assert link.shows_on(link.issued + timedelta(days=400), 400)
    assert not link.shows_on(link.issued + timedelta(days=401), 400)


def test_a_customer_id_that_is_too_long_for_a_link_stops_that_message() -> None:
    with pytest.raises(RenderError, match="too long"):
        LINKS.token(OFFER[0], "顧" * 100, *OFFER[2:])
    assert len(LINKS.token(OFFER[0], "C" * 100, "o" * 64, *OFFER[3:])) <= LONGEST


def test_the_first_key_is_made_and_the_same_afterwards(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "links.key"
    keys = open_link_keys(store, path, random(1), AT)
    assert keys == (bytes([1]) * KEY_SIZE,)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_link_keys(store, path, random(9), AT) == keys


def test_a_key_that_is_missing_wrong_or_open_to_others_stops_with_its_name(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "links.key"
    open_link_keys(store, path, random(1), AT)
    kept = path.read_bytes()
    path.chmod(0o644)
    with pytest.raises(NotAllowed, match="mode 0644"):
        open_link_keys(store, path, random(1), AT)
    path.unlink()
    with pytest.raises(NotFound, match=r"links\.key: .*put it back"):
        open_link_keys(store, path, random(1), AT)
    path.write_bytes(b"AAAA\n")
    path.chmod(0o600)
    with pytest.raises(InputError, match="has 3 bytes, not 64"):
        open_link_keys(store, path, random(1), AT)
    path.write_bytes(kept[:-10] + b"AAAAAAA==\n")
    with pytest.raises(NotAllowed, match="not the key that links of this store"):
        open_link_keys(store, path, random(1), AT)


def test_a_new_key_makes_links_and_the_one_before_reads_its_own(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "links.key"
    old = PreferenceLinks(open_link_keys(store, path, random(1), AT))
    retired = rotate(store, path, random(2), AT + timedelta(days=1))
    keys = open_link_keys(store, path, random(5), AT)
    assert keys == (bytes([2]) * KEY_SIZE, bytes([1]) * KEY_SIZE)
    new = PreferenceLinks(keys)
    assert new.token(*OFFER) != old.token(*OFFER)
    assert new.read(old.token(*OFFER)) == old.read(old.token(*OFFER))
    retired.unlink()
    with pytest.raises(NotFound, match=r"\.retired: put it back"):
        open_link_keys(store, path, random(5), AT)
