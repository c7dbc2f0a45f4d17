"""Each stage alone, and the naive way beside it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import weasyprint
from mjml import mjml2html

from bench.bank import AT, Bank
from bench.measure import Row, per_item
from ccm.compliance.check import check
from ccm.compliance.resolve import MissingWording, resolve_wording
from ccm.decide import decide
from ccm.log import sequencer
from ccm.model.message import Draft, RenderContext
from ccm.pipeline.compose import gather
from ccm.pipeline.data import DataValues
from ccm.store import feeds


def contexts(bank: Bank, communication: str, channel: str, count: int) -> list[RenderContext]:
    """Real contexts of the demo bank's customers, English and Japanese as they come."""
    project = bank.project
    compiled = project.compiled(communication)
    found = []
    with project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, count * 3)
        customers = list(feeds.customers(connection, ids).values())
        data = compiled.data.load(connection, customers, AT, {})
    for customer in customers:
        values, language = data[customer.id], compiled.communication.language_for(customer.language)
        recipient = customer.reach(channel)
        if not isinstance(values, DataValues) or language is None or recipient is None:
            continue
        slots = compiled.renderer.slots(channel, language)
        wording = resolve_wording(project.workspace, compiled.communication, slots, language, customer.jurisdiction, AT)
        if not isinstance(wording, MissingWording):
            found.append(
                RenderContext(f"bench{len(found):05}", customer, language, customer.jurisdiction, AT, recipient,
                              values.values, wording)
            )  # fmt: skip
        if len(found) == count:
            break
    return found


def email(bank: Bank) -> Row:
    """E-mail: compiled once, against a template and its MJML compiled for every recipient."""
    wanted = contexts(bank, "savings-offer", "email", 200)
    renderer = bank.project.compiled("savings-offer").renderer
    ours = per_item(lambda: [renderer.render("email", context) for context in wanted], len(wanted))
    source = _naive_mjml(bank.project.workspace.root)
    few = wanted[:10]

    def naive() -> list[str]:
        return [
            mjml2html(jinja2.Environment(autoescape=True).from_string(source).render(_plain(context)))
            for context in few
        ]

    return Row("render e-mail", ours, "messages", per_item(naive, len(few)), "MJML per recipient")


def _naive_mjml(root: Path) -> str:
    """The same layout and body as one MJML template, filled for each recipient and then compiled."""
    import re

    layout = (root / "templates/_brand/email.mjml").read_text(encoding="utf-8")
    body = (root / "templates/savings-offer/en/email.mjml").read_text(encoding="utf-8").split("---\n", 2)[2]
    whole = layout.replace("<ccm-content/>", body)
    # Values that the engine formats are printed as they are here, which only helps the naive way.
    return re.sub(r"\|\s*[a-z_]+(\([^)]*\))?", "", whole)


class _Anything(dict[str, Any]):
    """Stands for any field, so that the naive template fills without a schema."""

    def __missing__(self, key: str) -> Any:
        return _Anything()

    def __str__(self) -> str:
        return "value"

    def __html__(self) -> str:
        return html.escape("value")

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def _plain(context: RenderContext) -> dict[str, Any]:
    names = ("customer", "organisation", "message", "wording", "t", "offer")
    return {name: _Anything() for name in names} | {"customer": _Anything(full_name=context.customer.family_name)}


def sms(bank: Bank) -> Row:
    """SMS: compiled once, against a template compiled for every recipient."""
    wanted = contexts(bank, "savings-offer", "sms", 200)
    renderer = bank.project.compiled("savings-offer").renderer
    ours = per_item(lambda: [renderer.render("sms", context) for context in wanted], len(wanted))
    source = _Source(bank.project.workspace.root / "templates/savings-offer/en/sms.txt").text

    def naive() -> list[str]:
        return [jinja2.Environment(autoescape=False).from_string(source).render(_plain(context)) for context in wanted]

    return Row("render SMS", ours, "messages", per_item(naive, len(wanted)), "template per recipient")


class _Source:
    def __init__(self, path: Path) -> None:
        import re

        self.text = re.sub(r"\|\s*[a-z_]+(\([^)]*\))?", "", path.read_text(encoding="utf-8"))


def letter(bank: Bank) -> Iterator[Row]:
    """A statement as PDF, per language, against plain WeasyPrint with everything made anew for each letter."""
    renderer = bank.project.compiled("quarterly-statement").renderer
    everybody = contexts(bank, "quarterly-statement", "letter", 60)
    for language in ("en", "ja"):
        wanted = [context for context in everybody if context.language == language][:6]
        pages = renderer.letter_html(wanted[0])
        brand = bank.project.workspace.brand

        def naive(pages: str = pages, brand: dict[str, bytes] = brand) -> bytes:
            sheet = weasyprint.CSS(string=_without_fonts(brand["letter.css"].decode()))
            return bytes(weasyprint.HTML(string=pages).write_pdf(stylesheets=[sheet]) or b"")

        def ours(wanted: list[RenderContext] = wanted) -> list[object]:
            return [renderer.render("letter", context) for context in wanted]

        yield Row(
            f"render statement PDF ({language})", per_item(ours, len(wanted), 3), "statements",
            per_item(naive, 1, 3), "WeasyPrint per letter",
        )  # fmt: skip


def _without_fonts(css: str) -> str:
    import re

    return re.sub(r"@font-face\s*{[^}]*}", "", css)


def deciding(bank: Bank) -> Row:
    """decide, pure, without the database."""
    project = bank.project
    communication = project.workspace.communication("savings-offer")
    with project.store.read() as connection:
        ids = feeds.customer_ids(connection, None, 1000)
        known = list(gather(connection, project, communication, ids, AT).values())
    policy, channels = project.workspace.policy, project.workspace.channels
    taken = per_item(lambda: [decide(communication, policy, channels, facts, AT) for facts in known], len(known))
    return Row("decide", taken, "customers")


def checking(bank: Bank) -> Row:
    """The rules on a rendered e-mail."""
    compiled = bank.project.compiled("savings-offer")
    communication = compiled.communication
    policy, channels = bank.project.workspace.policy, bank.project.workspace.channels
    drafts = []
    with bank.project.store.read() as connection:
        for context in contexts(bank, "savings-offer", "email", 100):
            [facts] = gather(connection, bank.project, communication, [context.customer.id], AT).values()
            decision = replace(decide(communication, policy, channels, facts, AT), send=True, channel="email")
            rendered = compiled.renderer.render("email", context)
            drafts.append(Draft(context.message_id, decision, context.language, context.jurisdiction,
                                context.recipient, rendered))  # fmt: skip
    taken = per_item(
        lambda: [check(draft, communication, compiled.rules, compiled.release.digest) for draft in drafts], len(drafts)
    )
    return Row("check e-mail", taken, "messages")


def logging(bank: Bank) -> Row:
    """Adding a chunk of 1,000 leaves to the audit log, integration apart."""
    entries = [b'{"at":"2026-04-01T00:00:00Z","kind":"bench","n":"%06d"}' % number for number in range(1000)]

    def add() -> None:
        with bank.project.store.write() as connection:
            sequencer.append(connection, entries)

    taken = per_item(add, 1)
    sequencer.integrate(bank.project.store)
    return Row("log: add 1,000 entries", taken, "chunks")
