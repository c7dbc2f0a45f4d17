"""init, check, import and preview."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_parts import CUSTOMERS, NOON, Commands

SMS = "templates/payment-received/en/sms.txt"
HEADER = CUSTOMERS.split("\n")[0] + "\n"
PERSON = CUSTOMERS.split("\n")[1]


def test_a_new_workspace_has_a_log_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    ccm = Commands(tmp_path / "new")
    made = ccm.json("init", str(ccm.workspace))
    assert made["log_verifier_key"].startswith("example.com/ccm+")
    assert (ccm.workspace / ".ccm/keys/log.key").stat().st_mode & 0o777 == 0o600


def test_init_never_writes_over_what_is_there(template: Commands, tmp_path: Path) -> None:
    assert "is a workspace already" in template.refuses("init", str(template.workspace), status=1)
    (tmp_path / "half" / "templates").mkdir(parents=True)
    assert "has templates already; name a new folder" in template.refuses("init", str(tmp_path / "half"), status=1)
    (tmp_path / "file").write_text("")
    assert "cannot be written: File exists" in template.refuses("init", str(tmp_path / "file"))


def test_an_unknown_variable_is_told_with_line_and_column_and_cannot_be_submitted(ccm: Commands) -> None:
    (ccm.workspace / SMS).write_text("Hello\n{{ customer.family_nmae }}\n")
    [problem] = ccm.json("check", status=1)["errors"]
    assert (problem["path"], problem["line"], problem["column"]) == (SMS, 2, 13)
    assert "'customer' has no field 'family_nmae'; did you mean 'family_name'?" in problem["message"]
    assert f"{SMS}:2:13: " in ccm.says("check", status=1)
    assert f"{SMS}:2:13: " in ccm.refuses("submit", "payment-received", "--as", "mika", status=1)


def test_check_tells_all_findings_at_once_and_can_be_narrowed(ccm: Commands) -> None:
    (ccm.workspace / SMS).write_text("{{ customer.nmae }}")
    (ccm.workspace / "templates/savings-offer/ja/sms.txt").write_text("{{ nothing }}")
    found = ccm.json("check", status=1)["errors"]
    assert {problem["path"] for problem in found} == {SMS, "templates/savings-offer/ja/sms.txt"}
    narrowed = ccm.json("check", str(ccm.workspace / "templates/savings-offer"), status=1)["errors"]
    assert {problem["path"] for problem in narrowed} == {"templates/savings-offer/ja/sms.txt"}
    told = ccm.says("check", str(ccm.workspace / "templates/savings-offer"), status=1)
    assert "not counted: errors elsewhere in the workspace: 1" in told
    assert "nowhere does not exist" in ccm.refuses("check", "nowhere")


def test_checking_one_template_tells_what_it_does_wrong_when_it_is_filled(ccm: Commands) -> None:
    (ccm.workspace / SMS).write_text("")
    found = ccm.json("check", str(ccm.workspace / SMS), status=1)["errors"]
    assert {problem["message"] for problem in found} == {"sms/en: missing_data: the SMS is empty"}


def test_a_workspace_that_does_not_load_is_a_finding(ccm: Commands) -> None:
    (ccm.workspace / "channels/sms.yaml").write_text("channel: sms\nadapter: &x outbox\n")
    [problem] = ccm.json("check", status=1)["errors"]
    assert (problem["path"], problem["line"]) == ("channels/sms.yaml", 2)
    document = ccm.json("releases", status=1)
    assert document["error"] == "WorkspaceError"
    assert document["problems"] == [problem]


def test_a_named_workspace_is_not_searched_for_elsewhere(ccm: Commands) -> None:
    inside = Commands(ccm.workspace / "templates")
    assert "no ccm.toml there; make a workspace with: ccm init" in inside.refuses("releases")


def test_missing_wording_is_told_by_check(ccm: Commands) -> None:
    (ccm.workspace / "compliance/wording/marketing-opt-out/us-en-1.yaml").unlink()
    errors = ccm.json("check", "--at", NOON, status=1)["errors"]
    renderings = [problem["message"] for problem in errors if "/samples/" in problem["path"]]
    assert renderings
    assert all("no wording in force for US/en: marketing-opt-out" in message for message in renderings)
    # Those of text messages say besides that nobody in the US could opt out.
    assert all("marketing-opt-out" in problem["message"] for problem in errors)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; its first line must name the columns"),
        (HEADER.encode(), "holds no rows, only a header; nothing was changed"),
        (b"a,b\n1,2\n", "'customer_id'"),
        (HEADER.encode() + b"\x82\n", "is neither UTF-8 nor CP932"),
        (HEADER.encode() + b'"never closed\n', "a quote opened here is never closed"),
    ],
)
def test_a_file_that_cannot_be_a_feed_is_wrong_use(
    template: Commands, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "feed.csv").write_bytes(content)
    assert message in template.refuses("import", "customers", str(tmp_path / "feed.csv"))
    assert template.json("import", "customers", str(tmp_path / "feed.csv"), status=2)["error"] == "InputError"


def test_the_same_feed_twice_changes_nothing_and_cp932_is_read(ccm: Commands, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes((HEADER + PERSON.replace("Whitfield", "髙橋")).encode("cp932"))
    words = ("import", "customers", str(tmp_path / "feed.csv"))
    assert ccm.json(*words)["files"][0]["rows_changed"] == 1
    assert ccm.json(*words)["files"][0]["rows_unchanged"] == 1


def test_a_broken_amount_is_set_aside_and_the_rest_goes_on(ccm: Commands, tmp_path: Path) -> None:
    header = "transaction_id,account_id,booked_on,kind,description,amount,balance,counterparty\n"
    rows = "T1,A1,2026-01-05,debit,Shop,-12.5o,100.00,\nT2,A1,2026-01-06,debit,Shop,-1.00,99.00,\n"
    (tmp_path / "feed.csv").write_text(header + rows)
    [report] = ccm.json("import", "transactions", str(tmp_path / "feed.csv"), status=1)["files"]
    assert (report["rows_new"], report["rows_set_aside"]) == (1, 1)
    told = Path(report["errors"]).read_text()
    assert "amount" in told
    assert "12.5o" not in told


def test_file_names_are_shown_as_they_are(ccm: Commands, tmp_path: Path) -> None:
    file = tmp_path / "[b]x[c]:100:\x1b[31m.csv"  # rich would make bold text and an emoji of it
    file.write_text(HEADER + PERSON + "\n")
    shown = ccm.says("import", "customers", str(file))
    assert "[b]x[c]:100:" in shown
    assert "\x1b" not in shown


def test_previews_of_samples_customers_channels_and_languages(template: Commands, tmp_path: Path) -> None:
    out = tmp_path / "look"
    words = ("preview", "payment-received", "--out", str(out), "--at", NOON)
    assert {(p["subject"], p["channel"], p["language"]) for p in template.json(*words)["previews"]} == {
        (name, channel, language) for name, language in (("jane-us", "en"), ("haruka-jp", "ja"))
        for channel in ("sms", "push", "line", "whatsapp", "email")
    }  # fmt: skip
    one = template.json(*words, "--sample", "jane-us", "--channel", "sms", "--language", "ja")["previews"]
    assert [(p["file"], p["problem"]) for p in one] == [("jane-us.sms.ja.txt", "")]
    assert "ひのき銀行" in (out / "jane-us.sms.ja.txt").read_text()
    assert "Not approved for sending" in (out / "index.html").read_text()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--sample", "nobody"), "sample 'nobody' is none of haruka-jp, jane-us"),
        (("--sample", "../../ccm"), "is none of haruka-jp, jane-us"),
        (("--customer", "nobody"), "customer 'nobody' does not exist"),
        (("--customer", "C1", "--sample", "jane-us"), "give --customer or --sample, not both"),
        (("--channel", "fax"), "channel 'fax' is none of sms, email"),
        (("--language", "fr"), "language 'fr' is none of en, ja"),
        (("--at", "yesterday"), "time 'yesterday' is not ISO 8601"),
        (("--at", "2026-04-01T09:00:00"), "has no offset"),
        (("--at", "0001-01-01T00:00:00+14:00"), "is not between the years 2000 and 2200"),
    ],
)
def test_a_preview_of_nothing_says_what_there_is(
    template: Commands, tmp_path: Path, more: tuple[str, ...], message: str
) -> None:
    assert message in template.refuses("preview", "payment-received", "--out", str(tmp_path / "o"), *more)


def test_a_preview_stays_in_its_folder_whatever_a_customer_is_called(template: Commands, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b" / "c"
    words = ("preview", "savings-offer", "--customer", "../../C4", "--as", "aoi", "--out", str(out), "--at", NOON)
    written = [str(item["file"]) for item in template.json(*words)["previews"]]
    assert len(written) == 2
    assert all((out / name).parent == out and (out / name).is_file() for name in written)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(out.iterdir())


def test_hostile_names_are_text_everywhere(template: Commands, tmp_path: Path) -> None:
    out = tmp_path / "look"
    template.json("preview", "savings-offer", "--customer", "C3", "--as", "aoi", "--out", str(out), "--at", NOON)
    for page in out.glob("*.html"):
        # The page around has one script, its own; test_previews_page.py looks at it.
        assert page.read_text().count("<script") == (page.name == "index.html")
    [body] = out.glob("C3.email.en.html")
    assert "&lt;script&gt;" in body.read_text() or "alert(1)" not in body.read_text()
    assert "49" not in "".join(path.read_text() for path in out.glob("*.txt"))
