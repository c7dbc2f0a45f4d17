"""text sms: how a text goes over the air."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ccm.cli.output import JsonOption, command
from ccm.render.sms import encode_info

text_app = typer.Typer(help="Look at a text.", no_args_is_help=True)


@text_app.callback()
def _group() -> None:
    """Look at a text."""


@text_app.command("sms")
def sms(text: Annotated[str, typer.Argument(metavar="TEXT|-")], json: JsonOption = False) -> None:
    """Encoding, units and segments of a text message; - reads standard input."""
    with command(json) as out:
        info = encode_info(sys.stdin.read().rstrip("\n") if text == "-" else text)
        out.say(f"{info.encoding}, {info.units} units, {info.segments} segments")
        if info.offending:
            out.say("outside GSM-7: " + " ".join(info.offending))
        out.document({"encoding": info.encoding, "units": info.units, "segments": info.segments,
                      "offending": list(info.offending)})  # fmt: skip
