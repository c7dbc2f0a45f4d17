"""What `ccm check` tells of text messages: length, costly letters, senders, opting out, links."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from render_parts import AT, load

from ccm.render.link_hosts import link_findings
from ccm.render.sms_findings import sms_findings
from ccm.workspace import Workspace
from ccm.workspace.channels import Channel


def with_channel(workspace: Workspace, **changes: Any) -> Workspace:
    channel = workspace.channels["sms"].model_copy(update=changes)
    return replace(workspace, channels={**workspace.channels, "sms": channel})


def told(workspace: Workspace, code: str) -> list[tuple[str, str]]:
    communication = workspace.communications["notice"]
    found = sms_findings(workspace, communication, AT)
    return [(item.severity, str(item.problem)) for item in found if item.problem.code == code]


def words(root: Path, text: str, language: str = "en", **changes: Any) -> Workspace:
    workspace = load(root, sms=text)
    (file,) = workspace.templates["notice"]
    return replace(workspace, templates={"notice": (file.model_copy(update={"language": language}),)}, **changes)


def test_length_is_told_with_what_makes_it(tmp_path: Path) -> None:
    workspace = words(tmp_path, "Hello {{ account.number }}! " + "x" * 60)
    (note,) = told(workspace, "TX03")
    assert note == (
        "note",
        "templates/notice/en/sms.txt: TX03 up to 2 segments (UCS-2, 108 units) with account.number of 20 characters; "
        "1 while no value holds letters that cost extra",
    )
    assert told(workspace, "TX01") == told(workspace, "TX02") == []


def test_too_many_segments_stop_and_many_warn(tmp_path: Path) -> None:
    workspace = words(tmp_path, "x" * 160 + "{{ name }}")
    (stop,) = told(workspace, "TX01")
    assert stop[0] == "error"
    assert "channels/sms.yaml takes 2 at most: shorten the words, or give the longest values a smaller" in stop[1]
    careful = with_channel(words(tmp_path, "x" * 161), warn_segments=1)
    assert told(careful, "TX01") == []
    ((severity, warning),) = told(careful, "TX02")
    assert (severity, "wants 1 at most" in warning) == ("warning", True)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("It’s here", 1, 3, "’ U+2019 (right single quotation mark) is not in GSM-7"),
        ("one\ntwo – three", 2, 5, "– U+2013 (en dash) is not in GSM-7"),
        ("wait… {{ name }}", 1, 5, "write '...'"),
        ("10\u00a0pounds", 1, 3, "(no-break space) is not in GSM-7"),
        ("{{ note|default('–') }}", 1, 18, "write '-'"),
    ],
)
def test_letter_that_costs_is_found_in_its_place_with_what_to_write(
    tmp_path: Path, text: str, line: int, column: int, message: str
) -> None:
    ((severity, warning),) = told(words(tmp_path, text), "TX04")
    assert severity == "warning"
    assert warning.startswith(f"templates/notice/en/sms.txt:{line}:{column}: TX04 ")
    assert message in warning


def test_price_of_a_letter_is_told_in_segments(tmp_path: Path) -> None:
    ((_, warning),) = told(words(tmp_path, "It’s " + "x" * 100), "TX04")
    assert warning.endswith('is not in GSM-7 and takes the text from 1 segment to 2: write "\'"')


@pytest.mark.parametrize("text", ["It's fine", "{# It’s a note #}fine", "ご入金“です”", "naïve – ë"])
def test_letters_that_cost_nothing_are_left_alone(tmp_path: Path, text: str) -> None:
    assert told(words(tmp_path, text), "TX04") == []


def test_letters_of_wording_are_told_at_its_file(tmp_path: Path) -> None:
    workspace = words(tmp_path, "x")
    dear = tuple(one.model_copy(update={"texts": {"sms": "Ask – free."}}) for one in workspace.wordings)
    found = told(replace(workspace, wordings=dear), "TX04")
    assert [place.partition(": ")[0] for _, place in found] == [
        "compliance/wording/short-note/us-en-1.yaml",
        "compliance/wording/small-print/us-en-1.yaml",
    ]


@pytest.mark.parametrize(
    ("sender", "messages"),
    [
        ("", []),
        ("+12025550199", []),
        ("HINOKI", ["'HINOKI' is a name, which networks in US do not carry"]),
        ({"US": "MG" + "0" * 32, "GB": "HINOKI", "JP": "HINOKI"}, []),
        ({"US": "12345", "GB": "HINOKI"}, ["no sender for JP: add it under 'sender', as in JP: '+12025550199'"]),
    ],
)
def test_every_jurisdiction_has_a_sender_that_its_networks_carry(
    tmp_path: Path, sender: Any, messages: list[str]
) -> None:
    found = told(with_channel(words(tmp_path, "x"), sender=sender), "TX05")
    assert len(found) == len(messages)
    assert all(wanted in message and severity == "error"
               for wanted, (severity, message) in zip(messages, found, strict=True))  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "sender", "message"),
    [
        ("sms", 7, "must be a text, or a text for each jurisdiction"),
        ("sms", {"usa": "HINOKI"}, "String should match pattern"),
        ("sms", {"US": "A NAME THAT IS LONG"}, "'A NAME THAT IS LONG' must be an E.164 number, a short code"),
        ("email", {"US": "HINOKI"}, "only text messages have a sender for each jurisdiction"),
    ],
)
def test_sender_that_cannot_be_is_refused(channel: str, sender: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Channel.model_validate({"channel": channel, "adapter": "outbox", "sender": sender})


def test_marketing_needs_short_words_to_stop_it_wherever_it_goes(tmp_path: Path) -> None:
    workspace = words(tmp_path, "x")
    notice = workspace.communications["notice"].model_copy(update={"purpose": "marketing"})
    stop = workspace.wordings[0].model_copy(
        update={"id": "marketing-opt-out", "language": "en", "texts": {"sms": "Stop?"}}
    )
    found = replace(
        workspace,
        communications={"notice": notice},
        wordings=(*workspace.wordings, stop, stop.model_copy(update={"jurisdiction": "GB", "texts": {}})),
    )
    assert [(severity, message.partition(": ")[2]) for severity, message in told(found, "TX06")] == [
        ("warning", "TX06 'marketing-opt-out' for GB/en has no texts.sms: text messages take the long one"),
        ("error", "TX06 no wording 'marketing-opt-out' in force for JP/en: add one with texts.sms"),
    ]
    assert told(workspace, "TX06") == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("See https://www.example.com/a and https://pay.example.com.", []),
        ("ご確認はhttps://www.example.comで", []),
        ("{{ organisation.website }}/a http://bank.example", []),
        ("See https://evil.example/a", ["LK03"]),
        ("See https://www.example.com@evil.example/", ["LK03"]),
        ("See https://www.example.com\\@evil.example/", ["LK03"]),
        ("See https://example.com.evil.example", ["LK03"]),
        ("See https://notexample.com", ["LK03"]),
        ("See https://例え.example", ["LK03"]),
        ("See https://{{ name }}/x", ["LK03"]),
        ("See www.evil.example", ["LK03"]),
        ("詳しくはbit.ly/3xへ", ["LK04"]),
        ("See HTTPS://Bit.ly/3x", ["LK03", "LK04"]),
        ("Write to a@bit.ly or see habit.ly and bit.ly.example", []),
    ],
)
def test_text_messages_link_to_the_organisation_only(tmp_path: Path, text: str, codes: list[str]) -> None:
    workspace = words(tmp_path, text)
    own = workspace.settings.organisation.model_copy(update={"link_hosts": ("bank.example",)})
    workspace = replace(workspace, settings=workspace.settings.model_copy(update={"organisation": own}))
    found = link_findings(workspace, workspace.communications["notice"])
    assert sorted({problem.code for problem in found}) == codes
    assert all(problem.line == 1 and text[problem.column - 1].lower() in "hwbt" for problem in found)


def test_shorteners_are_found_on_every_channel_and_other_hosts_in_texts_only(tmp_path: Path) -> None:
    workspace = words(tmp_path, "first\nsee https://tinyurl.com/x or https://other.example")
    (file,) = workspace.templates["notice"]
    mail = file.model_copy(update={"channel": "email", "path": "templates/notice/en/email.md", "kind": "markdown"})
    workspace = replace(workspace, templates={"notice": (mail,)})
    (problem,) = link_findings(workspace, workspace.communications["notice"])
    assert str(problem) == (
        "templates/notice/en/email.md:2:5: LK04 tinyurl.com hides where a link leads: write the address itself, or one "
        "of your own domain"
    )
