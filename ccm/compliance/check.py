"""check(draft) -> ApprovedMessage | Refusal: the rules on the rendered result.

This is the only place that makes an `ApprovedMessage`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ccm.compliance.rulebook import Rulebook
from ccm.compliance.rules import Rule
from ccm.compliance.text import CheckedText
from ccm.compliance.wording_placed import misplaced
from ccm.errors import IntegrityError
from ccm.model.message import ApprovedMessage, Draft
from ccm.workspace.communication import Communication

PLACING = "wording"
"""Stands in the place of a rule's id where wording does not stand as its own file asks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one message."""

    rule: str
    """The rule's id."""
    severity: Literal["error", "warning"]
    message: str
    """What is wrong; no personal data."""
    path: str
    """The rule's file, relative to the workspace."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that must not be sent, and all that was found: the errors that stop it, and the warnings."""

    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def reason(self) -> str:
        """The code for the message's row: ``rule_CW01``, after the first rule that stopped it."""
        return f"rule_{self.errors[0].rule}"

    @property
    def detail(self) -> str:
        """All errors in one line, as in ``CW01: wording 'deposit-protection' is not used``."""
        return "; ".join(f"{finding.rule}: {finding.message}" for finding in self.errors)


def check(draft: Draft, communication: Communication, rules: Sequence[Rule], release: str) -> ApprovedMessage | Refusal:
    """Passes a draft, or refuses it with every finding.

    `release` is the digest of the release it was rendered from; whether that is approved is decided by
    `ccm.compliance.approvals`. Raises `IntegrityError` where the draft is not of this communication, is not
    on the channel that was decided, or was decided not to be sent.
    """
    decision, rendered = draft.decision, draft.rendered
    if decision.communication != communication.id:
        raise IntegrityError(f"a draft of '{decision.communication}' was checked as '{communication.id}'")
    if not decision.send or decision.channel != rendered.channel:
        raise IntegrityError(
            f"message {draft.message_id}: rendered for {rendered.channel}, decided: {decision.channel or 'not to send'}"
        )
    book = rules if isinstance(rules, Rulebook) else Rulebook(rules)
    # How a page shows its words is the template's doing: `ccm check` and previews look at that, over all samples.
    message = CheckedText.of(draft, page=False)
    # Warnings are for writers, and some take long: they are looked for only where they are told.
    if any(misplaced(rendered, message)) or any(rule.check(message) for rule in applied(draft, communication, book)):
        return Refusal(check_findings(draft, communication, book))
    return ApprovedMessage(
        message_id=draft.message_id,
        communication=communication.id,
        customer_id=decision.customer_id,
        channel=rendered.channel,
        language=draft.language,
        recipient=draft.recipient,
        media_type=rendered.media_type,
        body=rendered.body,
        subject=rendered.subject,
        release=release,
        jurisdiction=draft.jurisdiction,
    )


def check_findings(draft: Draft, communication: Communication, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """Everything that wording and rules find in a draft, warnings too; for previews and `check`."""
    message = CheckedText.of(draft)
    book = rules if isinstance(rules, Rulebook) else Rulebook(rules)
    place = (draft.rendered.channel, draft.jurisdiction, draft.language, draft.decision.at)
    placing = (Finding(PLACING, "error", told, "compliance/wording") for told in misplaced(draft.rendered, message))
    found = (
        Finding(rule.id, rule.file.severity, sentence, rule.file.path)
        for rule in book.content(communication, *place) for sentence in rule.check(message)
    )  # fmt: skip
    return (*placing, *found)


def applied(draft: Draft, communication: Communication, rules: Rulebook) -> tuple[Rule, ...]:
    """The rules that could stop a draft, at the instant it was decided for."""
    place = (draft.rendered.channel, draft.jurisdiction, draft.language, draft.decision.at)
    return rules.stopping(communication, *place)
