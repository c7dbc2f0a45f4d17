"""ccm text catalogue: the words that templates share, out to translators and back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_parts import Commands

from ccm.pipeline.project import open_project
from ccm.workspace import load_workspace

SMS = "templates/savings-offer/en/sms.txt"


@pytest.fixture
def po(ccm: Commands) -> Path:
    return ccm.workspace / "templates/_brand/locale/ja.po"


def catalogue(ccm: Commands, *words: str, status: int = 0) -> str:
    return ccm.says("text", "catalogue", "--workspace", str(ccm.workspace), *words, status=status)


def add_words(ccm: Commands, *texts: str) -> None:
    """Puts shared words into a template of the source language."""
    file = ccm.workspace / SMS
    file.write_text("".join(texts) + file.read_text(encoding="utf-8"), encoding="utf-8")


def test_the_shipped_catalogues_are_up_to_date(ccm: Commands) -> None:
    before = {file: file.read_bytes() for file in (ccm.workspace / "templates/_brand/locale").iterdir()}
    catalogue(ccm)
    told = catalogue(ccm, "--check")
    assert told.count("is up to date") == 2
    assert {file.name for file in before} == {"ja.po", "messages.pot"}
    assert (ccm.workspace / "templates/_brand/locale/ja.po").read_bytes() == next(
        content for file, content in before.items() if file.name == "ja.po"
    )


def test_a_new_word_comes_empty_with_its_note_and_place(ccm: Commands, po: Path) -> None:
    add_words(ccm, "{# Translators: before a name #}{{ 'From'|t }} ")
    assert "would change" in catalogue(ccm, "--check", status=1)
    assert re.search(r"ja\.po was written: \d+ words, 1 not translated\n", catalogue(ccm))
    assert '#. Translators: before a name\nmsgid "From"\nmsgstr ""\n' in po.read_text(encoding="utf-8")
    pot = po.with_name("messages.pot").read_text(encoding="utf-8")
    assert f'#. Translators: before a name\n#: {SMS}:1\nmsgid "From"\nmsgstr ""\n' in pot
    written = po.read_bytes(), po.with_name("messages.pot").read_bytes()
    catalogue(ccm)
    assert (po.read_bytes(), po.with_name("messages.pot").read_bytes()) == written, "a second run changes nothing"


def test_a_translation_comes_back_into_the_message(ccm: Commands, po: Path) -> None:
    ja = ccm.workspace / "templates/savings-offer/ja/sms.txt"
    ja.write_text("{{ 'Our offer to you'|t }} " + ja.read_text(encoding="utf-8"), encoding="utf-8")
    assert "'Our offer to you' has no translation in templates/_brand/locale/ja.po" in ccm.says("check", status=1)
    catalogue(ccm)
    text = po.read_text(encoding="utf-8")
    po.write_text(
        text.replace('"Our offer to you"\nmsgstr ""', '"Our offer to you"\nmsgstr "ご案内"'), encoding="utf-8"
    )
    catalogue(ccm, "--check")
    folder = ccm.workspace / "preview"
    ccm.says("preview", "savings-offer", "--sample", "haruka-jp", "--channel", "sms", "--out", str(folder))
    assert "ご案内 【ひのき銀行】" in (folder / "haruka-jp.sms.ja.txt").read_text(encoding="utf-8")


def test_a_word_that_changed_keeps_its_translation_marked_fuzzy(ccm: Commands, po: Path) -> None:
    layout = ccm.workspace / "templates/_brand/email.mjml"
    layout.write_text(layout.read_text().replace("'Message reference'", "'Message references'"), encoding="utf-8")
    inbox = layout.with_name("inbox.html")
    inbox.write_text(inbox.read_text().replace("'Message reference'", "'Message references'"), encoding="utf-8")
    assert "1 to look at" in catalogue(ccm)
    text = po.read_text(encoding="utf-8")
    assert '#, fuzzy\nmsgid "Message references"\nmsgstr "お知らせ番号"' in text
    assert '"Message reference"' not in text
    told = ccm.says("check", status=1)  # a translation nobody looked at is none
    assert "ja.po:" in told
    assert "CT02: 'Message references' is marked fuzzy" in told
    po.write_text(text.replace("#, fuzzy\n", ""), encoding="utf-8")
    catalogue(ccm, "--check")
    assert "CT0" not in ccm.says("check")


def test_a_word_that_is_gone_is_kept_aside_and_comes_back(ccm: Commands, po: Path) -> None:
    layout = ccm.workspace / "templates/_brand/email.mjml"
    before, words = po.read_bytes(), layout.read_text(encoding="utf-8")
    layout.write_text(words.replace("{{ 'We never ask for your password or PIN by e-mail or text message.'|t }}", "x"))
    assert "CT03: 'We never ask for your password" in ccm.says("check")
    assert "1 put aside" in catalogue(ccm)
    assert '#~ msgid "We never ask for your password' in po.read_text(encoding="utf-8")
    assert "CT03" not in ccm.says("check")
    layout.write_text(words, encoding="utf-8")
    catalogue(ccm)
    assert po.read_bytes() == before


def test_headers_notes_and_percent_signs_stay_as_people_wrote_them(ccm: Commands, po: Path) -> None:
    head, _, rest = po.read_text(encoding="utf-8").partition("\n\n")
    head += '\n"Last-Translator: Mika <mika@example.com>\\n"'
    rest = rest.replace('msgid "Date"', '# as on the receipt\nmsgid "Date"')
    po.write_text(f"{head}\n\n{rest}", encoding="utf-8")
    catalogue(ccm, "--check")
    add_words(ccm, "{{ '5 % down'|t }} {{ \"it's\"|t }} ")
    catalogue(ccm)
    text = po.read_text(encoding="utf-8")
    assert text.startswith(head)
    assert '# as on the receipt\nmsgid "Date"\nmsgstr "作成日"' in text
    assert 'msgid "5 % down"' in text
    assert 'msgid "it\'s"' in text
    assert "python-format" not in text


def test_a_catalogue_for_another_language_is_made_by_name(ccm: Commands) -> None:
    assert re.search(r"fr\.po was written: (\d+) words, \1 not translated\n", catalogue(ccm, "--language", "fr"))
    text = (ccm.workspace / "templates/_brand/locale/fr.po").read_text(encoding="utf-8")
    assert text.startswith("# Words that layouts and templates share, in French. Written by: ccm text catalogue\n")
    assert '"Language: fr\\n"' in text
    told = ccm.refuses("text", "catalogue", "--workspace", str(ccm.workspace), "--language", "xx")
    assert "'xx' is no language that CLDR knows" in told
    told = ccm.refuses("text", "catalogue", "--workspace", str(ccm.workspace), "--language", "en")
    assert "the words stand in the templates in this language already" in told


def test_json_tells_each_file(ccm: Commands) -> None:
    document = ccm.json("text", "catalogue", "--workspace", str(ccm.workspace), "--check")
    [ja] = [file for file in document["files"] if file.pop("words") and file["path"].endswith("ja.po")]
    path = "templates/_brand/locale/ja.po"
    assert ja == {"path": path, "changed": False, "untranslated": 0, "fuzzy": 0, "obsolete": 0}


def test_the_list_of_places_is_no_part_of_a_release_and_a_translation_is(ccm: Commands, po: Path) -> None:
    def digest() -> str:
        return open_project(ccm.workspace).compiled("savings-offer").release.digest

    first = digest()
    pot = po.with_name("messages.pot")
    pot.write_text(pot.read_text(encoding="utf-8").replace(":36", ":99"), encoding="utf-8")
    assert digest() == first
    pot.unlink()
    assert digest() == first
    po.write_text(po.read_text(encoding="utf-8").replace("作成日", "日付"), encoding="utf-8")
    assert digest() != first


def test_a_template_that_does_not_read_is_told_with_its_line(ccm: Commands) -> None:
    add_words(ccm, 'one\n{{ "two }}\n')
    told = ccm.run("text", "catalogue", "--workspace", str(ccm.workspace), status=1).stderr
    assert told.startswith(f"{SMS}:2: template syntax: ")


def test_words_are_found_in_front_matter_and_every_form_of_template(ccm: Commands) -> None:
    email = ccm.workspace / "templates/savings-offer/en/email.mjml"
    email.write_text(email.read_text().replace('subject: "', "subject: \"{{ 'Good news'|t }} "), encoding="utf-8")
    catalogue(ccm)
    pot = (ccm.workspace / "templates/_brand/locale/messages.pot").read_text(encoding="utf-8")
    assert '#: templates/savings-offer/en/email.mjml:2\nmsgid "Good news"' in pot
    assert load_workspace(ccm.workspace).catalogues["ja"]["Date"] == "作成日"
