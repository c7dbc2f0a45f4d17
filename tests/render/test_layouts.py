"""A layout is checked once for many communications, and never with the fields of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from language_parts import NAMES
from render_parts import LAYOUT, SECTION, load, write_workspace

from ccm.errors import Problem
from ccm.render.dialects import MJML
from ccm.render.layouts import Layouts
from ccm.render.schema import TEXT, Type
from ccm.workspace import Workspace, load_workspace

WITHOUT = {name: kind for name, kind in NAMES.items() if name != "note"}
KINDS = {
    "undeclared": WITHOUT,
    "text": {**WITHOUT, "note": TEXT},
    "optional": {**WITHOUT, "note": Type("text", optional=True)},
    "money": {**WITHOUT, "note": Type("money")},
    "object": {**WITHOUT, "note": Type("object", fields={"memo": TEXT})},
    "other object": {**WITHOUT, "note": Type("object", fields={"label": TEXT})},
}


def workspace(root: Path, words: str) -> Workspace:
    return load(root, email=SECTION.format("x"), layout=LAYOUT.replace("{{ organisation.name }}", words))


def told(around: Workspace, names: dict[str, Type]) -> list[str]:
    problems: list[Problem] = []
    pieces, _ = Layouts(around, names, problems).get("email.mjml", MJML)
    assert (pieces is None) == bool(problems)
    return [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("words", "passes"),
    [
        ("{{ note }}", {"text", "money"}),
        ("{{ note.memo }}", {"object"}),
        ("{% if note %}{{ note }}{% endif %}", {"text", "optional", "money"}),
        ("{% for note in organisation.address_lines %}{{ note }}{% endfor %}", {"undeclared"}),
        ("{note}", {"undeclared"}),
        ("｛｛ｎｏｔｅ｝｝", {"undeclared"}),
    ],
)
def test_layout_is_checked_with_the_fields_of_each_communication(tmp_path: Path, words: str, passes: set[str]) -> None:
    around = workspace(tmp_path, words)
    for kinds in (KINDS, dict(reversed(KINDS.items())), KINDS):
        assert {name for name, names in kinds.items() if not told(around, names)} == passes


def test_fields_that_the_layout_does_not_name_let_one_check_serve_all(tmp_path: Path) -> None:
    around = workspace(tmp_path, "{{ organisation.name }}")
    first, second = (Layouts(around, names, []).get("email.mjml", MJML)[0] for names in (WITHOUT, KINDS["money"]))
    assert first is not None
    assert first is second


def test_changed_brand_is_checked_anew(tmp_path: Path) -> None:
    """A picture that is gone is told although the layout's own text is what it was."""
    image = SECTION.replace("<mj-text>{}</mj-text>", '<mj-image src="logo.png" alt="Hinoki"/>')
    layout = LAYOUT.replace("<ccm-content/>", image + "<ccm-content/>")
    write_workspace(tmp_path, email=SECTION.format("x"), layout=layout)
    logo = tmp_path / "templates/_brand/logo.png"
    logo.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert told(load_workspace(tmp_path), NAMES) == []
    logo.write_bytes(b"not a picture")
    assert "not what its name says" in told(load_workspace(tmp_path), NAMES)[0]


def test_misspelt_name_is_told_with_what_was_meant(tmp_path: Path) -> None:
    assert "did you mean 'note'" in told(workspace(tmp_path, "{{ nte }}"), KINDS["text"])[0]
