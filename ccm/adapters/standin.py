"""A stand-in of Twilio's Messages API, to try sending without an account: ``python -m ccm.adapters.standin``.

It listens on this machine only, keeps what it got in memory, and can be told to misbehave:

- ``POST /2010-04-01/Accounts/{account}/Messages.json`` takes a message as Twilio does;
- ``GET /standin/messages`` gives what it took, as JSON;
- ``POST /standin/misbehave`` with the form fields ``kind``, ``times`` (default 1) and ``code`` changes the next
  answers.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qsl

KINDS = {
    "busy": "answers 429 and takes nothing",
    "drop": "takes the message and closes the connection without an answer",
    "garbage": "takes the message and answers 201 with something that is no JSON",
    "hang": "takes the message and never answers",
    "no-sid": "takes the message and answers 201 with JSON that lacks the SID",
    "refuse": "answers 400 with a code of Twilio's (default 21211) and takes nothing",
    "break": "takes the message and answers 500",
}
"""What the stand-in can be told to do."""
_MESSAGES = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages\.json")
MAX_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """One answer that differs; `code` is Twilio's error code for ``refuse``."""

    kind: str
    code: int = 21211

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"'{self.kind}' is none of {', '.join(sorted(KINDS))}")


@dataclass
class TwilioStandin:
    """The server; use it as a context manager. `messages` holds the form fields of every message taken."""

    port: int = 0
    """0 chooses a free one; the address is in `url`."""
    messages: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._planned: deque[Misbehaviour] = deque()
        self._lock = Lock()
        self._closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _Handler)
        self._server.daemon_threads = True
        self._server.standin = self  # type: ignore[attr-defined]
        self.port = self._server.server_address[1]

    @property
    def url(self) -> str:
        """What to set as ``base_url``."""
        return f"http://127.0.0.1:{self.port}"

    def misbehave(self, kind: str, *, times: int = 1, code: int = 21211) -> None:
        """Changes the next `times` answers to messages; raises `ValueError` naming the kinds."""
        with self._lock:
            self._planned.extend([Misbehaviour(kind, code)] * times)

    def serve(self) -> None:
        """Answers until closed."""
        self._server.serve_forever(poll_interval=0.05)

    def __enter__(self) -> Self:
        self._thread = Thread(target=self.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, account: str, form: dict[str, str]) -> Misbehaviour | tuple[int, dict[str, Any]]:
        """Decides on one message: a planned misbehaviour, or status and JSON as Twilio answers."""
        with self._lock:
            planned = self._planned.popleft() if self._planned else None
            if planned and planned.kind in ("busy", "refuse"):
                return planned
            for name, code in (("To", 21604), ("Body", 21602)):
                if not form.get(name):
                    return 400, _error(400, code, f"A '{name}' is required.")
            if not (form.get("From") or form.get("MessagingServiceSid")):
                return 400, _error(400, 21603, "A 'From' or a messaging service is required.")
            self.messages.append(form)
            sid = f"SM{len(self.messages):032x}"
        return planned or (201, {"sid": sid, "account_sid": account, "status": "queued", "to": form["To"]})

    def wait_for_end(self) -> None:
        """Keeps a request waiting until the stand-in closes."""
        self._closing.wait()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Head and body of an answer are two small writes; the second must not wait for the first."""

    @property
    def standin(self) -> TwilioStandin:
        standin: TwilioStandin = self.server.standin  # type: ignore[attr-defined]
        return standin

    def do_GET(self) -> None:
        if self.path == "/standin/messages":
            self._answer(200, json.dumps(self.standin.messages, ensure_ascii=False))
        else:
            self._answer(404, json.dumps(_error(404, 20404, "There is no such resource.")))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BYTES:
            self.close_connection = True
            self._answer(413, "")
            return
        form = dict(parse_qsl(self.rfile.read(length).decode("utf-8", "replace"), keep_blank_values=True))
        if self.path == "/standin/misbehave":
            self._plan(form)
        elif found := _MESSAGES.fullmatch(self.path):
            if not (self.headers.get("Authorization") or "").startswith("Basic "):
                self._answer(401, json.dumps(_error(401, 20003, "Authenticate")))
                return
            self._message(self.standin.take(found[1], form))
        else:
            self._answer(404, json.dumps(_error(404, 20404, "There is no such resource.")))

    def _plan(self, form: dict[str, str]) -> None:
        try:
            times, code = int(form.get("times") or 1), int(form.get("code") or 21211)
            self.standin.misbehave(form.get("kind", ""), times=times, code=code)
        except ValueError as error:
            self._answer(400, json.dumps({"message": str(error)}))
        else:
            self._answer(200, "{}")

    def _message(self, outcome: Misbehaviour | tuple[int, dict[str, Any]]) -> None:
        if isinstance(outcome, tuple):
            self._answer(outcome[0], json.dumps(outcome[1]))
            return
        match outcome.kind:
            case "busy":
                self._answer(429, json.dumps(_error(429, 20429, "Too many requests")))
            case "refuse":
                self._answer(400, json.dumps(_error(400, outcome.code, "The message was refused.")))
            case "break":
                self._answer(500, json.dumps(_error(500, 20500, "Internal server error")))
            case "garbage":
                self._answer(201, "<html>\x00 this is no JSON")
            case "no-sid":
                self._answer(201, json.dumps({"status": "queued", "sid": None}))
            case _:
                if outcome.kind == "hang":
                    self.standin.wait_for_end()
                self.close_connection = True

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Writes no log: requests hold numbers and texts of customers."""


def _error(status: int, code: int, message: str) -> dict[str, Any]:
    return {
        "status": status,
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
    }


def main(arguments: list[str] | None = None) -> None:
    """Serves until interrupted."""
    kinds = "\n".join(f"  {kind:8} {what}" for kind, what in sorted(KINDS.items()))
    parser = argparse.ArgumentParser(
        prog="python -m ccm.adapters.standin",
        description="A stand-in of Twilio's Messages API on this machine.",
        epilog=f"kinds of misbehaviour:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8801)
    parser.add_argument("--misbehave", metavar="KIND", choices=sorted(KINDS), help="on the first messages")
    parser.add_argument("--times", type=int, default=1, help="on how many of them")
    options = parser.parse_args(arguments)
    standin = TwilioStandin(options.port)
    if options.misbehave:
        standin.misbehave(options.misbehave, times=options.times)
    sys.stderr.write(f"base_url: {standin.url}\n")
    try:
        standin.serve()
    except KeyboardInterrupt:
        sys.stderr.write(f"{len(standin.messages)} messages taken\n")


if __name__ == "__main__":
    main()
