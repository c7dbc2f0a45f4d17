"""Mistakes that people make who know no code, in English and in Japanese, and what they are told.

`ccm check` reads the whole workspace once for each group of mistakes: those of files, those of templates, and those
that only show in what comes out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from support import copy_workspace, keep_only

from ccm.errors import Problem
from ccm.pipeline.check import check_workspace

AT = datetime(2026, 4, 1, tzinfo=UTC)
FOLDER = "templates/payment-received"
HEAD = {
    "en": '---\nsubject: "You received {{ payment.amount }}"\npreheader: "The money is in your account."\n---\n',
    "ja": '---\nsubject: "ご入金のお知らせ（{{ payment.amount }}）"\npreheader: "口座に入金されました。"\n---\n',
}
TEMPLATE = {
    "a misspelt field": ("{{ payment.amuont }}", "did you mean 'amount'?"),
    "a misspelt name": ("{{ custmer.addressee }}", "did you mean 'customer'?"),
    "a field that may be missing": ("{{ payment.reference }}", "may be missing: put it in {% if payment.reference %}"),
    "a misspelt filter": ("{{ payment.received_on|dat('long') }}", "did you mean 'date'?"),
    "a style that a date does not have": ("{{ payment.received_on|date('longg') }}", "'long'"),
    "a filter for another type": ("{{ payment.payer|money }}", "takes"),
    "a whole object": ("{{ payment }}", "cannot be printed"),
    "a call": ("{{ payment.payer.upper() }}", "not part of the template language"),
    "arithmetic": ("{{ payment.amount + 1 }}", "not part of the template language"),
    "wording that does not exist": ("{{ wording.fee_notce }}", "wording"),
    "single braces": ("{payment.amount}", "{{ payment.amount }}"),
    "full-width braces": ("｛｛ payment.amount ｝｝", "{{"),
    "an include": ("{% include 'x' %}", "not part of the template language"),
    "an assignment": ("{% set x = 1 %}", "not part of the template language"),
    "an invisible character": ("A\u200bB", "cannot be seen"),
    "a plural without its forms": ("{{ payment.payer|length|plural(one='#') }}", "other"),
    "a link without https": ("[x](http://www.hinokibank.example/)", "https://"),
    "a link that is a value": ("[x]({{ payment.payer }})", "a link's start must be written out"),
    "a picture": ("![x](logo.png)", "a picture cannot stand in a body"),
    "a code block": ("```\nx\n```", "a code block is not possible"),
    "bold that never ends": ("**x", "opens or closes nothing"),
    "a title without a space": ("#Title", "write a space behind it"),
    "too many honorifics": ("{{ customer.addressee }} 様", "様"),
}
"""Mistakes in a body, each in a paragraph of its own, and words of what is told."""
RENDERED = {
    "en": {
        "RD02": "This sentence goes on and on and on with one more clause after the other until nobody who reads it at "
        "home in the evening can still remember what it wanted to say at its beginning.",
        "WD01": "The remittance was credited to your nostro account.",
        "WD03": "It is not unlikely that this is not impossible.",
        "LK02": "To see it, [click here](https://www.hinokibank.example/accounts).",
        "TY01": "Well done 🎉",
        "TY02": "DO THIS RIGHT NOW PLEASE.",
        "TY03": "You have the money!!!",
        "TY04": "The money is there .",
        "TY07": "The the money is there.",
        "PB03": "TODO: ask legal about this sentence.",
        "PB01": "Yours, Mika Aoyama",
    },
    "ja": {
        "RD03": "この文はとても長くて読み終わるまでに何を言いたかったのかを忘れてしまうような文でありまして、"
        "さらに続きがあってなかなか終わらないので、お客さまは途中で読むのをおやめになってしまうかもしれないという文です。",
        "WD01": "仕向送金の起票を行いました。",
        "WD03": "お受けできないわけではありません。",
        "TN04": "本日が期限である。",
        "TN05": "担当者がおっしゃられました。",
        "LK02": "確認は[こちら](https://www.hinokibank.example/accounts)。",
        "TY01": "おめでとうございます🎉",
        "TY03": "入金されました！！！",
        "TY05": "入金されました.ご確認ください,",
        "PB03": "ここに文章が入ります。TODO",
        "PB01": "担当 Mika Aoyama",
    },
}
"""Code of the remark to a paragraph that deserves it."""
FILES = {
    "front matter left out": ("{}/body.md", "Hello.\n", "front matter 'subject' is missing"),
    "a misspelt name in front matter": ("{}/inbox.md", "---\nsubjct: x\n---\ny", "front matter 'subjct' is none of"),
    "an unknown file": ("{}/mail.md", "x", "is no template of this communication; it takes"),
    "a push without its words": ("{}/push.yaml", "title: x\n", "'body' is missing"),
    "a number where words belong": ("{}/push.yaml", "title: x\nbody: 5\n", "must be text; put it in quotes"),
    "a broken string": ("{}/push.yaml", 'title: "x\nbody: y\n', "push.yaml:"),
    "an empty file in another character set": ("{}/sms.txt", "\udcff", "not UTF-8"),
    "a template of a variant nobody declared": ("{}/sms@b.txt", "x", "'b' is no variant"),
}


@cache
def _workspace() -> Path:
    root = copy_workspace(Path(mkdtemp(prefix="ccm-mistakes-")) / "bank")
    keep_only(root, "payment-received")
    policy = root / "channels/policy.yaml"
    policy.write_text(policy.read_text().replace("[offers]", "[payments]"))
    communication = root / FOLDER / "communication.yaml"
    channels = "channels: [sms, email, push, inbox]"
    text = communication.read_text()
    start = text.index("channels:")
    communication.write_text(text[:start] + channels + text[text.index("\n", start) :])
    for file in (root / FOLDER).glob("*/*"):
        if file.parent.name in HEAD and file.name not in ("sms.txt", "push.yaml"):
            file.unlink()
    return root


def check(files: dict[str, str]) -> list[Problem]:
    """Everything that is told of the workspace with these files of the communication."""
    root = _workspace()
    before = {}
    bodies = {f"{language}/body.md": head + "Hello." for language, head in HEAD.items()}
    for name, text in {**bodies, **files}.items():
        file = root / FOLDER / name
        before[file] = file.read_bytes() if file.exists() else None
        file.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    try:
        found = check_workspace(root, lambda: AT, AT, processes=1)
    finally:
        for file, content in before.items():
            if content is None:
                file.unlink()
            else:
                file.write_bytes(content)
    return [*found.errors, *found.warnings, *found.advice]


@cache
def of_templates(language: str) -> tuple[str, list[Problem]]:
    body = HEAD[language] + "\n\n".join(text for text, _ in TEMPLATE.values()) + "\n"
    return body, check({f"{language}/body.md": body})


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("mistake", TEMPLATE)
def test_a_mistake_in_a_template_is_told_at_its_line(mistake: str, language: str) -> None:
    text, told = TEMPLATE[mistake]
    body, problems = of_templates(language)
    line = body[: body.index(text)].count("\n") + 1
    here = [problem for problem in problems if problem.path.endswith(f"{language}/body.md") and problem.line == line]
    assert any(told in problem.message for problem in here), (mistake, line, [str(problem) for problem in problems])


@cache
def of_messages(language: str) -> tuple[str, list[Problem]]:
    body = HEAD[language] + "\n\n".join(RENDERED[language].values()) + "\n"
    return body, check({f"{language}/body.md": body})


@pytest.mark.parametrize(
    ("language", "code"), [(language, code) for language, told in RENDERED.items() for code in told]
)
def test_words_that_serve_nobody_are_told_at_their_line(language: str, code: str) -> None:
    text = RENDERED[language][code]
    body, problems = of_messages(language)
    line = body[: body.index(text)].count("\n") + 1
    assert any(
        problem.code == code and problem.line == line and problem.path.endswith(f"{language}/body.md")
        for problem in problems
    ), (code, line, [str(problem) for problem in problems])


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("mistake", FILES)
def test_a_mistake_in_a_file_is_told_with_what_would_be_right(mistake: str, language: str) -> None:
    name, text, told = FILES[mistake]
    problems = check({name.format(language): text})
    assert any(told in str(problem) and language in problem.path for problem in problems), [str(p) for p in problems]


def test_without_mistakes_nothing_is_told() -> None:
    good = {
        "en/body.md": HEAD["en"] + "# A payment\n\nDear {{ customer.addressee }},\n\nThe money is in your account.\n",
        "ja/body.md": HEAD["ja"] + "# ご入金\n\n{{ customer.addressee }}\n\nお客さまの口座に入金されました。\n",
    }
    assert [problem for problem in check(good) if problem.code not in ("SP02", "TX03", "WD02")] == []
