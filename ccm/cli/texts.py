"""text sms: how a text goes over the air."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ccm.cli.output import JsonOption, command
from ccm.errors import InputError
from ccm.render.sms import encode_info

MAX_TEXT = 100_000
text_app = typer.Typer(help="Look at a text.", no_args_is_help=True)


@text_app.callback()
def _group() -> None:
    """Look at a text."""


@text_app.command("sms")
def sms(text: Annotated[str, typer.Argument(metavar="TEXT|-")], json: JsonOption = False) -> None:
    """Encoding, units and segments of a text message; - reads standard input."""
    with command(json) as out:
        info = encode_info(_standard_input() if text == "-" else text)
        out.say(f"{info.encoding}, {info.units} units, {info.segments} segments")
        if info.offending:
            out.say("outside GSM-7: " + " ".join(info.offending))
        out.document({"encoding": info.encoding, "units": info.units, "segments": info.segments,
                      "offending": list(info.offending)})  # fmt: skip


def _standard_input() -> str:
    raw = sys.stdin.buffer.read(MAX_TEXT + 1)
    if len(raw) > MAX_TEXT:
        raise InputError(f"standard input is larger than {MAX_TEXT:,} bytes; that is no text message")
    try:
        return raw.decode("utf-8").rstrip("\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(f"standard input:{line}: is not UTF-8") from error
