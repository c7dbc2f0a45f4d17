"""Messages to try the writers' checks on, with the lists that are shipped."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from support import ROOT

from ccm.compliance.writing.run import context_of, remarks
from ccm.compliance.writing.written import Context, Remark, SourceText, Written
from ccm.model.customer import Customer, PostalAddress
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.writing import Writing, WritingSettings, load_writing

JANE = Customer(
    id="sample-jane", given_name="Jane", family_name="Whitfield", language="en-US", jurisdiction="US",
    birth_date=date(1988, 2, 20), contact_points={"email": "jane@example.com", "sms": "+15125550123"},
    address=PostalAddress(line1="418 Lake Street", city="Austin", region="TX", postcode="78701", country="US"),
)  # fmt: skip
HARUKA = Customer(
    id="sample-haruka", given_name="春香", family_name="高橋", language="ja-JP", jurisdiction="JP",
    birth_date=date(1988, 2, 20), contact_points={"email": "haruka@example.com", "sms": "+819000000001"},
    address=PostalAddress(
        line1="三宮町1-11-3", city="神戸市中央区", region="兵庫県", postcode="650-0021", country="JP"
    ),
)  # fmt: skip


@cache
def workspace() -> Workspace:
    """The demonstration workspace."""
    return load_workspace(ROOT)


@cache
def shipped() -> Context:
    """What the checks know there."""
    return context_of(workspace(), load_writing(ROOT))


def with_settings(**settings: Any) -> Context:
    """The shipped lists under other settings."""
    lists = shipped().writing
    return context_of(workspace(), Writing(WritingSettings(**settings), lists.lists, lists.documents))


def written(text: str, language: str = "en", channel: str = "sms", **more: Any) -> Written:
    """A message whose template is its text, unless another `source` is given."""
    source = more.pop("source", text)
    path = f"templates/payment-received/{language}/{more.pop('file', f'{channel}.txt')}"
    more.setdefault("customer", HARUKA if language == "ja" else JANE)
    return Written(
        workspace().communication("payment-received"), language, "JP" if language == "ja" else "US", channel,
        more.pop("sample", more["customer"].id), SourceText(path, source), text, **more,
    )  # fmt: skip


def told(*messages: Written, context: Context | None = None) -> tuple[Remark, ...]:
    """What the checks say."""
    return remarks(context or shipped(), messages)


def codes(text: str, language: str = "en", channel: str = "sms", **more: Any) -> set[str]:
    """The codes that one message gets."""
    return {remark.code for remark in told(written(text, language, channel, **more))}
