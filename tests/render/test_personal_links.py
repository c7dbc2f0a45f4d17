"""Each message's own link to the preference page: where it stands, and where it must not."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from demo_parts import TOKEN, rendered
from render_parts import SECTION, compiled, context, load

from ccm.errors import WorkspaceError
from ccm.render import Renderer
from ccm.workspace import load_workspace

PAGE = "https://www.example.com/prefs"
LINKED = SECTION.format('<a href="{{ organisation.preference_url }}">Choose</a> {{ organisation.preference_url }}')


def mail_of(body: bytes) -> tuple[EmailMessage, str, str]:
    message = message_from_bytes(body, policy=default)
    assert isinstance(message, EmailMessage)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return message, str(plain.get_content()), str(html.get_content())


def test_an_email_has_its_own_link_in_header_text_and_page(tmp_path: Path) -> None:
    renderer = compiled(tmp_path, email=LINKED, purpose="marketing")
    for token in ("one", "two"):
        message, text, html = mail_of(renderer.render("email", context(preference_token=token)).body)
        assert message["List-Unsubscribe"] == f"<{PAGE}?t={token}>"
        assert set(re.findall(r"/prefs[^\s\"<)]*", text + html)) == {f"/prefs?t={token}"}


def test_a_service_email_has_the_link_and_no_unsubscribe_header(tmp_path: Path) -> None:
    renderer = compiled(tmp_path, email=LINKED)
    message, text, _ = mail_of(renderer.render("email", context(preference_token="one")).body)
    assert message["List-Unsubscribe"] is None
    assert f"{PAGE}?t=one" in text


@pytest.mark.parametrize("sample", ["jane-us", "haruka-jp"])
def test_wording_in_a_page_shows_the_short_address_and_leads_to_the_long_one(sample: str) -> None:
    offer = rendered("savings-offer", sample, "email")
    short, long = "https://www.hinokibank.example/prefs", f"https://www.hinokibank.example/prefs?t={TOKEN}"
    assert f'<a href="{long}" style="color:inherit">{short}</a>' in offer.html
    assert TOKEN not in re.sub(r"<[^>]*>", "", offer.html)
    assert offer.text.count(long) == 2


def test_texts_that_are_typed_or_counted_keep_the_short_address() -> None:
    sms = rendered("savings-offer", "jane-us", "sms")
    assert "/prefs" in sms.text
    assert TOKEN not in sms.text


def test_line_and_inbox_have_the_link_and_social_has_not(tmp_path: Path) -> None:
    files = {
        "en/line.txt": "{{ organisation.preference_url }}",
        "en/inbox.md": "---\nsubject: News\n---\n[Choose]({{ organisation.preference_url }})\n",
        "en/social.txt": "{{ organisation.preference_url }}",
    }
    workspace = load(tmp_path, channels="line, inbox, social", extra=files)
    renderer = Renderer(workspace, workspace.communications["notice"])
    bodies = {name: renderer.render(name, context(preference_token="one")).body.decode() for name in
              ("line", "inbox", "social")}  # fmt: skip
    assert f"{PAGE}?t=one" in bodies["line"]
    assert f"{PAGE}?t=one" in bodies["inbox"]
    assert bodies["social"] == PAGE


def test_a_preview_has_a_link_that_opens_nothing(tmp_path: Path) -> None:
    renderer = compiled(tmp_path, email=LINKED, purpose="marketing")
    message, text, _ = mail_of(renderer.render("email", context(preference_token="one", preview=True)).body)
    assert message["List-Unsubscribe"] == f"<{PAGE}?t=preview>"
    assert "one" not in re.findall(r"t=(\w+)", text)


@pytest.mark.parametrize("rest", ["?bank=1", "#top"])
def test_a_preference_url_with_a_query_or_fragment_is_refused_at_its_line(tmp_path: Path, rest: str) -> None:
    load(tmp_path, email=LINKED)
    file = tmp_path / "ccm.toml"
    file.write_text(file.read_text().replace("/prefs", f"/prefs{rest}"))
    with pytest.raises(WorkspaceError, match=r"ccm.toml:\d+: .*preference_url takes no query"):
        load_workspace(tmp_path)
