"""A communication on every channel, in two languages and two variants, and a reader of preview pages."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

FILES = {
    "communication.yaml": """id: notice
name: {en: Branch notice, ja: 支店のお知らせ}
purpose: servicing
category: news
channels: [email, letter, sms, line, push, whatsapp, social, inbox]
languages: [en, ja]
jurisdictions: [US, JP]
wording: [house-rules]
experiment: {id: words, variants: {a: 1, b: 1}}
data:
  fields:
    branch: {type: text, max_length: 80}
    note: {type: text, max_length: 80, optional: true}
""",
    "en/body.md": """---
subject: "News from {{ branch }}"
preheader: "Opening hours change"
---
# Opening hours

Dear {{ customer.addressee }}, {{ branch }} opens at nine.

{% if note %}
{{ note }}
{% endif %}

{{ wording.house_rules }}
""",
    "ja/body.md": """---
subject: "{{ branch }}からのお知らせ"
preheader: "営業時間の変更"
---
# 営業時間

{{ customer.addressee }}

{{ branch }}は9時に開きます。

{% if note %}
{{ note }}
{% endif %}

{{ wording.house_rules }}
""",
    "en/sms.txt": "{{ branch }}: " + "we open at nine from now on. " * 6 + "{{ wording.house_rules }}",
    "ja/sms.txt": "{{ branch }}は9時に開きます。{{ wording.house_rules }}",
    "en/push.yaml": 'title: "{{ branch }}"\nbody: We open at nine.\nlink: "{{ organisation.website }}/branches"\n',
    "ja/push.yaml": 'title: "{{ branch }}"\nbody: 9時に開きます。\n',
    "en/whatsapp.yaml": 'template: hours\ntext: "{{ branch }} opens at nine."\n',
    "ja/whatsapp.yaml": 'template: hours\ntext: "{{ branch }}は9時に開きます。"\n',
    "en/social.txt": "{{ branch }} opens at nine.",
    "ja/social.txt": "{{ branch }}は9時に開きます。",
    "en/line.json": '[{"type": "text", "text": "{{ branch }} opens at nine."}]',
    "ja/line.json": """[{"type": "flex", "altText": "{{ branch }}", "contents": {"type": "bubble", "body": {
  "type": "box", "layout": "vertical", "contents": [
    {"type": "text", "text": "{{ branch }}", "weight": "bold"}, {"type": "separator"},
    {"type": "button", "action": {"type": "uri", "label": "見る", "uri": "{{ organisation.website }}/b"}}]}}}]
""",
    "samples/jane-us.yaml": """customer:
  given_name: Jane
  family_name: Whitfield
  language: en-US
  jurisdiction: US
  address: {line1: 1 Main St, city: Austin, region: TX, postcode: "78701", country: US}
  contact_points: {email: jane@example.com, sms: "+15125550123"}
data: {branch: Lake & <b>Side</b> "House", note: null}
""",
    "samples/haruka-jp.yaml": """customer:
  family_name: 高橋
  given_name: 春香
  language: ja-JP
  jurisdiction: JP
  address: {line1: 三宮町1-11-3, city: 神戸市中央区, region: 兵庫県, postcode: 650-0021, country: JP}
  contact_points:
    {email: haruka@example.com, sms: "+819000000001", line: U1, push: p1, whatsapp: w1, social: s1, inbox: i1}
data: {branch: 三宮支店, note: 駐車場はございません。}
""",
}
WORDING = """id: house-rules
version: "3"
language: {language}
jurisdiction: {jurisdiction}
effective_from: 2025-01-01T00:00:00Z
owner: compliance
source: The bank's own rules
text: {text}
"""
RULES = {
    ("en", "US"): "Please keep your receipts for ten years.",
    ("ja", "JP"): "お取引の控えは10年間大切に保管してください。",
}


def write_notice(workspace: Path) -> Path:
    """Adds the communication ``notice`` and its wording to a workspace; returns its folder."""
    folder = workspace / "templates" / "notice"
    files = {folder / name: text for name, text in FILES.items()}
    files[folder / "en/email@b.md"] = FILES["en/body.md"].replace("# Opening hours", "# New hours")
    for (language, jurisdiction), text in RULES.items():
        file = workspace / f"compliance/wording/house-rules/{jurisdiction.lower()}-{language}-3.yaml"
        files[file] = WORDING.format(language=language, jurisdiction=jurisdiction, text=text)
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


class Page(HTMLParser):
    """What a browser would make of a page: every tag with its attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts.append(data)
        elif self.inside != "style":
            self.words.append(data)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [a for name, a in self.tags if name == tag and all(a.get(key) == value for key, value in wanted.items())]

    @property
    def text(self) -> str:
        """All words, white space squeezed."""
        return " ".join("".join(self.words).split())
