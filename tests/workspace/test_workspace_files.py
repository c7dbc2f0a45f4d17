"""Everything wrong in a workspace is told at once, each at its file and line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT

from ccm.errors import NotFound
from ccm.workspace import find_root, load_workspace
from ccm.workspace.yamlreader import Refused, parse_yaml

Problems = Callable[[], list[str]]
COMMUNICATION = "templates/payment-received/communication.yaml"
EMAIL = "templates/payment-received/en/email.mjml"
SMS = "templates/payment-received/en/sms.txt"
WORDING = "compliance/wording/deposit-protection/gb-en-2.yaml"
POLICY = "channels/policy.yaml"


def change(root: Path, file: str, before: str, after: str) -> int:
    """Replaces text that must be there; returns the line on which it stood."""
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return text[: text.index(before)].count("\n") + 1


def test_the_shipped_workspace_loads() -> None:
    workspace = load_workspace(ROOT)
    assert sorted(workspace.communications) == [
        "address-changed", "branch-news", "card-blocked", "complaint-received", "news-digest", "payment-received",
        "payment-reminder", "preference-link", "quarterly-statement", "rate-change", "savings-offer",
    ]  # fmt: skip
    assert sorted(workspace.channels) == ["email", "inbox", "letter", "line", "push", "sms", "social", "whatsapp"]
    assert len(workspace.templates["quarterly-statement"]) == 6


@pytest.mark.parametrize("folder", ["templates", "compliance", "channels"])
def test_what_people_own_holds_no_program(folder: str) -> None:
    assert not list((ROOT / folder).rglob("*.py")), "a workspace is data; `channels` would shadow other packages"


def test_problems_of_all_files_are_told_at_once(small: Path, problems: Problems) -> None:
    change(small, "ccm.toml", 'roles = ["compliance"]', 'roles = ["complaince"]')
    change(small, COMMUNICATION, "purpose: transactional", "purpose: transaction")
    change(small, WORDING, "owner: compliance\n", "")
    change(small, "channels/sms.yaml", "max_segments: 6", "max_segments: 99")
    change(small, "compliance/rules/GN01.yaml", "severity:", "sevrity:")
    found = problems()
    assert [problem.split(":")[0] for problem in found] == [
        "ccm.toml", "channels/sms.yaml", "compliance/rules/GN01.yaml", WORDING, COMMUNICATION,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "line", "message"),
    [
        ("x: [1, 2\ny: 1\n", 2, "is no valid YAML"),
        ("x: &anchor 1\n", 1, "anchors and aliases (& and *) are not possible here"),
        ("x: *anchor\n", 1, "anchors and aliases (& and *) are not possible here"),
        ("x: 1\ny: !!python/object/apply:os.system [touch hacked]\n", 2, "is not possible here: plain values only"),
        ("x: !!python/name:os.system\n", 1, "is not possible here: plain values only"),
        ("x: !mine 1\n", 1, "tag '!mine' is not possible here"),
        ("x: 1\ny: 2\nx: 2\n", 3, "key 'x' stands twice"),
        ("? [a, b]\n: 1\n", 1, "a key must be one word"),
        ("x: 1\ny: 010\n", 2, "'010' is no number"),
        ("x: 1\ny: a\x07b\n", 2, "the character U+0007 is not possible"),
        ("x: " + "[" * 3000 + "\n", 1, "is nested too deeply"),
    ],
)
def test_only_plain_yaml_is_read(extra: str, line: int, message: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_yaml("a: 1\nb:\n  - c\n" + extra, "some.yaml")
    assert message in refused.value.problem.message
    assert refused.value.problem.line == 3 + line
    assert not Path("hacked").exists()


def test_words_mean_what_they_mean_in_yaml_1_2() -> None:
    text = """
    - [no, yes, on, off, 1:30, 2026-04-01, 1e, 0x, "1", 'true', ~, null, .5x, +, "<<"]
    - [12, -3, +4, 1_000, 0x1F, 0o17, 0b101, 1.5, -2e3, .5, 6.02e+23, true, FALSE]
    """
    texts, numbers = parse_yaml(text, "some.yaml").data
    assert texts == [
        "no",
        "yes",
        "on",
        "off",
        "1:30",
        "2026-04-01",
        "1e",
        "0x",
        "1",
        "true",
        None,
        None,
        ".5x",
        "+",
        "<<",
    ]
    assert numbers == [12, -3, 4, 1000, 31, 15, 5, 1.5, -2000.0, 0.5, 6.02e23, True, False]
    assert parse_yaml("a:\nb: |\n  two\n  lines\n", "some.yaml").data == {"a": None, "b": "two\nlines\n"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\n---\nb: 2\n", 2, "a second document begins"),
        ("%YAML 1.1\n---\na: 1\n", 1, "is not YAML 1.2"),
        ("a: 1\nb: .inf\n", 2, "'.inf' is no number"),
        ("a: 1\nb: 1e999\n", 2, "'1e999' is no number"),
        ("&a b: 1\n", 1, "anchors and aliases"),
        ("a:\n  - !!set {b}\n", 2, "is not possible here: plain values only"),
        ("a: 1\nb: !!int x\n", 2, "'x' is no number"),
        ("- " * 3000, 1, "is nested too deeply"),
        ("x: é\ny: \x0b\n", 2, "the character U+000B is not possible"),
        ("a: 1\n\tb: 2\n", 2, "is no valid YAML: a line is indented with a tab; write spaces"),
    ],
)
def test_what_is_no_plain_document_is_refused_at_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_yaml(text, "some.yaml")
    assert message in refused.value.problem.message
    assert refused.value.problem.line == line


@pytest.mark.parametrize(
    "file", [COMMUNICATION, EMAIL, WORDING, "channels/sms.yaml", POLICY, "compliance/rules/GN01.yaml",
             "templates/payment-received/samples/jane-us.yaml"],
)  # fmt: skip
def test_every_file_is_read_as_plain_yaml(small: Path, problems: Problems, file: str) -> None:
    text = (small / file).read_text(encoding="utf-8")
    attack = "x: !!python/object/apply:os.system [touch hacked]\n"
    head, line = ("---\n", 2) if text.startswith("---") else ("", 1)
    (small / file).write_text(head + attack + text.removeprefix("---\n"), encoding="utf-8")
    [problem] = problems()
    assert problem.startswith(f"{file}:{line}: tag 'tag:yaml.org,2002:python/object/apply:os.system' is not possible")


@pytest.mark.parametrize(
    ("file", "before", "after", "further", "message"),
    [
        (COMMUNICATION, "purpose: transactional", "purpose: transaction", 0,
         "purpose 'transaction' is none of marketing, servicing, transactional, regulatory"),
        (COMMUNICATION, "type: money,", "type: mony,", 0,
         "data.fields.payment.fields.amount.type 'mony' is none of text, integer, decimal, money, percent, date, "),
        (COMMUNICATION, "          optional: true", "          optionl: true", 0,
         "'data.fields.payment.fields.reference.optionl' is no known setting; did you mean 'optional'?"),
        (COMMUNICATION, "expires_after_hours", "expire_after_hours", 0,
         "'expire_after_hours' is no known setting; did you mean 'expires_after_hours'?"),
        (COMMUNICATION, "id: payment-received", "id: payment-recieved", 0,
         "id 'payment-recieved' is not its folder's name 'payment-received'"),
        (COMMUNICATION, "category:", "wording: [deposit-protecton]\ncategory:", 0,
         "wording 'deposit-protecton' does not exist; there are: deposit-protection"),
        (COMMUNICATION, "channels: [sms, email,", "channels: [sms, fax,", 0,
         "channels.1 'fax' is none of email, sms, letter"),
        (COMMUNICATION, "category:", "fallback: letter\ncategory:", 0,
         "fallback 'letter' is none of channels sms, email"),
        (COMMUNICATION, "  fields:", "  sql: ../x.sql\n  fields:", 0,
         "data.sql '../x.sql' must be a file name in this folder"),
        (WORDING, 'version: "2"', 'version: "two"', 0,
         "version 'two' does not have the form"),
        (WORDING, 'version: "2"', 'version: "1"', 0,
         "version 1 is taken by compliance/wording/deposit-protection/gb-en-1"),
        (WORDING, "effective_from: 2025-12-01T00:00:00", "effective_from: 2025-11-30T00:00:00", 0,
         "version 2 overlaps version 1 (compliance/wording/deposit-protection/gb-en-1.yaml), which ends at 2025-12-01"),
        (WORDING, '  sms: "', '  sms: "{{ customer.id }}', 0,
         "texts: sms: holds template code"),
        (WORDING, "id: deposit-protection", "id: deposit", 0,
         "id 'deposit' is not its folder's name 'deposit-protection'"),
        (WORDING, "language: en", "language: jp", 0,
         "language: 'jp' is no language that CLDR knows"),
        (WORDING, "owner: compliance", "owner: compliance\npath: elsewhere", 1,
         "'path' is no known setting"),
        (POLICY, "    categories: [payments]", "    categories: [payment]", 0,
         "cap 'offers-week': no communication has the category 'payment'; there are: payments"),
        (POLICY, "    - America/Chicago", "    - America/Chigaco", 0,
         "zones.US.1: 'America/Chigaco' is no IANA time zone"),
        ("channels/letter.yaml", "channel: letter", "channel: email", 0,
         "channel 'email' is not the file's name"),
        ("channels/sms.yaml", '  start: "21:00"', '  start: "25:00"', 0,
         "quiet_hours.start: '25:00'"),
        ("channels/sms.yaml", '  end: "08:00"', '  ends: "08:00"', 0,
         "'quiet_hours.ends' is no known setting"),
        ("templates/_brand/locale/ja.po", 'msgid "Phone"', 'msgid "Phone', 0, "gettext catalogue: "),
        (EMAIL, "preheader:", "preheadr:", 0,
         "front matter 'preheadr' is none of preheader, subject"),
        (EMAIL, "preheader: ", "preheader: 1 # ", 0,
         "front matter 'preheader' must be text; put it in quotes"),
        ("ccm.toml", '"mika.aoyama@hinokibank.example", "m.aoyama"', '"Ken"', 3,
         "people: 'ken' names two persons, mika and ken"),
        ("ccm.toml", 'id = "ken"', 'id = "mika"', 0,
         "people: the id 'mika' stands twice"),
        ("ccm.toml", 'website = "https', 'website = "http', 0,
         "website must start with https://"),
        ("ccm.toml", 'roles = ["operator"]', 'role = ["operator"]', 0,
         "'people.4.role' is no known setting; did you mean 'roles'?"),
        ("ccm.toml", '"contact.email" = "email"', '"contact.email" = 1', 0,
         "feeds.customers.columns.contact.email: 1"),
        ("ccm.toml", 'currency = "JPY"', 'currency = "yen"', 0,
         "organisation.currency 'yen' does not have the form"),
        ("ccm.toml", 'phone = "', 'phone = ""', 0,
         "is no valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line_with_what_would_be_right(
    small: Path, problems: Problems, file: str, before: str, after: str, further: int, message: str
) -> None:
    line = change(small, file, before, after) + further
    told = [problem for problem in problems() if message in problem]
    assert told, problems()
    assert told[0].startswith(f"{file}:{line}: ")


def test_each_missing_field_is_named(small: Path, problems: Problems) -> None:
    change(small, COMMUNICATION, "purpose: transactional\ncategory: payments\n", "")
    found = problems()
    assert f"{COMMUNICATION}:1: 'category' is missing" in found
    assert f"{COMMUNICATION}:1: 'purpose' is missing" in found


def test_a_field_missing_inside_is_told_at_the_part_it_belongs_to(small: Path, problems: Problems) -> None:
    line = change(small, POLICY, "    limit: 2\n", "")
    assert problems() == [f"{POLICY}:{line - 2}: 'caps.0.limit' is missing"]


def test_a_version_without_end_lasts_until_the_next_one_starts(small: Path, problems: Problems) -> None:
    change(small, "compliance/wording/deposit-protection/gb-en-1.yaml", "effective_to: 2025-12-01T00:00:00\n", "")
    assert problems() == []


def test_two_rules_of_one_id_are_told(small: Path, problems: Problems) -> None:
    shutil.copyfile(small / "compliance/rules/GN01.yaml", small / "compliance/rules/ZZ01.yaml")
    assert problems() == ["compliance/rules/ZZ01.yaml:1: rule id 'GN01' is taken by compliance/rules/GN01.yaml"]


def test_missing_and_unknown_files_are_named(small: Path, problems: Problems) -> None:
    (small / SMS).unlink()
    (small / EMAIL).with_name("notes.txt").write_text("x")
    french = small / "templates/payment-received/fr"
    french.mkdir()
    (small / "channels/sms.yaml").unlink()
    (small / "compliance/rules/NEW.yml").write_text("id: XX01")
    (small / "compliance/wording/loose.yaml").write_text("id: loose")
    (small / "templates/unfinished/en").mkdir(parents=True)
    assert problems() == [
        "compliance/rules/NEW.yml: is never read; YAML files here are compliance/wording/*/*.yaml, "
        "compliance/rules/*.yaml, compliance/packs.yaml, compliance/packs/*.yaml, compliance/writing.yaml, "
        "compliance/writing/*.yaml, compliance/retention.yaml",
        "compliance/wording/loose.yaml: is never read; YAML files here are compliance/wording/*/*.yaml, "
        "compliance/rules/*.yaml, compliance/packs.yaml, compliance/packs/*.yaml, compliance/writing.yaml, "
        "compliance/writing/*.yaml, compliance/retention.yaml",
        f"{COMMUNICATION}:7: channels/sms.yaml is missing",
        f"{COMMUNICATION}:7: template en/sms.txt is missing",
        "templates/payment-received/en/notes.txt: is no template of this communication; "
        "it takes sms.txt, email.mjml, email.md, body.md, push.yaml, line.txt, line.json, whatsapp.yaml",
        "templates/payment-received/fr: 'fr' is none of the languages en, ja",
        "templates/unfinished: communication.yaml is missing",
    ]


def test_missing_front_matter_is_named(small: Path, problems: Problems) -> None:
    text = (small / EMAIL).read_text()
    (small / EMAIL).write_text(text.split("---\n", 2)[2])
    assert problems() == [
        f"{EMAIL}:1: front matter 'preheader' is missing (between two lines of ---)",
        f"{EMAIL}:1: front matter 'subject' is missing (between two lines of ---)",
    ]


def test_front_matter_is_a_mapping(small: Path, problems: Problems) -> None:
    (small / EMAIL).write_text("---\n- subject\n---\n<mj-section></mj-section>")
    [problem] = problems()
    assert problem.startswith(f"{EMAIL}:2: front matter must be names and values")


def test_the_body_keeps_its_line_after_front_matter(small: Path) -> None:
    template = next(t for t in load_workspace(small).templates["payment-received"] if t.path == EMAIL)
    line = (small / EMAIL).read_text().split("\n")[template.body_line - 1]
    assert template.body.startswith(line + "\n")
    assert template.body_line == 5


@pytest.mark.parametrize("folder", ["templates", "compliance", "channels", "templates/_brand"])
def test_a_missing_folder_is_named(small: Path, problems: Problems, folder: str) -> None:
    shutil.rmtree(small / folder)
    assert f"{folder}: this folder is missing" in problems()


@pytest.mark.parametrize("file", ["ccm.toml", COMMUNICATION, EMAIL, WORDING, POLICY])
def test_a_file_that_is_not_utf_8_is_told_with_its_line(small: Path, problems: Problems, file: str) -> None:
    raw = (small / file).read_bytes()
    (small / file).write_bytes(raw[: raw.index(b"\n") + 1] + b"\n# \x82\xa0\n" + raw)
    assert f"{file}:3: is not UTF-8: save it as UTF-8" in problems()


@pytest.mark.parametrize("file", ["ccm.toml", COMMUNICATION, EMAIL, "templates/_brand/logo.svg"])
def test_a_file_that_is_too_large_is_refused(small: Path, problems: Problems, file: str) -> None:
    with (small / file).open("ab") as stream:
        stream.truncate(6_000_000)
    assert any(problem.startswith(f"{file}: is larger than ") for problem in problems())


@pytest.mark.parametrize("file", [SMS, "templates/_brand/photo.png", WORDING])
def test_a_link_out_of_the_workspace_is_refused(small: Path, problems: Problems, tmp_path: Path, file: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not for customers")
    (small / file).unlink(missing_ok=True)
    (small / file).symlink_to(secret)
    assert f"{file}: is a link that leads out of the workspace" in problems()


def test_a_pipe_does_not_make_the_loader_wait(small: Path, problems: Problems) -> None:
    (small / WORDING).unlink()
    os.mkfifo(small / WORDING)
    assert problems() == [f"{WORDING}: is no file"]


def test_a_file_that_does_not_parse_is_not_also_called_missing(small: Path, problems: Problems) -> None:
    (small / "channels/sms.yaml").write_text("a: b: c\n")
    [problem] = problems()
    assert problem.startswith("channels/sms.yaml:1: is no valid YAML: ': ' stands where none can; ")


def test_what_file_managers_leave_behind_is_no_problem(small: Path, problems: Problems) -> None:
    (small / "templates/payment-received/en/.DS_Store").write_bytes(b"\0")
    (small / "templates/payment-received/.idea").mkdir()
    assert problems() == []


def test_the_workspace_is_found_from_a_folder_inside(small: Path) -> None:
    assert find_root(small / "templates" / "payment-received") == small.resolve()


def test_no_workspace_anywhere_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="make a workspace with: ccm init DIR"):
        find_root(tmp_path)


def test_a_person_is_found_by_any_name_and_capital(small: Path) -> None:
    workspace = load_workspace(small)
    assert workspace.person("Mika.AOYAMA@hinokibank.example").id == "mika"
    with pytest.raises(NotFound, match=r"'nobody' is nobody in ccm\.toml; people: mika, ken, aoi, sam, ren"):
        workspace.person("nobody")
