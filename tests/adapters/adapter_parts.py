"""Messages, channels and adapters as delivery makes them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from ccm.adapters import Adapter
from ccm.model.message import ApprovedMessage
from ccm.workspace.channels import Channel

MEDIA_TYPES = {"email": "message/rfc822", "sms": "text/plain; charset=utf-8", "letter": "application/pdf"}
RECIPIENTS = {"email": "aiko@customer.example", "sms": "+12025550143", "letter": "100-0001, JP, 東京都, 千代田区1-1"}


def an_email(to: str = "aiko@customer.example", text: str = "Your statement is ready.\n") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = "ひのき銀行 <hello@hinokibank.example>"
    message["To"] = to
    message["Subject"] = "お知らせ"
    message["Message-ID"] = "<m-0001@hinokibank.example>"
    message.set_content(text)
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    message.set_boundary("the-boundary")
    return message.as_bytes()


BODIES = {
    "email": an_email(),
    "sms": "ひのき銀行: payment received.".encode(),
    "letter": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
}


def a_message(channel: str = "email", **changes: Any) -> ApprovedMessage:
    values: dict[str, Any] = {
        "message_id": "m-0001", "communication": "payment-received", "customer_id": "c-77", "channel": channel,
        "language": "ja", "recipient": RECIPIENTS[channel], "media_type": MEDIA_TYPES[channel],
        "body": BODIES[channel], "subject": "お知らせ", "release": "0" * 64,
    }  # fmt: skip
    return ApprovedMessage(**(values | changes))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def a_channel(adapter: str, channel: str = "email", **changes: Any) -> Channel:
    settings = changes.pop("settings", {})
    values = {"channel": channel, "adapter": adapter, "settings": settings, "sender": "HINOKI"}
    return Channel(**(values | {"path": f"channels/{channel}.yaml", "settings_line": 4} | changes))


Opener = Callable[..., Adapter]
