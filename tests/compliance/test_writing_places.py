"""Where the words of a rendered message stand in the files."""

from __future__ import annotations

import pytest
from writing_parts import codes, told, written

from ccm.compliance.writing.places import locate, runs
from ccm.compliance.writing.written import Hit, SourceText

EMAIL = """---
subject: "{{ payment.amount }} has arrived"
preheader: "Look"
---
<mj-section>
  <mj-text>
    <p>Dear {{ customer.addressee }},</p>
    <p>You paid {{ payment.amount }} and
       we thank <b>you</b> &amp; yours.</p>
    {% if payment.reference %}<p>Reference {{ payment.reference }}</p>{% endif %}
  </mj-text>
</mj-section>
"""
TEXT = "Hinoki Bank\n\nDear Jane Whitfield,\n\nYou paid $5.00 and we thank you & yours.\n\nReference Salary March"
DATA = {"payment": {"amount": "5.00", "reference": "Salary March"}}


def place_of(words: str, place: str = "text") -> tuple[int, int, str]:
    message = written(TEXT, channel="email", source=EMAIL, file="email.mjml", subject="$5.00 has arrived", data=DATA)
    whole = {"text": TEXT, "subject": "$5.00 has arrived"}[place]
    start = whole.index(words)
    found = locate(Hit("WD01", words, place, start, start + len(words)), message)  # type: ignore[arg-type]
    return found.line, found.column, found.value


@pytest.mark.parametrize(
    ("words", "place", "where"),
    [
        ("Dear", "text", (7, 8, "")),
        ("You paid", "text", (8, 8, "")),
        ("we thank", "text", (9, 8, "")),
        ("& yours", "text", (9, 28, "")),
        ("You paid $5.00 and we thank you & yours.", "text", (8, 8, "")),
        ("Reference", "text", (10, 34, "")),
        ("has arrived", "subject", (2, 32, "")),
        ("Salary March", "text", (10, 43, "data.payment.reference")),
        ("Jane Whitfield", "text", (7, 12, "customer.family_name")),
    ],
)
def test_words_are_traced_to_their_line_and_column_or_to_their_value(
    words: str, place: str, where: tuple[int, int, str]
) -> None:
    line, column, value = place_of(words, place)
    assert (line, value) == (where[0], where[2])
    assert abs(column - where[1]) <= 1


def test_words_of_a_layout_are_told_there() -> None:
    layout = SourceText("templates/_brand/email.mjml", "<mjml>\n<mj-text>{{ 'Kindly remit'|t }}</mj-text>\n</mjml>")
    message = written("Dear you\nKindly remit", channel="email", source="Dear you", shared=(layout,), file="email.mjml")
    [remark] = [remark for remark in told(message) if remark.code == "WD01"]
    assert (remark.path, remark.line, remark.column) == ("templates/_brand/email.mjml", 2, 21)


def test_words_of_a_catalogue_are_told_there() -> None:
    catalogue = SourceText("templates/_brand/locale/ja.po", 'msgid "Account"\nmsgstr "当該口座"\n')
    message = written("お客さま\n当該口座", "ja", source="お客さま", shared=(catalogue,))
    [remark] = [remark for remark in told(message) if remark.code == "WD01"]
    assert (remark.path, remark.line, remark.column) == ("templates/_brand/locale/ja.po", 2, 9)


def test_markdown_is_cut_at_its_marks() -> None:
    source = SourceText("a/b.md", "# Your *card*\n\n- see [our page](https://a.example)\n")
    assert [(run.text, run.line) for run in runs(source)] == [("Your", 1), ("card", 1), ("see", 3), ("our page", 3)]


def test_yaml_json_and_catalogues_are_cut_at_their_keys_and_quotes() -> None:
    push = SourceText("a/push.yaml", 'title: Your card\nbody: "It is {{ x }} ready"\nlist:\n  - One\n')
    assert [(run.text, run.line) for run in runs(push)] == [
        ("Your card", 1), ("It is", 2), ("ready", 2), ("list:", 3), ("One", 4),
    ]  # fmt: skip
    line = SourceText("a/line.json", '{"text": "Your\\ncard"}')
    assert {"Your", "card"} <= {run.text for run in runs(line)}


def test_samples_that_share_a_mistake_are_told_once() -> None:
    messages = (written("Your remittance.", sample="a"), written("Your remittance.", sample="b"))
    assert [remark.sample for remark in told(*messages) if remark.code == "WD01"] == ["a"]


def test_two_mistakes_of_one_kind_are_two_lines() -> None:
    found = told(written("Your remittance.\nA remittance.", source="Your remittance.\nA remittance.\n"))
    assert [remark.line for remark in found if remark.code == "WD01"] == [1, 2]


def test_words_put_together_from_nothing_known_are_told_at_the_file() -> None:
    assert "WD01" in codes("Your remittance.", source="{{ x }}")
