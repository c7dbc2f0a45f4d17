"""Settings, lists and the check modules themselves."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support import ROOT, copy_workspace
from writing_parts import codes, shipped, told, with_settings, workspace, written

from ccm.compliance.writing.run import CHECKS, CODES, scan
from ccm.compliance.writing.tried import writing_problems
from ccm.errors import WorkspaceError
from ccm.workspace import load_workspace
from ccm.workspace.writing import Writing, load_writing

LIST = """\
language: en
jargon:
  - {find: remittance, found: "A remittance", passes: "A payment"}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a short list and settings, to change at will."""
    (tmp_path / "compliance/writing").mkdir(parents=True)
    put(tmp_path, "writing/en.yaml", LIST)
    put(tmp_path, "writing.yaml", "severity: {}\n")
    return tmp_path


def problems(root: Path) -> list[str]:
    try:
        found = writing_problems(workspace(), load_writing(root), CODES)
    except WorkspaceError as error:
        return [str(problem) for problem in error.problems]
    return [str(problem) for problem in found]


def put(root: Path, name: str, text: str) -> None:
    (root / "compliance" / name).parent.mkdir(exist_ok=True)
    (root / "compliance" / name).write_text(text, encoding="utf-8")


def test_shipped_lists_behave_in_all_their_examples() -> None:
    assert writing_problems(workspace(), shipped().writing, CODES) == []


def test_both_languages_have_words_for_every_check_that_takes_them() -> None:
    english, japanese = (dict(shipped().writing.lists[name].sections()) for name in ("en", "ja"))
    assert {name for name, entries in english.items() if not entries} == {"keigo"}
    assert {name for name, entries in japanese.items() if not entries} == {"passive"}


def test_a_workspace_without_settings_and_lists_has_the_defaults(root: Path) -> None:
    (root / "compliance/writing.yaml").unlink()
    for file in (root / "compliance/writing").iterdir():
        file.unlink()
    assert load_writing(root) == Writing()
    assert problems(root) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("remittance,", "'(a|b',", 3, "the phrase '(a|b' a bracket is not closed"),
        ('"A remittance"', '"A payment"', 3, "'remittance' must be found in this example, but is not"),
        ('"A payment"}', '"The remittance"}', 3, "'remittance' must not be found in this example, but it is"),
        ("language: en", "language: fr", 1, "language 'fr' is not the file's name 'en'"),
        ("jargon:", "jargn:", 2, "did you mean 'jargon'?"),
        (', passes: "A payment"', "", 3, "'jargon.0.passes' is missing"),
        ("find: remittance", "find: remittance, channels: [fax]", 3, "'fax' is none of"),
    ],
)
def test_a_mistake_in_a_list_is_told_at_its_line(root: Path, old: str, new: str, line: int, message: str) -> None:
    put(root, "writing/en.yaml", LIST.replace(old, new))
    [found] = problems(root)
    assert found.startswith(f"compliance/writing/en.yaml:{line}: ")
    assert message in found


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("severity:\n  WD99: error\n", 2, "code 'WD99' is none of "),
        ("severity:\n  WD01: loud\n", 2, "'loud' is none of error, warning, info, off"),
        ("severity: {wd01: off}\n", 1, "does not have the form"),
        ("limits:\n  sentence_words: 2\n", 2, "must be at least 5"),
        ("exceptions:\n  - {code: WD01, reason: because}\n", 2, "to switch a code off, write it under severity"),
        ("exceptions:\n  - {code: WD01, categories: [offers]}\n", 2, "reason' is missing"),
        (
            "exceptions:\n  - code: WD01\n    reason: because\n    communications: [savings-ofer]\n", 4,
            "communications 'savings-ofer' does not exist; there are: address-changed,",
        ),
        ("exceptions:\n  - {code: WD99, reason: because, channels: [sms]}\n", 2, "code 'WD99' is none of "),
    ],
)  # fmt: skip
def test_a_mistake_in_the_settings_is_told_at_its_line(root: Path, text: str, line: int, message: str) -> None:
    put(root, "writing.yaml", text)
    [found] = problems(root)
    assert found.startswith(f"compliance/writing.yaml:{line}: ")
    assert message in found


def test_a_list_that_is_no_yaml_or_a_link_elsewhere_is_refused(root: Path) -> None:
    put(root, "writing/en.yaml", "language: [")
    assert "compliance/writing/en.yaml:1: is no valid YAML" in problems(root)[0]
    (root / "compliance/writing/en.yaml").unlink()
    (root / "compliance/writing/en.yaml").symlink_to("/etc/hostname")
    assert any("leads out of the workspace" in problem for problem in problems(root))


def test_a_list_under_another_name_is_never_read_and_so_told(tmp_path: Path) -> None:
    root = copy_workspace(tmp_path / "w")
    put(root, "writing/words.yml", LIST)
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(root)
    assert "compliance/writing/words.yml: is never read" in str(caught.value)


def test_severity_is_the_workspaces() -> None:
    message = written("Your remittance.")
    assert [r.severity for r in told(message) if r.code == "WD01"] == ["warning"]
    loud = with_settings(severity={"WD01": "error"})
    assert [r.severity for r in told(message, context=loud) if r.code == "WD01"] == ["error"]
    silent = with_settings(severity={"WD01": "off"})
    assert "WD01" not in {remark.code for remark in told(message, context=silent)}


@pytest.mark.parametrize(
    ("where", "told_of"),
    [
        ({"communications": ["payment-received"]}, False),
        ({"communications": ["savings-offer"]}, True),
        ({"categories": ["payments"], "channels": ["sms"]}, False),
        ({"categories": ["payments"], "channels": ["letter"]}, True),
        ({"languages": ["ja"]}, True),
    ],
)
def test_an_exception_is_silent_only_where_it_says(where: dict[str, list[str]], told_of: bool) -> None:
    context = with_settings(exceptions=[{"code": "WD01", "reason": "the law says so", **where}])
    assert ("WD01" in {remark.code for remark in told(written("Your remittance."), context=context)}) == told_of


def test_an_entry_may_be_for_some_channels_only() -> None:
    assert "TN04" in codes("こんにちは、ひのき銀行です。", "ja", "letter")
    assert "TN04" not in codes("こんにちは、ひのき銀行です。", "ja", "line")


def test_english_of_any_country_is_english_and_an_unlisted_language_has_the_common_list() -> None:
    assert "WD01" in codes("Your remittance.", "en-GB")
    assert codes("Votre remittance TODO", "fr") == {"PB03"}


def test_every_code_of_the_checks_is_in_the_reference_with_its_default() -> None:
    page = (ROOT / "docs/reference/writing-checks.md").read_text(encoding="utf-8")
    rows = {
        row[1]: (row[2].strip(), row[3])
        for row in re.finditer(
            r"^\| ([A-Z]{2}\d\d) \|([^|]*)\|.*\| (error|warning|info) \|[^|]*\|$", page, re.MULTILINE
        )
    }
    assert rows == {code.code: (code.what, code.severity) for code in CODES.values()}


def module(folder: Path, name: str, text: str) -> ModuleType:
    package = folder / name
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "some_check.py").write_text(text)
    found = ModuleType(name)
    found.__path__ = [str(package)]
    sys.modules[name] = found
    return found


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("CODES = ()\ndef check(w, c): ...\n", "has no CODES"),
        ("from ccm.compliance.writing.run import CODES as K\nCODES = (K['WD01'],)\n", "has none of check"),
        ("1 / 0\n", "division by zero"),
    ],
)
def test_a_check_that_does_not_load_stops_the_program(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises((TypeError, ZeroDivisionError), match=error):
        scan(module(tmp_path, f"broken_{abs(hash(text))}", text))


def test_no_two_checks_give_one_code() -> None:
    given = [code.code for check in CHECKS for code in check.codes]
    assert len(given) == len(set(given)) == len(CODES)
