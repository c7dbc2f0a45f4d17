"""The `ccm` command."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import typer

from ccm import __version__
from ccm.cli import (
    audit,
    catalogue,
    coverage,
    demo,
    evidence,
    feeds,
    log,
    releases,
    retention,
    rules,
    runs,
    serve,
    stops,
    texts,
    wording,
    workspace,
)
from ccm.cli.output import WRONG_USE
from ccm.cli.review import review
from ccm.cli.simulate import simulate

app = typer.Typer(
    help="Customer communication management: approved words, the right channel, and proof of every message.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip

app.command("init")(workspace.init)
app.command("check")(workspace.check)
app.command("import")(feeds.import_)
app.command("coverage")(coverage.show)
app.add_typer(wording.wording_app, name="wording")
app.command("rules")(rules.show)
app.command("preview")(workspace.preview)
app.command("submit")(releases.submit)
app.command("approve")(releases.approve)
app.command("reject")(releases.reject)
app.command("withdraw")(releases.withdraw)
app.command("review")(review)
app.command("comment")(releases.comment)
app.command("releases")(releases.list_releases)
app.command("stop")(stops.stop)
app.command("resume-sending")(stops.resume_sending)
app.command("send")(runs.send)
app.add_typer(runs.run_app, name="run")
app.command("simulate")(simulate)
app.command("deliver")(runs.deliver)
app.command("receive")(feeds.receive)
app.command("explain")(audit.explain)
app.command("evidence")(evidence.evidence)
app.command("erase")(retention.erase)
app.add_typer(retention.hold_app, name="hold")
app.add_typer(retention.retention_app, name="retention")
app.add_typer(log.log_app, name="log")
app.command("serve")(serve.serve)
app.add_typer(serve.links_app, name="links")
texts.text_app.command("catalogue")(catalogue.catalogue)
app.add_typer(texts.text_app, name="text")

app.command("demo")(demo.demo)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Runs the command that the arguments name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that lacks a letter shows its code, instead of ending the command half way.
            stream.reconfigure(errors="backslashreplace")
    for number, word in enumerate(sys.argv[1:], 1):
        if not word.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in word):
            sys.stderr.write(f"ccm: argument {number} is not UTF-8\n")
            raise SystemExit(WRONG_USE)
    app()
