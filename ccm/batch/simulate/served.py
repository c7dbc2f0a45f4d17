"""Who has had what planned runs tell: by the store when a simulation begins, and by the simulation itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from ccm.model.message import NEVER_WENT
from ccm.pipeline.copies import PART
from ccm.store.queries import Query, one_of
from ccm.store.tables import messages

_HAVE_IT = Query(
    select(messages.c.customer_id, messages.c.occasion, messages.c.part, messages.c.channel, messages.c.state).where(
        one_of(messages.c.customer_id, "ids"), one_of(messages.c.communication, "communications"),
        one_of(messages.c.occasion, "occasions"), messages.c.state.not_in(NEVER_WENT),
    )
)  # fmt: skip


class Served:
    """What customers have of some occasions: nobody gets one of them twice, and no address or household that may not.

    A part is empty for what is the customer's own, else that of a copy of another's.
    """

    def __init__(self) -> None:
        self._have: dict[str, dict[tuple[str, str], set[str]]] = {}
        """By customer, then occasion and part: the channels of the messages."""

    def has(self, customer_id: str, occasion: str, part: str) -> bool:
        """Whether the customer has this part of it."""
        return (occasion, part) in self._have.get(customer_id, ())

    def channels(self, customer_id: str, occasion: str) -> Iterator[str]:
        """The channels on which anything of it went to the customer; of what a digest tells there are none."""
        for (about, _), channels in self._have.get(customer_id, {}).items():
            if about == occasion:
                yield from channels

    def add(self, customer_id: str, occasion: str, part: str, channels: Collection[str]) -> None:
        """The customer has this part of it from now on."""
        self._have.setdefault(customer_id, {}).setdefault((occasion, part), set()).update(channels)


def served(
    connection: Connection, communications: Collection[str], occasions: Collection[str], ids: Collection[str]
) -> Served:
    """What the store has for these customers of some occasions of some communications."""
    found = Served()
    for customer_id, occasion, part, channel, state in (
        _HAVE_IT(connection, ids=ids, communications=communications, occasions=occasions) if occasions else ()
    ):
        channels = (channel,) if state != "digested" else ()
        found.add(customer_id, occasion, part if part.startswith(PART) else "", channels)
    return found
