"""LINE, push, WhatsApp, social networks and the inbox: bodies as the suppliers take them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import render_parts as t

from ccm.errors import RenderError, TemplateError
from ccm.model.message import Rendered
from ccm.render import Renderer

HOSTILE = 'a", "link": "https://evil.test/", "x": "{{ organisation.name }} <b>\\'
PUSH = 'title: "{{ balance }}"\nbody: "From {{ name }}"\nlink: "{{ organisation.website }}/a?n={{ name }}"\n'
FLEX: dict[str, Any] = {
    "type": "flex", "altText": "{{ balance }}",
    "contents": {"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": [
        {"type": "text", "text": "Dear {{ name }}", "wrap": True, "size": "md"},
        {"type": "button", "action": {"type": "uri", "label": "See", "uri": "https://www.example.com/{{ name }}"}},
    ]}},
}  # fmt: skip


def render(root: Path, channel: str, file: str, text: str, *, preview: bool = False, **data: object) -> Rendered:
    t.write_workspace(root, channels=channel, extra={f"en/{file}": text})
    workspace = t.load_workspace(root)
    renderer = Renderer(workspace, workspace.communications["notice"])
    return renderer.render(channel, t.context(workspace, data=data, preview=preview))


def body(rendered: Rendered) -> Any:
    return json.loads(rendered.body)


def refused(root: Path, channel: str, file: str, text: str) -> str:
    with pytest.raises(TemplateError) as error:
        render(root, channel, file, text)
    return str(error.value)


def test_push_has_its_fields_and_nothing_a_value_could_add(tmp_path: Path) -> None:
    rendered = render(tmp_path, "push", "push.yaml", PUSH, name=HOSTILE)
    found = body(rendered)
    assert found.keys() == {"title", "body", "link"}
    assert (found["title"], found["body"]) == ("£1,234.50", f"From {HOSTILE}")
    assert found["link"].startswith("https://www.example.com/a?n=a%22%2C%20%22link")
    assert rendered.links == (found["link"],)
    assert rendered.text == f"£1,234.50\nFrom {HOSTILE}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('title: "x"\n', "push.yaml:1: 'body' is missing"),
        ("title: x\nbody: y\nimage: z\n", "push.yaml:3: 'image' is none of body, link, title"),
        ("title: x\nbody: 5\n", "push.yaml:2: 'body' must be text; put it in quotes"),
        ('title: x\nbody: y\nlink: "http://www.example.com/"\n', "must start with https://HOST/"),
        ('title: x\nbody: y\nlink: "{{ name }}"\n', "a link's start must be written out"),
        ("title: x\nbody: y\nlink: 'a\"b'\n", 'a link cannot hold "'),
        ('title: x\nbody: "{{ nam }}"\n', "push.yaml:2"),
        ("title: !!python/name:os.system x\nbody: y\n", "push.yaml:1"),
        ("- a\n", "push.yaml:1: must have body, title"),
    ],
)
def test_mistakes_in_a_push_are_told_at_their_line(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, "push", "push.yaml", text)


def test_a_push_that_no_phone_takes_is_not_sent(tmp_path: Path) -> None:
    text = 'title: "{{ name }}{{ name }}{{ name }}"\nbody: "{{ name }}{{ name }}"\n'
    with pytest.raises(RenderError, match="too_long"):
        render(tmp_path, "push", "push.yaml", text, name="字" * 400)


def test_line_text_is_one_message(tmp_path: Path) -> None:
    rendered = render(tmp_path, "line", "line.txt", "{{ name }}: https://www.example.com/x", name=HOSTILE)
    assert body(rendered) == {"messages": [{"type": "text", "text": f"{HOSTILE}: https://www.example.com/x"}]}
    assert rendered.links == ('https://evil.test/"', "https://www.example.com/x")


def test_line_counts_utf16_units_as_line_does(tmp_path: Path) -> None:
    line = "{% for entry in entries %}{{ name }}{% endfor %}"
    text = "{% if entries %}" + line + "{% endif %}"
    entry = {"label": "x", "amount": 1, "currency": "JPY", "parts": []}
    fits = render(tmp_path, "line", "line.txt", text, name="𠮷" * 250, entries=[entry] * 10)
    assert len(body(fits)["messages"][0]["text"]) == 2_500
    with pytest.raises(RenderError, match="5,502 units, more than 5,000"):
        render(tmp_path, "line", "line.txt", text + "xx", name="𠮷" * 250, entries=[entry] * 11)


def test_line_flex_keeps_its_layout_and_fills_its_texts(tmp_path: Path) -> None:
    rendered = render(tmp_path, "line", "line.json", json.dumps([FLEX]), name=HOSTILE)
    [message] = body(rendered)["messages"]
    box = message["contents"]["body"]["contents"]
    assert message["altText"] == "£1,234.50"
    assert box[0] == {"type": "text", "text": f"Dear {HOSTILE}", "wrap": True, "size": "md"}
    assert box[1]["action"]["uri"].startswith("https://www.example.com/a%22%2C")
    assert rendered.links[-1] == box[1]["action"]["uri"]
    assert rendered.text == f"Dear {HOSTILE}\nSee"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "image"}, "a message has 'type: text' or 'type: flex', and not 'image'"),
        ({"type": "flex", "contents": {}}, "a flex message needs 'altText'"),
        (
            {**FLEX, "contents": {"type": "image", "url": "https://www.example.com/p.png"}},
            "would be loaded by the phone",
        ),
        ({**FLEX, "contents": {"type": "{{ name }}"}}, "'type' is part of the layout"),
        ({"type": "text", "text": "{{ nam }}"}, "did you mean 'name'?"),
        ({**FLEX, "contents": {"action": {"uri": "javascript:alert(1)"}}}, "must start with https://HOST/"),
    ],
)
def test_line_messages_that_cannot_be_are_refused(tmp_path: Path, message: dict[str, Any], said: str) -> None:
    assert said in refused(tmp_path, "line", "line.json", json.dumps([message]))


def test_six_line_messages_are_one_too_many(tmp_path: Path) -> None:
    text = json.dumps([{"type": "text", "text": "x"}] * 6)
    assert "holds 1 to 5 messages, and not 6" in refused(tmp_path, "line", "line.json", text)


def test_whatsapp_sends_the_values_of_the_approved_words(tmp_path: Path) -> None:
    text = 'template: payment_received\ntext: "{{ name }}: {{ balance }} came in."\n'
    rendered = render(tmp_path, "whatsapp", "whatsapp.yaml", text, name="Anna")
    assert rendered.text == "Anna: £1,234.50 came in."
    assert body(rendered) == {
        "name": "payment_received", "language": {"code": "en"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Anna"},
                                                       {"type": "text", "text": "£1,234.50"}]}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('template: "Has Spaces"\ntext: x\n', "'template' is the name under which Meta approved it"),
        ('template: a\ntext: "{% if note %}x{% endif %}"\n', "'if' and 'for' cannot stand here"),
        ("text: x\n", "'template' is missing"),
    ],
)
def test_whatsapp_words_that_meta_cannot_have_approved_are_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, "whatsapp", "whatsapp.yaml", text)


@pytest.mark.parametrize("name", ["a     b", ""])
def test_whatsapp_values_that_meta_refuses_stop_the_message(tmp_path: Path, name: str) -> None:
    with pytest.raises(RenderError, match="bad_data"):
        render(tmp_path, "whatsapp", "whatsapp.yaml", 'template: a\ntext: "x {{ name }}"\n', name=name)


def test_a_post_over_the_networks_length_is_not_sent(tmp_path: Path) -> None:
    assert render(tmp_path, "social", "social.txt", "{{ name }}", name="x" * 400).body == b"x" * 400
    with pytest.raises(RenderError, match="has 501 characters, more than 500"):
        render(tmp_path, "social", "social.txt", "{{ name }}" + "y" * 101, name="x" * 400)


def test_inbox_is_a_page_in_the_brand_with_its_subject(tmp_path: Path) -> None:
    text = "---\nsubject: For {{ name }}\n---\n# Hello\n\n{{ name }} [x](https://www.example.com/y)"
    rendered = render(tmp_path, "inbox", "inbox.md", text, name="<b>&")
    assert rendered.subject == "For <b>&"
    assert b"<h1>Hello</h1>" in rendered.body
    assert b"&lt;b&gt;&amp;" in rendered.body
    assert rendered.links == ("https://www.example.com/y",)
    assert rendered.text == "Hello\n\n<b>& x: https://www.example.com/y"


@pytest.mark.parametrize(
    ("channel", "file", "text"),
    [("push", "push.yaml", "title: x\nbody: y\n"), ("line", "line.txt", "x"), ("line", "line.json", json.dumps([FLEX])),
     ("whatsapp", "whatsapp.yaml", "template: a\ntext: x\n"), ("social", "social.txt", "x"),
     ("inbox", "inbox.md", "---\nsubject: x\n---\ny")],
)  # fmt: skip
def test_previews_of_every_channel_are_marked(tmp_path: Path, channel: str, file: str, text: str) -> None:
    shown = render(tmp_path, channel, file, text, preview=True)
    assert "preview" in (shown.subject + shown.body.decode()).lower()
    assert "preview" not in (render(tmp_path, channel, file, text).body.decode()).lower()
