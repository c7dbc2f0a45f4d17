from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import boto3
import pytest
from adapter_parts import Opener, a_channel, a_message, an_email, free_port
from moto.server import ThreadedMotoServer

from ccm.adapters import Adapter, open_adapter
from ccm.errors import OutcomeUnknown, SupplierRefused, WorkspaceError

ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def ses(moto: str) -> str:
    """The address of an SES of which the bank's sender is a verified identity, and nothing was sent yet."""
    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST")).close()
    client = boto3.client(
        "sesv2", region_name="eu-west-1", endpoint_url=moto, aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_email_identity(EmailIdentity="hello@hinokibank.example")
    return moto


def settings(address: str, **others: Any) -> dict[str, Any]:
    return {"region": "eu-west-1", "endpoint_url": address, "timeout_seconds": 2} | others


def kept_by(address: str) -> list[Any]:
    """What moto's SES holds; the server runs in this process, so its memory can be read."""
    from moto.ses.models import ses_backends

    return list(ses_backends["123456789012"]["eu-west-1"].sent_messages)


def test_a_message_arrives_byte_for_byte_at_one_recipient(opened: Opener, ses: str) -> None:
    receipt = opened("ses", settings=settings(ses), environ=ENVIRON).send(a_message())
    (kept,) = kept_by(ses)
    assert kept.raw_data.encode() == an_email()
    assert set(kept.destinations) == {"aiko@customer.example"}
    assert receipt.supplier_reference == kept.id


def test_an_identity_that_is_not_verified_is_refused_for_good(opened: Opener, ses: str) -> None:
    body = an_email().replace(b"hello@hinokibank.example", b"stranger@hinokibank.example")
    with pytest.raises(SupplierRefused) as refused:
        opened("ses", settings=settings(ses), environ=ENVIRON).send(a_message(body=body))
    assert (refused.value.code, refused.value.permanent) == ("MessageRejected", True)
    assert kept_by(ses) == []


class Supplier(BaseHTTPRequestHandler):
    """Answers every request as told, and counts them."""

    def do_POST(self) -> None:
        server: Any = self.server
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.requests.append((self.path, request))
        status, content = server.answer
        if status == "hang":
            server.end.wait()
        if isinstance(status, str):
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keeps the tests' output quiet."""


@dataclass
class Answering:
    """A supplier that gives the same answer until told otherwise, and an adapter that asks it."""

    server: Any
    adapter: Adapter

    def with_answer(self, status: int | str, content: bytes) -> Adapter:
        self.server.answer = (status, content)
        self.server.requests.clear()
        return self.adapter

    @property
    def requests(self) -> list[Any]:
        requests: list[Any] = self.server.requests
        return requests


@pytest.fixture(scope="module")
def supplier() -> Iterator[Answering]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Supplier)
    server.daemon_threads, server.requests, server.end = True, [], Event()
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    own = settings(f"http://127.0.0.1:{server.server_address[1]}", timeout_seconds=0.5, configuration_set="ccm-events")
    # Opened once: boto3 takes most of a second to read its service descriptions.
    adapter = open_adapter(a_channel("ses", settings=own), Path(), outbox=Path(), environ=ENVIRON)
    yield Answering(server, adapter)
    adapter.close()
    server.end.set()
    server.shutdown()
    server.server_close()


def error(code: str) -> bytes:
    return json.dumps({"__type": code, "message": f"{code} about aiko@customer.example"}).encode()


@pytest.mark.parametrize(
    ("status", "content", "code", "permanent"),
    [
        (400, error("MessageRejected"), "MessageRejected", True),
        (400, error("BadRequestException"), "BadRequestException", True),
        (400, error("AccountSuspendedException"), "AccountSuspendedException", True),
        (400, error("MailFromDomainNotVerifiedException"), "MailFromDomainNotVerifiedException", False),
        (400, error("SendingPausedException"), "SendingPausedException", False),
        (400, error("LimitExceededException"), "LimitExceededException", False),
        (400, error("ThrottlingException"), "ThrottlingException", False),
        (429, error("TooManyRequestsException"), "TooManyRequestsException", False),
        (403, error("ExpiredTokenException"), "ExpiredTokenException", False),
        (404, error("NotFoundException"), "NotFoundException", False),
        (407, b"<html>a proxy speaks</html>", "407", False),
    ],
)
def test_a_no_is_a_no_after_one_request(
    supplier: Answering, status: int, content: bytes, code: str, permanent: bool
) -> None:
    with pytest.raises(SupplierRefused) as refused:
        supplier.with_answer(status, content).send(a_message())
    assert (refused.value.code, refused.value.permanent, len(supplier.requests)) == (code, permanent, 1)
    assert "aiko" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"<html>no JSON"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b""),
        (200, b'{"MessageId": ""}'),
        (200, b'{"MessageId": null}'),
        (200, b"\xff\xfe"),
        (200, b"[" * 100_000),
        (302, b""),
        (400, b"[1, 2]"),
        (500, error("InternalServiceErrorException")),
        (503, b"busy"),
        ("drop", b""),
        ("hang", b""),
    ],
)
def test_any_other_answer_is_unknown_and_never_asked_for_twice(
    supplier: Answering, status: int | str, content: bytes
) -> None:
    with pytest.raises(OutcomeUnknown):
        supplier.with_answer(status, content).send(a_message())
    assert len(supplier.requests) == 1


def test_the_request_names_the_configuration_set_and_our_message(supplier: Answering) -> None:
    receipt = supplier.with_answer(200, b'{"MessageId": "0100-abc"}').send(a_message())
    assert receipt.supplier_reference == "0100-abc"
    [(path, request)] = supplier.requests
    assert path == "/v2/email/outbound-emails"
    assert request["ConfigurationSetName"] == "ccm-events"
    assert request["Destination"] == {"ToAddresses": ["aiko@customer.example"]}
    assert request["EmailTags"] == [{"Name": "ccm-message-id", "Value": "m-0001"}]


def test_no_connection_is_refused_for_now(opened: Opener) -> None:
    own = settings(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SupplierRefused) as refused:
        opened("ses", settings=own, environ=ENVIRON).send(a_message())
    assert (refused.value.code, refused.value.permanent) == ("connect", False)


def test_no_credentials_are_refused_for_now(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(SupplierRefused) as refused:
        opened("ses", settings=settings(f"http://127.0.0.1:{free_port()}")).send(a_message())
    assert (refused.value.code, refused.value.permanent) == ("credentials", False)


def test_a_local_part_that_is_not_ascii_is_refused_before_anything_is_sent(supplier: Answering) -> None:
    body = "From: hello@hinokibank.example\r\nTo: 愛子@customer.example\r\n\r\nhello\r\n".encode()
    with pytest.raises(SupplierRefused) as refused:
        supplier.with_answer(200, b"{}").send(a_message(recipient="愛子@customer.example", body=body))
    assert (refused.value.code, refused.value.permanent, supplier.requests) == ("recipient", True, [])


def test_a_missing_package_names_the_extra(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(WorkspaceError, match=r"channels/email\.yaml:4: .*ccm-engine\[aws\]"):
        opened("ses", settings={"region": "eu-west-1"})


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"region": "somewhere"},
        {"region": "eu-west-1", "endpoint_url": "http://ses.example"},
        {"region": "eu-west-1", "endpoint_url": "https://user:secret@ses.example"},
        {"region": "eu-west-1", "timeout_seconds": 120},
        {"region": "eu-west-1", "secret_access_key": "never here"},
    ],
)
def test_settings_that_cannot_work_are_told_when_the_channel_is_opened(opened: Opener, own: dict[str, Any]) -> None:
    with pytest.raises(WorkspaceError, match=r"channels/email\.yaml:4: "):
        opened("ses", settings=own)
