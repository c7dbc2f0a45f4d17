"""demo: the main job on invented data, each step as the command that one would type."""

from __future__ import annotations

import shlex
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ccm.batch.runs import newest
from ccm.cli.output import DONE, FINDINGS, Out, command, project_of
from ccm.errors import Conflict, IntegrityError
from ccm.intake.demo import write_demo_feed

QUARTER_END = date(2026, 3, 31)
RUN_AT = "2026-04-01T00:30:00Z"
DELIVER_AT = ("2026-04-01T10:00:00Z", "2026-04-01T19:00:00Z")
"""Two passes: whoever is asleep in the first is awake in the second."""
FEEDS = (
    "customers", "accounts", "transactions", "preferences", "consents", "suppressions", "relations", "history", "cases",
)  # fmt: skip
CAMPAIGNS = ("quarterly-statement", "savings-offer")


def demo(
    out_dir: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new folder for everything.")] = Path(
        "demo-out"
    ),
    customers: Annotated[int, typer.Option("--customers", min=1)] = 120,
    seed: Annotated[int, typer.Option("--seed")] = 7,
) -> None:
    """The main job on an invented bank: statements and an offer, from the export to certificates and a verified log."""
    with command(as_json=False) as out:
        if out_dir.exists():
            raise Conflict(f"{out_dir} exists; name another folder, or remove it first")
        feed, workspace = out_dir / "feed", out_dir / "bank"
        started = time.monotonic()
        out.say(f"An invented bank with {customers:,} customers writes its export to {feed}")
        write_demo_feed(feed, customers, seed, QUARTER_END)
        steps = Steps(out, workspace)
        steps.run("init", str(workspace))
        for kind in FEEDS:
            file = feed / f"{kind}.csv"
            if file.read_bytes().count(b"\n") > 1:  # few customers may have none of a kind; a header alone is refused
                steps.run("import", kind, str(file), findings_are_fine=True)
        steps.run("check", "--at", RUN_AT)
        steps.run("preview", "quarterly-statement", "--at", RUN_AT, "--out", str(out_dir / "preview"))
        for communication in CAMPAIGNS:
            steps.run("submit", communication, "--as", "mika")
            steps.run("approve", steps.digest(communication), "--as", "aoi")
            steps.run("run", "start", communication, "--at", RUN_AT)
        for at in DELIVER_AT:
            steps.run("deliver", "--once", "--at", at)
        for run in steps.runs():
            steps.run("run", "certificate", run)
        steps.run("log", "verify")
        out.say(f"\nDone in {time.monotonic() - started:.0f} s. Nothing left this machine. Look at")
        out.say(f"  {workspace / '.ccm' / 'outbox'}  the messages: .eml, .txt, .pdf")
        out.say(f"  {out_dir / 'preview' / 'index.html'}  previews of the statement")
        out.say(f"  ccm explain --workspace {workspace} --customer ID  why each customer got what")


class Steps:
    """Runs commands in this process, showing each as it would be typed."""

    def __init__(self, out: Out, workspace: Path) -> None:
        self.out, self.workspace = out, workspace

    def run(self, *words: str, findings_are_fine: bool = False) -> None:
        """Runs one command; raises `IntegrityError` where it ends with another status than expected."""
        from ccm.cli.main import app  # the application holds this command too

        self.out.say(f"\n$ ccm {shlex.join(words)}")
        arguments = list(words)
        if words[0] != "init":
            arguments += ["--workspace", str(self.workspace)]
        status = app(arguments, standalone_mode=False) or DONE
        if status not in ((DONE, FINDINGS) if findings_are_fine else (DONE,)):
            raise IntegrityError(f"ccm {words[0]} ended with status {status}")

    def digest(self, communication: str) -> str:
        """The digest of the communication as its files are now, shortened as a person would type it."""
        return project_of(self.workspace).compiled(communication).release.digest[:12]

    def runs(self) -> list[str]:
        """The runs in the order they were started."""
        project = project_of(self.workspace)
        with project.store.read() as connection:
            return [run.id for run in reversed(newest(connection, 10))]
