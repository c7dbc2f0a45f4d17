"""A link for a purpose must be there, and links must be safe."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, model_validator

from ccm.compliance.kinds import RuleParams
from ccm.compliance.text import CheckedText
from ccm.workspace import Workspace

SAFE_SCHEMES = ("https", "mailto", "tel")


class Params(RuleParams):
    """`purpose`: the page of ccm.toml that must be linked, or one below it. `https_only`: no link may be unsafe."""

    purpose: Literal["preferences", "website"] | None = None
    https_only: bool = False
    target: str = Field(default="", exclude=True, pattern="^$")
    """The page's address; comes from ccm.toml and can't be written in a rule."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> Params:
        if self.purpose is None and not self.https_only:
            raise ValueError("asks for nothing: give purpose (preferences, website) or https_only: true")
        return self

    def bound(self, workspace: Workspace) -> Self:
        organisation = workspace.settings.organisation
        pages = {"preferences": organisation.preference_url, "website": organisation.website}
        return self.model_copy(update={"target": pages[self.purpose]}) if self.purpose else self


def check(params: Params, message: CheckedText) -> list[str]:
    """One sentence for a missing link, one if there are links that are not safe."""
    found = []
    if params.purpose is not None and not any(leads_to(link, params.target) for link in message.links):
        found.append(f"has no link to the {params.purpose} page {params.target}")
    if params.https_only:
        unsafe = [link for link in message.links if _scheme(link) not in SAFE_SCHEMES]
        # Mail and SMS programs make links of addresses in plain text too.
        count = len(unsafe) or message.text.lower().count("http://")
        if count:
            # A link may hold a customer's token: it is counted, not shown.
            found.append(f"{count} of the links are none of {', '.join(SAFE_SCHEMES)}")
    return found


def leads_to(link: str, page: str) -> bool:
    """Whether a link goes to a page or below it, on the very same host: a longer host name is another host."""
    here, there = _split(link), urlsplit(page)
    if here is None or (here.scheme, here.netloc.lower()) != (there.scheme, there.netloc.lower()):
        return False
    path, below = here.path.rstrip("/"), there.path.rstrip("/")
    return path == below or path.startswith(below + "/")


def _scheme(link: str) -> str:
    parts = _split(link)
    return parts.scheme.lower() if parts else ""


def _split(link: str) -> SplitResult | None:
    try:
        return urlsplit(link.strip())
    except ValueError:  # such as an unclosed [ of an IPv6 host: no program could follow it
        return None
