"""The page of `ccm preview`: all channels side by side, in both languages, with nothing in it that runs or loads."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cli_parts import NOON, Commands
from preview_parts import RULES, Page, write_notice

from ccm.cli.preview.words import WORDS


@pytest.fixture(scope="module")
def bank(template: Commands, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """The prepared bank with a communication on every channel."""
    workspace = tmp_path_factory.mktemp("preview") / "bank"
    shutil.copytree(template.workspace, workspace)
    write_notice(workspace)
    return Commands(workspace)


@pytest.fixture(scope="module")
def written(bank: Commands, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `ccm preview` of the whole communication says, with an English user interface."""
    return bank.json("preview", "notice", "--out", str(tmp_path_factory.mktemp("look")), "--at", NOON)


@pytest.fixture(scope="module")
def english(written: dict[str, Any]) -> Path:
    """Where it stands."""
    return Path(written["folder"])


@cache
def read(file: Path) -> Page:
    return Page(file.read_text(encoding="utf-8"))


def frames(page: Page) -> list[Page]:
    return [Page(frame["srcdoc"]) for frame in page.all("iframe")]


def test_the_page_needs_nothing_from_outside_and_runs_nothing_but_its_own_script(english: Path) -> None:
    page = read(english / "index.html")
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    (script,) = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy["content"].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; ")
    assert f"script-src 'sha256-{digest}';" in policy["content"]
    assert not {"link", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    assert all(picture["src"].startswith("data:image/png;base64,") for picture in page.all("img"))
    assert {frame["sandbox"] for frame in page.all("iframe")} == {""}
    assert not any("src" in frame for frame in page.all("iframe"))
    for link in page.all("a"):
        assert link["href"].startswith("#") or (english / link["href"]).is_file()


def test_frames_load_nothing_either(english: Path) -> None:
    for frame in frames(read(english / "index.html")):
        assert frame.all("meta", **{"http-equiv": "Content-Security-Policy"})
        assert not frame.scripts
        assert all(picture["src"].startswith("data:") for picture in frame.all("img"))
    for file in english.glob("*.html"):
        assert "Content-Security-Policy" in file.read_text(encoding="utf-8")


def test_markup_in_data_is_text_on_every_channel(english: Path) -> None:
    page = read(english / "index.html")
    assert 'Lake & <b>Side</b> "House" opens at nine.' in page.text
    for frame in frames(page):
        if "Lake" in frame.text:
            assert "<b>Side</b>" in frame.text


def test_a_hostile_customer_stays_text(bank: Commands, tmp_path: Path) -> None:
    bank.json("preview", "savings-offer", "--customer", "C3", "--as", "aoi", "--out", str(tmp_path), "--at", NOON)
    page = read(tmp_path / "index.html")
    assert len(page.scripts) == len(page.all("title")) == 1
    assert not any(frame.scripts for frame in frames(page))
    assert any("<script>alert(1)</script>" in frame.text for frame in frames(page))


def test_each_sample_has_all_its_channels_in_one_row(english: Path) -> None:
    page = read(english / "index.html")
    assert [(row["data-sample"], row["lang"]) for row in page.all("section")] == [
        ("haruka-jp", "ja"),
        ("jane-us", "en"),
    ]
    channels = ["sms", "line", "push", "whatsapp", "social", "inbox", "email", "letter"]
    cards = [card["data-channel"] for card in page.all("article")]
    assert cards == [*channels, *channels[:-1], "email", "letter"]
    for control in ("choose-sample", "choose-language", "choose-channel", "show-wording"):
        assert any(attributes.get("id") == control for _, attributes in page.tags)


def test_a_variant_is_shown_where_its_words_differ(english: Path) -> None:
    page = read(english / "index.html")
    assert page.text.count("Variant a") == page.text.count("Variant b") == 1
    assert "New hours" in (english / "jane-us.email.en.b.html").read_text(encoding="utf-8")
    assert (english / "haruka-jp.email.ja.html").is_file()


def test_a_long_sms_shows_where_it_is_cut_and_what_each_part_takes(english: Path) -> None:
    page = read(english / "index.html")
    assert "2 segments · 242 units (GSM-7)" in page.text
    assert "part 1 of 2, 153 units" in page.text
    assert "part 2 of 2, 89 units" in page.text


def test_an_email_is_seen_as_inboxes_list_it_and_at_two_widths_in_light_and_dark(english: Path) -> None:
    page = read(english / "index.html")
    assert 'Lake & <b>Side</b> "House"' in page.text
    assert "Opening hours change" in page.text
    titles = [frame["title"] for frame in page.all("iframe")]
    for view in ("(600 px, light)", "(600 px, dark)", "(375 px, light)", "(375 px, dark)"):
        assert sum(title.endswith(view) for title in titles) == 3


def test_wording_can_be_shown_with_its_id_and_version(english: Path) -> None:
    page = read(english / "index.html")
    assert {mark["title"] for mark in page.all("mark")} == {"house-rules@3"}
    regions = [span for span in page.all("span") if span.get("class") == "region"]
    assert {region["title"] for region in regions} == {"house-rules@3"}
    for region in regions:
        left, top, width, height = (float(number) for number in re.findall(r"([\d.]+)%", region["style"]))
        assert 5 < left < left + width < 96
        assert 20 < top < top + height < 80
        assert 0.5 < height < 5
    assert all(frame.all("span", **{"data-wording": "house-rules@3"}) for frame in frames(page))
    assert "house-rules, version 3" in page.text


def test_the_window_of_the_envelope_lies_over_the_address(english: Path) -> None:
    page = read(english / "index.html")
    windows = [span for span in page.all("span") if span.get("class") == "window"]
    assert [window["title"] for window in windows] == ["naga-3", "us-10"]
    for window in windows:
        left, top, width, height = (float(number) for number in re.findall(r"([\d.]+)%", window["style"]))
        assert 8 < left < left + width < 60
        assert 4 < top < top + height < 35


def test_letters_are_pictures_beside_the_page_and_in_it(english: Path) -> None:
    page = read(english / "index.html")
    pictures = {base64.b64decode(picture["src"].partition(",")[2]) for picture in page.all("img")}
    files = {file.read_bytes() for file in english.glob("*.page-*.png")}
    assert files == pictures
    assert len(files) == 2
    assert (english / "jane-us.letter.en.pdf").read_bytes().startswith(b"%PDF-")


def test_every_rendering_is_a_file_of_its_kind(written: dict[str, Any], english: Path) -> None:
    items = written["previews"]
    assert {item["file"] for item in items if item["subject"] == "haruka-jp"} == {
        f"haruka-jp.{name}" for name in (
            "email.ja.eml", "letter.ja.pdf", "sms.ja.txt", "line.ja.json", "push.ja.json", "whatsapp.ja.json",
            "social.ja.txt", "inbox.ja.html",
        )
    }  # fmt: skip
    assert {name for item in items for name in item["files"]} | {"index.html"} == {f.name for f in english.iterdir()}


def test_the_user_interface_speaks_japanese_and_content_keeps_its_language(bank: Commands, tmp_path: Path) -> None:
    words = ("preview", "notice", "--out", str(tmp_path), "--at", NOON, "--channel", "sms", "--ui-language", "ja")
    bank.json(*words)
    page = read(tmp_path / "index.html")
    assert page.all("html") == [{"lang": "ja"}]
    assert "「支店のお知らせ」のプレビュー" in page.text
    assert "送信は承認されていません" in page.text
    assert "2通中の1通目、153単位" in page.text
    assert RULES["ja", "JP"] in page.text
    assert "we open at nine" in page.text
    assert "Not approved" not in page.text


def test_a_language_that_the_page_does_not_speak_is_wrong_use(bank: Commands, tmp_path: Path) -> None:
    said = bank.run("preview", "notice", "--out", str(tmp_path), "--ui-language", "fr", status=2).stderr
    assert "'fr' is not one of 'en', 'ja'" in said


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    english, japanese = WORDS.values()
    assert english.keys() == japanese.keys()
    for name, words in english.items():
        assert set(re.findall(r"\{\w+\}", words)) == set(re.findall(r"\{\w+\}", japanese[name])), name


def test_what_cannot_be_rendered_and_what_rules_say_stand_in_the_page(ccm: Commands, tmp_path: Path) -> None:
    (ccm.workspace / "compliance/wording/marketing-opt-out/us-en-1.yaml").unlink()
    sms = ccm.workspace / "templates/savings-offer/ja/sms.txt"
    sms.write_text(sms.read_text(encoding="utf-8") + "必ず儲かります。", encoding="utf-8")
    ccm.json("preview", "savings-offer", "--out", str(tmp_path), "--at", NOON, status=1)
    page = read(tmp_path / "index.html")
    assert "Cannot be renderedno wording in force for US/en: marketing-opt-out" in page.text
    assert "MK04: Marketing makes no promise that the law forbids" in page.text
