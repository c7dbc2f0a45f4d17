"""check(draft): approved, or refused with every reason."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import ccm
from ccm.compliance.check import Refusal, check, check_findings
from ccm.compliance.rules import Rule, load_rules
from ccm.errors import IntegrityError
from ccm.model.message import ApprovedMessage, Draft
from ccm.workspace import Workspace

RELEASE = "a" * 64
PROTECTED = {"deposit-protection": "Deposits are protected.", "fee-notice": "Fees are listed."}
STATEMENT = "Balance: 10.00. Deposits are protected. Fees are listed."


@pytest.fixture(scope="module")
def rules(workspace: Workspace) -> tuple[Rule, ...]:
    return load_rules(workspace)


def test_a_message_that_passes_is_the_rendered_one_byte_for_byte(
    workspace: Workspace, rules: tuple[Rule, ...], draft: Callable[..., Draft]
) -> None:
    made = draft("quarterly-statement", STATEMENT, subject="Your statement", used=PROTECTED)
    approved = check(made, workspace.communication("quarterly-statement"), rules, RELEASE)
    assert approved == ApprovedMessage(
        "m1", "quarterly-statement", "c1", "email", "en", "a@bank.example", "text/plain", STATEMENT.encode(),
        "Your statement", RELEASE, made.jurisdiction,
    )  # fmt: skip


def test_a_refusal_names_the_first_rule_and_tells_all(
    workspace: Workspace, rules: tuple[Rule, ...], draft: Callable[..., Draft]
) -> None:
    made = draft("savings-offer", "Risk-free! http://a.example", links=("http://a.example",))
    refusal = check(made, workspace.communication("savings-offer"), rules, RELEASE)
    assert isinstance(refusal, Refusal)
    assert [finding.rule for finding in refusal.findings] == ["GN01", "MK01", "MK02", "MK03", "MK04", "SC03"]
    assert refusal.reason == "rule_GN01"
    assert "MK01: wording 'marketing-opt-out' is not used" in refusal.detail
    assert refusal.findings[0].path == "compliance/rules/GN01.yaml"


def test_rules_of_other_channels_and_categories_do_not_stop_a_message(
    workspace: Workspace, rules: tuple[Rule, ...], draft: Callable[..., Draft]
) -> None:
    sms = draft("quarterly-statement", "Your statement is ready.", channel="sms", segments=1)
    assert isinstance(check(sms, workspace.communication("quarterly-statement"), rules, RELEASE), ApprovedMessage)
    payment = draft("payment-received", "Risk free payment received.")
    assert isinstance(check(payment, workspace.communication("payment-received"), rules, RELEASE), ApprovedMessage)


def test_an_sms_of_four_parts_is_refused(
    workspace: Workspace, rules: tuple[Rule, ...], draft: Callable[..., Draft]
) -> None:
    sms = draft("payment-received", "long", channel="sms", segments=4)
    refusal = check(sms, workspace.communication("payment-received"), rules, RELEASE)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.detail) == ("rule_SM01", "SM01: takes 4 SMS parts; at most 3 are allowed")


def test_a_warning_is_told_and_does_not_stop(
    workspace: Workspace, rules: tuple[Rule, ...], draft: Callable[..., Draft]
) -> None:
    communication = workspace.communication("quarterly-statement")
    softer = tuple(
        Rule(rule.file.model_copy(update={"severity": "warning"}), rule.params) if rule.id == "CW02" else rule
        for rule in rules
    )
    made = draft(
        "quarterly-statement", "Deposits are protected.", used={"deposit-protection": PROTECTED["deposit-protection"]}
    )
    assert isinstance(check(made, communication, rules, RELEASE), Refusal)
    assert isinstance(check(made, communication, softer, RELEASE), ApprovedMessage)
    assert [(found.rule, found.severity) for found in check_findings(made, communication, softer)] == [
        ("CW02", "warning")
    ]
    nothing = draft("quarterly-statement", "Hello")
    refusal = check(nothing, communication, softer, RELEASE)
    assert isinstance(refusal, Refusal)
    assert [found.rule for found in refusal.findings] == ["CW01", "CW02"]
    assert [found.rule for found in refusal.errors] == ["CW01"]
    assert "CW02" not in refusal.detail


def test_a_draft_of_another_communication_or_channel_is_a_defect(
    workspace: Workspace, rules: tuple[Rule, ...], draft: Callable[..., Draft]
) -> None:
    made = draft("quarterly-statement", STATEMENT, used=PROTECTED)
    with pytest.raises(IntegrityError, match="checked as 'savings-offer'"):
        check(made, workspace.communication("savings-offer"), rules, RELEASE)
    communication = workspace.communication("quarterly-statement")
    with pytest.raises(IntegrityError, match="decided: letter"):
        check(made._replace(decision=made.decision._replace(channel="letter")), communication, rules, RELEASE)
    with pytest.raises(IntegrityError, match="rendered for email"):
        check(made._replace(decision=made.decision._replace(send=False)), communication, rules, RELEASE)


def test_only_the_check_makes_an_approved_message() -> None:
    package = Path(ccm.__file__).parent
    makers = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if re.search(r"(?<!class )\bApprovedMessage\(", file.read_text(encoding="utf-8"))
    }
    # Dispatch brings back, by digest, a message that was checked and recorded.
    assert makers - {"delivery/dispatch.py"} == {"compliance/check.py"}


def test_rules_go_to_other_processes_whole(
    workspace: Workspace, rules: tuple[Rule, ...], draft: Callable[..., Draft]
) -> None:
    copied = pickle.loads(pickle.dumps(rules))
    made = draft("savings-offer", "No risk.")
    communication = workspace.communication("savings-offer")
    assert check(made, communication, copied, RELEASE) == check(made, communication, rules, RELEASE)
