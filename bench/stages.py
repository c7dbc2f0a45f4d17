"""Each stage alone, and the naive way beside it where there is one."""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from itertools import count
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import delete

from bench import naive
from bench.bank import AT, Bank
from bench.measure import Row, Side, ready, side_by_side, wall
from ccm.batch import runs
from ccm.compliance.check import check
from ccm.decide import decide
from ccm.model.message import Draft, RenderContext
from ccm.pipeline.compose import Composed, Occasion, compose
from ccm.pipeline.gather import gather
from ccm.pipeline.record import record
from ccm.render import Renderer
from ccm.render.channels.letter import LetterChannel
from ccm.render.letter_paper import sheet_style
from ccm.store import feeds
from ccm.store.tables import contacts

_PHRASE = re.compile(r'<spanstyle="display:inline-block">(.*?)</span>')
"""Keeps the phrases of a Japanese heading together; the engine puts it in when it compiles, the naive way does not."""
ONE_BY_ONE = "one by one"
CHUNK = 500


def data(bank: Bank) -> Row:
    """The data of quarterly statements (accounts and bookings, by SQL, reconciled): a chunk, and one by one."""
    compiled = bank.project.compiled("quarterly-statement")
    start, end = compiled.data.period(AT)
    period = {"period_start": start, "period_end": end}
    with bank.project.store.read() as connection:
        customers = list(feeds.customers(connection, bank.customer_ids(CHUNK)).values())

    def bulk() -> None:
        with bank.project.store.read() as connection:
            compiled.data.load(connection, customers, AT, period)

    def single() -> None:
        for customer in customers[:20]:
            with bank.project.store.read() as connection:
                compiled.data.load(connection, [customer], AT, period)

    return side_by_side("data of a statement", "customers", ready(bulk, CHUNK), ready(single, 20), ONE_BY_ONE)


def deciding(bank: Bank) -> Row:
    """What is known of the customers, read and decided upon: a chunk, and one by one."""
    project, ids = bank.project, bank.customer_ids(CHUNK)
    communication = project.workspace.communication("savings-offer")
    policy, channels = project.workspace.policy, project.workspace.channels

    def decided(customer_ids: list[str]) -> None:
        with project.store.read() as connection:
            known = gather(connection, project, communication, customer_ids, AT)
        for facts in known.values():
            decide(communication, policy, channels, facts, AT)

    def single() -> None:
        for customer_id in ids[:50]:
            decided([customer_id])

    return side_by_side("decide", "customers", ready(lambda: decided(ids), CHUNK), ready(single, 50), ONE_BY_ONE)


def mail(bank: Bank) -> Iterator[Row]:
    """An offer by e-mail: HTML and text alone, and the whole message as bytes."""
    wanted = bank.contexts("savings-offer", "email", 200)
    renderer = bank.project.compiled("savings-offer").renderer
    other = naive.NaiveOffer(bank.project.workspace)
    few = wanted[:10]
    for context in few:
        _same_mail(renderer.render("email", context).body, other.email(context))

    def fill(context: RenderContext) -> None:
        # All that Renderer.render does before it writes the message.
        filling = renderer.filling("email", context)
        filling.template.fill(filling.plain, filling.html)

    name = "templates and MJML per recipient"
    yield side_by_side(
        "render e-mail: HTML and text", "messages",
        _each(fill, wanted), _each(other.html_and_text, few), name,
    )  # fmt: skip
    yield side_by_side(
        "render e-mail: whole message", "messages",
        _each(lambda context: renderer.render("email", context), wanted), _each(other.email, few), name,
    )  # fmt: skip


def _each(work: Callable[[RenderContext], object], wanted: list[RenderContext]) -> Side:
    def all_of_them() -> None:
        for context in wanted:
            work(context)

    return ready(all_of_them, len(wanted))


def _same_mail(ours: bytes, theirs: bytes) -> None:
    """Stops the benchmark where the two ways do not make the same message."""
    told = []
    for raw in (ours, theirs):
        message = email.message_from_bytes(raw, policy=email.policy.default)
        text, page = message.get_body(("plain",)), message.get_body(("html",))
        assert text is not None
        assert page is not None
        kinds = [part.get_content_type() for part in message.walk()]
        names = ("From", "To", "Subject", "Date", "Message-ID", "Content-Language", "List-Unsubscribe")
        # The engine breaks HTML lines elsewhere, writes &#12402; for ひ and %20 for a space in an address.
        bare = unquote(unescape("".join(page.get_content().split())))
        bare = _PHRASE.sub(r"\1", bare)
        told.append(("".join(bare.split()), text.get_content().split(), kinds, [str(message[name]) for name in names]))
    if told[0] != told[1]:
        raise RuntimeError("the naive way makes another message; the comparison would not be fair")


def sms(bank: Bank) -> Row:
    """An offer by SMS."""
    wanted = bank.contexts("savings-offer", "sms", 200)
    renderer = bank.project.compiled("savings-offer").renderer
    other = naive.NaiveOffer(bank.project.workspace)
    if any(renderer.render("sms", context).text != other.sms(context) for context in wanted[:10]):
        raise RuntimeError("the naive way makes another SMS; the comparison would not be fair")
    return side_by_side(
        "render SMS", "messages", _each(lambda context: renderer.render("sms", context), wanted),
        _each(other.sms, wanted[:20]), "templates per recipient",
    )  # fmt: skip


def letter(bank: Bank) -> Iterator[Row]:
    """A statement as PDF, one of middling length in each language."""
    renderer, workspace = bank.project.compiled("quarterly-statement").renderer, bank.project.workspace
    everybody = bank.contexts("quarterly-statement", "letter", 60)
    style_sheet, brand = workspace.brand["letter.css"].decode(), workspace.root / "templates/_brand"
    for language in ("en", "ja"):
        mine = sorted(
            (context for context in everybody if context.language == language),
            key=lambda context: len(context.data["transactions"]),
        )
        context = mine[len(mine) // 2]
        letters = renderer.channel("letter")
        assert isinstance(letters, LetterChannel)
        page, _ = letters.page(renderer.filling("letter", context))
        style = style_sheet + sheet_style(letters.sheet(context.customer))  # the brand's sheet asks where the window is

        def ours(context: RenderContext = context) -> object:
            return renderer.render("letter", context)

        def theirs(page: str = page, style: str = style) -> object:
            return naive.letter(page, style, brand)

        bookings = len(context.data["transactions"])
        yield side_by_side(
            f"render statement PDF ({language}, {bookings} rows)", "statements", ready(ours, 1), ready(theirs, 1),
            "WeasyPrint per letter",
        )  # fmt: skip


def compiling(bank: Bank) -> Row:
    """One communication, e-mail and SMS in two languages, from its files to templates that can be filled."""
    project = bank.project
    communication = project.workspace.communication("savings-offer")
    return side_by_side("compile an offer", "offers", ready(lambda: Renderer(project.workspace, communication), 1))


def workspace_check(root: Path) -> Row:
    """``ccm check`` over the demo workspace as a person waits for it: a new process, every sample on every channel."""
    command = [sys.executable, "-m", "ccm", "check", "--workspace", str(root)]
    seconds = wall(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
    return Row("ccm check, demo workspace", "times", seconds)


def checking(bank: Bank) -> Row:
    """The rules on a rendered e-mail."""
    project, compiled = bank.project, bank.project.compiled("savings-offer")
    wanted = {context.customer.id: context for context in bank.contexts("savings-offer", "email", 100)}
    with project.store.read() as connection:
        known = gather(connection, project, compiled.communication, list(wanted), AT)
    drafts = []
    for customer_id, context in wanted.items():
        decision = decide(
            compiled.communication, project.workspace.policy, project.workspace.channels, known[customer_id], AT
        )
        decision = decision._replace(send=True, channel="email")  # also where this customer would not get one
        rendered = compiled.renderer.render("email", context)
        drafts.append(Draft(context.message_id, decision, context.language, context.jurisdiction,
                            context.recipient, rendered))  # fmt: skip

    def work() -> None:
        for draft in drafts:
            check(draft, compiled.communication, compiled.rules, compiled.release.digest)

    return side_by_side("check e-mail", "messages", ready(work, len(drafts)))


def recording(bank: Bank) -> Row:
    """reserve + record, archive and log leaves included: a chunk, and one by one."""
    project, compiled = bank.project, bank.project.compiled("savings-offer")
    ids = bank.customer_ids(CHUNK)
    rounds = count()

    def fresh(size: int) -> tuple[Occasion, list[Composed]]:
        with project.store.write() as connection:  # else the caps are full after two rounds
            connection.execute(delete(contacts).where(contacts.c.status == "reserved"))
        occasion = replace(runs.occasion(compiled, AT), id=f"bench-{next(rounds)}", run_id=f"bench-{next(rounds)}")
        return occasion, compose(project, compiled, occasion, ids[:size])[0]

    def bulk() -> Callable[[], object]:
        occasion, composed = fresh(CHUNK)
        return lambda: record(project, compiled, occasion, composed)

    def single() -> Callable[[], object]:
        occasion, composed = fresh(50)
        return lambda: [record(project, compiled, occasion, [outcome]) for outcome in composed]

    return side_by_side("record", "customers", Side(bulk, CHUNK), Side(single, 50), ONE_BY_ONE, clock=time.perf_counter)
