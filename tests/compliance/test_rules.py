"""Rule files: every mistake is told at its line, all at once; and which messages a rule applies to."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccm.compliance.rules import KINDS, load_rules, may_apply
from ccm.errors import WorkspaceError
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.rules import Scope

RULE = """\
id: ZZ01
name: {en: Test, ja: 試験}
kind: max_segments
applies:
  channels: [sms]
reason: a test
source: a test
params:
  maximum: 3
examples:
  passes:
    - "{segments: 1}"
  fails:
    - "{segments: 4}"
"""


def problems(root: Path, *changes: tuple[str, str]) -> list[str]:
    for number, (old, new) in enumerate(changes, 1):
        assert old in RULE
        text = RULE.replace(old, new).replace("ZZ01", f"ZZ{number:02}")
        (root / f"compliance/rules/ZZ{number:02}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError) as caught:
        load_rules(load_workspace(root))
    return [str(problem) for problem in caught.value.problems]


def test_an_unknown_kind_names_the_ones_there_are(root: Path) -> None:
    assert problems(root, ("kind: max_segments", "kind: require")) == [
        "compliance/rules/ZZ01.yaml:3: kind 'require' is none of " + ", ".join(sorted(KINDS))
    ]


def test_all_mistakes_of_all_rules_are_told_at_once(root: Path) -> None:
    found = problems(
        root,
        ("kind: max_segments", "kind: require"),
        ("maximum: 3", "maximum: 30"),
        ("maximum: 3", "maximun: 3"),
        ('- "{segments: 1}"', '- "{segments: 9}"'),
        ('- "{segments: 4}"', '- "{segments: 2}"'),
        ("channels: [sms]", "communications: [savings-ofer]"),
    )
    places = [line.split(": ")[0].removeprefix("compliance/rules/") for line in found]
    assert places == [
        "ZZ01.yaml:3", "ZZ02.yaml:9", "ZZ03.yaml:8", "ZZ03.yaml:9", "ZZ04.yaml:12", "ZZ05.yaml:14", "ZZ06.yaml:5",
    ]  # fmt: skip
    assert "maximum" in found[1]
    assert "'params.maximum' is missing" in found[2]
    assert "did you mean 'maximum'?" in found[3]
    assert "must pass, but takes 9 SMS parts" in found[4]
    assert "must fail, but it passes" in found[5]
    assert "'savings-ofer' does not exist; there are: payment-received, quarterly-statement, savings-offer" in found[6]


def test_a_rule_for_wording_that_does_not_exist_names_what_there_is(root: Path) -> None:
    (root / "compliance/rules/CW01.yaml").write_text(
        (root / "compliance/rules/CW01.yaml").read_text(encoding="utf-8").replace("[deposit-protection]", "[deposits]"),
        encoding="utf-8",
    )
    with pytest.raises(WorkspaceError) as caught:
        load_rules(load_workspace(root))
    assert "CW01.yaml:13: wording 'deposits' does not exist; there are: deposit-protection, fee-" in str(caught.value)


def test_a_rule_that_no_message_could_pass_is_told_before_a_run(root: Path) -> None:
    file = root / "templates/savings-offer/communication.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(", sender-identity", ""), encoding="utf-8")
    with pytest.raises(WorkspaceError) as caught:
        load_rules(load_workspace(root))
    assert str(caught.value) == (
        "compliance/rules/MK02.yaml:12: asks for wording sender-identity; "
        "templates/savings-offer/communication.yaml lists marketing-opt-out"
    )


def test_a_rule_file_that_vanished_after_loading_still_gives_lines(root: Path) -> None:
    (root / "compliance/rules/ZZ01.yaml").write_text(RULE.replace("max_segments", "maxi"), encoding="utf-8")
    workspace = load_workspace(root)
    (root / "compliance/rules/ZZ01.yaml").unlink()
    with pytest.raises(WorkspaceError, match=r"ZZ01.yaml:3: kind 'maxi' is none of"):
        load_rules(workspace)


@pytest.mark.parametrize(
    ("scope", "applies"),
    [
        (Scope(), True),
        (Scope(purposes=("regulatory",), channels=("letter",), jurisdictions=("JP",), languages=("ja",)), True),
        (Scope(categories=("statements",), communications=("quarterly-statement",)), True),
        (Scope(purposes=("marketing",)), False),
        (Scope(channels=("line",)), False),
        (Scope(jurisdictions=("FR",)), False),
        (Scope(categories=("offers",)), False),
        (Scope(communications=("savings-offer",)), False),
    ],
)
def test_a_rule_may_apply_only_where_its_whole_scope_fits(workspace: Workspace, scope: Scope, applies: bool) -> None:
    assert may_apply(scope, workspace.communication("quarterly-statement")) is applies


@pytest.mark.parametrize(
    ("change", "applies"),
    [
        ({}, True),
        ({"channels": ("email",)}, False),
        ({"jurisdictions": ("US",)}, False),
        ({"languages": ("ja",)}, False),
        ({"purposes": ("marketing",)}, False),
    ],
)
def test_a_rule_applies_to_one_message_only_where_every_part_fits(
    workspace: Workspace, change: dict[str, tuple[str, ...]], applies: bool
) -> None:
    rule = next(rule for rule in load_rules(workspace) if rule.id == "SM01")
    scope = rule.file.applies.model_copy(update=change)
    rule = type(rule)(rule.file.model_copy(update={"applies": scope}), rule.params)
    communication = workspace.communication("quarterly-statement")
    assert rule.applies_to(communication, "sms", "GB", "en") is applies
