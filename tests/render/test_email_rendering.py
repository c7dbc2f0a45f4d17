"""E-mails: what goes over the wire, parsed by the standard library."""

from __future__ import annotations

import datetime as dt
import email
import subprocess
import sys
from base64 import b64decode
from email.message import EmailMessage, MIMEPart
from email.policy import default
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_parts import AT, SECTION, context, customer, load

from ccm.errors import RenderError, TemplateError
from ccm.render import Renderer
from ccm.render.mime import Mail, Sender, build, header_text, is_address
from ccm.workspace import Workspace

BODY = (
    SECTION.format(
        """<h1>{{ name }}</h1>
<p>Dear {{ customer.addressee }},<br/>see <a href="https://a.test/x?n={{ name }}">the page</a> or
<a href="{{ organisation.website }}">{{ organisation.website }}</a>.</p>
{% if note %}<p>{{ note }}</p>{% endif %}"""
    )
    + """{% if agreed %}<mj-section><mj-column>{% if agreed %}<mj-table>
<tr><th scope="row">Balance</th><td>{{ balance }}</td></tr>
{% for entry in entries %}<tr><td>{{ entry.label }}</td><td>{{ entry.amount }}</td></tr>{% endfor %}
</mj-table>{% endif %}</mj-column></mj-section>{% endif %}
"""
    + SECTION.format("&#123;&#123; balance }} {{ wording.small_print }} {{ '{{ name }}' }}")
)
SUBJECT = "About {{ name }}"
PRINTED = st.characters(
    exclude_categories=("Cc", "Cs", "Zl", "Zp"),
    exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)


@cache
def workspace() -> Workspace:
    with TemporaryDirectory() as folder:
        body = BODY.replace("{% for", "{% if entries %}{% for").replace("{% endfor %}", "{% endfor %}{% endif %}")
        return load(Path(folder), email=body, subject=SUBJECT, purpose="marketing")


@cache
def renderer() -> Renderer:
    return Renderer(workspace(), workspace().communications["notice"])


def rendered(**fields: object) -> tuple[EmailMessage, str, str]:
    raw = renderer().render("email", context(workspace(), **fields)).body
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    return message, content(plain), content(html)


def content(part: MIMEPart | None) -> str:
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_text_part_reads_like_a_letter() -> None:
    _, text, _ = rendered()
    assert text == (
        "Hinoki & Co\n\nAnna\n\nDear Jane Whitfield,\nsee the page: https://a.test/x?n=Anna or https://www.example.com.\n\n"
        "Balance: £1,234.50\none  -¥5\ntwo  $7.00\n\n"
        "{{ balance }} Hinoki & Co is supervised.\nSee https://www.example.com & ask. {{ name }}\n"
    )


def test_html_has_the_values_and_the_marked_wording() -> None:
    _, _, html = rendered()
    assert "<h1>Anna</h1>" in html
    assert '<span data-wording="small-print@1">Hinoki &amp; Co is supervised.<br>See https://' in html
    assert html.count("&#163;1,234.50") == 1
    assert 'href="https://a.test/x?n=Anna"' in html


@pytest.mark.parametrize(
    "name",
    [
        "{{7*7}}",
        "{% raw %}",
        "{# x #}",
        "{organisation.name}",
        "{{ wording.small_print }}",
        "</title><script>alert(1)</script>",
        '" onmouseover="alert(1)',
        "&amp; <b>",
        "</mj-text><mj-include path='/etc/passwd'/>",
        "a/../b?c#d&e=f",
        "𠮷田 葛\U000e0100城",
    ],
)
def test_customer_data_is_printed_as_it_is_and_never_evaluated(name: str) -> None:
    message, text, html = rendered(data={"name": name})
    assert message["Subject"] == f"About {name}"
    assert text.split("\n")[2] == name
    assert "<script" not in html
    assert 'onmouseover="' not in html
    assert html.count("data-wording=") == 1
    assert html.count("href=") == 2
    assert f'href="https://a.test/x?n={quote(name, safe="")}"' in html


@settings(max_examples=40, deadline=None)
@given(st.text(PRINTED, min_size=1, max_size=300))
def test_any_name_survives_the_way_through_the_mail(name: str) -> None:
    message, text, html = rendered(data={"name": name})
    assert str(message["Subject"]).split() == f"About {name}".split()
    assert name.strip() in text
    assert "<h1>" in html


def test_headers_are_those_of_a_marketing_mail() -> None:
    message, _, _ = rendered(preference_token="TOKEN-1")
    assert message["From"] == '"Hinoki, \\"the\\" Bank" <hello@example.com>'
    assert message["To"] == "jane@example.com"
    assert message["Message-ID"] == "<m-1@example.com>"
    assert message["Date"].datetime == AT
    assert message["List-Unsubscribe"] == "<https://www.example.com/prefs?t=TOKEN-1>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Content-Language"] == "en"
    assert message["Auto-Submitted"] is None


def test_same_input_gives_the_same_bytes_in_another_process() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_email_rendering as t; "
        "sys.stdout.buffer.write(t.renderer().render('email', t.context(t.workspace())).body)"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent)]
    other = subprocess.run(command, capture_output=True, check=True, env={"PYTHONHASHSEED": "7"}).stdout
    assert other == renderer().render("email", context(workspace())).body


def test_whole_message_is_seven_bit_in_short_lines_ended_by_crlf() -> None:
    for name in ("Anna", "x" * 400, "長" * 400):
        raw = renderer().render("email", context(workspace(), data={"name": name})).body
        assert raw.isascii()
        assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
        assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "a b@example.com",
        "a@example.com\nBcc: x@y.test",
        "victim@bank.test>\x00<evil@attacker.test",
        "A <a@example.com>",
        "a@example.com,b@example.com",
        "é@example.com",
        "x" * 65 + "@example.com",
        "a@-example.com",
        "",
    ],
)
def test_address_that_a_header_could_misread_is_refused(address: str) -> None:
    assert not is_address(address)
    with pytest.raises(RenderError, match="bad_address"):
        renderer().render("email", context(workspace(), recipient=address))


def test_message_id_and_subject_cannot_bring_headers_in() -> None:
    mail = Mail("m-1", "a@example.com", "s", AT, "en", "t", "<p>h</p>")
    for broken in (
        {"message_id": "a>\r\nBcc: x@y.test"},
        {"subject": "Taro\u2028Bcc: e@a.test"},
        {"subject": "a\x0bb"},
    ):
        with pytest.raises(RenderError, match="bad_data"):
            build(Mail(**{**{f: getattr(mail, f) for f in mail.__slots__}, **broken}), Sender("b@example.com", ""))


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")), min_size=1, max_size=200))
def test_any_subject_comes_back_from_its_encoding(subject: str) -> None:
    lines = f"Subject: {header_text(subject, 9)}".split("\r\n")
    assert max(map(len, lines)) <= 76
    parsed = email.message_from_string("\r\n".join(lines) + "\r\n\r\n", policy=default)
    assert parsed["Subject"] == subject


@settings(max_examples=100, deadline=None)
@given(st.text(PRINTED, max_size=120), st.integers(0, 30))
def test_encoded_words_break_between_characters_as_late_as_they_can(subject: str, used: int) -> None:
    if header_text(subject, used) == subject:
        return
    words, run, limit = [], "", 42 - used
    for char in subject:
        if len((run + char).encode()) > limit:
            words.append(run)
            run, limit = "", 42
        run += char
    lines = header_text(subject, used).split("\r\n ")
    assert [b64decode(line[len("=?utf-8?b?") : -2]).decode() for line in lines] == [*words, run]


def test_html_with_a_line_that_servers_would_break_goes_out_encoded() -> None:
    mail = Mail("m-1", "a@example.com", "s", AT, "en", "t\n.\nFrom me", "<p>" + "x" * 2000 + "é</p>")
    message = email.message_from_bytes(build(mail, Sender("b@example.com", "")), policy=default)
    assert isinstance(message, EmailMessage)
    html, plain = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert html["Content-Transfer-Encoding"] == "quoted-printable"
    assert (content(html), content(plain)) == (mail.html, "t\n.\nFrom me\n")


def test_attachment_keeps_its_bytes_and_an_ascii_name() -> None:
    pdf = bytes(range(256)) * 50
    mail = Mail(
        "m-1", "a@example.com", "お知らせ", AT, "ja", "本文", "<p>本文</p>", attachment=("notice-2026-03-31.pdf", pdf)
    )
    message = email.message_from_bytes(build(mail, Sender("b@example.com", "ひのき銀行")), policy=default)
    assert isinstance(message, EmailMessage)
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type(), attached.get_content()) == (
        "notice-2026-03-31.pdf",
        "application/pdf",
        pdf,
    )
    assert (message["Subject"], message["From"], message["Auto-Submitted"]) == (
        "お知らせ",
        "ひのき銀行 <b@example.com>",
        "auto-generated",
    )
    assert content(message.get_body(("plain",))) == "本文\n"


def test_missing_wording_stops_the_message() -> None:
    with pytest.raises(RenderError, match="missing_wording: no wording 'small-print'"):
        renderer().render("email", context(None))


def test_links_and_wording_are_reported_for_the_checks() -> None:
    result = renderer().render("email", context(workspace()))
    assert result.links == ("https://a.test/x?n=Anna", "https://www.example.com")
    assert [(use.id, use.version) for use in result.wording] == [("small-print", "1")]
    assert result.wording[0].text in result.text
    assert renderer().slots("email", "en") == frozenset({"small-print"})


def test_preview_is_marked_in_the_subject() -> None:
    message, _, _ = rendered(preview=True, customer=customer())
    assert message["Subject"] == "[PREVIEW] About Anna"


def test_what_mrml_refuses_is_a_problem_of_the_template(tmp_path: Path) -> None:
    made = load(tmp_path, email=SECTION.format("a & b < c"))
    with pytest.raises(TemplateError, match=r"templates/notice/en/email.mjml: .*MJML"):
        Renderer(made, made.communications["notice"])


def test_code_that_mrml_would_drop_is_a_problem_of_the_template(tmp_path: Path) -> None:
    lost = '<mj-section><mj-column><mj-text aria-label="{{ name }}">x</mj-text></mj-column></mj-section>'
    made = load(tmp_path, email=lost)
    with pytest.raises(TemplateError, match=r"email.mjml:\d+:\d+: \{\{ name \}\} would not reach the e-mail"):
        Renderer(made, made.communications["notice"])


def test_date_header_is_the_instant_in_utc() -> None:
    tokyo = AT.astimezone(dt.timezone(dt.timedelta(hours=9)))
    message, _, _ = rendered(at=tokyo)
    assert str(message["Date"]) == "Thu, 02 Apr 2026 15:30:00 +0000"
