"""Links of e-mails: typed and listed without rendering, and their campaign parameters."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_parts import LAYOUT, SECTION, context, write_workspace

from ccm.errors import WorkspaceError
from ccm.render import Renderer
from ccm.render.email_links import Link, LinkRules, page_links, with_campaign
from ccm.render.markup_tokens import Tokens
from ccm.workspace import Workspace, load_workspace

SITE = "https://www.example.com"
RULES = LinkRules(
    SITE, f"{SITE}/prefs", frozenset({"www.example.com"}), (("utm_source", "news"), ("utm_medium", "e mail"))
)
BODY = """{# two lines
of comment #}
<mj-section><mj-column>
<mj-text><p>Dear {{ name }}, see <a href="https://a.test/x?n={{ name }}">our
 <b>partner</b></a>.</p></mj-text>
<mj-button href="{{ organisation.website }}/rates#today">Rates</mj-button>
<mj-text><a href="{{ organisation.preference_url }}?m={{ message.reference }}">Stop these messages</a>
<a href="tel:{{ organisation.phone }}">{{ organisation.phone }}</a> <a href="mailto:help@example.com">Write</a>
<a href="#top">Up</a></mj-text>
</mj-column></mj-section>
"""
UTM = 'utm: {source: newsletter, medium: email, campaign: "{communication}"}\n'


def workspace(root: Path, body: str = BODY, utm: str = "", **options: str) -> Workspace:
    layout = LAYOUT.replace("{{ organisation.name }}", f'<a href="{SITE}">{{{{ organisation.name }}}}</a>')
    write_workspace(root, email=body, **{"layout": layout, "purpose": "marketing", **options})
    with (root / "channels/email.yaml").open("a", encoding="utf-8") as file:
        file.write(utm)
    return load_workspace(root)


def page(root: Path, body: str = BODY, **options: str) -> str:
    """The HTML of one message."""
    made = workspace(root, body, **options)
    raw = Renderer(made, made.communications["notice"]).render("email", context(made)).body
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    html = message.get_body(("html",))
    assert html is not None
    return str(html.get_content())


def test_every_link_of_a_template_is_listed_with_its_kind_words_and_line(tmp_path: Path) -> None:
    layout, body = "templates/_brand/email.mjml", "templates/notice/en/email.mjml"
    made = workspace(tmp_path)
    assert Renderer(made, made.communications["notice"]).links("email", "en") == (
        Link("web", SITE, "{organisation.name}", True, layout, 4),
        Link("web", "https://a.test/x?n={name}", "our partner", False, body, 8),
        Link("web", f"{SITE}/rates#today", "Rates", True, body, 10),
        Link("preference", f"{SITE}/prefs?m={{message.reference}}", "Stop these messages", True, body, 11),
        Link("telephone", "tel:{organisation.phone}", "{organisation.phone}", False, body, 12),
        Link("mail", "mailto:help@example.com", "Write", False, body, 12),
        Link("page", "#top", "Up", False, body, 13),
    )


def test_links_of_a_markdown_body_are_told_with_their_lines(tmp_path: Path) -> None:
    write_workspace(tmp_path, email="x", purpose="marketing")
    folder = tmp_path / "templates/notice/en"
    (folder / "email.mjml").unlink()
    (folder / "email.md").write_text(
        "---\nsubject: News\npreheader: In short\n---\n# News\n\nDear {{ name }},\n"
        "see [our page](https://a.test/?n={{ name }}).\n\n"
        "[金利を見る]({{ organisation.website }}/rates)\n",
        encoding="utf-8",
    )
    made = load_workspace(tmp_path)
    own = [
        link for link in Renderer(made, made.communications["notice"]).links("email", "en") if "_brand" not in link.path
    ]
    assert own == [
        Link("web", "https://a.test/?n={name}", "our page", False, "templates/notice/en/email.md", 8),
        Link("web", f"{SITE}/rates", "金利を見る", True, "templates/notice/en/email.md", 10),
    ]


def test_links_of_a_message_have_the_same_kinds_as_those_of_its_template(tmp_path: Path) -> None:
    links = page_links(page(tmp_path), RULES)
    assert [link.kind for link in links] == ["web", "web", "web", "preference", "telephone", "mail", "page"]
    assert [link.text for link in links][3:5] == ["Stop these messages", "+1 800 555 0142"]


def test_campaign_parameters_stand_on_links_to_the_own_hosts_only(tmp_path: Path) -> None:
    addresses = {link.text: link.address for link in page_links(page(tmp_path, utm=UTM), RULES)}
    utm = "utm_source=newsletter&utm_medium=email&utm_campaign=notice"
    assert addresses["Hinoki & Co"] == f"{SITE}?{utm}"
    assert addresses["Rates"] == f"{SITE}/rates?{utm}#today"
    assert addresses["our partner"] == "https://a.test/x?n=Anna"
    assert addresses["Stop these messages"] == f"{SITE}/prefs?m=m-1"
    assert not any("utm_" in address for text, address in addresses.items() if text not in ("Hinoki & Co", "Rates"))


def test_text_part_keeps_the_short_addresses(tmp_path: Path) -> None:
    made = workspace(tmp_path, utm=UTM)
    assert "utm_" not in Renderer(made, made.communications["notice"]).render("email", context(made)).text


def test_communications_of_other_purposes_take_no_campaign_parameters(tmp_path: Path) -> None:
    assert "utm_" not in page(tmp_path, utm=UTM, purpose="transactional")


def test_purposes_hosts_and_names_are_configured(tmp_path: Path) -> None:
    utm = (
        "utm:\n  source: bank\n  medium: email\n  campaign: '{category} {language}'\n  term: a\n  content: b\n"
        "  purposes: [transactional]\n  hosts: [a.test]\n"
    )
    html = page(tmp_path, utm=utm, purpose="transactional")
    more = "utm_source=bank&amp;utm_medium=email&amp;utm_campaign=news%20en&amp;utm_term=a&amp;utm_content=b"
    assert f'href="https://a.test/x?n=Anna&amp;{more}"' in html
    assert f'href="{SITE}?{more}"' in html


@pytest.mark.parametrize(
    ("utm", "message"),
    [
        ("utm: {source: a, medium: email}\n", "campaign"),
        ("utm: {source: a, medium: email, campaign: '{customer}'}\n",
         "'{customer}' is none of {communication}, {category}, {language}"),
        ("utm: {source: 'a&b=c', medium: email, campaign: x}\n", "source"),
        ("utm: {source: a, medium: email, campaign: x, purposes: [ads]}\n", "purposes"),
        ("utm: {source: a, medium: email, campaign: x, hosts: ['https://a.test']}\n", "hosts"),
        ("utm: {source: a, medium: email, campaign: x, purposes: []}\n", "purposes"),
    ],
)  # fmt: skip
def test_wrong_campaign_parameters_are_told_with_their_place(tmp_path: Path, utm: str, message: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        workspace(tmp_path, utm=utm)
    problem = caught.value.problems[0]
    assert problem.path == "channels/email.yaml"
    assert problem.line == 5
    assert message in problem.message


def test_channels_without_links_in_html_take_no_campaign_parameters(tmp_path: Path) -> None:
    write_workspace(tmp_path, sms="x")
    with (tmp_path / "channels/sms.yaml").open("a", encoding="utf-8") as file:
        file.write(UTM)
    with pytest.raises(WorkspaceError, match=r"channels/sms.yaml:4: .*links of e-mails only"):
        load_workspace(tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SITE, f"{SITE}?utm_source=news&utm_medium=e%20mail"),
        (f"{SITE}/?", f"{SITE}/?utm_source=news&utm_medium=e%20mail"),
        (f"{SITE}/a?b=c", f"{SITE}/a?b=c&utm_source=news&utm_medium=e%20mail"),
        (f"{SITE}/a?b=c&", f"{SITE}/a?b=c&utm_source=news&utm_medium=e%20mail"),
        (f"{SITE}/a?utm_source=mine#x?y", f"{SITE}/a?utm_source=mine&utm_medium=e%20mail#x?y"),
        (f"{SITE}/#a", f"{SITE}/?utm_source=news&utm_medium=e%20mail#a"),
        (f"{SITE}/金利", f"{SITE}/金利?utm_source=news&utm_medium=e%20mail"),
        ("HTTPS://WWW.EXAMPLE.COM/a", "HTTPS://WWW.EXAMPLE.COM/a?utm_source=news&utm_medium=e%20mail"),
        (f"{SITE}:8443/a", f"{SITE}:8443/a?utm_source=news&utm_medium=e%20mail"),
        (f"{SITE}/a?utm_source=a&utm_medium=b", f"{SITE}/a?utm_source=a&utm_medium=b"),
        (f"{SITE}/prefs", f"{SITE}/prefs"),
        (f"{SITE}/prefs/email?m=1", f"{SITE}/prefs/email?m=1"),
        (f"{SITE}/prefs#x", f"{SITE}/prefs#x"),
        (f"{SITE}/preferred", f"{SITE}/preferred?utm_source=news&utm_medium=e%20mail"),
        ("https://www.example.com.evil.test/", "https://www.example.com.evil.test/"),
        ("https://user@www.example.com/", "https://user@www.example.com/"),
        ("https://shop.example.com/", "https://shop.example.com/"),
        ("tel:+18005550142", "tel:+18005550142"),
    ],
)
def test_parameters_and_fragments_of_a_link_stay(before: str, after: str) -> None:
    html = f'<a class="x" href="{before.replace("&", "&amp;")}">x</a>'
    (link,) = page_links(with_campaign(html, Tokens(()), RULES), RULES)
    assert link.address == after


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="ascii", exclude_categories=("Cc",), exclude_characters='"<>'), max_size=40))
def test_whatever_stands_in_a_link_stays_in_it(rest: str) -> None:
    before = f"{SITE}/{rest}"
    html = f'<a href="{before.replace("&", "&amp;")}">x</a>'
    (link,) = page_links(with_campaign(html, Tokens(()), RULES), RULES)
    added = link.address
    for parameter in ("utm_source=news", "utm_medium=e%20mail"):
        added = added.replace(parameter, "", 1) if parameter not in before else added
    assert sorted(added.replace("?", "").replace("&", "")) == sorted(before.replace("?", "").replace("&", ""))
    assert link.address.partition("#")[2] == before.partition("#")[2]


def test_link_of_a_picture_is_named_by_its_alternative_text() -> None:
    html = '<a href="https://a.test/"><img src="cid:x" alt="Rates 金利"></a>'
    assert page_links(html, RULES) == (Link("web", "https://a.test/", "Rates 金利", False),)


def test_campaign_parameters_belong_to_the_release(tmp_path: Path) -> None:
    from ccm.compliance.releases import build_release

    plain, tagged = workspace(tmp_path / "a"), workspace(tmp_path / "b", utm=UTM)
    first, second = (build_release(made, made.communications["notice"]) for made in (plain, tagged))
    assert second.manifest.keys() - first.manifest.keys() == {"channels/email.yaml#utm"}


def test_a_text_that_only_looks_like_a_link_stays_as_it_is(tmp_path: Path) -> None:
    html = page(tmp_path, SECTION.format(f"write href=&quot;{SITE}&quot; {SITE}"), layout=LAYOUT, utm=UTM)
    assert "utm_" not in html
