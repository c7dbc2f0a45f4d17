"""A time stamping authority on this machine: openssl answers, behind a small web server."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

CONFIG = """\
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
[v3_tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[v3_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[req]
distinguished_name = name
[name]
"""


@dataclass
class Authority:
    """`plan` holds answers (status, body) that the server gives instead of timestamps."""

    folder: Path
    url: str = ""
    plan: list[tuple[int, bytes]] = field(default_factory=list)
    asked: int = 0

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def openssl(self, *words: str, given: bytes = b"") -> bytes:
        command = ["openssl", *words]
        done = subprocess.run(command, input=given, capture_output=True, check=False, cwd=self.folder)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(self) -> None:
        """A root, and a certificate for time stamping under it."""
        self.folder.mkdir()
        (self.folder / "conf").write_text(CONFIG.format(folder=self.folder), encoding="utf-8")
        (self.folder / "serial").write_text("01\n", encoding="utf-8")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "conf")
        self.openssl("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Invented Root",
                     "-extensions", "v3_ca", "-days", "30")  # fmt: skip
        self.openssl("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Invented TSA")
        self.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
                     "-out", "tsa.pem", "-extfile", "conf", "-extensions", "v3_tsa", "-days", "30")  # fmt: skip

    def answer(self, query: bytes) -> bytes:
        """What ``openssl ts -reply`` says to a query."""
        (self.folder / "query").write_bytes(query)
        self.openssl("ts", "-reply", "-config", "conf", "-section", "one", "-queryfile", "query", "-signer", "tsa.pem",
                     "-inkey", "tsa.key", "-out", "reply")  # fmt: skip
        return (self.folder / "reply").read_bytes()


@contextmanager
def authority_at(folder: Path) -> Iterator[Authority]:
    """An authority that answers on a port of this machine."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl as time stamping authority")
    authority = Authority(folder)
    authority.make()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authority.asked += 1
            query = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = authority.plan.pop(0) if authority.plan else (200, authority.answer(query))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_address[1]}/tsr"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
