"""Approved wording: its placeholders, its escaping, its short form, and what it refuses."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from render_parts import AT, SECTION, compiled, context, load

from ccm.errors import RenderError, TemplateError
from ccm.render import Renderer
from ccm.render.wording import as_html, fill
from ccm.workspace.wording import Wording


def wording(text: str, short_text: str = "", **placeholders: str) -> Wording:
    return Wording.model_validate(
        {
            "id": "note",
            "version": "2.1",
            "language": "en",
            "jurisdiction": "US",
            "effective_from": dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
            "owner": "c",
            "source": "s",
            "text": text,
            "texts": {"sms": short_text} if short_text else {},
            "placeholders": placeholders,
            "digest": "d",
        }
    )


def test_placeholders_are_filled_and_markup_in_them_is_escaped() -> None:
    use = fill(
        wording("By {organisation.name}.\n2nd {x} line", **{"organisation.name": "text", "x": "text"}),
        {"organisation": {"name": "A & <B>"}, "x": "{organisation.name}"},
        "email",
    )
    assert use.text == "By A & <B>.\n2nd {organisation.name} line"
    assert as_html(use) == '<span data-wording="note@2.1">By A &amp; &lt;B&gt;.<br>2nd {organisation.name} line</span>'


def test_short_text_is_for_sms_and_the_whole_text_stands_in_where_there_is_none() -> None:
    assert fill(wording("Long.", "Short."), {}, "sms").text == "Short."
    assert fill(wording("Long.", "Short."), {}, "email").text == "Long."
    assert fill(wording("Long."), {}, "sms").text == "Long."


def test_placeholder_without_a_value_stops_the_message() -> None:
    with pytest.raises(RenderError, match=r"missing_data: wording 'note' needs 'customer.honorific'"):
        fill(wording("{customer.honorific}", **{"customer.honorific": "text"}), {"customer": {}}, "email")


@pytest.mark.parametrize(
    ("text", "placeholders", "message"),
    [
        ("{organisation.nme}", {"organisation.nme": "text"}, "no such field"),
        ("{balance}", {"balance": "text"}, "is declared text, and the field is money"),
        ("{account}", {"account": "text"}, "no such field"),
    ],
)
def test_wrong_placeholder_is_a_problem_when_the_template_is_compiled(
    tmp_path: Path, text: str, placeholders: dict[str, str], message: str
) -> None:
    workspace = load(tmp_path, sms="{{ wording.short_note }}")
    broken = wording(text, **placeholders).model_copy(update={"id": "short-note", "path": "compliance/x.yaml"})
    with pytest.raises(TemplateError, match=message):
        Renderer(replace(workspace, wordings=(broken,)), workspace.communications["notice"])


def test_wording_may_carry_the_communications_data(tmp_path: Path) -> None:
    workspace = load(tmp_path, sms="{{ wording.short_note }}")
    typed = wording("{balance} at {rate}", balance="money", rate="percent").model_copy(update={"id": "short-note"})
    renderer = Renderer(replace(workspace, wordings=(typed,)), workspace.communications["notice"])
    for balance, shown in (("1", "£1.00 at 4.25%"), ("2", "£2.00 at 4.25%")):
        given = context(workspace, data={"balance": balance}, wording={"short-note": typed})
        assert renderer.render("sms", given).text == shown


def test_sms_reports_the_short_wording_it_holds(tmp_path: Path) -> None:
    workspace = load(tmp_path, sms="{{ name }} {{ wording.short_note }}")
    renderer = Renderer(workspace, workspace.communications["notice"])
    result = renderer.render("sms", context(workspace))
    assert (result.text, result.wording[0].text, result.segments) == ("Anna Short.", "Short.", 1)
    assert renderer.slots("sms", "en") == frozenset({"short-note"})


def test_slots_name_what_layout_and_body_need(tmp_path: Path) -> None:
    assert compiled(tmp_path, sms="x").slots("sms", "en") == frozenset()
    with pytest.raises(RenderError, match="no_template"):
        compiled(tmp_path, sms="x").slots("email", "en")


def test_new_version_of_a_wording_is_not_mixed_up_with_the_one_before(tmp_path: Path) -> None:
    workspace = load(tmp_path, sms="{{ wording.short_note }}")
    renderer = Renderer(workspace, workspace.communications["notice"])
    for version in ("1", "2"):
        one = wording(f"Version {version}.").model_copy(
            update={"id": "short-note", "version": version, "digest": version}
        )
        shown = renderer.render("sms", context(workspace, wording={"short-note": one}, at=AT)).text
        assert shown == f"Version {version}."


@pytest.mark.parametrize(("note", "ids"), [("x", ["short-note"]), (None, ["small-print"])])
def test_wording_in_a_branch_that_was_not_taken_is_not_reported(
    tmp_path: Path, note: str | None, ids: list[str]
) -> None:
    either = "{% if note %}{{ wording.short_note }}{% else %}{{ wording.small_print }}{% endif %}"
    workspace = load(tmp_path, sms=either, email=SECTION.format(either), letter=f"<p>{either}</p>")
    renderer = Renderer(workspace, workspace.communications["notice"])
    for channel in ("sms", "email", "letter"):
        rendered = renderer.render(channel, context(workspace, data={"note": note}))
        assert [use.id for use in rendered.wording] == ids
