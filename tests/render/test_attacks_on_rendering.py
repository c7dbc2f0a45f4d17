"""Hostile templates, MJML and data from the shared list: none does what it was made for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from render_parts import LAYOUT, SECTION, compiled, context, load, sms

from ccm.errors import CcmError, RenderError, TemplateError
from ccm.render import Renderer
from ccm.render.mime import is_address

LIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "attacks.jsonl"
ATTACKS: dict[str, dict[str, Any]] = (
    {entry["id"]: entry for entry in map(json.loads, LIST.read_text(encoding="utf-8").splitlines())}
    if LIST.exists()
    else {}
)
pytestmark = pytest.mark.skipif(not ATTACKS, reason="shared/data/attacks.jsonl is not beside this repository")

ELSEWHERE = {
    "ATK-019": "names of files are the workspace loader's",
    "ATK-047": "free text is bounded by types and lengths; what it says is for compliance",
    "ATK-049": "who may approve is for approvals",
    "ATK-067": "JSON is read, with its limit of depth, where it comes in",
    "ATK-075": "whose customer it is, is asked before anything is rendered",
}
MARKUP = {"ATK-023", "ATK-025", "ATK-045"}
TEMPLATES = [key for key, entry in ATTACKS.items() if entry["surface"] == "template" and key not in ELSEWHERE]
MJML = [key for key, entry in ATTACKS.items() if entry["surface"] == "mjml" and key != "ATK-169"]
IN_DATA = {
    "ATK-055", "ATK-057", "ATK-059", "ATK-061", "ATK-063", "ATK-065", "ATK-069", "ATK-073", "ATK-169",
}  # fmt: skip
"""Each has a test of its own below."""
LITERAL = ("ATK-051", "ATK-053", "ATK-055", "ATK-071")


def test_every_entry_about_templates_data_and_mjml_is_tried() -> None:
    wanted = {key for key, entry in ATTACKS.items() if entry["surface"] in ("template", "data", "mjml")}
    assert wanted == {*TEMPLATES, *MARKUP, *MJML, *LITERAL, *IN_DATA, *ELSEWHERE}


def payload(key: str) -> str:
    entry = ATTACKS[key]
    text = entry["payload"]
    if "payload_python" in entry:
        # The list writes long payloads as repetitions of literals, such as '<div>'*12800+'</div>'*12800.
        text = "".join(_repeated(part) for part in entry["payload_python"].split("+'"))
    return str(text)


def _repeated(part: str) -> str:
    words, _, count = part.removeprefix("'").rpartition("'")
    return words * int(count.removeprefix("*") or 1)


@pytest.mark.parametrize("key", [key for key in TEMPLATES if key not in MARKUP])
def test_hostile_template_is_refused_before_it_is_ever_filled(tmp_path: Path, key: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compiled(tmp_path, sms=payload(key))
    assert all(problem.line for problem in caught.value.problems)


@pytest.mark.parametrize("key", sorted(MARKUP))
def test_hostile_markup_is_refused(tmp_path: Path, key: str) -> None:
    text = payload(key).split(" with ")[0].replace("customer.name", "name").replace("customer.color", "name")
    with pytest.raises(TemplateError):
        compiled(tmp_path / "mail", email=SECTION.format(text + "</div>" * ("<div" in text)))
    with pytest.raises(TemplateError):
        compiled(tmp_path / "letter", letter=text + "</div>" * ("<div" in text))


@pytest.mark.parametrize("key", MJML)
def test_hostile_mjml_is_refused_as_layout_and_as_body(tmp_path: Path, key: str) -> None:
    text = payload(key)
    with pytest.raises(TemplateError):
        compiled(tmp_path / "layout", email=SECTION.format("x"), layout=text)
    body = text if "<mj-button" not in text else f"<mj-section><mj-column>{text}x</mj-button></mj-column></mj-section>"
    with pytest.raises(TemplateError):
        compiled(tmp_path / "body", email=body)


@pytest.mark.parametrize("key", LITERAL)
def test_hostile_name_is_printed_as_it_is(tmp_path: Path, key: str) -> None:
    name = json.loads(payload(key))["name"]
    assert sms(tmp_path, "{{ name }}", data={"name": name}) == name
    workspace = load(tmp_path, email=SECTION.format("{{ name }}"), layout=LAYOUT, subject="{{ name }}")
    page = Renderer(workspace, workspace.communications["notice"]).render(
        "email", context(workspace, data={"name": name})
    )
    assert name in page.text
    assert b"<script" not in page.body.split(b"text/html")[1]


def test_hostile_line_breaks_and_marks_in_data_stop_the_message(tmp_path: Path) -> None:
    for key, field in (("ATK-057", "subject_name"), ("ATK-061", "filename"), ("ATK-063", "name")):
        value = json.loads(payload(key))[field]
        with pytest.raises(RenderError, match="bad_data"):
            sms(tmp_path, "{{ name }}", data={"name": value})


def test_hostile_address_is_refused() -> None:
    assert not is_address(json.loads(payload("ATK-059"))["email"])


def test_long_data_never_cut_an_sms(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="too_long"):
        sms(tmp_path, "{{ name }} {{ balance }}", data={"name": "あ" * 130})


def test_full_width_digits_are_no_amount(tmp_path: Path) -> None:
    amount = json.loads(payload("ATK-069"))["amount"]
    with pytest.raises(RenderError, match="bad_data"):
        sms(tmp_path, "{{ balance }}", data={"balance": amount})


def test_hostile_time_zone_reads_no_file(tmp_path: Path) -> None:
    from render_parts import customer

    zone = json.loads(payload("ATK-073"))["tz"]
    assert sms(tmp_path, "{{ message.date }}", customer=customer(timezone=zone)) == "April 2, 2026"


def test_data_that_are_markup_stay_data(tmp_path: Path) -> None:
    name = payload("ATK-169").split("name=")[1]
    workspace = load(tmp_path, email=SECTION.format("{{ name }}"))
    try:
        page = Renderer(workspace, workspace.communications["notice"]).render(
            "email", context(workspace, data={"name": name})
        )
    except CcmError as error:  # pragma: no cover
        raise AssertionError("compiling must not depend on data") from error
    assert b"&lt;mj-include" in page.body
