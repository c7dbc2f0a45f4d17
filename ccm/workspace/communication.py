"""``templates/<id>/communication.yaml``: what a communication is and which data it takes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ccm.model.customer import Frozen, Purpose
from ccm.workspace.collecting import MOST_COLLECTED, Collects
from ccm.workspace.languages import Language, chain
from ccm.workspace.sendtimes import SendTimes
from ccm.workspace.settings import ByLanguage, Jurisdiction, Slug, WrongPart, each_once

ChannelId = Literal["email", "sms", "letter", "line", "whatsapp", "push", "social", "inbox"]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
VariantName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,15}$")]
OnCap = Literal["drop", "defer", "fallback", "digest"]
"""A full cap: withhold; wait for room; take the customer's next channel that has room; join a digest."""
ScalarType = Literal["text", "integer", "decimal", "money", "percent", "date", "datetime", "boolean"]


class FieldType(Frozen):
    """The type of one field of a communication's data.

    `money` is a Decimal whose currency stands in the field that `currency` names (a dotted path from the
    data's top, or from the same object), or is that ISO 4217 code itself.
    """

    type: Literal["text", "integer", "decimal", "money", "percent", "date", "datetime", "boolean", "object", "list"]
    optional: bool = False
    max_length: int | None = Field(default=None, ge=1, le=10_000)
    """Of text, in code points; of a list, in items."""
    currency: str | None = None
    fields: dict[FieldName, FieldType] = {}
    """Of an object, or of each item of a list."""
    description: str = ""

    @model_validator(mode="after")
    def _parts_fit(self) -> FieldType:
        if self.type in ("object", "list") and not self.fields:
            raise ValueError(f"type '{self.type}' needs 'fields'")
        if self.type not in ("object", "list") and self.fields:
            raise ValueError(f"type '{self.type}' takes no 'fields'")
        if self.type == "money" and self.currency is None:
            raise ValueError("type 'money' needs 'currency': a field's path or an ISO 4217 code")
        return self


class RunningBalance(Frozen):
    """A data check: each row's balance is the one before it plus its amount, from opening to closing.

    All names are paths in the data. Rows of one `order` value (a day) may stand in any order in the feed;
    they are put into the one in which the balances chain.
    """

    kind: Literal["running_balance"]
    opening: str
    closing: str
    rows: str
    amount: str
    balance: str
    order: str


class DataSource(Frozen):
    """Where the communication's data comes from."""

    sql: str = ""
    """A DuckDB query's file beside this one, giving one row a customer, first column ``customer_id``.
    Empty: the data come with the trigger (``ccm send --data``)."""
    parameters: dict[FieldName, ScalarType] = {}
    """Named parameters of the query and their types; a run computes or is given their values."""
    period: Literal["", "previous_month", "previous_quarter"] = ""
    """Fills ``period_start`` and ``period_end`` (both inclusive) from the instant of the run."""
    fields: dict[FieldName, FieldType] = {}
    checks: tuple[RunningBalance, ...] = ()


class Experiment(Frozen):
    """Customers are told the same in different words, to learn which words serve them better."""

    id: Slug
    """Decides who gets which variant: the same customer always gets the same one of an experiment."""
    variants: dict[VariantName, Annotated[int, Field(ge=0, le=1000, strict=True)]] = Field(min_length=1)
    """Variant to its weight. A template ``email@b.mjml`` is variant b's; one it does not have is the common one."""
    holdout: int = Field(default=0, ge=0, le=1000, strict=True)
    """Weight of the customers who get nothing, to measure against."""

    @model_validator(mode="after")
    def _somebody_gets_it(self) -> Experiment:
        if not sum(self.variants.values()):
            raise WrongPart("the variants' weights add up to 0, so that nobody would get any", "variants")
        return self


class Digest(Frozen):
    """Where a communication goes that is collected with others."""

    into: Slug
    """The communication that lists those that were collected."""
    always: bool = False
    """Whether it is always collected; else only where `on_cap` is ``digest`` and a cap is full."""


DIGEST_PART = "digest"
"""Stands for a channel where the few words are meant that a communication adds to a digest."""
LONGEST_NAME, LONGEST_SUMMARY, LONGEST_PAGE = 200, 300, 60
"""Code points that a digest has room for, of each communication that it tells of."""


def collected(at_most: int) -> DataSource:
    """The data of a communication that collects: one item for each message that it tells of, oldest first."""
    parts = {
        "name": FieldType(type="text", max_length=LONGEST_NAME, description="Of the communication, in its language"),
        "summary": FieldType(type="text", max_length=LONGEST_SUMMARY, description="The words of its digest.txt"),
        "page": FieldType(type="text", optional=True, max_length=LONGEST_PAGE, description="Of the website, to go on"),
        "date": FieldType(type="date", description="When it was decided on, by the organisation's calendar"),
    }
    return DataSource(fields={"items": FieldType(type="list", max_length=at_most, fields=parts)})


class NotWithin(Frozen):
    """Not too soon after something else was said: a day is 24 hours, and exactly `days` later is late enough."""

    days: int = Field(ge=1, le=366, strict=True)
    of: tuple[Slug, ...] = Field(min_length=1)
    """Communications; this one itself may stand among them."""


class Escalation(Frozen):
    """What a journey does where nothing came back."""

    after_days: int = Field(ge=1, le=366, strict=True)
    unless: Literal["opened", "replied", "delivered"]
    channel: ChannelId


class Communication(Frozen):
    """One thing the organisation says, on every channel and in every language."""

    id: Slug
    name: ByLanguage
    purpose: Purpose
    category: Slug
    product: Slug | None = None
    """What it is about; wording for this product comes before wording for any."""
    channels: Annotated[tuple[ChannelId, ...], AfterValidator(each_once)] = Field(min_length=1)
    """In the order used for customers who stated no preference."""
    languages: tuple[Language, ...] = Field(min_length=1)
    fallbacks: dict[Language, Language] = {}
    """Language to the one that stands in for it; those of ccm.toml are put in by the loader."""
    jurisdictions: tuple[Jurisdiction, ...] = Field(min_length=1)
    fallback: ChannelId | None = None
    """Used when no other channel is possible (a regulatory message must arrive)."""
    consent: dict[ChannelId, Slug | Literal["e_delivery"]] = {}
    """Channel to the consent purpose it needs beyond the purpose's own (statement by e-mail: ``e_delivery``)."""
    obeys_caps: bool | None = None
    """None, here and in the next three: as ``channels/policy.yaml`` has it for the purpose."""
    counts_toward_caps: bool | None = None
    on_cap: OnCap | None = None
    """What becomes of it where a cap is full."""
    priority: Slug | None = None
    """One of the policy's classes."""
    digest: Digest | None = None
    collects: Collects | None = None
    """When it tells what it collected; then its data are `items`, see `collected`."""
    not_within: tuple[NotWithin, ...] = ()
    at_once: Annotated[tuple[ChannelId, ...], AfterValidator(each_once)] = ()
    """All of these that are possible go out together, each as a message of its own."""
    escalation: tuple[Escalation, ...] = ()
    one_per: Literal["customer", "household"] = "customer"
    """``household``: of its members one gets it each occasion; of marketing only."""
    copies: Literal["", "joint"] = ""
    """``joint``: each joint holder of the customer gets it too, by their own preferences; not of marketing."""
    urgent: bool = False
    """Goes out in quiet hours too."""
    send: SendTimes | None = None
    expires_after_hours: int | None = Field(default=None, ge=1, le=10 * 366 * 24, strict=True)
    """Not sent later than this after the decision."""
    keeps_address: bool = False
    """Goes where the customer was to be reached when it was decided, though that is another address by then: a notice
    to the former address."""
    wording: tuple[Slug, ...] = ()
    """Wording that every rendering must be able to take; slots in templates use these ids."""
    attach: dict[ChannelId, ChannelId] = {}
    """Channel to the channel whose rendering is attached as PDF: ``email: letter``."""
    experiment: Experiment | None = None
    data: DataSource = DataSource()

    @model_validator(mode="before")
    @classmethod
    def _collects_items(cls, value: Any) -> Any:
        # Not without 'every' and the like: what is wrong with them is told of by themselves.
        if not isinstance(value, dict) or value.get("collects") is None or value.get("data") is not None:
            return value
        most = value["collects"].get("at_most") if isinstance(value["collects"], dict) else value["collects"].at_most
        return {**value, "data": collected(most if isinstance(most, int) and 1 <= most <= 100 else MOST_COLLECTED)}

    @model_validator(mode="after")
    def _names_agree(self) -> Communication:
        if self.fallback and self.fallback not in self.channels:
            message = f"fallback '{self.fallback}' is none of channels {', '.join(self.channels)}"
            raise WrongPart(message, "fallback")
        if self.purpose == "regulatory" and not self.fallback:
            raise ValueError("a regulatory communication needs 'fallback', the channel used when no other is possible")
        if self.experiment and self.experiment.holdout and self.purpose != "marketing":
            message = f"a {self.purpose} communication cannot be held back from anybody: holdout is for marketing"
            raise WrongPart(message, "experiment", "holdout")
        for channel, attached in self.attach.items():
            if channel != "email" or attached != "letter":
                raise WrongPart("attach: only 'email: letter' is possible", "attach", channel)
            if attached not in self.channels:
                message = f"attach: '{attached}' is none of channels {', '.join(self.channels)}"
                raise WrongPart(message, "attach", channel)
        return self

    @model_validator(mode="after")
    def _terms_of_contact_agree(self) -> Communication:
        if self.purpose == "regulatory" and self.obeys_caps:
            raise WrongPart("a regulatory communication must arrive: it cannot obey caps", "obeys_caps")
        if self.on_cap == "digest" and self.digest is None:
            raise WrongPart("on_cap: digest needs 'digest', as in digest: {into: weekly-summary}", "on_cap")
        if self.digest and self.digest.into == self.id:
            raise WrongPart(f"'{self.id}' cannot be collected into itself", "digest", "into")
        if self.collects and self.digest:
            raise WrongPart(f"'{self.id}' collects others, and cannot be collected itself", "digest")
        if self.collects and self.data != collected(self.collects.at_most):
            raise WrongPart("the data of a communication that collects are 'items': leave 'data' out", "data")
        if self.at_once and not self.urgent:
            raise WrongPart("at_once is for urgent communications; write urgent: true, or leave it out", "at_once")
        if self.one_per == "household" and self.purpose != "marketing":
            message = f"a {self.purpose} communication is for each customer: one_per: household is for marketing"
            raise WrongPart(message, "one_per")
        if self.one_per == "household" and (self.digest or self.collects):
            raise WrongPart("one_per: household: a digest is each customer's own; leave one of both out", "one_per")
        if self.copies and self.purpose == "marketing":
            raise WrongPart("copies are not for marketing: each customer gets offers of their own", "copies")
        for other in ("digest", "collects", "at_once"):
            if self.copies and getattr(self, other):
                raise WrongPart(f"copies go out one by one, so '{other}' cannot stand beside them", "copies")
        named: list[tuple[tuple[str, str | int], str]] = [(("consent", channel), channel) for channel in self.consent]
        named += [(("at_once", place), channel) for place, channel in enumerate(self.at_once)]
        named += [(("escalation", place), step.channel) for place, step in enumerate(self.escalation)]
        for loc, channel in named:
            if channel not in self.channels:
                raise WrongPart(f"{loc[0]}: '{channel}' is none of channels {', '.join(self.channels)}", *loc)
        return self

    @property
    def written(self) -> tuple[str, ...]:
        """What there are templates for: its channels, and ``digest`` where it is collected with others."""
        return (*self.channels, DIGEST_PART) if self.digest else self.channels

    def language_for(self, tag: str) -> str | None:
        """The communication's language for a customer's BCP 47 tag; None where it has none."""
        for language in chain(tag, self.fallbacks):
            if language in self.languages:
                return language
        return None

    def languages_behind(self, language: str) -> tuple[str, ...]:
        """A language and those whose templates and wording stand in for it, best first."""
        return chain(language, self.fallbacks)


TemplateKind = Literal["mjml", "html", "markdown", "text", "yaml", "json"]


class TemplateFile(Frozen):
    """One template as it stands on disk, front matter apart from the body, in the place it serves.

    A file that serves several channels (``body.md``) or languages (a fallback) stands here once for each.
    """

    path: str
    """Relative to the workspace."""
    channel: str
    language: str
    """The language it serves; the file itself may be another's, which stands in."""
    written_in: str
    """The language of its words."""
    variant: str = ""
    """Of the communication's experiment; empty for the template that everybody else gets."""
    kind: TemplateKind
    meta: dict[str, str]
    """Front matter: ``subject`` and ``preheader`` of an e-mail, ``title`` of a letter; templates themselves."""
    body: str
    body_line: int
    """Line of the file on which the body starts."""


class Sample(Frozen):
    """An invented customer with data, to look at and to check with."""

    name: Slug
    path: str
    customer: dict[str, Any]
    data: dict[str, Any]
