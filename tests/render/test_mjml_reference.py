"""Our e-mails have the structure that the reference MJML implementation gives them.

The corpus holds every element of the dialect and the shipped e-mails; tools/mjml_reference.sh wrote the pages
beside it with npm's mjml. Compared is what a mail program shows, once as Outlook's Word engine reads it and once
as the others do.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mail_tree import seen

from ccm.errors import Problem
from ccm.render.compile import check_source
from ccm.render.dialects import MJML, MJML_PARENTS
from ccm.render.language import Source
from ccm.render.mjml import compile_mjml

CORPUS = Path(__file__).parent / "mjml_corpus"
DOCUMENTS = sorted(file.stem for file in CORPUS.glob("*.mjml"))
ACCEPTED = (
    # An attribute that HTML does not have, beside the style and valign that say the same.
    (re.compile(r"(<td>.*) vertical-align=\w+"), r"\1"),
    # `body` has word-spacing, and a child takes it from there.
    (re.compile(r"^( *<div> aria-label.*?)(;|style=)word-spacing:normal"), r"\1"),
    # The class of mj-body stands on <body> there and on the <div> in it here; the layout's rules name both.
    (re.compile(r"^( *<(?:body|div>.* aria-roledescription=email)>?.*?) class=page"), r"\1"),
    # A third of the width: 33.333332% here, 33.333333333333336% there; Outlook's 213.333px is 213px there.
    (re.compile(r"(\d+)([.-])(\d)\d+"), r"\1\2\3"),
    (re.compile(r"(?<=vertical-align:)(\w+;width:\d+)(?:\.\d)px"), r"\1px"),
    # The unit in an attribute that takes pixels anyway.
    (re.compile(r"( width=\d+)px"), r"\1"),
)
"""What differs and is seen by nobody: pattern and replacement, applied to the lines of both."""


def lines(html: str, *, outlook: bool) -> list[str]:
    found = []
    for line in seen(html, outlook=outlook):
        for pattern, replacement in ACCEPTED:
            line = pattern.sub(replacement, line)
        if ".mj-column-" in line:
            # One rule for each width of column, in another order.
            line = " ".join(sorted(re.findall(r"\.mj-column[^}]*", line)))
        found.append(line.rstrip())
    text = "\n".join(found)
    # Several mj-style are one <style> there and one each here.
    return re.sub(r"\n *<style> type=text/css\n( *)(?=\.second)", "", text).replace("}.second", "}.second").split("\n")


@pytest.mark.parametrize("outlook", [False, True], ids=["others", "outlook"])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_compiled_page_is_that_of_the_reference_implementation(document: str, outlook: bool) -> None:
    ours = compile_mjml((CORPUS / f"{document}.mjml").read_text(encoding="utf-8"))
    reference = (CORPUS / f"{document}.html").read_text(encoding="utf-8")
    assert lines(ours, outlook=outlook) == lines(reference, outlook=outlook)


def test_corpus_holds_every_element_of_the_dialect_in_both_languages() -> None:
    texts = [file.read_text(encoding="utf-8") for file in CORPUS.glob("*.mjml")]
    used = {tag for text in texts for tag in re.findall(r"<([a-z][a-z0-9-]*)", text)}
    assert MJML.tags - used == set()
    assert MJML_PARENTS.keys() <= used
    for name in ("payment-received", "quarterly-statement", "savings-offer"):
        assert {f"{name}-en", f"{name}-ja"} <= set(DOCUMENTS)


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ('<mj-button width="200px" border="1px solid #000000">x</mj-button>', "make the button too wide"),
        ('<mj-button title="x">x</mj-button>', "'title' would not reach the e-mail"),
        ('<mj-divider width="50%" />', "a width in % is not the same in Outlook; write it in px"),
        ("<mj-button href='https://x.example/\"onmouseover=\"go()'>x</mj-button>", "write &quot; for the \" in 'href'"),
        ("<mj-text css-class='a\" style=\"display:none'>x</mj-text>", "write &quot; for the \" in 'css-class'"),
        ("<mj-button font-family='\"Helvetica Neue\"'>x</mj-button>", "write &quot; for the \" in 'font-family'"),
    ],
)
def test_what_would_be_drawn_otherwise_is_refused(tag: str, message: str) -> None:
    assert any(message in text for text in problems(f"<mj-section><mj-column>{tag}</mj-column></mj-section>"))


def test_a_quotation_mark_written_as_a_reference_stays_one() -> None:
    button = '<mj-button href="https://x.example/?q=&quot;sky&quot;">x</mj-button>'
    page = compile_mjml(f"<mjml><mj-body><mj-section><mj-column>{button}</mj-column></mj-section></mj-body></mjml>")
    assert 'href="https://x.example/?q=&quot;sky&quot;"' in page


def test_inner_border_is_refused_and_its_radius_is_not() -> None:
    column = '<mj-section><mj-column inner-{}="1px"></mj-column></mj-section>'
    assert any("'inner-border' makes what stands in it too wide" in text for text in problems(column.format("border")))
    assert problems(column.format("border-radius")) == []


def test_button_without_background_has_none_in_outlook_either() -> None:
    page = compile_mjml("<mjml><mj-body><mj-section><mj-column><mj-button background-color='none'>x</mj-button>"
                        "</mj-column></mj-section></mj-body></mjml>")  # fmt: skip
    assert "bgcolor=" not in page


def problems(text: str) -> list[str]:
    found: list[Problem] = []
    check_source(Source("t", text), {}, found, MJML)
    return [problem.message for problem in found]
