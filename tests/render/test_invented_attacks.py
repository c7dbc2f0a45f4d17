"""Hostile templates of our own making: more tricks of the kind that the shared list has."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import nodes
from language_parts import NAMES, problems_in
from render_parts import LAYOUT, SECTION, compiled, context, load, sms

from ccm.errors import RenderError, TemplateError
from ccm.render import Renderer
from ccm.render.compile import HTML as HTML_ENVIRONMENT
from ccm.render.compile import PLAIN
from ccm.render.dialects import HTML, MJML

COLUMN = "<mj-section><mj-column>{}</mj-column></mj-section>"
JINJA_FILTERS = sorted(
    {
        "abs", "attr", "batch", "capitalize", "center", "dictsort", "e", "escape", "filesizeformat", "first", "float",
        "forceescape", "format", "groupby", "indent", "int", "items", "last", "list", "map", "max", "min", "pprint",
        "random", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice",
        "sort", "string", "striptags", "sum", "title", "tojson", "unique", "urlencode", "urlize", "wordcount",
        "wordwrap", "xmlattr", "_money", "_decimal", "_url", "_tel", "_t", "_plural",
    }
)  # fmt: skip
JINJA_TESTS = (
    "boolean", "callable", "divisibleby", "eq", "escaped", "false", "filter", "float", "ge", "gt", "in", "integer",
    "iterable", "le", "lower", "lt", "mapping", "ne", "number", "sameas", "sequence", "string", "test", "true",
    "undefined", "upper",
)  # fmt: skip
TEXTS = {
    "dunder through a field": "{{ name.__class__ }}",
    "dunder through a loop": "{% for r in rows %}{{ r.__class__.__mro__ }}{% endfor %}",
    "dunder of the loop": "{% for r in rows %}{{ loop.__init__ }}{% endfor %}",
    "loop changed": "{% for r in rows %}{{ loop.changed(r) }}{% endfor %}",
    "loop recursion": "{% for r in rows recursive %}{{ loop(r.parts) }}{% endfor %}",
    "loop with a filter": "{% for r in rows if r.label %}{{ r.label }}{% endfor %}",
    "loop that unpacks": "{% for a, b in rows %}{{ a }}{% endfor %}",
    "loop over a text": "{% for c in name %}{{ c }}{% endfor %}",
    "loop over literals": "{% for n in [1, 2, 3] %}{{ n }}{% endfor %}",
    "loops that multiply": "{% for a in rows %}{% for b in rows %}{{ b.label }}{% endfor %}{% endfor %}",
    "loop name of the engine": "{% for _f in rows %}{{ _f.label }}{% endfor %}",
    "loop name of the blank": "{% for _ in rows %}{{ _.label }}{% endfor %}",
    "engine's own names": "{{ _f }}{{ _subject }}",
    "the environment": "{{ self }}{{ environment }}{{ context }}",
    "namespace": "{% set ns = namespace(a=1) %}{{ ns.a }}",
    "call block": "{% call name() %}x{% endcall %}",
    "filter block": "{% filter upper %}x{% endfilter %}",
    "block and super": "{% block a %}{{ super() }}{% endblock %}",
    "do": "{% do rows.append(1) %}",
    "trans": "{% trans %}x{% endtrans %}",
    "debug": "{% debug %}",
    "break": "{% for r in rows %}{% break %}{% endfor %}",
    "import of a file": "{% from '_brand/letter.html' import x %}",
    "print statement": "{% print name %}",
    "nested raw": "{%- raw -%}{{ nme }}{%- endraw -%}",
    "bidi by a string escape": r"{{ '\u202e54321' }}",
    "bidi by a character's name": r"{{ '\N{RIGHT-TO-LEFT OVERRIDE}' }}",
    "half surrogate by a string escape": r"{{ '\ud83d' }}",
    "zero byte by a string escape": r"{{ '\x00' }}",
    "zero width in a default": r"{{ note|default('\u200b') }}",
    "bad string escape": r"{{ '\x' }}",
    "bidi isolate": "Pay \u2066 54321 \u2069",
    "zero width joiner": "pass\u200dword",
    "word joiner in code": "{{ na\u2060me }}",
    "tag characters": "hello\U000e0041\U000e0042",
    "soft hyphen in a host": "https://exam\u00adple.com",
    "byte order mark": "\ufeffDear",
    "line separator": "a\u2028b",
    "half surrogate": "a\ud800b",
    "homoglyph name": "{{ \u0441ustomer.id }}",
    "homoglyph field": "{{ customer.\u0456d }}",
    "full-width name": "{{ ｎａｍｅ }}",
    "huge integer": "{{ " + "9" * 5000 + " }}",
    "huge float": "{{ 1e999 }}",
    "huge float in a comparison": "{% if number > 1e400 %}x{% endif %}",
    "huge power": "{{ 9 ** 9 ** 9 }}",
    "huge shift by multiplication": "{{ 'a' * 999999999 }}",
    "huge range": "{% for i in range(999999999) %}x{% endfor %}",
    "huge truncate": "{{ name|truncate(999999999) }}",
    "huge decimals": "{{ rate|percent(999999999) }}",
    "negative truncate": "{{ name|truncate(-1) }}",
    "join of a text": "{{ ''|join }}",
    "join of rows": "{{ rows|join(', ') }}",
    "join by an attribute": "{{ rows|join(', ', attribute='label') }}",
    "deep or": "{% if " + " or ".join(["agreed"] * 200) + " %}x{% endif %}",
    "deep not": "{% if " + "not " * 300 + "agreed %}x{% endif %}",
    "deep joins": "{{ " + " ~ ".join(["name"] * 200) + " }}",
    "deep filters": "{{ name" + "|upper" * 200 + " }}",
    "deep choices": "{{ " + "name if agreed else " * 60 + "name }}",
    "deep fields": "{{ name" + ".a" * 500 + " }}",
    "deep elif": "{% if agreed %}" + "{% if agreed %}" * 40 + "{% endif %}" * 41,
    "deep brackets of the wrong kind": "{{ " + "[" * 100 + "]" * 100 + " }}",
    "never closed many times": "{{ " * 150,
    "blocks that never open": "{% endif %}" * 300,
    "comment that never closes": "{# " * 50,
    "strings that never close": "{{ ' }}" * 99,
    "dictionary": "{{ {'a': name}['a'] }}",
    "keyword arguments": "{{ name|upper(**customer) }}",
    "star arguments": "{{ name|truncate(*rows) }}",
    "slices": "{{ name[0:5] }}{{ name[::-1] }}",
    "name as subscript": "{{ customer[name] }}",
    "tests with arguments": "{% if number is divisibleby 3 %}x{% endif %}",
    "wording in a condition": "{% if wording.fee_notice %}x{% endif %}",
    "wording through a filter": "{{ wording.fee_notice|default('') }}",
    "assignment by walrus": "{{ (x := name) }}",
    "lambda": "{{ lambda: name }}",
    "await": "{{ await name }}",
    "f-string": "{{ f'{name}' }}",
    "plural that repeats a form": "{{ number|plural(one='#', one='#', other='#') }}",
    "plural with a form called self": "{{ number|plural(self='#', one='#', other='#') }}",
    "plural with a form that is no text": "{{ number|plural(one=[1], other={}) }}",
}  # fmt: skip
MARKUP = {
    "script": "<script>alert(1)</script>",
    "script split by a note": "<scr{# #}ipt>alert(1)</scr{# #}ipt>",
    "end of a script": "</script><p>x</p>",
    "code in a tag's name": "<{{ name }}>x</{{ name }}>",
    "code in part of a tag's name": "<h{{ number }}>x</h{{ number }}>",
    "code in an end tag alone": "x</{{ name }}>",
    "code in an attribute's name": '<p {{ name }}="x">y</p>',
    "code without quotes": "<p title={{ name }}>x</p>",
    "code in a handler": '<p onclick="{{ name }}">x</p>',
    "code in an id": '<p id="{{ name }}">x</p>',
    "condition around an attribute": '<p {% if agreed %}title="x"{% endif %}>y</p>',
    "condition inside of an attribute": '<p title="{% if agreed %}x{% endif %}">y</p>',
    "tag that one branch opens": "{% if agreed %}<b>{% endif %}x</b>",
    "tag that one branch closes": "<b>{% if agreed %}</b>{% endif %}x",
    "quote that one branch closes": '<p title="{% if agreed %}">x{% else %}">y{% endif %}</p>',
    "tag across a loop": "{% for r in rows %}<b>{% endfor %}</b>",
    "CDATA": "<![CDATA[ {{ name }} ]]>",
    "processing instruction": "<?php echo 1 ?>",
    "XML declaration": "<?xml version='1.0'?>",
    "entity declaration": "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    "conditional comment": "<!--[if mso]><p>x</p><![endif]-->",
    "comment that never closes": "<!-- {{ name }}",
    "tag that never closes": '<p title="x',
    "bidi by an entity": "<p>&#8238;54321&#x202c;</p>",
    "bidi by a named entity": "<p>&rlm;x&lrm;</p>",
    "zero width by an entity": "<p>pass&#8203;word</p>",
    "bidi by an entity in an attribute": '<p title="&#x202e;x">y</p>',
    "script link by entities": '<a href="&#106;avascript&colon;alert(1)">x</a>',
    "script link with a tab": '<a href="java&Tab;script:alert(1)">x</a>',
    "data link": '<a href="data:text/html,x">x</a>',
    "link without a scheme": '<a href="//evil.test/x">x</a>',
    "link with a user": '<a href="https://bank.test@evil.test/">x</a>',
    "link with a backslash": '<a href="https:\\\\evil.test/">x</a>',
    "host by code": '<a href="https://{{ name }}.evil.test/">x</a>',
    "base": '<base href="https://evil.test/">',
    "form": '<form action="https://evil.test/"><input></form>',
    "frame": '<iframe src="https://evil.test/"></iframe>',
    "picture from elsewhere": '<img src="https://evil.test/x.png" alt="x">',
    "picture set": '<img src="logo.svg" srcset="https://evil.test/x.png 1x" alt="x">',
    "refresh": '<meta http-equiv="refresh" content="0;url=https://evil.test/">',
    "vector picture": "<svg><script>x</script></svg>",
    "formula": "<math><mtext></mtext></math>",
    "template element": "<template><script>x</script></template>",
    "second attribute": '<a href="https://a.example/" href="https://evil.test/">x</a>',
    "upper case": "<SCRIPT>x</SCRIPT>",
    "text hidden by a style": '<p style="font-size:0;color:#fff">APR 39.9%</p>',
    "text hidden by display": '<p style="DISPLAY : none">APR 39.9%</p>',
    "text hidden by opacity": '<p style="color:red;opacity:0.0">APR 39.9%</p>',
    "style that loads": '<p style="background:u\\72l(https://evil.test/)">x</p>',
    "style element": "<style>@import 'https://evil.test/x.css';</style>",
    "depth": "<div>" * 200 + "x" + "</div>" * 200,
}
TAGS = {
    "include": '<mj-include path="/etc/passwd"/>',
    "include as text": '<mj-include path="x.html" type="html"/>',
    "attributes of HTML": '<mj-html-attributes><mj-selector path="p"></mj-selector></mj-html-attributes>',
    "raw with a script": "<mj-raw><script>x</script></mj-raw>",
    "raw that breaks out": "<mj-raw></td></tr></mj-raw>",
    "raw with a comment": "<mj-raw><!-- x --></mj-raw>",
    "style in the body": "<mj-style>p { color: red }</mj-style>",
    "inline style": '<mj-style inline="inline">p { color: red }</mj-style>',
    "font from elsewhere": '<mj-font name="x" href="https://evil.test/x.css"/>',
    "background from elsewhere": '<mj-text background-url="https://evil.test/x.png">x</mj-text>',
    "width by code": '<mj-text width="{{ number }}px">x</mj-text>',
    "text hidden by its size": '<mj-text font-size="0px">APR 39.9%</mj-text>',
    "section inside of a text": "<mj-text><mj-section>x</mj-section></mj-text>",
    "head in the body": "<mj-head><mj-title>x</mj-title></mj-head>",
    "entity of a tag": "<mj-text>x</mj-text>&lt;mj-include/&gt;",
    "social, carousel, hero": "<mj-carousel></mj-carousel>",
}


@pytest.mark.parametrize("name", [*TEXTS])
def test_hostile_text_is_refused_with_a_place_and_in_plain_words(name: str) -> None:
    found = problems_in(TEXTS[name])
    assert found
    assert len(found) <= 300
    assert all(problem.startswith("t:") and problem.split(":")[1].isdigit() for problem in found)
    assert not any("Traceback" in problem or "\u202e" in problem or len(problem) > 700 for problem in found)


@pytest.mark.parametrize("name", JINJA_FILTERS)
def test_filter_of_jinja_or_of_the_engine_that_the_language_lacks_is_refused(name: str) -> None:
    assert any(
        f"filter '{name}' is not part of the template language" in problem
        for problem in problems_in(f"{{{{ name|{name} }}}}")
    )


@pytest.mark.parametrize("name", JINJA_TESTS)
def test_test_of_jinja_that_the_language_lacks_is_refused(name: str) -> None:
    assert problems_in(f"{{% if name is {name} %}}x{{% endif %}}")


@pytest.mark.parametrize("name", [*MARKUP])
def test_hostile_markup_is_refused_in_letters_and_emails(name: str) -> None:
    assert problems_in(MARKUP[name], "en", HTML)
    assert problems_in(COLUMN.format(f"<mj-text>{MARKUP[name]}</mj-text>"), "en", MJML)


@pytest.mark.parametrize("name", [*TAGS])
def test_hostile_mjml_is_refused(name: str) -> None:
    assert problems_in(COLUMN.format(TAGS[name]), "en", MJML)


def test_every_hostile_text_is_refused_through_the_real_compiler_too(tmp_path: Path) -> None:
    for number, name in enumerate(["dunder through a loop", "bidi by a string escape", "huge integer", "namespace"]):
        with pytest.raises(TemplateError):
            compiled(tmp_path / str(number), sms=TEXTS[name].replace("rows", "entries"))


def test_line_statements_and_other_delimiters_are_only_text(tmp_path: Path) -> None:
    text = "# for r in rows\n## x\n% if name\n<% name %> <?= name ?> ${ } @{x} \\u202e &#8238;"
    assert sms(tmp_path, text) == text


def test_white_space_control_changes_white_space_only(tmp_path: Path) -> None:
    assert sms(tmp_path, "a {{- name -}} b {%- if agreed -%} c {%- endif +%} d {#- x -#} e") == "aAnnabcd e".replace(
        "d e", " de"
    )


def test_literal_backslashes_and_quotes_print_as_written(tmp_path: Path) -> None:
    assert sms(tmp_path, """{{ "it's" }} {{ 'say "x"' }}""") == """it's say "x\""""


def test_decimal_literal_is_exactly_what_was_written(tmp_path: Path) -> None:
    text = "{{ 0.1 }}{% if rate == 0.0425 %} equal{% endif %}{% if rate in [0.0425, 1] %} in{% endif %}"
    assert sms(tmp_path, text) == "0.1 equal in"


def test_value_that_looks_like_code_or_a_placeholder_is_printed_as_it_is(tmp_path: Path) -> None:
    for value in ("{% if x %}", "{name}", "#", "{{ name }}", "&rlm;", "%customer.id%", "</script>", "'\"`\\"):
        assert sms(tmp_path, "{{ name }}", data={"name": value}) == value


def test_value_cannot_leave_its_attribute_or_heading(tmp_path: Path) -> None:
    heading = '<h1 title="{{ name }}">{{ name }}</h1>'
    workspace = load(tmp_path, email=SECTION.format(heading), layout=LAYOUT)
    value = '"><script>alert(1)</script><h1 x="'
    page = Renderer(workspace, workspace.communications["notice"]).render(
        "email", context(workspace, data={"name": value})
    )
    assert page.html.count("<script") == 0
    assert page.html.count("<h1 ") == 1


@pytest.mark.parametrize(
    "text",
    [
        "{{ name|upper }}" * 200,
        ("{{ " + " ~ ".join(["name"] * 40) + " }}") * 8,
        "x" * 150_000,
    ],
)  # fmt: skip
def test_output_has_a_limit_whatever_makes_it_grow(tmp_path: Path, text: str) -> None:
    entry = {"label": "x", "amount": "1", "currency": "USD", "parts": []}
    text = "{% if entries %}{% for e in entries %}" + text + "{% endfor %}{% endif %}"
    with pytest.raises(RenderError, match="too_large"):
        sms(tmp_path, text, data={"name": "ß" * 400, "entries": [entry] * 50})


def test_environment_can_reach_nothing_but_its_own_filters_and_tests() -> None:
    for environment in (PLAIN, HTML_ENVIRONMENT):
        assert environment.globals == {}
        assert all(name.startswith("_") for name in environment.filters)
        assert set(environment.tests) == {"defined", "none", "even", "odd"}
        assert environment.extensions == {}
    assert all(kind.kind != "unknown" for kind in NAMES.values())


@pytest.mark.parametrize("name", ["open", "eval", "__import__", "getattr", "print", "type"])
def test_compiled_code_reaches_none_of_python_s_own_functions(name: str) -> None:
    # No checked template names one; the compiled code would not find it either.
    tree = nodes.Template([nodes.Output([nodes.Name("name", "load", lineno=1)], lineno=1)], lineno=1)
    reached = PLAIN.make(tree).root_render_func.__globals__["__builtins__"]
    assert "str" in reached
    assert name not in reached


def test_file_full_of_mistakes_is_told_about_up_to_a_number() -> None:
    found = problems_in("{{ nme }}\n" * 300)
    assert len(found) == 201
    assert found[0] == "t:1: has 100 problems more; they are told once these are mended"
