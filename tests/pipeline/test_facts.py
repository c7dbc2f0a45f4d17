"""What a customer reads on one channel must not contradict what they read on another."""

from __future__ import annotations

from pathlib import Path

import pytest
from facts_parts import AT, DATA, SENTENCE, bare_workspace, found, write_notice, write_wording
from support import copy_workspace

from ccm.pipeline.facts import fact_findings
from ccm.pipeline.preview import samples
from ccm.pipeline.project import open_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return bare_workspace(tmp_path / "bank")


def codes(root: Path, templates: dict[str, str], **more: str) -> list[str]:
    return [line.split(" ")[0] for line in found(write_notice(root, templates, **more))]


def both(english: str, japanese: str) -> list[dict[str, str]]:
    return [{"en/sms": english}, {"ja/sms": japanese}]


@pytest.mark.parametrize(
    ("language", "sms", "inbox", "says"),
    [
        ("en", "Save at {{ offer.rate|percent(1) }}.", "Save at {{ offer.rate }}.", "4.2% for offer.rate"),
        ("ja", "年{{ offer.rate|percent(1) }}です。", "年{{ offer.rate }}です。", "4.2% for offer.rate"),
        ("en", "{{ closing_balance|number(0) }} left", "{{ closing_balance }} left", "1,250 for closing_balance"),
        ("ja", "残高{{ closing_balance|number(0) }}", "残高{{ closing_balance|amount }}", "1,250 for closing_balance"),
    ],
)
def test_a_value_that_one_channel_rounds_is_told_with_both_places(
    root: Path, language: str, sms: str, inbox: str, says: str
) -> None:
    [line] = found(write_notice(root, {f"{language}/sms": sms, f"{language}/inbox": inbox}))
    assert line.startswith(f"FX01 {language}/sms.txt:1 says {says}, and {language}/inbox.md:4 says ")


def test_a_value_that_one_language_rounds_is_told(root: Path) -> None:
    [line] = found(write_notice(root, {"en/sms": "{{ offer.rate }}", "ja/sms": "年{{ offer.rate|percent(1) }}"}))
    assert line.startswith("FX01 ja/sms.txt:1 says 4.2% for offer.rate, and en/sms.txt:1 says 4.25%")


def test_a_value_rounded_within_one_template_is_told(root: Path) -> None:
    push = 'title: "{{ offer.rate }} a year"\nbody: "Open a deposit at {{ offer.rate|percent(1) }}."\n'
    [line] = found(write_notice(root, {"en/push": push}))
    assert line.startswith("FX01 en/push.yaml:2 says 4.2% for offer.rate, and en/push.yaml:1 says 4.25%")


def test_the_subject_and_the_preheader_of_an_email_are_read_too(root: Path) -> None:
    email = '---\nsubject: "{{ offer.rate|percent(1) }} for you"\npreheader: Now\n---\nSave at {{ offer.rate }}.\n'
    [line] = found(write_notice(root, {"en/email.md": email}))
    assert line.startswith("FX01 en/email.md:2 says 4.2% for offer.rate, and en/email.md:5 says 4.25%")


def test_rounding_that_changes_nothing_for_any_sample_is_no_contradiction(root: Path) -> None:
    assert codes(root, {"en/sms": "{{ offer.rate|percent(2) }}", "en/inbox": "{{ offer.rate }}"}) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("until {{ offer.until|date('medium') }}", "until {{ offer.until|date('full') }}"),
        ("{{ offer.until|date('short') }}まで", "{{ offer.until }}まで"),
        ("account {{ account.number|mask }}", "account {{ account.number }}"),
        ("{{ closing_balance|amount }} left", "{{ closing_balance }} left"),
        ("Hello", "{{ offer.rate }} until {{ offer.until }}, balance {{ closing_balance }}"),
    ],
)
def test_another_form_of_the_same_fact_and_a_fact_left_out_are_no_contradiction(
    root: Path, first: str, second: str
) -> None:
    assert codes(root, {"en/sms": first, "en/inbox": second}) == []


@pytest.mark.parametrize(
    ("language", "sms", "inbox"),
    [
        ("en", "Your closing balance is {{ opening_balance }}.", "Closing balance: {{ closing_balance }}"),
        ("en", "Closing balance {{ opening_balance }}", "|A|B|\n|-|-|\n| Closing balance | {{ closing_balance }} |"),
        ("ja", "期末残高は{{ opening_balance }}です。", "**期末残高：**{{ closing_balance }}"),
    ],
)  # fmt: skip
def test_one_label_before_two_fields_is_told(root: Path, language: str, sms: str, inbox: str) -> None:
    [line] = found(write_notice(root, {f"{language}/sms": sms, f"{language}/inbox": inbox}))
    assert line.startswith(f"FX02 {language}/sms.txt:1 '")
    assert "is opening_balance here (£2,418.06)" in line
    assert "is closing_balance in" in line


def test_the_label_of_a_table_row_is_that_of_its_head(root: Path) -> None:
    letter = '<table><tr><th scope="row">Closing balance</th>\n<td>{{ opening_balance }}</td></tr></table>'
    [line] = found(write_notice(root, {"en/sms": "Closing balance: {{ closing_balance }}", "en/letter": letter}))
    assert line.startswith("FX02 en/sms.txt:1 'closing balance' is closing_balance here (£1,250.50), and")


def test_the_ends_of_a_period_and_short_words_are_no_common_label(root: Path) -> None:
    inbox = "Statement from {{ offer.until }}\n\nFrom: {{ account.number }}"
    assert (
        codes(root, {"en/sms": "Balance {{ opening_balance }}", "en/inbox": inbox + "\n\nNow {{ closing_balance }}"})
        == []
    )


WRITTEN_OUT = [
    *both("Save at 4.25% now", "年4.25％です"),
    *both("Balance £1,250.50", "残高1,250.50ポンド"),
    *both("Open it by 30 June 2026", "2026年6月30日まで"),
    *both("Open it by June 30", "令和8年6月30日まで"),
    *both("Open it by 30/06/2026", "2026/6/30まで"),
    *both("Call +1 800 555 0142", "電話 1-800-555-0142"),
    *both("See https://www.hinokibank.example/savings", "詳しくは https://www.hinokibank.example/savings"),
    *both("Account 4012 6613 is yours", "口座番号 40126613 です"),
]


@pytest.mark.parametrize("templates", WRITTEN_OUT, ids=lambda templates: next(iter(templates.values())))
def test_a_figure_that_is_a_fields_value_is_told_with_what_to_write(root: Path, templates: dict[str, str]) -> None:
    [line] = found(write_notice(root, templates))
    assert line.startswith("FX03 ")
    paths = (
        "offer.rate",
        "closing_balance",
        "offer.until",
        "organisation.phone",
        "organisation.website",
        "account.number",
    )
    assert any(line.endswith(f"write {{{{ {path} }}}} instead") for path in paths)


@pytest.mark.parametrize(
    ("templates", "code", "words"),
    [
        ({"en/sms": "Interest rate: 4.1%", "en/inbox": "Interest rate: {{ offer.rate }}"}, "FX04",
         "says 4.1% for 'interest rate', and en/inbox.md:4 prints offer.rate there (4.25%)"),
        ({"ja/sms": "金利は4.1％です", "ja/inbox": "金利：{{ offer.rate }}"}, "FX04", "prints offer.rate there"),
        ({"en/sms": "Save at 4.3% now"}, "FX05", "says 4.3%, which is close to offer.rate (4.25%) but not it"),
        ({"ja/sms": "年4.2％です"}, "FX05", "which is close to offer.rate (4.25%)"),
        ({"en/sms": "You have £1,250"}, "FX05", "close to closing_balance (1,250.50 GBP)"),
        ({"en/sms": "Until 1 July 2026"}, "FX05", "close to offer.until (2026-06-30)"),
        ({"ja/sms": "2026年6月29日まで"}, "FX05", "close to offer.until (2026-06-30)"),
        ({"en/sms": "Now 3% interest", "en/inbox": "Save at {{ offer.rate }}"}, "FX05",
         "says 3%, where en/inbox.md:4 prints offer.rate (4.25%)"),
        ({"en/sms": "12-month deposit", "en/inbox": "It runs for 6 months."}, "FX06", "says 6 months"),
        ({"en/sms": "Call 0800 555 0177", "en/inbox": "Call 0800 555 0199"}, "FX06", "0800 555 0199"),
        ({"en/sms": "Tax of 20% applies", "ja/sms": "税率は30％です"}, "FX06", "30%"),
        ({"en/sms": "See www.hinoki-bank.example", "en/inbox": "Hi"}, "FX08", "nearly, and not, the organisation's"),
    ],
)  # fmt: skip
def test_figures_that_contradict_are_told(root: Path, templates: dict[str, str], code: str, words: str) -> None:
    [line] = found(write_notice(root, templates))
    assert line.startswith(f"{code} ")
    assert words.replace("%", "％") in line.replace("%", "％")


@pytest.mark.parametrize(
    "templates",
    [
        {"en/sms": "12-month deposit", "ja/sms": "1年定期", "en/inbox": "12 months", "ja/inbox": "12か月"},
        {"en/sms": "Tax of 20% applies", "en/inbox": "Save at {{ offer.rate }}. Tax of 20% applies"},
        {"en/sms": "Fee £5", "en/inbox": "Fee £5, at most £9"},
        {"en/sms": "Fee £5", "ja/sms": "手数料500円"},
        {"en/sms": "Call 0800 555 0177", "ja/sms": "電話 0800-555-0177"},
        {"en/sms": "Page 3 of 12, room 40126, 5 stars, version 2.1"},
        {"en/sms": "See https://www.example.com/a/2026-06-30?x=4.25%25"},
        {"ja/sms": "24時間受付、第2位、3営業日以内、2026年度"},
    ],
    ids=lambda templates: next(iter(templates.values())),
)
def test_figures_that_agree_or_mean_other_things_are_not_told(root: Path, templates: dict[str, str]) -> None:
    assert codes(root, templates) == []


def test_a_field_that_one_language_leaves_out_is_told(root: Path) -> None:
    templates = {"en/sms": "{{ offer.rate }} until {{ offer.until }}", "ja/sms": "年{{ offer.rate }}"}
    assert found(write_notice(root, templates)) == [
        "FX07 ja/sms.txt:0 does not say offer.until, which en/sms.txt:1 says in 'en' (30 June 2026)"
    ]


def test_what_no_sample_reads_is_not_compared(root: Path) -> None:
    branch = "{% if offer.vip %}{{ offer.rate|percent(0) }}{% else %}{{ offer.rate }}{% endif %}"
    assert codes(root, {"en/sms": branch, "en/inbox": "{{ offer.rate }}"}) == []
    assert codes(
        root, {"en/sms": branch, "en/inbox": "{{ offer.rate }}"}, data=DATA.replace("until", "vip: true, until")
    ) == ["FX01"]


def test_choices_fallback_words_and_joined_texts_are_read(root: Path) -> None:
    text = "{{ offer.rate|percent(1) if offer.vip else offer.rate|percent(0) }} {{ reference|default('none') }}"
    [line] = found(write_notice(root, {"en/sms": text, "en/inbox": "Rate ~ {{ 'at ' ~ offer.rate }}"}))
    assert line.startswith("FX01 en/sms.txt:1 says 4% for offer.rate, and en/inbox.md:4 says 4.25%")


def test_each_row_of_a_list_is_held_against_the_same_row(root: Path) -> None:
    rows = "{% for payment in payments %}{{ payment.amount FILTER }} {% endfor %}"
    exact = rows.replace("FILTER", "")
    assert codes(root, {"en/sms": rows.replace("FILTER", "|amount"), "en/inbox": exact}) == []
    [line] = found(write_notice(root, {"en/sms": rows.replace("FILTER", "|number(0)"), "en/inbox": exact}))
    assert line.startswith("FX01 en/sms.txt:1 says 12 for payments.amount, and en/inbox.md:4 says £12.40")


def test_a_variant_is_held_against_the_other_channels(root: Path) -> None:
    templates = {
        "en/sms": "{{ offer.rate }}", "en/sms@b.txt": "{{ offer.rate|percent(1) }}", "en/inbox": "{{ offer.rate }}"
    }  # fmt: skip
    more = "experiment: {id: words, variants: {a: 1, b: 1}}\n"
    [line] = found(write_notice(root, templates, more=more))
    assert line.startswith("FX01 en/sms@b.txt:1 says 4.2%")


def test_one_file_that_serves_two_channels_or_languages_does_not_contradict_itself(root: Path) -> None:
    body = "---\nsubject: News\n---\nRate 40% or 50%, {{ offer.rate|percent(1) }}\n"
    more = "fallbacks: {ja: en}\n"
    assert codes(root, {"en/inbox.md": body}, languages="en, ja", more=more) == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_wording_copied_into_a_template_is_told(root: Path, language: str) -> None:
    write_wording(root, "notice-end", {"en": "1", "ja": "1"})
    words = SENTENCE[language].replace("agreement ", "**agreement**\n")
    templates = {f"{language}/inbox": f"Hello.\n\n{words}\n"} if language == "ja" else {"en/sms": SENTENCE["en"]}
    [line] = found(write_notice(root, templates))
    assert line.startswith("FX09 ")
    assert line.endswith("write {{ wording.notice_end }}, which always is the version in force")


def test_versions_of_wording_that_differ_between_languages_are_told(root: Path) -> None:
    write_wording(root, "notice-end", {"en": "2", "ja": "1"})
    slot = "{{ wording.notice_end }}"
    [line] = found(write_notice(root, {"en/sms": slot, "ja/sms": slot}, wording="notice-end"))
    assert line.startswith("FX10 compliance/wording/notice-end/gb-en-2.yaml:0 version 2 is in force in 'en' for GB")


def test_one_rule_met_by_different_wording_on_two_channels_is_told(root: Path) -> None:
    for wording_id in ("notice-end", "notice-stop"):
        write_wording(root, wording_id, {"en": "1"})
    (root / "compliance/rules/XX01.yaml").write_text(
        "id: XX01\nname: {en: x, ja: x}\nkind: require_wording\nreason: x\nsource: none read\n"
        "params: {wording: [notice-end, notice-stop], minimum: 1}\n"
        'examples: {passes: ["{wording.notice-end}"], fails: ["x"]}\n'
    )
    templates = {"en/sms": "{{ wording.notice_end }}", "en/inbox": "{{ wording.notice_stop }}"}
    [line] = found(write_notice(root, templates, wording="notice-end, notice-stop"))
    assert line.startswith("FX11 en/sms.txt:0 carries wording notice-end, and en/inbox.md notice-stop; rule XX01")


def test_the_shipped_communications_do_not_contradict_themselves(tmp_path: Path) -> None:
    project = open_project(copy_workspace(tmp_path / "bank"))
    for communication in project.workspace.communications:
        compiled = project.compiled(communication)
        subjects = samples(compiled, project, [])
        assert subjects
        assert fact_findings(project, compiled, subjects, AT) == ()
