"""The coverage table names what is written, what stands in, and what is missing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from facts_parts import AT, WORDING, bare_workspace, write_notice, write_wording
from support import Bank

from ccm.errors import WorkspaceError
from ccm.pipeline.coverage import Coverage, coverage, wanted_languages
from ccm.workspace import load_workspace

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return bare_workspace(tmp_path / "bank")


def rows(root: Path, days: int = 30) -> dict[tuple[str, str, str], Coverage]:
    workspace = load_workspace(root, unfinished=True)
    table = coverage(workspace, workspace.communications.values(), AT, days)
    return {(row.channel, row.language, row.jurisdiction): row for row in table}


def test_each_channel_language_and_jurisdiction_has_a_row(root: Path) -> None:
    body = "---\nsubject: News\npreheader: x\n---\nHello\n"
    write_notice(root, {"en/sms": "x", "ja/sms": "x", "en/email.md": body, "ja/body.md": body})
    table = rows(root)
    places = [("en", "GB"), ("en", "JP"), ("ja", "GB"), ("ja", "JP")]
    assert list(table) == [(channel, *place) for channel in ("sms", "email") for place in places]
    assert all(row.complete for row in table.values())
    assert (table["email", "en", "GB"].template, table["email", "ja", "GB"].template) == ("own", "body")


def test_a_missing_template_is_in_the_table_and_still_an_error_elsewhere(root: Path) -> None:
    write_notice(root, {"en/sms": "x", "en/inbox": "x", "ja/sms": "x"})
    with pytest.raises(WorkspaceError, match=r"template ja/inbox\.md or ja/body\.md is missing"):
        load_workspace(root)
    table = rows(root)
    gap = table["inbox", "ja", "JP"]
    assert (gap.template, gap.path, gap.complete) == ("missing", "templates/notice/ja/inbox.md", False)
    assert [row.complete for row in table.values()].count(False) == 2


def test_whatever_else_is_wrong_is_told_and_not_covered_up(root: Path) -> None:
    write_notice(root, {"en/sms": "x", "en/inbox": "x", "ja/sms": "x"})
    (root / "channels/sms.yaml").write_text("channel: sms\n")
    with pytest.raises(WorkspaceError) as caught:
        load_workspace(root, unfinished=True)
    assert [problem.path for problem in caught.value.problems] == ["channels/sms.yaml"]


def test_a_language_that_stands_in_is_named(root: Path) -> None:
    write_notice(root, {"en/sms": "x"}, languages="en, fr, en-GB", more="fallbacks: {fr: en}\n")
    table = rows(root)
    for language in ("fr", "en-GB"):
        row = table["sms", language, "JP"]
        assert (row.template, row.template_language, row.complete) == ("fallback", "en", True)


def test_variants_with_a_template_of_their_own_are_named(root: Path) -> None:
    more = "experiment: {id: words, variants: {a: 1, b: 1}}\n"
    write_notice(root, {"en/sms": "x", "en/sms@b.txt": "y"}, more=more)
    assert rows(root)["sms", "en", "GB"].variants == ("b",)


def test_wording_that_is_not_in_force_somewhere_is_missing_there(root: Path) -> None:
    write_wording(root, "notice-end", {"en": "1"})
    write_notice(root, {"en/sms": "{{ wording.notice_end }}", "ja/sms": "x"}, wording="notice-end")
    table = rows(root)
    assert table["sms", "en", "GB"].missing_wording == ()
    assert table["sms", "en", "JP"].missing_wording == ("notice-end",)
    assert table["sms", "ja", "GB"].missing_wording == ("notice-end",)


def test_wording_of_another_language_that_stands_in_is_named(root: Path) -> None:
    write_wording(root, "notice-end", {"en": "1"})
    write_notice(root, {"en/sms": "x"}, languages="en, fr", wording="notice-end", more="fallbacks: {fr: en}\n")
    table = rows(root)
    assert table["sms", "fr", "GB"].borrowed == {"notice-end": "en"}
    assert table["sms", "en", "GB"].borrowed == {}


def test_wording_that_ends_is_told_unless_another_version_follows(root: Path) -> None:
    ends = AT + timedelta(days=20)
    write_wording(root, "notice-end", {"en": "1"})
    file = root / "compliance/wording/notice-end/gb-en-1.yaml"
    file.write_text(file.read_text() + f"effective_to: {ends.isoformat()}\n")
    write_notice(root, {"en/sms": "x"}, wording="notice-end")
    [ending] = rows(root)["sms", "en", "GB"].ending
    assert (ending.id, ending.version, ending.at) == ("notice-end", "1", ends)
    assert rows(root, days=19)["sms", "en", "GB"].ending == ()
    later = WORDING.format(version="2", language="en", text="New words.")
    file.with_name("gb-en-2.yaml").write_text(later.replace("2025-01-01T00:00:00Z", ends.isoformat()))
    assert rows(root)["sms", "en", "GB"].ending == ()


@ONE_DATABASE
def test_languages_that_customers_want_and_do_not_get_are_counted(bank: Bank) -> None:
    workspace = bank.project.workspace
    communications = list(workspace.communications.values())
    store = workspace.settings.store.model_copy(update={"url": bank.project.store.url})
    object.__setattr__(workspace, "settings", workspace.settings.model_copy(update={"store": store}))
    assert wanted_languages(workspace, communications) == []
    only_english = [one.model_copy(update={"languages": ("en",)}) for one in communications]
    [wanted] = wanted_languages(workspace, only_english) or []
    assert wanted.language == "ja-JP"
    assert 0 < wanted.customers < 40
    assert set(wanted.instead) == {""}
    standing_in = [one.model_copy(update={"fallbacks": {"ja": "en"}}) for one in only_english]
    [wanted] = wanted_languages(workspace, standing_in) or []
    assert wanted.instead == {"en": tuple(one.id for one in communications)}


def test_without_a_store_nothing_is_counted_and_none_is_made(root: Path) -> None:
    write_notice(root, {"en/sms": "x"})
    workspace = load_workspace(root)
    assert wanted_languages(workspace, workspace.communications.values()) is None
    assert not (root / ".ccm").exists()
