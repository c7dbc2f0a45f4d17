"""Templates are put together from checked pieces; they print what Jinja's own parser would make of the same text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from jinja2.nodes import Name
from language_parts import NAMES

from ccm.errors import Problem, RenderError
from ccm.render.assemble import tree_of, tree_of_text
from ccm.render.compile import HTML, PLAIN, check_source, hidden
from ccm.render.dialects import HTML as LETTER
from ccm.render.environment import render
from ccm.render.language import Piece, Source
from ccm.render.markup_tokens import Tokens

VALUES: dict[str, Any] = {
    "name": "Ána & Co",
    "note": None,
    "agreed": True,
    "organisation": {"name": "Hinoki", "website": "https://www.example.com", "phone": "+1 555 0100"},
    "rows": [{"label": "一", "memo": None}, {"label": "two", "memo": "<b>"}],
}
TEXTS = (
    "{{ name }}", " {{- name }} ", " {{ name -}}\n ", "\n", " a", "{ ", "{# note #}", "{{ 'x' if agreed else 'y' }}",
    "{%- if agreed %} yes {%- else -%} no {% endif %}", "{% if note %}n{% elif agreed -%}\n e{% else %}o{% endif %}",
    "{% for row in rows %}{{ row.label }}{%- if row.memo %} {{ row.memo }}{% endif %}, {% else %}-{% endfor %}",
)  # fmt: skip


def checked(text: str, dialect: Any = None) -> list[Piece]:
    problems: list[Problem] = []
    found = check_source(Source("t", text), NAMES, problems, dialect)
    assert problems == []
    assert found.pieces is not None
    return found.pieces


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(TEXTS), max_size=8).map("".join), st.booleans())
def test_assembled_template_prints_what_jinja_would_print(text: str, html: bool) -> None:
    environment = HTML if html else PLAIN
    own = Environment(autoescape=html, keep_trailing_newline=True)
    expected = own.from_string(text.replace("{# note #}", "")).render(VALUES)
    pieces = checked(text)
    tokens = Tokens(pieces)
    assert render(environment.make(tree_of(pieces)), VALUES) == expected
    assert render(environment.make(tree_of_text(hidden(pieces, tokens), tokens)), VALUES) == expected


def test_templates_that_differ_in_their_words_alone_share_code_and_keep_their_words() -> None:
    english, japanese, other = (
        PLAIN.make(tree_of(checked(text))) for text in ("Dear {{ name }}!", "{{ name }} 様", "こんにちは、{{ name }}。")
    )
    assert [render(template, VALUES) for template in (english, japanese, other)] == [
        "Dear Ána & Co!", "Ána & Co 様", "こんにちは、Ána & Co。",
    ]  # fmt: skip
    codes = [template.root_render_func.__code__ for template in (english, japanese, other)]
    assert codes[0] is codes[2]
    assert codes[0] is not codes[1]


def test_what_stands_for_words_in_the_code_is_no_name_of_the_template() -> None:
    pieces = [replace(piece, text=piece.text.replace("name", "w_0")) for piece in checked("a {{ name }} b")]
    node = Name("w_0", "load", lineno=1)
    made = PLAIN.make(tree_of([replace(piece, code=node) if piece.code else piece for piece in pieces]))
    assert render(made, {"w_0": "own"}) == "a own b"
    with pytest.raises(RenderError, match="no value for 'w_0'"):
        render(made, {})


@pytest.mark.parametrize(
    ("link", "printed"),
    [
        ("https://www.example.com/?n={{ name }}", "https://www.example.com/?n=%C3%81na%20%26%20Co"),
        ("https://www.example.com/?n={{- 'a b' if agreed else name -}}&amp;x=1", "?n=a%20b&amp;x=1"),
        ("{{ organisation.website }}/{{ name|lower }}", "https://www.example.com/%C3%A1na%20%26%20co"),
        ("tel:{{ organisation.phone }}", "tel:+15550100"),
        ("mailto:a{{ name }}@example.com", "mailto:a%C3%81na%20%26%20Co@example.com"),
    ],
)
def test_values_in_links_are_encoded(link: str, printed: str) -> None:
    page = render(HTML.make(tree_of(checked(f'<a href="{link}">x</a>', LETTER))), VALUES)
    assert f'{printed}">x</a>' in page


def test_constants_are_written_in_and_leave_the_pieces_as_they_are() -> None:
    pieces = checked("{{ organisation.name ~ ' ' ~ name|default('-') }} {{ organisation.phone }}")
    for word in ("One", "Two"):
        constants = {"organisation": {"name": word, "phone": "1"}}
        values = {"name": "Anna", "organisation": {}}
        assert render(PLAIN.make(tree_of(pieces, constants)), values) == f"{word} Anna 1"


@pytest.mark.parametrize("lost", [(0,), (2,), (0, 2), (1,)])
def test_code_that_lost_its_condition_on_the_way_is_never_compiled(lost: tuple[int, ...]) -> None:
    tokens = Tokens(checked("{% if agreed %}{{ name }}{% endif %}{{ name }}"))
    text = "".join(tokens.word(number) for number in range(4) if number not in lost)
    if lost == (1,):
        assert render(PLAIN.make(tree_of_text(text, tokens)), VALUES) == "Ána & Co"
        return
    with pytest.raises(AssertionError):
        tree_of_text(text, tokens)


def test_branches_that_changed_places_are_never_compiled() -> None:
    tokens = Tokens(checked("{% if agreed %}a{% else %}{{ name }}{% endif %}{% if note %}b{% else %}c{% endif %}"))
    with pytest.raises(AssertionError):
        tree_of_text("".join(map(tokens.word, (0, 5, 2, 3, 4, 1, 6))), tokens)
