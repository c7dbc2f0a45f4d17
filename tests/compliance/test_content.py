"""The wording and rules that are shipped."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.compliance.resolve import MissingWording, resolve_wording
from ccm.compliance.rules import KINDS, load_rules
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.wording import Wording, resolve

AT = datetime(2026, 4, 1, 9, tzinfo=UTC)
PLACEHOLDERS = {
    "organisation.name",
    "organisation.address",
    "organisation.phone",
    "organisation.website",
    "organisation.preference_url",
}
# 3GPP TS 23.038, default alphabet without its extension table.
GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


def named(wording: Wording) -> set[str]:
    return set(re.findall(r"\{([^{}]*)\}", "".join([wording.text, *wording.texts.values()])))


@pytest.fixture(scope="module")
def demonstration() -> Workspace:
    return load_workspace(Path(__file__).resolve().parents[2])


def test_shipped_rules_load_and_their_examples_behave(demonstration: Workspace) -> None:
    rules = load_rules(demonstration)
    assert [rule.id for rule in rules if not rule.file.pack] == [
        "CW01", "CW02", "CW03", "CW04", "CW05", "CW06", "GN01", "MK01", "MK02", "MK03", "MK04", "MK05", "SC01", "SC02",
        "SC03", "SM01", "TY01",
    ]  # fmt: skip
    assert {rule.file.kind for rule in rules} == set(KINDS)


@pytest.mark.parametrize("jurisdiction", ["US", "GB", "JP"])
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("communication", ["quarterly-statement", "savings-offer", "payment-received"])
def test_every_wording_resolves_for_every_jurisdiction_and_language(
    workspace: Workspace, communication: str, language: str, jurisdiction: str
) -> None:
    wanted = workspace.communication(communication)
    found = resolve_wording(workspace, wanted, wanted.wording, language, jurisdiction, AT)
    assert not isinstance(found, MissingWording)
    assert set(found) == set(wanted.wording)
    for wording in found.values():
        assert (wording.language, wording.jurisdiction) == (language, jurisdiction)


def test_wording_holds_only_declared_placeholders_that_exist(workspace: Workspace) -> None:
    for wording in workspace.wordings:
        assert named(wording) == set(wording.placeholders) <= PLACEHOLDERS, wording.path


def test_every_shipped_wording_names_its_source_and_has_a_short_text(workspace: Workspace) -> None:
    for wording in workspace.wordings:
        assert wording.source, wording.path
        assert "sms" in wording.texts, wording.path


def test_english_short_texts_stay_in_the_cheap_alphabet_and_short(workspace: Workspace) -> None:
    for wording in workspace.wordings:
        if wording.language == "en":
            text = re.sub(r"\{[^{}]*\}", "", wording.said_on("sms"))
            assert set(text) <= GSM7, wording.path
            assert len(text) <= 70, wording.path


def test_the_british_limit_changes_at_midnight_in_london_on_1_december_2025(workspace: Workspace) -> None:
    change = datetime(2025, 12, 1, tzinfo=UTC)

    def text(at: datetime) -> str:
        wording = resolve(workspace.wordings, "deposit-protection", "en", "GB", at)
        assert wording is not None
        return wording.text

    assert "£85,000" in text(change - timedelta(microseconds=1))
    assert "£120,000" in text(change)


def test_wording_before_its_first_day_is_missing(workspace: Workspace) -> None:
    communication = workspace.communication("savings-offer")
    found = resolve_wording(workspace, communication, (), "en", "JP", datetime(2024, 12, 31, tzinfo=UTC))
    assert found == MissingWording(("marketing-opt-out", "sender-identity"))


def test_a_slot_that_the_communication_does_not_list_is_resolved_too(workspace: Workspace) -> None:
    communication = workspace.communication("payment-received")
    found = resolve_wording(workspace, communication, {"fee-notice", "not-there"}, "en", "US", AT)
    assert found == MissingWording(("not-there",))


def test_every_jurisdiction_without_wording_is_told_by_id(workspace: Workspace) -> None:
    communication = workspace.communication("quarterly-statement")
    found = resolve_wording(workspace, communication, ("deposit-protection",), "en", "FR", AT)
    assert found == MissingWording(("deposit-protection", "fee-notice"))


@settings(max_examples=60, deadline=None)
@given(days=st.integers(0, 3000))
def test_from_its_first_day_exactly_one_version_is_in_force(workspace: Workspace, days: int) -> None:
    at = datetime(2025, 1, 1, 5, tzinfo=UTC) + timedelta(days=days)
    for place in {wording.place for wording in workspace.wordings}:
        own = [wording for wording in workspace.wordings if wording.place == place]
        found = resolve(own, *place[:3], at)
        assert found is not None
        assert found.order == max(wording.order for wording in own if wording.effective_from <= at)


def test_the_demonstration_workspace_has_all_its_wording(demonstration: Workspace) -> None:
    for communication in demonstration.communications.values():
        for language, jurisdiction in product(communication.languages, communication.jurisdictions):
            found = resolve_wording(demonstration, communication, (), language, jurisdiction, AT)
            assert not isinstance(found, MissingWording), (communication.id, language, jurisdiction, found)
