"""Runs `ccm` in this process, and holds it to what every command promises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from ccm.cli.main import app

NOON = "2026-04-01T17:00:00Z"
"""Noon where customer C1 lives, two at night where C2 does."""
CUSTOMERS = """\
customer_id,account_id,language,birth_date,segment,family_name,given_name,jurisdiction,timezone,address_line1,\
address_line2,city,region,postcode,country,mobile,email,accessible_format,status
C1,A1,en-US,1980-02-03,retail,Whitfield,Jane,US,America/Chicago,1 Main St,,Austin,TX,78701,US,+15125550123,\
jane@example.com,,active
C2,A2,ja-JP,1975-06-07,retail,佐藤,花子,JP,Asia/Tokyo,ひのき町1-2,,千代田区,東京都,100-0001,JP,+819012345678,\
hanako@example.com,,active
C3,A3,en-GB,1975-06-07,retail,"{{7*7}}","</title><script>alert(1)</script>",GB,Europe/London,1 High St,,Leeds,,LS1 1AA,\
GB,+447700900123,leeds@example.com,,active
../../C4,A4,en-US,1975-06-07,retail,=cmd|calc,[/b]:100:,US,America/Chicago,1 Main St,,Austin,TX,78701,US,\
+15125550124,c4@example.com,,active
"""
CONSENTS = "customer_id,purpose,channel,basis,granted,at,evidence\n" + "".join(
    f"{customer},marketing,{channel},opt_in,true,2026-01-05T00:00:00Z,form\n"
    for customer in ("C1", "C2", "C3", "../../C4")
    for channel in ("email", "sms")
)
PAYMENT = json.dumps({
    "payment": {"amount": "1250.00", "currency": "USD", "received_on": "2026-04-01", "payer": "Lakeside Dental"}
})  # fmt: skip


@dataclass
class Commands:
    """`ccm` on one workspace."""

    workspace: Path

    def run(self, *words: str, status: int = 0, stdin: str | bytes | None = None) -> Result:
        """Runs a command; it must end with `status`, and without a traceback."""
        arguments = list(words)
        if words[0] not in ("init", "text", "demo", "--version"):
            arguments += ["--workspace", str(self.workspace)]
        result = CliRunner().invoke(app, arguments, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, (words, result.stdout, result.stderr)
        return result

    def json(self, *words: str, status: int = 0) -> dict[str, Any]:
        """What a command prints with --json: exactly one document, and no error unless it failed."""
        result = self.run(*words, "--json", status=status)
        document = json.loads(result.stdout)  # raises where anything stands beside it
        assert isinstance(document, dict)
        assert ("error" in document) == bool(result.stderr)
        return document

    def says(self, *words: str, status: int = 0) -> str:
        """What a command prints for people on standard output."""
        return self.run(*words, status=status).stdout

    def refuses(self, *words: str, status: int = 2, stdin: str | bytes | None = None) -> str:
        """The error of a command that must not go through: nothing on standard output, one error on the other."""
        result = self.run(*words, status=status, stdin=stdin)
        assert result.stdout == ""
        assert result.stderr.count("ccm: ") <= 1
        return result.stderr

    def approve(self, communication: str) -> str:
        """Submits and approves a communication; returns the digest."""
        digest = str(self.json("submit", communication, "--as", "mika")["digest"])
        self.json("approve", digest, "--as", "aoi")
        return digest

    def send(self, key: str = "k1", customer: str = "C1", status: int = 0, *more: str) -> dict[str, Any]:
        """Sends a payment notice as of noon."""
        words = ("send", "payment-received", "--customer", customer, "--data", PAYMENT, "--key", key, "--at", NOON)
        return self.json(*words, *more, status=status)
