"""``ccm.toml``: organisation, store, people, extra customer attributes, and the column mapping of feeds."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ccm.model.customer import Frozen, Purpose
from ccm.workspace.countries import check_country
from ccm.workspace.languages import Language

_NO_PLACES = frozenset({"Factory", "localtime"})
"""Names in the time zone database that stand for no place's time, or for another one on another machine."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""An id: small letters, digits and hyphens."""
Jurisdiction = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(check_country)]
"""A country, by its ISO 3166-1 alpha-2 code."""

Host = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]
"""A domain name in small letters, without scheme or path."""

FeedKind = Literal[
    "customers", "accounts", "transactions", "preferences", "consents", "suppressions", "relations", "history", "cases"
]  # fmt: skip
Role = Literal["author", "reviewer", "compliance", "operator", "administrator", "auditor"]
AttributeType = Literal["text", "integer", "decimal", "boolean", "date"]


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Names of IANA time zones; finding them reads the whole database."""
    return frozenset(available_timezones() - _NO_PLACES)


def check_zone(value: str) -> str:
    """The same name; raises ValueError where the IANA database has no such zone."""
    if value not in known_zones():
        # Of names with a place: JST is no slip for MST.
        near = get_close_matches(value, [zone for zone in known_zones() if "/" in zone], 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"'{value}' is no IANA time zone, such as Asia/Tokyo{hint}")
    return value


Zone = Annotated[str, AfterValidator(check_zone)]
"""A name of the IANA time zone database."""


class WrongPart(ValueError):
    """Says of a part of what was validated that it is wrong.

    Attributes: `loc`, where the part stands in it, so that a person is sent to the right line.
    """

    def __init__(self, message: str, *loc: str | int) -> None:
        super().__init__(message)
        self.loc = loc


def each_once(value: tuple[str, ...]) -> tuple[str, ...]:
    """The same; raises `WrongPart` where a name stands twice, which could only mean the same once more."""
    for place, name in enumerate(value):
        if name in value[:place]:
            raise WrongPart(f"'{name}' stands twice", place)
    return value


class ByLanguage(Frozen):
    """The same words in the languages of the workspace."""

    en: str
    ja: str

    def of(self, language: str) -> str:
        """The words for a BCP 47 tag; English where the language has none."""
        return self.ja if language.split("-")[0] == "ja" else self.en


class Organisation(Frozen):
    """Who sends."""

    name: ByLanguage
    address: ByLanguage
    """The postal address as one text, lines separated by newlines."""
    website: str
    phone: str
    preference_url: str
    """Where a customer changes preferences; https. `ccm serve` answers at its path."""
    link_hosts: tuple[Host, ...] = ()
    """Further hosts that text messages may link to; those of website and preference page are known."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    timezone: Zone = "UTC"
    """Of the organisation's calendar: which day, month and quarter an instant belongs to."""

    @model_validator(mode="after")
    def _links_are_https(self) -> Organisation:
        for name in ("website", "preference_url"):
            if not str(getattr(self, name)).startswith("https://"):
                raise WrongPart(f"{name} must start with https://", name)
        if set("?#") & set(self.preference_url):
            raise WrongPart(
                "preference_url takes no query and no fragment: each message adds its own", "preference_url"
            )
        return self


class StoreSettings(Frozen):
    """Where state is kept; relative paths start at the workspace."""

    url: str = "sqlite:///.ccm/ccm.db"
    """``sqlite:///FILE`` or ``postgresql+psycopg://…``; the environment variable CCM_STORE_URL wins."""
    archive: str = ".ccm/archive"
    outbox: str = ".ccm/outbox"


class LogExport(Frozen):
    """Where `ccm log checkpoint` leaves checkpoints, out of reach of whoever holds the store."""

    folder: str = ""
    """A folder, such as a share of another department; relative paths start at the workspace. Empty: none."""
    mailbox: Annotated[str, StringConstraints(pattern=r"^([^\s@<>,;]+@[^\s@<>,;]+)?$", max_length=254)] = ""
    """An e-mail address, reached through the adapter of ``channels/email.yaml``. Empty: none."""


class LogSettings(Frozen):
    """The audit log's name and key, and who else vouches for it."""

    origin: Annotated[str, StringConstraints(pattern=r"^[^\s+]{3,200}$")] = "example.com/ccm"
    """C2SP checkpoint origin: a schema-less URL that is the log's name."""
    key: str = ".ccm/keys/log.key"
    export: LogExport = LogExport()
    timestamp_url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s@#]+)?$")] = ""
    """A time stamping authority (RFC 3161) for checkpoints. Empty: none."""
    timestamp_roots: str = ""
    """PEM file of the root certificates that its answers must lead to; relative to the workspace."""

    @model_validator(mode="after")
    def _timestamps_are_checked(self) -> LogSettings:
        if self.timestamp_url and not self.timestamp_roots:
            raise WrongPart("timestamp_url needs timestamp_roots, a PEM file of root certificates", "timestamp_url")
        return self


class ArchiveSettings(Frozen):
    """How contents are kept from those who may read the disk."""

    encryption: Literal["on", "off"] = "on"
    """``off`` for new messages only: what was encrypted stays so."""
    key: str = ".ccm/keys/archive.key"
    kms_key: str = ""
    """Id, ARN or alias of a key in AWS KMS, which then stands in for the key file."""


class PreferencePage(Frozen):
    """The page on which customers change what they get; its address is ``organisation.preference_url``."""

    key: str = ".ccm/keys/links.key"
    """Of the links in messages; relative paths start at the workspace."""
    shows_for_days: Annotated[int, Field(ge=30, le=3660)] = 400
    """How long a message's link shows the page. At least 30: an opt-out mechanism must work for so many days after
    the message (15 U.S.C. 7704(a)(3)(A)(ii)). Unsubscribing through it does not end."""
    lost_link: Slug | None = None
    """The communication that brings a new link to who asks for one on the page. None: the page does not offer it."""


class Person(Frozen):
    """Somebody who may act. Identity is the person, not the account used."""

    id: Slug
    name: str
    roles: tuple[Role, ...]
    aliases: tuple[str, ...] = ()
    """Other names the same person signs with (login, e-mail); all resolve to `id`."""
    email: str = ""
    """The address that the person writes under, in version control too; one more name of the person."""

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that means this person, the id first."""
        return (self.id, *self.aliases, *([self.email] if self.email else ()))


class ApprovalSettings(Frozen):
    """What an approval takes, and how long it lasts."""

    approvers: dict[Purpose, Annotated[int, Field(ge=1, le=5)]] = {}
    """How many different people must approve a communication of a purpose; one where it says nothing."""
    valid_for_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    """After so many days nothing goes out until the release is approved again; None: approvals do not end."""


class Feed(Frozen):
    """How a CSV file's columns become fields: field name to column name."""

    columns: dict[str, str]
    encoding: Literal["auto", "utf-8", "cp932"] = "auto"
    timezone: str = "UTC"
    """For times without an offset."""


class LanguageSettings(Frozen):
    """Which language stands in for another."""

    fallbacks: dict[Language, Language] = {}
    """``fr = "en"``: who wants French gets English where a communication has no French."""


class CustomerSettings(Frozen):
    """Extra customer attributes that templates may use."""

    attributes: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")], AttributeType] = {}


class Settings(Frozen):
    """The whole of ``ccm.toml``."""

    organisation: Organisation
    store: StoreSettings = StoreSettings()
    log: LogSettings = LogSettings()
    archive: ArchiveSettings = ArchiveSettings()
    preference_page: PreferencePage = PreferencePage()
    people: tuple[Person, ...] = ()
    approvals: ApprovalSettings = ApprovalSettings()
    languages: LanguageSettings = LanguageSettings()
    customer: CustomerSettings = CustomerSettings()
    feeds: dict[FeedKind, Feed] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _people_are_distinct(self) -> Settings:
        seen: dict[str, str] = {}
        for number, person in enumerate(self.people):
            if person.id.casefold() in seen and seen[person.id.casefold()] == person.id:
                raise WrongPart(f"people: the id '{person.id}' stands twice", "people", number, "id")
            for name in person.names:
                if seen.setdefault(name.casefold(), person.id) != person.id:
                    message = f"people: '{name}' names two persons, {seen[name.casefold()]} and {person.id}"
                    place = "id" if name == person.id else "aliases" if name in person.aliases else "email"
                    raise WrongPart(message, "people", number, place)
        return self
