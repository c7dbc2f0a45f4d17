"""What a decision is taken by, beside the customer: kept once for all decisions that have it in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from ccm.errors import IntegrityError
from ccm.model.requirements import PolicyRequirements
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

_REQUIREMENTS = TypeAdapter(dict[str, PolicyRequirements])
_NOT_OF_COMMUNICATION = frozenset({"name", "data", "wording", "attach", "keeps_address"})
_NOT_OF_CHANNEL = frozenset({
    "settings", "sender", "sender_name", "utm", "max_segments", "warn_segments", "max_characters", "retry",
    "lease_seconds", "letter", "path", "settings_line",
})  # fmt: skip
"""What shapes the words or the hand-off and no decision. Whatever a file gets later is kept until it is named here."""


@dataclass(frozen=True)
class Grounds:
    """Policy, communication, channels and rules' requirements of one place, as one decision met them."""

    communication: Communication
    policy: Policy
    channels: Mapping[str, Channel]
    """At least those of the communication."""
    requirements: Mapping[str, PolicyRequirements]
    """Channel to what rules ask for in the customer's place."""
    names: tuple[str, ...] = ()
    """Words that traces under these grounds name by their place here."""
    engine: str = ""
    """Version that decided: another one may decide differently, and must then say so."""

    @cached_property
    def content(self) -> bytes:
        """JSON, equal for equal grounds; no personal data. Keys stay in their order: variants are dealt out by it."""
        communication = _plain(self.communication, _NOT_OF_COMMUNICATION)
        channels = {
            name: _plain(self.channels[name], _NOT_OF_CHANNEL)
            for name in self.communication.channels if name in self.channels
        }  # fmt: skip
        document = {
            "engine": self.engine, "communication": communication, "policy": _plain(self.policy, frozenset()),
            "channels": channels, "requirements": dict(self.requirements), "names": self.names,
        }  # fmt: skip
        return orjson.dumps(document, default=sorted)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `content` in hexadecimal."""
        return sha256(self.content).hexdigest()

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Each of `names` to its code in a trace: -1 for the first, -2 for the second, ..."""
        return {name: -1 - place for place, name in enumerate(self.names)}

    @classmethod
    def read(cls, content: bytes, digest: str) -> Grounds:
        """Grounds from what was stored; raises `IntegrityError` where it is not what `digest` names."""
        if sha256(content).hexdigest() != digest:
            raise IntegrityError(f"the policy stored as {digest} is not the one with this digest")
        try:
            found = orjson.loads(content)
            communication = found["communication"]
            communication["name"] = dict.fromkeys(("en", "ja"), communication["id"])
            grounds = cls(
                Communication.model_validate(communication),
                Policy.model_validate(found["policy"]),
                {name: Channel.model_validate(channel) for name, channel in found["channels"].items()},
                _REQUIREMENTS.validate_python(found["requirements"]),
                tuple(found["names"]),
                found["engine"],
            )
            # What the digest is over are these bytes: another version may write the same grounds with more fields.
            vars(grounds)["content"] = content
        except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise IntegrityError(f"the policy stored as {digest} is not one that this version reads") from error
        return grounds


def _plain(model: BaseModel, left_out: frozenset[str]) -> Any:
    whole = model.model_dump(mode="json", exclude=set(left_out))
    return _said(whole, model.model_dump(mode="json", exclude=set(left_out), exclude_defaults=True))


def _said(whole: Any, given: Any) -> Any:
    """Without defaults that are empty: some models refuse in a file what they take as its absence.

    Other defaults stay, for a later version's may be others.
    """
    if isinstance(whole, dict) and isinstance(given, dict):
        return {
            name: _said(value, given[name]) if name in given else value for name, value in whole.items()
            if name in given or value not in (None, "", [], {})
        }  # fmt: skip
    if isinstance(whole, list) and isinstance(given, list):
        return [_said(*pair) for pair in zip(whole, given, strict=True)]
    return whole


def names_of(communications: Iterable[Communication], policy: Policy, rules: Iterable[str]) -> tuple[str, ...]:
    """Words of a workspace that its traces repeat: categories, communications, caps, zones, rules."""
    found = {*rules, *(cap.id for cap in policy.caps), *(zone for zones in policy.zones.values() for zone in zones)}
    for communication in communications:
        found |= {communication.id, communication.category}
    return tuple(sorted(found))
