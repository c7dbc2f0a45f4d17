"""Which branches of a template a message takes, told without touching the template that is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_parts import SECTION, compiled, context, load

from ccm.render import Renderer
from ccm.render.branches import Branch, Probe, reads_only, untouched
from ccm.render.language import Source
from ccm.render.schema import schema_of


def probe_of(root: Path, text: str, first_line: int = 1) -> tuple[Probe, Renderer]:
    """The probe of an SMS template, and the renderer of the same."""
    workspace = load(root, sms=text)
    communication = workspace.communications["notice"]
    names = schema_of(workspace, communication, [])
    return Probe(Source("notice/en/sms.txt", text, first_line), names), Renderer(workspace, communication)


def told(root: Path, text: str, **data: Any) -> set[str]:
    """What is said of the branches that one message leaves untouched."""
    probe, renderer = probe_of(root, text)
    values = renderer.filling("sms", context(data=data)).plain
    left = untouched(probe.branches, probe.reached(values))
    return {f"{branch.line}:{branch.column} " + "; ".join(branch.told("sample")) for branch in left}


@pytest.mark.parametrize(
    ("text", "data", "said"),
    [
        ("{% if note %}N{% endif %}", {}, ["1:1 no sample has note; that has it"]),
        ("{% if note %}N{% endif %}", {"note": "x"}, ["1:1 every sample has note; without it"]),
        ("{% if not note %}N{% endif %}", {}, ["1:1 no sample has note; that has it"]),
        ("{% if note is none %}N{% endif %}", {"note": "x"}, ["1:1 every sample has note; without it"]),
        ("{% if note is not none %}N{% else %}-{% endif %}", {"note": "x"},
         ["1:27 every sample has note; without it"]),
        ("{% if agreed %}A{% endif %}", {}, ["1:1 in every sample (agreed) is true; in which it is not"]),
        ("{% if rate > 1 %}A{% endif %}", {}, ["1:1 in no sample (rate > 1) is true; in which it is"]),
        ("Hi\n {% if entries %}{% for e in entries %}{{ e.label }}{% endfor %}{% endif %}", {"entries": []},
         ["2:2 no sample has rows in entries; that has some"]),
        ("{% if entries %}{% for e in entries %}{{ e.label }}{% endfor %}{% endif %}", {},
         ["1:1 every sample has rows in entries; without any",
          "1:17 every sample has rows in entries; in which that list is empty"]),
        ("{{ 'yes' if agreed else 'no' }}", {}, ["1:1 in every sample (agreed) is true; in which it is not"]),
        ("{% if name == 'A' %}a{% elif name == 'B' %}b{% else %}c{% endif %}", {"name": "C"},
         ["1:1 in no sample (name == 'A') is true; in which it is",
          "1:22 in no sample (name == 'B') is true; in which it is"]),
        ("{% if name == 'A' %}a{% elif name == 'B' %}b{% endif %}", {"name": "A"},
         ["1:22 in no sample (name == 'B') is true; in which it is",
          "1:1 in every sample one of (name == 'A'), (name == 'B') is true; in which none of them is"]),
    ],
)  # fmt: skip
def test_an_untouched_branch_is_told_with_its_place_and_what_would_reach_it(
    tmp_path: Path, text: str, data: dict[str, Any], said: list[str]
) -> None:
    assert told(tmp_path, text, **data) == set(said)


def test_what_stands_inside_an_untouched_branch_is_not_told_too(tmp_path: Path) -> None:
    text = "{% if note %}{% if agreed %}a{% else %}b{% endif %}{% endif %}"
    assert told(tmp_path, text) == {"1:1 no sample has note; that has it"}
    assert told(tmp_path, text, note="x", agreed=False) == {
        "1:1 every sample has note; without it", "1:14 in no sample (agreed) is true; in which it is",
    }  # fmt: skip


def test_choices_inside_choices_are_told_by_their_own_conditions(tmp_path: Path) -> None:
    text = "{{ ('a' if agreed else 'if x else y') if note else ('c' if name == 'else' else 'd') }}"
    assert told(tmp_path, text, note="x") == {
        "1:1 every sample has note; without it", "1:1 in every sample (agreed) is true; in which it is not",
    }  # fmt: skip
    assert "1:1 in no sample (name == 'else') is true; in which it is" in told(tmp_path, text)


def test_a_loop_shows_its_first_and_other_rows(tmp_path: Path) -> None:
    text = "{% if entries %}{% for e in entries %}{% if loop.first %}1{% endif %}{% endfor %}{% endif %}"
    one = {"entries": [{"label": "a", "amount": "1", "currency": "USD", "parts": []}]}
    assert "in every sample (loop.first) is true; in which it is not" in " ".join(told(tmp_path, text, **one))
    assert "loop.first" not in " ".join(told(tmp_path, text))


@pytest.mark.parametrize(
    ("test", "fixed"),
    [
        ("organisation.phone", True),
        ("organisation.phone == 'note'", True),
        ("not organisation.name", True),
        ("organisation.address_lines|length > 2", True),
        ("organisation.phone and note", False),
        ("note", False),
    ],
)
def test_a_condition_on_the_organisation_alone_is_the_same_in_every_message(test: str, fixed: bool) -> None:
    assert reads_only(test, frozenset({"organisation"})) is fixed


def test_every_text_of_a_message_has_its_sources_whatever_it_passes_on_the_way(tmp_path: Path) -> None:
    email = SECTION.format("{% if note %}<p>{{ note }}</p>{% endif %}")
    renderer = compiled(tmp_path, email=email, subject="{{ 'Yes' if agreed else 'No' }}")
    sources = renderer.part("email", "en").sources
    assert {source.path for source in sources} == {"templates/notice/en/email.mjml", "templates/_brand/email.mjml"}
    assert any("if agreed" in source.text for source in sources)
    assert any("if note" in source.text and source.first_line > 1 for source in sources)


CONDITIONS = {
    "note": lambda data: data["note"] is not None,
    "not note": lambda data: data["note"] is None,
    "agreed": lambda data: data["agreed"],
    "name == 'A'": lambda data: data["name"] == "A",
    "rate > 0.5": lambda data: float(data["rate"]) > 0.5,
}
"""Conditions, and what decides them in plain Python."""
data_strategy = st.fixed_dictionaries({
    "note": st.sampled_from([None, "x"]), "agreed": st.booleans(), "name": st.sampled_from(["A", "B"]),
    "rate": st.sampled_from(["0.1", "0.9"]),
})  # fmt: skip
tree_strategy = st.recursive(
    st.just(None),
    lambda inner: st.tuples(st.lists(st.sampled_from(sorted(CONDITIONS)), min_size=1, max_size=3), st.lists(inner)),
    max_leaves=12,
)


class Writer:
    """Writes a template in which every branch prints a number of its own, in the order of the source."""

    def __init__(self) -> None:
        self.count = 0

    def mark(self) -> str:
        self.count += 1
        return f"<{self.count - 1}>"

    def write(self, tree: Any) -> str:
        if tree is None:
            return "."
        tests, inner = tree
        parts = [self.write(part) for part in inner] or ["."]
        text = ""
        for place, test in enumerate(tests):
            text += f"{{% {'elif' if place else 'if'} {test} %}}{self.mark()}" + (parts[0] if not place else "")
        return text + "{% else %}" + self.mark() + "{% endif %}" + "".join(parts[1:])


@settings(max_examples=40, deadline=None)
@given(tree=tree_strategy, data=data_strategy)
def test_the_branches_told_as_taken_are_those_whose_words_come_out(
    tmp_path_factory: pytest.TempPathFactory, tree: Any, data: dict[str, Any]
) -> None:
    text = "=" + Writer().write(tree)
    probe, renderer = probe_of(tmp_path_factory.getbasetemp(), text)
    message = context(data=data)
    printed = re.findall(r"<(\d+)>", renderer.render("sms", message).text)
    places = [found.start() for found in re.finditer(r"\{% (?:if|elif|else) ?", text)]
    taken = {branch.column - 1 for branch in probe.reached(renderer.filling("sms", message).plain)}
    shown = {_place(text, number) for number in printed}
    assert taken == shown
    assert {branch.column - 1 for branch in probe.branches} == set(places)


def _place(text: str, number: str) -> int:
    """Where the code stands that opens the branch of a number."""
    return text.rindex("{%", 0, text.index(f"<{number}>"))


def test_a_branch_is_the_same_however_often_its_source_is_read(tmp_path: Path) -> None:
    first, _ = probe_of(tmp_path, "{% if note %}a{% endif %}", first_line=4)
    second, _ = probe_of(tmp_path, "{% if note %}a{% endif %}", first_line=4)
    assert first.branches == second.branches
    assert first.branches[0] == Branch("notice/en/sms.txt", 4, 1, "true", ("note",), None, "text")
