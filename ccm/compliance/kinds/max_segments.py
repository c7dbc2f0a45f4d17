"""An SMS must not take more than so many parts."""

from __future__ import annotations

from pydantic import Field

from ccm.compliance.kinds import RuleParams
from ccm.compliance.text import CheckedText


class Params(RuleParams):
    """`maximum`: SMS parts, as the network counts and charges them."""

    maximum: int = Field(ge=1, le=10)


def check(params: Params, message: CheckedText) -> list[str]:
    """At most one sentence. An SMS whose parts nobody counted does not pass either."""
    if message.channel == "sms" and message.segments < 1:
        return ["the number of SMS parts is not known"]
    if message.segments > params.maximum:
        return [f"takes {message.segments} SMS parts; at most {params.maximum} are allowed"]
    return []
