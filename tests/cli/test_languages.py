"""More languages than two: files of their own, declared fallbacks, wording and words along the same chain."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import pytest
from cli_parts import CUSTOMERS, Commands

from ccm.pipeline.project import open_project

PEOPLE = {"P1": "fr-FR", "P2": "pl-PL", "P3": "en-GB", "P4": "zh-Hant-TW", "P5": "en-US", "P6": "ja-JP"}
TEXT = {
    "fr": "{{ payment.amount }} de {{ payment.payer }} le {{ payment.received_on }}. {{ organisation.phone }}",
    "en-GB": "Cheerio: {{ payment.amount }}, {{ payment.payer }}, {{ payment.received_on }}. {{ organisation.phone }}",
}


@pytest.fixture
def many(ccm: Commands) -> Commands:
    """The bank with customers of six languages; French and Polish fall back to English."""
    with (ccm.workspace / "ccm.toml").open("a", encoding="utf-8") as file:
        file.write('\n[languages]\nfallbacks = { fr = "en", pl = "en" }\n')
    rows = CUSTOMERS.splitlines()
    people = [rows[1].replace("C1,A1,en-US", f"{name},A{name},{tag}") for name, tag in PEOPLE.items()]
    feed = ccm.workspace.parent / "people.csv"
    feed.write_text("\n".join([rows[0], *people]) + "\n", encoding="utf-8")
    ccm.run("import", "customers", str(feed))
    return ccm


def speak(ccm: Commands, communication: str, languages: str, **files: str) -> None:
    """Declares a communication's languages and writes templates, ``fr_sms`` for ``fr/sms.txt``."""
    folder = ccm.workspace / "templates" / communication
    declared = folder / "communication.yaml"
    text = declared.read_text(encoding="utf-8").replace("languages: [en, ja]", f"languages: [{languages}]")
    declared.write_text(text, encoding="utf-8")
    for name, text in files.items():
        language, _, channel = name.replace("en_GB", "en-GB").partition("_")
        (folder / language).mkdir(exist_ok=True)
        (folder / language / f"{channel}.txt").write_text(text, encoding="utf-8")


def sms(ccm: Commands, customer: str) -> tuple[str, str]:
    """The language that a customer's message of a payment is in, and what a preview of its SMS reads."""
    folder = ccm.workspace.parent / f"preview-{customer}"
    ccm.run("import", "preferences", str(_by_sms(ccm)))
    sent = ccm.send(f"key-{customer}", customer)
    told = ccm.json("explain", str(sent["message_id"]))["messages"][0]
    assert told["channel"] == "sms"
    assert f", in {told['language']}\n" in ccm.says("explain", str(sent["message_id"]))
    ccm.run("preview", "payment-received", "--sample", "jane-us", "--channel", "sms", "--language", told["language"],
            "--out", str(folder))  # fmt: skip
    [file] = folder.glob("*.txt")
    return told["language"], file.read_text(encoding="utf-8")


def _by_sms(ccm: Commands) -> Path:
    file = ccm.workspace.parent / "preferences.csv"
    rows = [f"{name},*,sms,1,true" for name in PEOPLE]
    file.write_text("customer_id,category,channel,rank,allowed\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return file


def test_customers_get_their_own_language_or_the_one_that_stands_in(many: Commands) -> None:
    speak(many, "payment-received", "en, ja, fr, en-GB", fr_sms=TEXT["fr"], en_GB_sms=TEXT["en-GB"])
    many.approve("payment-received")
    assert sms(many, "P1")[0] == "fr"
    assert " de Lakeside Dental LLC le 2 avril 2026" in sms(many, "P1")[1]
    assert sms(many, "P2")[0] == "en", "Polish falls back to English"
    language, text = sms(many, "P3")
    assert language == "en-GB"
    assert "Cheerio: " in text
    language, text = sms(many, "P5")
    assert language == "en"
    assert "Cheerio" not in text
    assert sms(many, "P6")[0] == "ja"
    sent = many.send("key-zh", "P4", 1)
    assert (sent["state"], sent["reason"]) == ("withheld", "language_not_served")


def test_a_language_without_a_file_and_without_a_fallback_is_an_error(many: Commands) -> None:
    speak(many, "payment-received", "en, ja, fr")
    many.says("check")
    (many.workspace / "templates/payment-received/ja/sms.txt").unlink()
    told = many.says("check", status=1)
    assert "communication.yaml:" in told
    assert "template ja/sms.txt is missing" in told
    covered = many.run("coverage", "payment-received", status=1).stdout
    assert "templates/payment-received/ja/sms.txt is missing" in covered
    assert " fr         en stands in" in covered
    document = many.json("coverage", "payment-received", status=1)
    [gap] = [row for row in document["rows"] if row["template"] == "missing" and row["jurisdiction"] == "JP"]
    assert (gap["channel"], gap["language"], document["missing"]) == ("sms", "ja", 3)


def test_a_release_changes_with_the_fallback_that_it_uses(many: Commands) -> None:
    speak(many, "payment-received", "en, ja, fr")

    def digest() -> str:
        return open_project(many.workspace).compiled("payment-received").release.digest

    first = digest()
    settings = many.workspace / "ccm.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('fr = "en"', 'fr = "ja"'), encoding="utf-8")
    assert digest() != first


def test_wording_falls_back_along_the_same_chain(many: Commands) -> None:
    speak(many, "savings-offer", "en, ja, fr")
    folder = many.workspace.parent / "offer"

    def text() -> str:
        many.run("preview", "savings-offer", "--sample", "jane-us", "--channel", "sms", "--language", "fr",
                 "--out", str(folder))  # fmt: skip
        return (folder / "jane-us.sms.fr.txt").read_text(encoding="utf-8")

    english = text()
    table = many.json("coverage", "savings-offer")["rows"]
    row = next(row for row in table if (row["language"], row["jurisdiction"]) == ("fr", "US"))
    assert row["borrowed"] == {"marketing-opt-out": "en", "sender-identity": "en"}
    source = many.workspace / "compliance/wording/marketing-opt-out/us-en-1.yaml"
    lines = source.read_text(encoding="utf-8").replace("language: en", "language: fr").split("\n")
    french = "\n".join(line for line in lines if not line.startswith(("text:", "texts:", "  sms:")))
    source.with_name("us-fr-1.yaml").write_text(
        french + '\ntext: "Plus de publicité : {organisation.preference_url}"\n'
    )
    assert text() != english
    assert "Plus de publicite" in text().replace("é", "e")


def test_shared_words_are_in_the_language_that_stands_in_until_they_are_translated(many: Commands) -> None:
    speak(many, "payment-received", "en, ja, pl")
    assert "pl.po: CT01: is missing, so that 'pl' shows others' words; run: ccm text catalogue" in many.says("check")
    many.run("text", "catalogue", "--workspace", str(many.workspace))
    told = many.says("check")
    assert "templates/_brand/locale/pl.po:" in told
    assert "CT01: 'Phone' has no translation (warning)" in told
    catalogue = many.workspace / "templates/_brand/locale/pl.po"
    text = catalogue.read_text(encoding="utf-8")
    entry = 'msgid "Message reference"\nmsgstr "{}"'
    catalogue.write_text(text.replace(entry.format(""), entry.format("Numer wiadomości")), encoding="utf-8")
    folder = many.workspace.parent / "polish"
    many.run("preview", "payment-received", "--sample", "jane-us", "--channel", "email", "--language", "pl",
             "--out", str(folder))  # fmt: skip
    page = unescape((folder / "jane-us.email.pl.html").read_text(encoding="utf-8"))
    assert "Numer wiadomości" in page
    assert "Questions? Call us on" in page


def test_polish_numbers_take_their_plural_form(many: Commands) -> None:
    declared = many.workspace / "templates/payment-received/communication.yaml"
    text = declared.read_text(encoding="utf-8")
    declared.write_text(text + "        days: {type: integer, optional: true}\n", encoding="utf-8")
    forms = "one='# dzień', few='# dni', many='# dni.', other='# dnia'"
    words = f"{{% if payment.days %}}{{{{ payment.days|plural({forms}) }}}}{{% endif %}}"
    speak(many, "payment-received", "en, ja, pl", pl_sms=words)
    sample = many.workspace / "templates/payment-received/samples/jane-us.yaml"
    body = sample.read_text(encoding="utf-8")
    folder = many.workspace.parent / "plural"
    said = []
    for days in (1, 3, 5):
        sample.write_text(body.replace("reference:", f"days: {days}, reference:"), encoding="utf-8")
        many.run("preview", "payment-received", "--sample", "jane-us", "--channel", "sms", "--language", "pl",
                 "--out", str(folder))  # fmt: skip
        said.append((folder / "jane-us.sms.pl.txt").read_text(encoding="utf-8").removeprefix("[PREVIEW] "))
    assert said == ["1 dzień", "3 dni", "5 dni."]


def test_customers_whose_language_nothing_serves_are_counted(many: Commands) -> None:
    told = many.says("coverage")
    assert "1 customer wants zh-Hant-TW and gets nothing: payment-received, savings-offer" in told
    assert "1 customer wants fr-FR and gets en instead: payment-received, savings-offer" in told
    assert "en-GB" not in told
    wanted = {one["language"]: one for one in many.json("coverage")["customers"]}
    assert wanted["pl-PL"] == {
        "language": "pl-PL", "customers": 1, "instead": {"en": ["payment-received", "savings-offer"]}
    }  # fmt: skip


def test_check_tells_contradicting_facts_with_the_severity_of_the_workspace(ccm: Commands) -> None:
    text = ccm.workspace / "templates/savings-offer/en/sms.txt"
    text.write_text(text.read_text(encoding="utf-8").replace("offer.rate", "offer.rate|percent(0)"), encoding="utf-8")
    told = ccm.says("check", status=1)
    assert (
        "templates/savings-offer/en/sms.txt:1:26: FX01 says 4% for offer.rate, and templates/savings-offer/en/" in told
    )
    settings = ccm.workspace / "compliance/writing.yaml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before.replace("severity:\n", "severity:\n  FX01: warning\n"), encoding="utf-8")
    assert "FX01 says 4% for offer.rate" in ccm.says("check")
    settings.write_text(before.replace("severity:\n", 'severity:\n  FX01: "off"\n'), encoding="utf-8")
    assert "FX01" not in ccm.says("check")
    silence = "exceptions:\n  - {code: FX01, CHANNELS, reason: The text message rounds on purpose.}\n"
    for where, told in (("channels: [sms], languages: [en]", False), ("channels: [email]", True)):
        text = before.replace("exceptions: []\n", silence.replace("CHANNELS", where))
        settings.write_text(text, encoding="utf-8")
        assert ("FX01" in ccm.says("check", status=int(told))) == told
