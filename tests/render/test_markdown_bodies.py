"""Simple bodies: one Markdown text that e-mail, letter and inbox lay out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import render_parts as t

from ccm.errors import TemplateError
from ccm.model.message import Rendered
from ccm.render import Renderer

HEAD = "---\nsubject: Your {{ rate }} news\npreheader: In short\n---\n"


def rendered(root: Path, body: str, channel: str = "inbox", language: str = "en", **data: object) -> Rendered:
    """What a body renders to on one channel."""
    t.write_workspace(root, channels="email, letter, inbox", languages=f"[{language}]",
                      extra={f"{language}/body.md": HEAD + body})  # fmt: skip
    workspace = t.load_workspace(root)
    renderer = Renderer(workspace, workspace.communications["notice"])
    return renderer.render(channel, t.context(workspace, language=language, data=data))


def page(root: Path, body: str, language: str = "en", **data: object) -> str:
    """The inbox page of a body, without the layout and without line ends."""
    html = rendered(root, body, "inbox", language, **data).html
    return re.sub(r"\s*\n\s*", "", html.split(">", 1)[1].removesuffix("</article>"))


def problems(root: Path, body: str) -> list[str]:
    with pytest.raises(TemplateError) as error:
        rendered(root, body)
    return [str(problem).removeprefix("templates/notice/en/") for problem in dict.fromkeys(error.value.problems)]


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("# Title\n\nDear **{{ name }}**, _hello_.",
         "<h1>Title</h1><p>Dear <strong>Anna</strong>, <em>hello</em>.</p>"),
        ("one  \ntwo\\\nthree", "<p>one<br>two<br>three</p>"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("a <3> b &amp;", "<p>a &lt;3&gt; b &amp;amp;</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'),
        ("> quoted", "<blockquote><p>quoted</p></blockquote>"),
        ("[go on](https://www.example.com/x?n={{ name }})!",
         '<p><a href="https://www.example.com/x?n=Anna">go on</a>!</p>'),
        ("[go on]({{ organisation.website }}/x)",
         '<p class="button"><a href="https://www.example.com/x">go on</a></p>'),
        ("**「重要」**なお知らせ", "<p><strong>「重要」</strong>なお知らせ</p>"),
        ("これは**重要。**次に", "<p>これは<strong>重要。</strong>次に</p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
    ],
)  # fmt: skip
def test_markdown_becomes_plain_markup(tmp_path: Path, body: str, html: str) -> None:
    assert page(tmp_path, body) == html


@pytest.mark.parametrize(("note", "html"), [("hi", "<p>a</p><p>hi</p><p>b</p>"), (None, "<p>a</p><p>b</p>")])
def test_a_line_of_code_parts_paragraphs_without_blank_lines(tmp_path: Path, note: str | None, html: str) -> None:
    assert page(tmp_path, "a\n{% if note %}\n{{ note }}\n{% endif %}\nb", note=note) == html


def test_items_between_lines_of_code_stay_one_list(tmp_path: Path) -> None:
    body = "- first\n{% for entry in entries %}\n- {{ entry.label }}\n{% endfor %}\n- last"
    body = "{% if entries %}\n" + body + "\n{% endif %}"
    assert page(tmp_path, body) == "<ul><li>first</li><li>one</li><li>two</li><li>last</li></ul>"


def test_rows_between_lines_of_code_stay_one_table(tmp_path: Path) -> None:
    body = "{% if entries %}\n| What | Much |\n|---|---:|\n{% for entry in entries %}\n"
    body += "| {{ entry.label }} | {{ entry.amount }} |\n{% endfor %}\n{% endif %}"
    assert page(tmp_path, body) == (
        '<table class="rows"><thead><tr><th scope="col">What</th><th scope="col" class="number">Much</th></tr></thead>'
        '<tbody><tr><td>one</td><td class="number">-¥5</td></tr><tr><td>two</td><td class="number">$7.00</td></tr>'
        "</tbody></table>"
    )


def test_a_table_without_headings_lists_facts_with_headed_rows(tmp_path: Path) -> None:
    assert page(tmp_path, "| | |\n|---|---|\n| Rate | {{ rate }} |") == (
        '<table class="facts"><tr><th scope="row">Rate</th><td>4.25%</td></tr></table>'
    )


@pytest.mark.parametrize("name", ["**bold**", "# head", "- item", "| a | b |", "[x](https://evil.test)", "`c`",
                                  "![i](x)", "<b>", "&amp;", "\\*", "1. one"])  # fmt: skip
def test_customer_data_are_never_read_as_markdown(tmp_path: Path, name: str) -> None:
    text = rendered(tmp_path, "{{ name }}\n\n- {{ name }}\n\n| | |\n|-|-|\n| {{ name }} | x |", name=name).text
    assert text.count(name) == 3
    assert "<strong>" not in page(tmp_path, "{{ name }}", name=name)


def test_one_body_serves_mail_letter_and_inbox(tmp_path: Path) -> None:
    body = (
        "# News\n\nDear {{ name }},\n\n| | |\n|-|-:|\n| Rate | {{ rate }} |\n\n[See it](https://www.example.com/r)\n\n"
    )
    body += "{{ wording.small_print }}"
    mail = rendered(tmp_path, body, "email")
    assert mail.subject == "Your 4.25% news"
    assert "Rate: 4.25%" in mail.text
    assert mail.links == ("https://www.example.com/r",)
    assert [use.id for use in mail.wording] == ["small-print"]
    letter = rendered(tmp_path, body, "letter")
    assert letter.subject == "Your 4.25% news"  # the title, where the body gives none
    assert "See it (https://www.example.com/r)" in letter.text  # paper has no links
    assert [use.id for use in letter.wording] == ["small-print"]
    assert rendered(tmp_path, body, "inbox").subject == mail.subject


def test_a_channels_own_file_goes_before_the_common_body(tmp_path: Path) -> None:
    own = "---\ntitle: Paper\n---\nOn paper, {{ name }}."
    t.write_workspace(tmp_path, channels="email, letter", extra={"en/body.md": HEAD + "Common.", "en/letter.md": own})
    workspace = t.load_workspace(tmp_path)
    renderer = Renderer(workspace, workspace.communications["notice"])
    assert renderer.render("letter", t.context(workspace)).text == "On paper, Anna."
    assert "Common." in renderer.render("email", t.context(workspace)).text


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("a\n\n{{ nmae }}", "body.md:7:4: 'nmae' is no known name; did you mean 'name'?"),
        ("a\n\nb [x](http://www.example.com/)", "link 'http://www.example.com/' must start with https://HOST/"),
        ("[x]({{ name }})", "a link's start must be written out"),
        (
            "[x](javascript:alert(1))",
            "body.md:5: '](' would be printed as it is: a link starts with https://, mailto: or tel:",
        ),
        ("![logo](logo.png)", "body.md:5: a picture cannot stand in a body"),
        ("```\ncode\n```", "body.md:5: a code block is not possible in a body"),
        ("a\n\n    indented", "body.md:7: an indented block (start the line further left) is not possible in a body"),
        ("#### deep", "body.md:5: a heading has one to three '#', and this has 4"),
        ("a\n#Title", "body.md:6: '#T' would be printed as it is: write a space behind it"),
        ("**open", "body.md:5: '**' would be printed as it is: it opens or closes nothing here"),
        ("a\n<b>bold</b>", "body.md:6: '<b>' would be printed as it is: a body holds no HTML; **words** are bold"),
        ("a<br/>b", "body.md:5: '<br/>' would be printed as it is"),
        ("<script src='x'>", "body.md:5: '<script src='x'>' would be printed as it is"),
        ("| a | b |\n|---|---|\n| <u>x</u> | 1 |", "'<u>' would be printed as it is"),
        ("{% if note %}\na", "body.md:5:1: 'if' is never closed with {% endif %}"),
        ("{{ name", "body.md:5:1: '{{' is never closed with '}}'"),
    ],
)
def test_mistakes_in_a_body_are_told_at_their_line(tmp_path: Path, body: str, problem: str) -> None:
    found = problems(tmp_path, body)
    assert any(problem in one for one in found), found
    assert len(found) <= 3  # once a channel at most


def test_two_files_for_one_channel_are_refused(tmp_path: Path) -> None:
    head = "---\nsubject: a\npreheader: b\n---\n"
    files = {"en/email.md": head + "x", "en/email.mjml": head + t.SECTION.format("x")}
    t.write_workspace(tmp_path, channels="email", extra=files)
    with pytest.raises(t.WorkspaceError, match=r"email has .*email\.md already"):
        t.load_workspace(tmp_path)
