"""The report as one page that opens offline. Names in it are other people's: the template engine escapes them."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files
from typing import Any

from ccm.cli.pages import page_environment
from ccm.cli.preview import UiLanguage
from ccm.cli.preview.words import WORDS as CHANNEL_WORDS
from ccm.cli.simulate.charts import columns, round_top
from ccm.cli.simulate.words import WORDS
from ccm.decide.trace import words
from ccm.model.customer import CONTACT_CHANNELS
from ccm.workspace import Workspace

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def _source(name: str) -> str:
    return (files("ccm.cli.simulate") / name).read_text(encoding="utf-8")


def report_page(document: dict[str, Any], workspace: Workspace, ui_language: UiLanguage) -> str:
    """The page of what `ccm.batch.simulate.report.report` found."""
    language = ui_language.value
    environment = page_environment(_source)
    environment.filters["number"] = lambda value: f"{Decimal(value):,}"
    environment.filters["decimal"] = Decimal
    environment.filters["attr_or_zero"] = lambda counts, name: counts.get(name, 0)
    environment.filters["part_of"] = lambda counts, name, part: counts.get(name, {}).get(part, 0)
    environment.filters["reason"] = lambda code: words(code, language)
    environment.filters["communication"] = lambda name: _name(workspace, name, language)
    scenarios = document["scenarios"]
    used = {channel for scenario in scenarios for channel in scenario["channels"]}
    channels = {name: CHANNEL_WORDS[ui_language][name] for name in CONTACT_CHANNELS if name in used}
    largest = max(
        (sum(one["by_day"].get(day, {}).values()) for one in scenarios for day in document["days"]), default=0
    )
    charts = [columns(document["days"], one["by_day"], channels, round_top(largest)) for one in scenarios]
    reasons = list(dict.fromkeys(name for one in scenarios for name in one["reasons"]))
    return environment.get_template("report.html").render(
        policy=_POLICY, style=_source("report.css"), w=WORDS[ui_language], ui=language, d=document, charts=charts,
        scenarios=scenarios, channels=channels, reasons=reasons,
        communications=sorted({name for one in scenarios for name in one["communications"]}),
        organisation=workspace.settings.organisation.name.of(language),
    )  # fmt: skip


def _name(workspace: Workspace, name: str, language: str) -> str:
    found = workspace.communications.get(name)
    return found.name.of(language) if found else name
