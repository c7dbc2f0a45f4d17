"""``twilio-sms``: text messages through Twilio's Messages API (version 2010-04-01)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, StringConstraints

from ccm.adapters.base import (
    Adapter,
    AdapterSettings,
    Opening,
    SecureUrl,
    Supplier,
    VariableName,
    certificate_failed,
    check_number,
    check_sender,
    outlasts_lease,
    scrub,
)
from ccm.errors import OutcomeUnknown, SupplierRefused
from ccm.model.message import ApprovedMessage, Receipt
from ccm.workspace.channels import MESSAGING_SERVICE, SMS_SENDER, SMS_SENDERS, Channel

if TYPE_CHECKING:
    from twilio.http.response import Response  # type: ignore[import-untyped]
    from twilio.rest import Client  # type: ignore[import-untyped]

FULL_QUEUE = 21611
"""The sender's queue at Twilio is full (Twilio error dictionary); it empties."""
_ACCOUNT = re.compile(r"AC[0-9a-f]{32}")
_SID = re.compile(r"(SM|MM)[0-9a-f]{32}")


class TwilioSettings(AdapterSettings):
    """The Twilio account; the sender is the channel's, or what its messaging service chooses.

    A service in these settings serves every jurisdiction, one in the channel's `sender` its own.
    """

    account_sid_env: VariableName = "TWILIO_ACCOUNT_SID"
    auth_token_env: VariableName = "TWILIO_AUTH_TOKEN"  # noqa: S105 (the name of a variable, not a secret)
    messaging_service_sid: Annotated[str, StringConstraints(pattern=r"^MG[0-9a-f]{32}$")] | None = None
    status_callback: SecureUrl | None = None
    """Where Twilio reports what becomes of a message."""
    base_url: SecureUrl | None = None
    """Another address of the API: a stand-in."""
    timeout_seconds: float = Field(default=30, gt=0, le=600)

    def complaints(self, channel: Channel) -> list[str]:
        found = outlasts_lease(self.timeout_seconds, channel)
        senders = [channel.sender] if isinstance(channel.sender, str) else list(channel.sender.values())
        for sender in senders if self.messaging_service_sid is None else ():
            if not SMS_SENDER.fullmatch(sender):
                found.append(f"sender '{sender}' must be {SMS_SENDERS}, or settings.messaging_service_sid be given")
        return found

    def open(self, opening: Opening) -> TwilioSms:
        account = opening.secret("account_sid_env", self.account_sid_env)
        token = opening.secret("auth_token_env", self.auth_token_env)
        if not _ACCOUNT.fullmatch(account):
            opening.refuse(f"settings.account_sid_env: '{self.account_sid_env}' must hold AC and 32 hexadecimal digits")
        try:
            client = _client(account, token, self, opening)
        except ImportError:
            opening.refuse("adapter 'twilio-sms' needs the extra 'twilio': pip install 'ccm-engine[twilio]'")
        options: dict[str, Any] = {"smart_encoded": False, "shorten_urls": False}
        if self.status_callback:
            options["status_callback"] = self.status_callback
        return TwilioSms(client, options, opening.channel, self.messaging_service_sid)


class TwilioSms(Adapter):
    """Sends texts as they are: Twilio's own re-encoding and link shortening stay off."""

    name: ClassVar[str] = "twilio-sms"
    channels: ClassVar[frozenset[str]] = frozenset({"sms"})
    local: ClassVar[bool] = False
    can_find: ClassVar[bool] = False

    def __init__(self, client: Client, options: dict[str, Any], channel: Channel, service: str | None) -> None:
        self._client = client
        self._options = options
        self._channel = channel
        self._service = service

    def send(self, message: ApprovedMessage) -> Receipt:
        """Sends to one number; the reference is the message's SID, which status callbacks carry."""
        number = check_number(message)
        try:
            text = message.body.decode()
        except UnicodeDecodeError as error:
            raise SupplierRefused("body", "the text is not UTF-8") from error
        sender = self._service or check_sender(message, self._channel)
        chosen = "messaging_service_sid" if MESSAGING_SERVICE.fullmatch(sender) else "from_"
        created = self._client.messages.create(to=number, body=text, **{chosen: sender}, **self._options)
        return Receipt(supplier_reference=str(created.sid), detail=str(created.status or ""))

    def find(self, message_id: str) -> Receipt | None:
        raise NotImplementedError("Twilio cannot be asked for a message by our id")

    def close(self) -> None:
        self._client.http_client.session.close()


def _client(account: str, token: str, settings: TwilioSettings, opening: Opening) -> Client:
    """The library's client over a transport that asks once and judges the answer itself."""
    from requests import exceptions as http
    from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]
    from twilio.http.response import Response
    from twilio.rest import Client

    class Transport(TwilioHttpClient):  # type: ignore[misc]  # the library has no types
        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
            try:
                answer = super().request(method, _redirected(url, settings.base_url), *args, **kwargs)
            except (http.RequestException, OSError, ValueError) as error:
                raise _failure(error) from error
            return Response(answer.status_code, json.dumps(_judged(answer)))

    # max_retries=0: a retry after a lost answer would send twice; whether to try again is decided by the outbox.
    transport = Transport(timeout=settings.timeout_seconds, max_retries=0)
    return Client(account, token, http_client=transport, environment=dict(opening.environ))


def _redirected(url: str, base_url: str | None) -> str:
    if base_url is None:
        return url
    base, asked = urlsplit(base_url), urlsplit(url)
    return urlunsplit((base.scheme, base.netloc, base.path + asked.path, asked.query, ""))


def _judged(answer: Response) -> dict[str, str]:
    """The SID and status of a message that Twilio took; raises what any other answer means.

    Only a 4xx is a definite no: after a 5xx, a redirect or an answer that cannot be read, the message may
    be on its way. A 4xx without a code of Twilio's is somebody else's (a proxy's), so it may pass, as may
    401 (our credentials) and 429 (too many requests).
    """
    status = answer.status_code
    try:
        content = json.loads(answer.text)
    except (ValueError, RecursionError):
        content = None
    fields: dict[str, Any] = content if isinstance(content, dict) else {}
    if 400 <= status < 500:
        code = fields.get("code")
        known = isinstance(code, int) and not isinstance(code, bool)
        permanent = known and status not in (401, 408, 429) and code != FULL_QUEUE
        detail = scrub(fields.get("message", ""))
        raise SupplierRefused(str(code) if known else f"http-{status}", detail, permanent=permanent)
    if not 200 <= status < 300:
        raise OutcomeUnknown(f"Twilio answered HTTP {status}")
    sid = fields.get("sid")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise OutcomeUnknown(f"Twilio answered HTTP {status} without the message's SID")
    return {"sid": sid, "status": scrub(fields.get("status", ""), 20)}


def _failure(error: Exception) -> SupplierRefused | OutcomeUnknown:
    """What it means that no answer came: only where no connection was made is that a definite no."""
    from requests import exceptions as http
    from urllib3.exceptions import NewConnectionError

    kind = type(error).__name__
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    never_sent = isinstance(error, http.ConnectTimeout | http.ProxyError) or isinstance(reason, NewConnectionError)
    if never_sent or certificate_failed(error):
        return SupplierRefused("connect", f"no connection to Twilio: {kind}", permanent=False)
    return OutcomeUnknown(f"Twilio gave no answer that can be read: {kind}")


SUPPLIER = Supplier(TwilioSms, TwilioSettings)
