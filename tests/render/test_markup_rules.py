"""What the markup of e-mails and letters may hold, and where code may stand in it."""

from __future__ import annotations

import re

import pytest
from jinja2.nodes import Template
from render_parts import LAYOUT

from ccm.errors import Problem
from ccm.render.compile import PLAIN, check_source
from ccm.render.dialects import HTML, MJML, Dialect
from ccm.render.language import Source
from ccm.render.mjml import compile_mjml
from ccm.render.mjml_child import MjmlError
from ccm.render.schema import BOOLEAN, ORGANISATION, TEXT, Type

NAMES = {
    "name": TEXT, "wide": TEXT, "agreed": BOOLEAN, "organisation": ORGANISATION,
    "wording": Type("object", fields={"notice": Type("wording")}),
    "rows": Type("list", item=Type("object", fields={"label": TEXT})),
}  # fmt: skip
COLUMN = "<mj-section><mj-column>{}</mj-column></mj-section>"
CELL = COLUMN.format("<mj-text>{}</mj-text>")
PNG = b"\x89PNG\r\n\x1a\n"
ASSETS = {"logo.svg": b"<svg/>", "logo.png": PNG, "photo.png": b"\xff\xd8\xff", "big.png": PNG + bytes(150_000)}


def problems_of(text: str, dialect: Dialect, *, layout: bool = False) -> list[Problem]:
    problems: list[Problem] = []
    check_source(Source("t", text), NAMES, problems, dialect, layout=layout, assets=ASSETS)
    return problems


@pytest.mark.parametrize(
    "text",
    [
        CELL.format('<p title="{{ name }}">{{ name }}<br/>a &lt; b</p>'),
        CELL.format("{% if agreed %}<p>a</p>{% else %}<p>b</p>{% endif %}"),
        COLUMN.format("<mj-table>{% for row in rows %}<tr><td>{{ row.label }}</td></tr>{% endfor %}</mj-table>"),
        COLUMN.format("{% if agreed %}<mj-text>a</mj-text>{% endif %}"),
        "{% if agreed %}" + CELL.format("x") + "{% endif %}",
        COLUMN.format('<mj-button href="https://www.example.com/a?b={{ name }}&amp;c=1">go</mj-button>'),
        CELL.format('<a href="{{ organisation.website }}">a</a><a href="{{ organisation.website }}/{{ name }}">b</a>'),
        CELL.format('<a href="mailto:a@example.com">a</a><a href="tel:{{ organisation.phone }}">b</a>'),
    ],
)
def test_plain_markup_passes(text: str) -> None:
    assert problems_of(text, MJML) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CELL.format("<div title={{ name }}>x</div>"), "its attribute values need quotes"),
        (CELL.format("<div title=x>y</div>"), "its attribute values need quotes"),
        (CELL.format('<div {{ name }}="x">y</div>'), "outside an attribute's value"),
        (CELL.format('<div title="{% if agreed %}a{% endif %}">y</div>'), "cannot stand inside an attribute"),
        (CELL.format('<div style="color:{{ name }}">y</div>'), "cannot stand in the attribute 'style'"),
        (CELL.format('<div style="background: url(https://a.test/)">y</div>'), "no url( )"),
        (CELL.format('<div onclick="x()">y</div>'), "attribute 'onclick' is not possible"),
        (CELL.format('<div title="{{ wording.notice }}">y</div>'), "wording cannot stand in an attribute"),
        (CELL.format("<script>x</script>"), "<script> is not possible"),
        (CELL.format('<img src="https://a.test/x.png">'), "is no file of templates/_brand; nothing else can be loaded"),
        (CELL.format("<svg></svg>"), "<svg> is not possible"),
        (CELL.format("<!-- {{ name }} -->"), "HTML comments would reach the customer"),
        (CELL.format('<a href="javascript:alert(1)">x</a>'), "must start with https://HOST/"),
        (CELL.format('<a href="JaVa&#115;cript:alert(1)">x</a>'), "must start with https://HOST/"),
        (CELL.format('<a href="http://a.test/">x</a>'), "must start with https://HOST/"),
        (CELL.format('<a href="https://{{ name }}/">x</a>'), "must start with https://HOST/"),
        (CELL.format('<a href="https://a.test{{ name }}">x</a>'), "must start with https://HOST/"),
        (CELL.format('<a href="https://a.test@evil.test/">x</a>'), "must start with https://HOST/"),
        (CELL.format('<a href="{{ name }}">x</a>'), "must be written out"),
        (CELL.format('<a href="{{ organisation.website }}{{ name }}">x</a>'), "goes on with /, ? or #"),
        (CELL.format('<a href="{{ organisation.website }}.evil.test/">x</a>'), "goes on with /, ? or #"),
        (CELL.format("{% if agreed %}<p>{% endif %}</p>"), "tags must be closed in the branch"),
        (CELL.format("{% if agreed %}<p>a{% else %}b</p>{% endif %}"), "tags must be closed in the branch"),
        (CELL.format("<p>a"), "</mj-text> does not fit: <p> of line 1 is open"),
        (CELL.format('a <div title="b'), "never closed"),
        (COLUMN.format("{{ name }}"), "{{ }} cannot stand directly in <mj-column>"),
        (COLUMN.format("words"), "text cannot stand directly in <mj-column>"),
        (COLUMN.format("<p>x</p>"), "<p> must stand in one of"),
        ("<mj-section>{% if agreed %}<mj-column></mj-column>{% endif %}</mj-section>", "whose widths are fixed before"),
        (
            "<mj-wrapper>{% if agreed %}" + CELL.format("x") + "{% endif %}</mj-wrapper>",
            "whose widths are fixed before",
        ),
        ('<mj-section><mj-column width="{{ wide }}"></mj-column></mj-section>', "computed before data are known"),
        (COLUMN.format('<mj-text font-size="{{ wide }}">x</mj-text>'), "computed before data are known"),
        (COLUMN.format('<mj-image src="https://a.test/{{ name }}" />'), "is no file of templates/_brand; nothing else"),
        ('<mj-include path="/etc/passwd" type="css"/>', "<mj-include> is not possible"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>", "a DOCTYPE is not possible here"),
        ("<?php x ?>", "a processing instruction is not possible"),
        (CELL.format("<div>" * 100 + "</div>" * 100), "nested more than 64 deep"),
        (CELL.format("<ccm-content/>"), "<ccm-content> is not possible"),
        ("<mj-section><mj-text>x</mj-text></mj-section>", "<mj-text> stands in <mj-column>, not in <mj-section>"),
        ("<MJ-SECTION></MJ-SECTION>", "in small letters"),
        (CELL.format("<mj-text>x</mj-text>"), "<mj-text> cannot stand in <mj-text>"),
    ],
)
def test_markup_that_could_break_out_is_refused(text: str, message: str) -> None:
    assert any(message in problem.message for problem in problems_of(text, MJML)), problems_of(text, MJML)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<style>p { color: {{ name }} }</style>", "code cannot stand in a style sheet"),
        ('<link rel="attachment" href="file:///etc/passwd">', "<link> is not possible in letter templates"),
        ('<img src="file:///etc/hostname" alt="">', "no file of templates/_brand"),
        ('<object data="file:///etc/passwd"></object>', "<object> is not possible"),
        ('<table background="x"><tr><td>y</td></tr></table>', "'background' is not possible"),
        ("<div>" * 60 + "</div>" * 60, "nested more than 32 deep"),
    ],
)
def test_letters_load_nothing_and_nest_little(text: str, message: str) -> None:
    assert any(message in problem.message for problem in problems_of(text, HTML))
    assert problems_of('<img src="logo.svg" alt=""><p>{{ name }}</p>', HTML) == []


def test_problem_names_the_line_and_column_of_the_code_it_is_about() -> None:
    text = COLUMN.format("\n<mj-text>{{ name }} <b\n title={{ name }}>x</b></mj-text>\n")
    assert [(problem.line, problem.column) for problem in problems_of(text, MJML)] == [(3, 8)]


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (LAYOUT.replace("<ccm-content/>", ""), "exactly once, and this one 0 times"),
        (LAYOUT.replace("<ccm-content/>", "<ccm-content/><ccm-content/>"), "exactly once, and this one 2 times"),
        (LAYOUT.replace("<ccm-content/>", "{% if agreed %}<ccm-content/>{% endif %}"), "must stand by itself"),
        (LAYOUT.replace("<ccm-content/>", CELL.format("<ccm-content/>")), "must stand by itself in <mj-body>"),
        (LAYOUT.replace(".a { color: red }", ".a { color: {{ name }} }"), "code cannot stand in a style sheet"),
        (LAYOUT.replace(".a {", "@import 'https://a.test/'; .a {"), "@import"),
    ],
)
def test_layout_holds_its_marker_once_by_itself(layout: str, message: str) -> None:
    assert any(message in problem.message for problem in problems_of(layout, MJML, layout=True))
    assert problems_of(LAYOUT, MJML, layout=True) == []


def test_mjml_compiler_that_crashes_takes_only_its_own_process_down() -> None:
    nested = "<mj-text>" + "<div>" * 30_000 + "</div>" * 30_000 + "</mj-text>"
    with pytest.raises(MjmlError, match=r"ended with status|MJML"):
        compile_mjml("<mjml><mj-body>" + COLUMN.format(nested) + "</mj-body></mjml>")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('<a href="javascript:alert(1)">x</a>', "javascript:"),
        ('<a href="JavaScript : alert(1)">x</a>', "JavaScript :"),
        ('<a href="java\u017fcript:alert(1)">x</a>', "java\u017fcript:"),
        ('<a href="javascr\u0131pt:alert(1)">x</a>', "javascr\u0131pt:"),
        ('<a href="VBScript:x">x</a>', "VBScript:"),
        ('<a href="data:text/html,x">暮らし</a>', "data:text"),
        ("<IFRAME></IFRAME>", "<IFRAME"),
        ("<svg></svg>", "<svg"),
        ("<link />", "<link"),
        ('<p style="background:URL (x)">x</p>', "URL ("),
        ("<style>@Import 'x';</style>", "@Import"),
        ('<img alt="" src="https://www.example.com/x.png" />', " src="),
        ('<table BACKGROUND="x"></table>', " BACKGROUND="),
    ],
)
def test_active_content_is_refused_in_the_compiled_page_too(content: str, found: str) -> None:
    with pytest.raises(MjmlError, match=re.escape(f"would hold '{found}")):
        compile_mjml(f"<mjml><mj-body>{CELL.format(content)}</mj-body></mjml>")


def test_language_environment_has_no_globals() -> None:
    assert (PLAIN.globals, isinstance(PLAIN.parse("x"), Template)) == ({}, True)
