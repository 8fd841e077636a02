"""The sections of `spheresync.yaml` with the default of every setting, one frozen model each.

CONTRACT.md names every key.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from spheresync.config.durations import DaysOrMore, Duration, PositiveDuration
from spheresync.config.globs import check_globs, some_globs
from spheresync.config.paths import SettingPath
from spheresync.config.tenant import (
    AUTHORIZATION_URL_FORM,
    BASE_URL_FORM,
    SIGN_IN_URL_FORM,
    check_redirect_uri,
    check_url,
)
from spheresync.config.windows import parse_window, zone_of
from spheresync.model import Digest, Tier, digest_json


class Section(BaseModel):
    """Base of all sections: frozen, an unknown key is an error, and no message repeats a value."""

    model_config = ConfigDict(
        defer_build=True,  # the settings as a whole build what they hold; a part alone only when it is read alone
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """`misses: yes` would be 1."""
        if isinstance(value, bool) and info.field_name is not None and takes_numbers(cls, info.field_name):
            raise ValueError("is read as true or false, as YAML reads on, off, yes and no; give a number")
        return value


class TargetSection(Section):
    """Base of the sections that one target has for itself; what it designs goes by them too."""

    @property
    def digest(self) -> Digest:
        """Over every setting of it."""
        return digest_json(self.model_dump(mode="json"))

    @property
    def home(self) -> str:
        """Where in the catalog of a destination it writes; empty where there is one place only."""
        return ""

    @property
    def tells_terms(self) -> bool:
        """Whether the target says what terms of the business mean, beside naming them."""
        return False


def takes_numbers(section: type[BaseModel], field: str) -> bool:
    """Whether a key holds a number."""
    return _is_number(section.model_fields[field].annotation)


def _is_number(kind: object) -> bool:
    """Of a type, a union of types, or one of them with its limits; not of a list or a mapping."""
    if get_origin(kind) in {Annotated, Union, UnionType}:
        return any(map(_is_number, get_args(kind)))
    return kind in {int, float} if isinstance(kind, type) else False


class FirstSync(StrEnum):
    """What the scheduler does before a person has applied one change set."""

    PREVIEW = "preview"
    APPLY = "apply"


class DeletionPolicy(StrEnum):
    """What becomes of a table whose asset is gone."""

    KEEP = "keep"
    RETIRE = "retire"
    DELETE = "delete"


class DriftPolicy(StrEnum):
    """What becomes of somebody else's edit."""

    REPORT = "report"
    KEEP = "keep"
    OVERWRITE = "overwrite"


def _on_or_off(value: object) -> object:
    """YAML reads on and off as booleans."""
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


def comma_list(value: object) -> object:
    """One item may stand without brackets; in the environment commas part items."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _day(value: object) -> object:
    """A day as people write it; YAML's own timestamps come as text already."""
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("is no day; write it as 2027-01-31") from None


OnOff = Annotated[Literal["on", "off"], BeforeValidator(_on_or_off)]
AllocatedNames = Annotated[tuple[str, ...], BeforeValidator(comma_list)]
BaseUrl = Annotated[str, AfterValidator(lambda url: check_url(url, BASE_URL_FORM) if url else url)]
TokenUrl = Annotated[str, AfterValidator(lambda url: check_url(url, SIGN_IN_URL_FORM) if url else url)]


AuthorizationUrl = Annotated[str, AfterValidator(lambda url: check_url(url, AUTHORIZATION_URL_FORM) if url else url)]
RedirectUri = Annotated[str, AfterValidator(check_redirect_uri)]
DEFAULT_REDIRECT_URI = "http://localhost:8080"
"""What SAP's own command line has users register, so that a client made for that one works here too."""


class SignInKind(StrEnum):
    """By which grant of OAuth 2.0 tokens are got."""

    TECHNICAL_USER = "technical_user"
    INTERACTIVE = "interactive"


class Datasphere(Section):
    """The tenant, and the client that signs in there. Empty in dog, whose tenant is embedded."""

    base_url: BaseUrl = ""
    sign_in: SignInKind = SignInKind.TECHNICAL_USER
    token_url: TokenUrl = ""
    authorization_url: AuthorizationUrl = ""
    redirect_uri: RedirectUri = DEFAULT_REDIRECT_URI
    sign_in_key: SettingPath | None = None
    """Where the key is that the sign-in is encrypted with; only ever set where that is interactive."""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    objects: OnOff = "off"
    max_requests_per_minute: int = Field(default=240, ge=1, le=1_000_000_000)
    give_up_after: PositiveDuration = timedelta(seconds=60)
    client_expires: Annotated[date, BeforeValidator(_day)] | None = None

    @property
    def is_interactive(self) -> bool:
        """Whether a person signs in with a browser."""
        return self.sign_in is SignInKind.INTERACTIVE


class Scope(Section):
    """Globs over SPACE/NAME; exclude wins."""

    include: Annotated[AllocatedNames, AfterValidator(check_globs), AfterValidator(some_globs)] = ("*",)
    exclude: Annotated[AllocatedNames, AfterValidator(check_globs)] = ()


class Scheduler(Section):
    first_sync: FirstSync = FirstSync.PREVIEW
    workers: int = Field(default=5, ge=1, le=64)


def _window(text: str) -> str:
    parse_window(text)
    return text


def _timezone(name: str) -> str:
    zone_of(name)
    return name


class TierSettings(Section):
    """How often a tier is due, how old it may get, and in which hours it is read."""

    interval: PositiveDuration
    freshness: PositiveDuration | None = None
    window: Annotated[str, AfterValidator(_window)] | None = None
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"


def _defaults(interval: timedelta, freshness: timedelta | None = None) -> Any:
    """Fill in what the file does not give of a tier."""

    def fill(value: object) -> object:
        return {"interval": interval, "freshness": freshness, **value} if isinstance(value, dict) else value

    return BeforeValidator(fill)


_CRITICAL, _HIGH, _MEDIUM = timedelta(seconds=60), timedelta(hours=1), timedelta(days=1)
_FRESH = timedelta(minutes=5)


class Tiers(Section):
    critical: Annotated[TierSettings, _defaults(_CRITICAL, _FRESH)] = TierSettings(interval=_CRITICAL, freshness=_FRESH)
    high: Annotated[TierSettings, _defaults(_HIGH)] = TierSettings(interval=_HIGH)
    medium: Annotated[TierSettings, _defaults(_MEDIUM)] = TierSettings(interval=_MEDIUM)

    def of(self, tier: Tier) -> TierSettings:
        return {Tier.CRITICAL: self.critical, Tier.HIGH: self.high, Tier.MEDIUM: self.medium}[tier]


class Deletion(Section):
    """When a vanished asset's table is retired: after `misses` complete listings and at least `grace`."""

    policy: DeletionPolicy = DeletionPolicy.RETIRE
    misses: int = Field(default=3, ge=1, le=1_000_000)
    grace: Duration = timedelta(0)


class DriftPolicies(Section):
    """What becomes of other people's edits, by class of field."""

    description: DriftPolicy = DriftPolicy.REPORT
    comments: DriftPolicy = DriftPolicy.REPORT
    columns: DriftPolicy = DriftPolicy.OVERWRITE
    parameters: DriftPolicy = DriftPolicy.OVERWRITE
    missing: DriftPolicy = DriftPolicy.OVERWRITE
    sweep: Duration = timedelta(days=1)
    """How often a scheduler looks for drift; 0s is never."""


class Retention(Section):
    """How long records are kept. Runs go with their journals and change sets, and cannot be reverted any more then.

    `idle_runs` are those that had nothing to do; `change_sets` those that were never applied. The audit log stays.
    """

    runs: DaysOrMore = timedelta(days=400)
    idle_runs: DaysOrMore = timedelta(days=30)
    change_sets: DaysOrMore = timedelta(days=90)


class FourEyes(StrEnum):
    """What only a change set may do that a second person has approved."""

    DELETES = "deletes"
    ACCESS = "access"


class Approvals(Section):
    """Which actions need the approval of a second person."""

    four_eyes: Annotated[tuple[FourEyes, ...], BeforeValidator(comma_list)] = ()

    @property
    def of_deletes(self) -> bool:
        """Whether a delete needs a second person."""
        return FourEyes.DELETES in self.four_eyes

    @property
    def of_access(self) -> bool:
        """Whether a change of who may see what needs a second person."""
        return FourEyes.ACCESS in self.four_eyes


class ChangeSets(Section):
    """How long a saved change set may be applied."""

    expires: PositiveDuration = timedelta(hours=24)
