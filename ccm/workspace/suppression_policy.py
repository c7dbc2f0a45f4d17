"""The part of ``channels/policy.yaml`` that says who is left in peace, from what, and for how long."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ccm.model.customer import Frozen, Purpose, SuppressionKind
from ccm.workspace.communication import ChannelId, Communication
from ccm.workspace.settings import Slug, WrongPart

EVERYTHING: tuple[Purpose, ...] = ("marketing", "servicing", "transactional", "regulatory")


class Reach(Frozen):
    """What a suppression stops: communications of these purposes, and those of these categories besides."""

    purposes: tuple[Purpose, ...] = ()
    categories: tuple[Slug, ...] = ()
    days: int | None = Field(default=None, ge=0, le=3660, strict=True)
    """It ends so many times 24 hours after it began, where its own record names no end; None: when somebody ends it."""

    @model_validator(mode="after")
    def _what_ends_is_there(self) -> Reach:
        # What a kind says stands alone: it is not added to the engine's own terms.
        if self.days is not None and not (self.purposes or self.categories):
            message = "it stops nothing, so nothing can end: name 'purposes' or 'categories' too"
            raise WrongPart(message, "days")
        return self

    def stops(self, communication: Communication) -> bool:
        """Whether it stops this communication."""
        return communication.purpose in self.purposes or communication.category in self.categories


class ComplaintPause(Frozen):
    """Peace while a complaint is open, and for some days after it closed."""

    purposes: tuple[Literal["marketing", "servicing"], ...] = ("marketing",)
    categories: tuple[Slug, ...] = ()
    """Categories that pause besides, whatever their purpose."""
    days_after_close: int = Field(default=14, ge=0, le=365, strict=True)

    def stops(self, communication: Communication) -> bool:
        """Whether it stops this communication."""
        return communication.purpose in self.purposes or communication.category in self.categories


class SharedContactPoints(Frozen):
    """For these purposes one address, though several customers share it, gets a communication once an occasion."""

    purposes: tuple[Purpose, ...] = ("marketing",)
    channels: tuple[ChannelId, ...] = ("email", "sms", "line", "whatsapp", "push", "social", "inbox")
    """Not by letter: people who live together each have a letterbox's name; see ``one_per: household``."""


class SuppressionPolicy(Frozen):
    """What each kind of suppression stops. A kind that is left out keeps the engine's own terms, given here."""

    hard_bounce: Reach = Reach(purposes=EVERYTHING)
    invalid_contact_point: Reach = Reach(purposes=EVERYTHING)
    complaint: Reach = Reach(purposes=("marketing",))
    """The recipient called a message spam; a case of the complaints desk is `Policy.complaint`."""
    opt_out: Reach = Reach(purposes=("marketing",))
    bereavement: Reach = Reach(purposes=("marketing", "servicing"), days=90)
    vulnerable: Reach = Reach(purposes=("marketing",))
    legal_hold: Reach = Reach(purposes=("marketing", "servicing"))
    do_not_contact: Reach = Reach(purposes=("marketing", "servicing", "transactional"))
    shared_contact_points: SharedContactPoints = SharedContactPoints()

    def reach(self, kind: SuppressionKind) -> Reach:
        """The terms of a kind."""
        reach: Reach = getattr(self, kind)
        return reach
