from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from adapter_parts import Opener, a_message, an_email, free_port
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccm.errors import OutcomeUnknown, SupplierRefused, WorkspaceError

TABLE_OK = "250 2.0.0 Ok: queued as 4Rx9"


@dataclass
class MailServer:
    """A real SMTP server that keeps what it got; `plan` holds what it answers instead, by command."""

    port: int = field(default_factory=free_port)
    plan: dict[str, list[str]] = field(default_factory=dict)
    got: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    options: list[str] = field(default_factory=list)

    async def act(self, server: SMTP, command: str, otherwise: str) -> str:
        answer = (self.plan.get(command) or [otherwise]).pop(0)
        if answer == "drop":
            server.transport.abort()
        elif answer == "hang":
            await asyncio.sleep(3)
        return answer

    async def handle_EHLO(self, server: SMTP, session: Any, envelope: Any, hostname: str, answers: list[str]) -> Any:
        session.host_name = hostname
        self.connections.add(session.peer)
        without = self.plan.get("without", [])
        return [answer for answer in answers if not any(word in answer for word in without)]

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = await self.act(server, "MAIL", "250 OK")
        if answer.startswith("2"):
            envelope.mail_from, self.options = address, options
        return answer

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = await self.act(server, "RCPT", "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        answer = await self.act(server, "DATA", TABLE_OK)
        if not answer.startswith(("4", "5")):
            self.got.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content))
        return answer

    @property
    def settings(self) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "timeout_seconds": 1}


Servers = Callable[..., MailServer]


@pytest.fixture
def servers() -> Iterator[Servers]:
    running: list[Controller] = []

    def start(**options: Any) -> MailServer:
        server = MailServer()
        running.append(Controller(server, "127.0.0.1", server.port, **options))
        running[-1].start()
        return server

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def server(servers: Servers) -> MailServer:
    return servers(enable_SMTPUTF8=True)


def test_the_body_arrives_byte_for_byte_at_one_recipient(opened: Opener, server: MailServer) -> None:
    receipt = opened("smtp", settings=server.settings).send(a_message())
    assert server.got == [("hello@hinokibank.example", ["aiko@customer.example"], an_email())]
    assert receipt.supplier_reference == "<m-0001@hinokibank.example>"
    assert receipt.detail == "2.0.0 Ok: queued as 4Rx9"


def test_without_a_message_id_the_server_s_words_are_the_reference(opened: Opener, server: MailServer) -> None:
    body = an_email().replace(b"Message-ID: <m-0001@hinokibank.example>\r\n", b"")
    assert opened("smtp", settings=server.settings).send(a_message(body=body)).supplier_reference.endswith("4Rx9")


@given(
    lines=st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\r", b".").replace(b"\n", b".")), max_size=6)
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_lines_dots_and_bytes_arrive_as_they_were(opened: Opener, server: MailServer, lines: list[bytes]) -> None:
    head = b"From: hello@hinokibank.example\r\nTo: aiko@customer.example\r\n\r\n"
    body = head + b"".join(line + b"\r\n" for line in [b".", b"..", *lines])
    adapter = opened("smtp", settings=server.settings)
    adapter.send(a_message(body=body))
    adapter.close()
    assert server.got.pop()[2] == body


def test_one_connection_carries_many_messages(opened: Opener, server: MailServer) -> None:
    adapter = opened("smtp", settings=server.settings)
    for _ in range(3):
        adapter.send(a_message())
    assert (len(server.got), len(server.connections)) == (3, 1)


@pytest.mark.parametrize("farewell", ["drop", "421 4.4.2 idle too long"])
def test_a_connection_that_the_server_closed_between_messages_is_made_anew(
    opened: Opener, server: MailServer, farewell: str
) -> None:
    adapter = opened("smtp", settings=server.settings)
    adapter.send(a_message())
    server.plan["MAIL"] = [farewell]
    adapter.send(a_message())
    assert (len(server.got), len(server.connections)) == (2, 2)


PERMANENT, FOR_NOW, UNKNOWN = "permanent", "for now", "unknown"


@pytest.mark.parametrize(
    ("command", "answer", "outcome", "code"),
    [
        ("MAIL", "550 5.7.1 sender not welcome", PERMANENT, "550"),
        ("MAIL", "451 4.7.1 later", FOR_NOW, "451"),
        ("MAIL", "530 5.7.0 log in first", FOR_NOW, "530"),
        ("MAIL", "421 4.3.2 going down", FOR_NOW, "421"),
        ("MAIL", "drop", FOR_NOW, "connection"),
        ("MAIL", "hang", FOR_NOW, "connection"),
        ("MAIL", "what?", FOR_NOW, "reply"),
        ("RCPT", "550 5.1.1 no such user", PERMANENT, "550"),
        ("RCPT", "553 5.1.3 bad address", PERMANENT, "553"),
        ("RCPT", "450 4.2.1 greylisted", FOR_NOW, "450"),
        ("RCPT", "drop", FOR_NOW, "connection"),
        ("RCPT", "hang", FOR_NOW, "connection"),
        ("RCPT", "99 bottles", FOR_NOW, "reply"),
        ("DATA", "554 5.7.1 looks like spam", PERMANENT, "554"),
        ("DATA", "552 5.3.4 too big", PERMANENT, "552"),
        ("DATA", "452 4.3.1 disk full", FOR_NOW, "452"),
        ("DATA", "421 4.3.2 going down", FOR_NOW, "421"),
        ("DATA", "drop", UNKNOWN, ""),
        ("DATA", "hang", UNKNOWN, ""),
        ("DATA", "garbage without a code", UNKNOWN, ""),
        ("DATA", "354 still listening", UNKNOWN, ""),
        ("DATA", "250 " + "x" * 9_000, UNKNOWN, ""),
    ],
)
def test_every_answer_has_one_outcome_and_the_next_message_goes(
    opened: Opener, server: MailServer, command: str, answer: str, outcome: str, code: str
) -> None:
    adapter = opened("smtp", settings=server.settings | {"timeout_seconds": 0.3})
    server.plan[command] = [answer]
    with pytest.raises((SupplierRefused, OutcomeUnknown)) as raised:
        adapter.send(a_message())
    if isinstance(raised.value, SupplierRefused):
        assert (raised.value.code, PERMANENT if raised.value.permanent else FOR_NOW) == (code, outcome)
        assert server.got == []
    else:
        assert outcome == UNKNOWN
    server.got.clear()
    adapter.send(a_message(recipient="next@customer.example", body=an_email("next@customer.example")))
    assert [recipients for _, recipients, _ in server.got] == [["next@customer.example"]]


def test_a_connection_lost_within_the_content_is_refused_for_now(opened: Opener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up_on_the_content() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"220 ready\r\n")
                for answer in (b"250 hello", b"250 ok", b"250 ok", b"354 go ahead"):
                    lines.readline()
                    connection.sendall(answer + b"\r\n")
                # Closing with zero linger resets the connection while the client still writes.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        server = Thread(target=hang_up_on_the_content)
        server.start()
        own = {"host": "127.0.0.1", "port": listener.getsockname()[1], "security": "none"}
        with pytest.raises(SupplierRefused, match="within the message") as refused:
            opened("smtp", settings=own).send(a_message(body=an_email() + b"statement\r\n" * 1_000_000))
        server.join()
    assert not refused.value.permanent


def test_no_server_is_refused_for_now(opened: Opener) -> None:
    settings = {"host": "127.0.0.1", "port": free_port(), "security": "none"}
    with pytest.raises(SupplierRefused) as refused:
        opened("smtp", settings=settings).send(a_message())
    assert (refused.value.code, refused.value.permanent) == ("connect", False)


def test_an_answer_that_repeats_the_recipient_is_told_without_it(opened: Opener, server: MailServer) -> None:
    server.plan["RCPT"] = ["550 5.1.1 <aiko@customer.example>: no such user at +81 90-1234-5678"]
    with pytest.raises(SupplierRefused) as refused:
        opened("smtp", settings=server.settings).send(a_message())
    assert str(refused.value) == "550: 5.1.1 [address]: no such user at [number]"


@given(
    before=st.sampled_from(["", " ", ">"]),
    after=st.sampled_from(["", "x", "Bcc: c@d.example", "RCPT TO:<c@d.example>"]),
    breaker=st.sampled_from(["\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028", "\u2029"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize(
    ("name", "channel"),
    [("smtp", "email"), ("outbox", "email"), ("outbox", "sms"), ("outbox", "letter"), ("print-folder", "letter")],
)
def test_a_recipient_with_a_line_break_is_refused_before_anything_is_sent(
    opened: Opener, server: MailServer, tmp_path: Path, name: str, channel: str, before: str, after: str, breaker: str
) -> None:
    own = {"smtp": server.settings, "print-folder": {"folder": "print"}}.get(name, {})
    recipient = f"aiko@customer.example{before}{breaker}{after}"
    with pytest.raises(SupplierRefused) as refused:
        opened(name, channel, settings=own).send(a_message(channel, recipient=recipient))
    assert refused.value.permanent
    assert "aiko" not in str(refused.value)
    assert not server.connections
    assert not list(tmp_path.rglob("*.*"))


def changed(old: bytes, new: bytes) -> bytes:
    body = an_email()
    assert old in body
    return body.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipient": "no address"}, "recipient"),
        ({"recipient": "a@b.example, c@d.example"}, "recipient"),
        ({"recipient": "Aiko <aiko@customer.example>"}, "recipient"),
        ({"recipient": ""}, "recipient"),
        ({"recipient": "other@customer.example"}, "other_recipients"),
        ({"body": changed(b"To: aiko", b"Bcc: c@d.example\r\nTo: aiko")}, "other_recipients"),
        ({"body": changed(b"To: aiko", b"Cc: c@d.example\r\nTo: aiko")}, "other_recipients"),
        ({"body": changed(b"To: aiko", b"To: c@d.example, aiko")}, "other_recipients"),
        ({"body": changed(b"To: aiko", b"From: c@d.example\r\nTo: aiko")}, "sender"),
        ({"body": b"To: aiko@customer.example\r\n\r\nno sender\r\n"}, "sender"),
        ({"body": changed(b"ready.\r\n", b"ready.\r\n.\r\r\nMAIL FROM:<x@y.example>\r\n")}, "line_ends"),
        ({"body": changed(b"ready.\r\n", b"ready.\n.\nMAIL FROM:<x@y.example>\r\n")}, "line_ends"),
        ({"body": an_email() + b"unended"}, "line_ends"),
        ({"body": b""}, "line_ends"),
        ({"body": changed(b"ready.\r\n", b"ready." + b"x" * 999 + b"\r\n")}, "long_line"),
        ({"body": changed(b"To: aiko", b"X: \xff\xfe\r\nTo: aiko")}, "headers"),
    ],
)
def test_a_message_that_could_go_elsewhere_or_read_otherwise_is_refused_before_anything_is_sent(
    opened: Opener, server: MailServer, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(SupplierRefused) as refused:
        opened("smtp", settings=server.settings).send(a_message(**change))
    assert (refused.value.code, refused.value.permanent) == (code, True)
    assert not server.connections


def test_an_international_domain_goes_in_its_ascii_form(opened: Opener, server: MailServer) -> None:
    body = an_email().replace(b"aiko@customer.example", b"aiko@xn--bcher-kva.example")
    opened("smtp", settings=server.settings).send(a_message(recipient="aiko@bücher.example", body=body))
    assert server.got[0][1] == ["aiko@xn--bcher-kva.example"]


def test_an_international_local_part_goes_where_the_server_takes_it(opened: Opener, servers: Servers) -> None:
    head = "From: hello@hinokibank.example\r\nTo: 愛子@customer.example\r\n\r\n".encode()
    message = a_message(recipient="愛子@customer.example", body=head + b"hello\r\n")
    able, unable = servers(enable_SMTPUTF8=True), servers(enable_SMTPUTF8=False)
    opened("smtp", settings=able.settings).send(message)
    assert able.got[0][1:] == (["愛子@customer.example"], message.body)
    with pytest.raises(SupplierRefused) as refused:
        opened("smtp", settings=unable.settings).send(message)
    assert (refused.value.code, refused.value.permanent, unable.got) == ("smtputf8", True, [])


def test_eight_bit_content_is_declared_or_not_sent(opened: Opener, server: MailServer) -> None:
    body = b"From: hello@hinokibank.example\r\nTo: aiko@customer.example\r\n\r\n" + "愛子様\r\n".encode()
    opened("smtp", settings=server.settings).send(a_message(body=body))
    assert "BODY=8BITMIME" in [option.upper() for option in server.options]
    server.plan["without"] = ["8BITMIME"]
    with pytest.raises(SupplierRefused) as refused:
        opened("smtp", settings=server.settings).send(a_message(body=body))
    assert (refused.value.code, len(server.got)) == ("8bitmime", 1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for this machine that no authority signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def tls_options(security: str, certificate: Path) -> dict[str, Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def authenticate(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"ccm", b"open sesame"), handled=False)

    options = {"authenticator": authenticate, "auth_required": True}
    return options | (
        {"ssl_context": context, "auth_require_tls": False}
        if security == "tls"
        else {"tls_context": context, "require_starttls": True}
    )


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_login_over_tls_with_a_trusted_certificate(
    opened: Opener, servers: Servers, certificate: Path, security: str
) -> None:
    server = servers(**tls_options(security, certificate))
    own = {"security": security, "ca_file": str(certificate), "username": "ccm", "password_env": "MAIL_PASSWORD"}
    opened("smtp", settings=server.settings | own, environ={"MAIL_PASSWORD": "open sesame"}).send(a_message())
    assert len(server.got) == 1
    wrong = opened("smtp", settings=server.settings | own, environ={"MAIL_PASSWORD": "open barley"})
    with pytest.raises(SupplierRefused) as refused:
        wrong.send(a_message())
    assert (refused.value.code, refused.value.permanent) == ("535", False)
    assert "barley" not in str(refused.value)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_gets_no_message(
    opened: Opener, servers: Servers, certificate: Path, security: str
) -> None:
    server = servers(**tls_options(security, certificate))
    with pytest.raises(SupplierRefused, match="certificate") as refused:
        opened("smtp", settings=server.settings | {"security": security}).send(a_message())
    assert not refused.value.permanent
    assert server.got == []


def test_a_server_without_starttls_gets_no_message(opened: Opener, server: MailServer) -> None:
    with pytest.raises(SupplierRefused, match="STARTTLS") as refused:
        opened("smtp", settings=server.settings | {"security": "starttls"}).send(a_message())
    assert not refused.value.permanent
    assert server.got == []


@pytest.mark.parametrize(
    ("own", "complaint"),
    [
        ({"host": "mail.example", "username": "ccm", "password_env": "NOT_SET"}, "'NOT_SET' is not set"),
        ({"host": "mail.example", "ca_file": "missing.pem"}, "ca_file 'missing.pem' cannot be read"),
        ({"host": "mail.example", "username": "ccm"}, "username and password_env go together"),
        ({"host": "a..b"}, "host 'a..b' does not have the form"),
        (
            {"host": "mail.example", "security": "none", "username": "ccm", "password_env": "P"},
            "must not cross the network in the clear",
        ),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_told_when_the_channel_is_opened(
    opened: Opener, own: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(WorkspaceError) as refused:
        opened("smtp", settings=own)
    (problem,) = refused.value.problems
    assert (problem.path, problem.line) == ("channels/email.yaml", 4)
    assert complaint in problem.message
