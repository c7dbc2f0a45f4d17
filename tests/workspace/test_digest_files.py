"""What is collected must fit into the digest that tells of it; mistakes are told at their line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, copy_workspace, keep_only

from ccm.errors import TemplateError, WorkspaceError
from ccm.render import Renderer
from ccm.workspace import load_workspace

NEWS, DIGEST = "templates/branch-news/communication.yaml", "templates/news-digest/communication.yaml"
WORDS = "templates/branch-news/en/digest.txt"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copy_workspace(tmp_path_factory.mktemp("digests") / "small")
    keep_only(root, "branch-news", "news-digest")
    policy = root / "channels/policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8"), encoding="utf-8")
    return root


@pytest.fixture
def edit(template: Path, tmp_path: Path) -> Callable[[str, str, str], list[str]]:
    """Replaces text in a file of a fresh copy, and returns what is wrong then."""
    import shutil

    root = tmp_path / "small"
    shutil.copytree(template, root)

    def change(file: str, before: str, after: str) -> list[str]:
        text = (root / file).read_text(encoding="utf-8")
        assert before in text
        (root / file).write_text(text.replace(before, after, 1), encoding="utf-8")
        try:
            workspace = load_workspace(root)
            Renderer(workspace, workspace.communication("branch-news"))
        except (WorkspaceError, TemplateError) as error:
            return [str(problem) for problem in error.problems]
        return []

    return change


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        (DIGEST, "collects: {every: week, day: fri, at: \"17:00\", at_most: 10}\n", "data: {}\n",
         f"{NEWS}:11: 'news-digest' has no 'collects', so it would never tell what it has; these have: none yet"),
        (NEWS, "into: news-digest", "into: summary",
         f"{NEWS}:11: communication 'summary' does not exist; there are: branch-news, news-digest"),
        (DIGEST, "every: week, day: fri", "every: week", f"{DIGEST}:11: collects: every: week needs 'day', one of mon"),
        (DIGEST, "every: week, day", "every: day, day", "every: day takes no 'day'; write every: week"),
        (DIGEST, "every: week", "every: month", "collects.every 'month' is none of day, week"),
        (DIGEST, "day: fri", "day: friday", "collects.day 'friday' is none of mon, tue"),
        (DIGEST, '"17:00"', '"25:00"', "collects.at"),
        (DIGEST, "at_most: 10", "at_most: 0", "collects.at_most"),
        (DIGEST, "on_cap: defer", "on_cap: defer\ndata: {fields: {items: {type: text}}}",
         f"{DIGEST}:13: the data of a communication that collects are 'items': leave 'data' out"),
        (DIGEST, "on_cap: defer", "on_cap: defer\ndigest: {into: branch-news}",
         f"{DIGEST}:13: 'news-digest' collects others, and cannot be collected itself"),
        (DIGEST, "purpose: marketing", "purpose: servicing",
         f"{NEWS}:11: 'news-digest' is servicing: what is marketing is told in a digest that is so too"),
        (DIGEST, "languages: [en, ja]", "languages: [en]",
         f"{NEWS}:11: 'news-digest' has the languages en, and not ja"),
        (DIGEST, "jurisdictions: [US, GB, JP]", "jurisdictions: [JP]",
         f"{NEWS}:11: 'news-digest' has the jurisdictions JP, and not US, GB"),
        (NEWS, "channels: [email, inbox]", "channels: [letter]",
         f"{NEWS}:11: 'news-digest' goes by email, inbox: by none of letter"),
        (WORDS, "page: branches", "page: https://evil.example/",
         f"{WORDS}:2: page 'https://evil.example/' must be the name of one page of the website"),
        (WORDS, "Entry is free.", "Entry\nis free.", f"{WORDS}:5: is one line"),
        (WORDS, "news.event", "news.evnt", f"{WORDS}:4"),
        (WORDS, "page: branches", "subject: News", "front matter 'subject' is none of page"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line_with_what_would_be_right(
    edit: Callable[[str, str, str], list[str]], file: str, before: str, after: str, message: str
) -> None:
    found = edit(file, before, after)
    assert any(message in problem for problem in found), found


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_collected_needs_words_for_the_digest_in_every_language(template: Path, language: str) -> None:
    file = template / "templates/branch-news" / language / "digest.txt"
    text = file.read_bytes()
    file.unlink()
    try:
        with pytest.raises(WorkspaceError) as caught:
            load_workspace(template)
    finally:
        file.write_bytes(text)
    [problem] = caught.value.problems
    assert str(problem) == f"{NEWS}:11: template {language}/digest.txt is missing"


def test_words_for_a_digest_have_no_place_in_what_is_not_collected(tmp_path: Path) -> None:
    root = copy_workspace(tmp_path / "small")
    (root / "templates/savings-offer/en/digest.txt").write_text("News.", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"digest\.txt: is no template of this communication"):
        load_workspace(root)


def test_the_data_of_a_digest_are_its_items() -> None:
    [items] = load_workspace(ROOT).communication("news-digest").data.fields.values()
    assert (items.type, items.max_length, sorted(items.fields)) == ("list", 10, ["date", "name", "page", "summary"])
