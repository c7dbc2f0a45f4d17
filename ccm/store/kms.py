"""AWS KMS as the keeper of the key-encryption key: it is asked once a process, not once a customer."""

from __future__ import annotations

from typing import Any

from ccm.errors import InputError, NotAllowed, TryAgain

CONTEXT = {"ccm": "archive"}
"""KMS ties a wrapped key to this: it is not unwrapped as anything else."""


def new_key(kms_key: str) -> tuple[bytes, bytes]:
    """A new key of 32 bytes, in plain and wrapped by the KMS key (id, ARN or alias).

    Region, credentials and endpoint are those of the AWS environment. Raises `NotAllowed` where KMS refuses,
    `TryAgain` where it does not answer, `InputError` where boto3 is not installed.
    """
    answer = _call("generate_data_key", KeyId=kms_key, KeySpec="AES_256", EncryptionContext=CONTEXT)
    return answer["Plaintext"], answer["CiphertextBlob"]


def unwrap(kms_key: str, wrapped: bytes) -> bytes:
    """The key that `new_key` made; raises as it does."""
    # KMS finds its key by the blob; naming it too refuses a blob that somebody wrapped with a key of their own.
    key: bytes = _call("decrypt", CiphertextBlob=wrapped, KeyId=kms_key, EncryptionContext=CONTEXT)["Plaintext"]
    return key


def _call(operation: str, **parameters: Any) -> dict[str, Any]:
    try:
        import boto3  # a quarter of a second, and an extra of the installation
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise InputError("archive key: AWS KMS needs boto3 (pip install 'ccm-engine[aws]')") from error
    try:
        answer: dict[str, Any] = getattr(boto3.client("kms"), operation)(**parameters)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise NotAllowed(f"archive key: AWS KMS refuses {operation}: {code}") from error
    except BotoCoreError as error:
        raise TryAgain(f"archive key: AWS KMS does not answer: {error}") from error
    return answer
