"""``ses``: e-mail through Amazon SES, version 2 of its API, as raw messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from ccm.adapters.base import (
    Adapter,
    AdapterSettings,
    Opening,
    SecureUrl,
    Supplier,
    certificate_failed,
    outlasts_lease,
    scrub,
)
from ccm.adapters.mail import Envelope, read_envelope
from ccm.errors import OutcomeUnknown, SupplierRefused
from ccm.model.message import ApprovedMessage, Receipt
from ccm.workspace.channels import Channel

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

FINAL_CODES = frozenset({"AccountSuspendedException", "BadRequestException", "MessageRejected"})
"""Errors of SendEmail (SES API reference, version 2) that the same message would meet again. The others of the
4xx kind are about rates, credentials or the account's set-up, and pass or can be mended."""


class SesSettings(AdapterSettings):
    """The SES account; credentials come from the environment or the machine's role, never from here."""

    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
    """Such as ``ap-northeast-1``."""
    endpoint_url: SecureUrl | None = None
    """Another address of the service, such as a VPC endpoint or a stand-in."""
    configuration_set: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    """Names where SES publishes what becomes of messages."""
    timeout_seconds: float = Field(default=30, gt=0, le=600)

    def complaints(self, channel: Channel) -> list[str]:
        return outlasts_lease(self.timeout_seconds, channel)

    def open(self, opening: Opening) -> Ses:
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            opening.refuse("adapter 'ses' needs the extra 'aws': pip install 'ccm-engine[aws]'")
        env = opening.environ
        session = boto3.session.Session(
            aws_access_key_id=env.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=env.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=env.get("AWS_SESSION_TOKEN"),
            region_name=self.region,
        )
        config = Config(
            connect_timeout=self.timeout_seconds,
            read_timeout=self.timeout_seconds,
            # A retry after a lost answer would send twice; whether to try again is decided by the outbox.
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        client = session.client("sesv2", endpoint_url=self.endpoint_url, config=config)
        return Ses(client, self.configuration_set)


class Ses(Adapter):
    """Sends raw messages; SES tags each with the message's id, and its events name that."""

    name: ClassVar[str] = "ses"
    channels: ClassVar[frozenset[str]] = frozenset({"email"})
    local: ClassVar[bool] = False
    can_find: ClassVar[bool] = False

    def __init__(self, client: Any, configuration_set: str | None) -> None:
        self._client = client
        self._configuration_set = configuration_set

    def send(self, message: ApprovedMessage) -> Receipt:
        """Sends to one recipient; the reference is SES's own message id, which its events carry."""
        from botocore.exceptions import BotoCoreError, ClientError

        envelope = read_envelope(message)
        if not (envelope.sender.isascii() and envelope.recipient.isascii()):
            # SES takes A-label domains but no other letters before the @ (API reference, Destination).
            raise SupplierRefused("recipient", "SES takes only ASCII before the @ of an address")
        try:
            answer = self._client.send_email(**self._request(message, envelope))
        except ClientError as error:
            raise _refusal(error) from error
        except BotoCoreError as error:
            raise _failure(error) from error
        except Exception as error:
            # An answer that is no JSON object makes botocore's parser fail in many ways, all after the sending.
            raise OutcomeUnknown(f"SES gave no answer that can be read: {type(error).__name__}") from error
        reference = answer.get("MessageId") if isinstance(answer, dict) else None
        if not isinstance(reference, str) or not reference.strip():
            raise OutcomeUnknown("SES answered without a message id")
        return Receipt(supplier_reference=reference)

    def find(self, message_id: str) -> Receipt | None:
        raise NotImplementedError("SES cannot be asked for a message by our id")

    def close(self) -> None:
        self._client.close()

    def _request(self, message: ApprovedMessage, envelope: Envelope) -> dict[str, Any]:
        request: dict[str, Any] = {
            "Destination": {"ToAddresses": [envelope.recipient]},
            "Content": {"Raw": {"Data": message.body}},
            "EmailTags": [{"Name": "ccm-message-id", "Value": message.message_id}],
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        return request


def _refusal(error: ClientError) -> SupplierRefused | OutcomeUnknown:
    """What an answer with an error status means; only a 4xx is a definite no."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(error.response.get("Error", {}).get("Code", ""))
    if not 400 <= status < 500:
        return OutcomeUnknown(f"SES answered HTTP {status} {scrub(code)}")
    detail = scrub(error.response.get("Error", {}).get("Message", ""))
    return SupplierRefused(scrub(code) or str(status), detail, permanent=code in FINAL_CODES)


def _failure(error: Exception) -> SupplierRefused | OutcomeUnknown:
    """What it means that no answer came: only where nothing was sent is that a definite no."""
    from botocore import exceptions as boto

    kind = type(error).__name__
    never_connected = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
    if isinstance(error, never_connected) or certificate_failed(error):
        return SupplierRefused("connect", f"no connection to SES: {kind}", permanent=False)
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        return OutcomeUnknown(f"SES gave no answer that can be read: {kind}")
    if isinstance(error, boto.ParamValidationError):
        return SupplierRefused("parameters", "SES cannot take this message as a request")
    # What is left arises before a request is made: no credentials, no region, no such profile.
    return SupplierRefused("credentials", f"the request to SES could not be made: {kind}", permanent=False)


SUPPLIER = Supplier(Ses, SesSettings)
