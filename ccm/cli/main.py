"""The `ccm` command."""

from __future__ import annotations

import typer

from ccm import __version__
from ccm.cli import audit, demo, feeds, releases, runs, texts, workspace

app = typer.Typer(
    help="Customer communication management: approved words, the right channel, and proof of every message.",
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip

app.command("init")(workspace.init)
app.command("check")(workspace.check)
app.command("import")(feeds.import_)
app.command("preview")(workspace.preview)
app.command("submit")(releases.submit)
app.command("approve")(releases.approve)
app.command("reject")(releases.reject)
app.command("withdraw")(releases.withdraw)
app.command("releases")(releases.list_releases)
app.command("send")(runs.send)
app.add_typer(runs.run_app, name="run")
app.command("deliver")(runs.deliver)
app.command("receive")(feeds.receive)
app.command("explain")(audit.explain)
app.add_typer(audit.log_app, name="log")
app.add_typer(texts.text_app, name="text")

app.command("demo")(demo.demo)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Entry point of the console script."""
    app()
