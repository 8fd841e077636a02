"""A domain and all that is in it, and how its operations refuse.

Every row is in the shape in which the service model gives it, so that a dump is what a client would read. UNVERIFIED on
AWS: that a client token that comes with other parameters is a conflict; which operations say that a domain or project
is not there by ResourceNotFoundException (here those whose model lists it, the others by ValidationException).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime

from spheresync.dog.services.client_tokens import once
from spheresync.dog.services.datazone.word_index import WordIndex
from spheresync.dog.services.double import Call
from spheresync.dog.services.wire import Json, ServiceError

CALLER = "caller"
"""Who makes what is asked for; real ids of users are not known here."""
SYSTEM = "SYSTEM"
"""Who makes managed types, and what a data source imports."""
FIRST_DOMAIN = "dzd_x1"
FIRST_PROJECT = "p1"
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def invalid(text: str) -> ServiceError:
    return ServiceError("ValidationException", text)


def absent(text: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", text)


def conflict(text: str) -> ServiceError:
    return ServiceError("ConflictException", text)


def quota(text: str) -> ServiceError:
    return ServiceError("ServiceQuotaExceededException", text)


def given(**members: object) -> Json:
    """A row of what was given."""
    return {name: value for name, value in members.items() if value is not None}


def found(rows: Mapping[str, Json], identifier: str, kind: str) -> Json:
    """A row by its id."""
    row = rows.get(identifier)
    if row is None:
        raise absent(f"{kind} {identifier} not found.")
    return row


@dataclass(slots=True)
class Domain:
    """One domain. Of types and assets every revision is kept, the newest last."""

    row: Json
    projects: dict[str, Json] = field(default_factory=dict)
    glossaries: dict[str, Json] = field(default_factory=dict)
    terms: dict[str, Json] = field(default_factory=dict)
    form_types: dict[str, list[Json]] = field(default_factory=dict)
    asset_types: dict[str, list[Json]] = field(default_factory=dict)
    assets: dict[str, list[Json]] = field(default_factory=dict)
    external: dict[str, str] = field(default_factory=dict)
    """The asset of each external identifier."""
    listings: dict[str, Json] = field(default_factory=dict)
    """By listing: `asset`, `status`, `revisions`."""
    attributes: dict[str, dict[str, list[Json]]] = field(default_factory=dict)
    """Forms of the columns of an asset, by its id and their names."""
    events: dict[str, Json] = field(default_factory=dict)
    sources: dict[str, Json] = field(default_factory=dict)
    runs: dict[str, Json] = field(default_factory=dict)
    tokens: dict[str, Json] = field(default_factory=dict)
    """What each client token stands for, the oldest first."""
    words: WordIndex = field(default_factory=WordIndex, init=False)
    """Assets by the words of their texts, but for those that changed since."""
    changed: set[str] = field(default_factory=set, init=False)
    listed: dict[str, str] = field(default_factory=dict, init=False)
    """The listing of each asset."""

    def __post_init__(self) -> None:
        self.changed.update(self.assets)
        self.listed.update({row["asset"]: name for name, row in self.listings.items()})

    @property
    def id(self) -> str:
        return str(self.row["id"])

    def project(self, identifier: str) -> str:
        """The id of a project that is there."""
        return str(found(self.projects, identifier, "Project")["id"])

    def newest_asset(self, identifier: str) -> Json:
        """The newest revision of an asset that is there."""
        revisions = self.assets.get(identifier)
        if revisions is None:
            raise absent(f"Asset {identifier} not found.")
        return revisions[-1]

    def listing_of(self, asset: str) -> tuple[str, Json] | None:
        """An asset's listing, once it has been published."""
        name = self.listed.get(asset)
        return None if name is None else (name, self.listings[name])

    def put_listing(self, name: str, row: Json) -> None:
        self.listings[name] = row
        self.listed[row["asset"]] = name

    def drop_listing_of(self, asset: str) -> None:
        name = self.listed.pop(asset, None)
        if name is not None:
            del self.listings[name]

    def once(self, call: Call, do: Callable[[Domain, Call], Json]) -> Json:
        """Do a call, or answer as before where its client token says that it was done."""
        return once(self.tokens, call, "clientToken", lambda: do(self, call), conflict)

    def dump(self) -> Json:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}


def domain_row(identifier: str, name: str, account: str, region: str, at: datetime) -> Json:
    """A domain as it is described. That it is available at once is simpler than on AWS."""
    return given(
        id=identifier,
        name=name,
        arn=f"arn:aws:datazone:{region}:{account}:domain/{identifier}",
        domainExecutionRole=f"arn:aws:iam::{account}:role/service-role/AmazonDataZoneDomainExecution",
        status="AVAILABLE",
        domainVersion="V1",
        portalUrl=f"https://{identifier}.datazone.{region}.on.aws",
        createdAt=at,
        lastUpdatedAt=at,
    )


def project_row(domain: str, identifier: str, name: str, at: datetime, **more: object) -> Json:
    """A project as it is described."""
    return given(
        domainId=domain,
        id=identifier,
        name=name,
        projectStatus="ACTIVE",
        createdBy=CALLER,
        createdAt=at,
        lastUpdatedAt=at,
    ) | given(**more)


def first_domain(account: str, region: str) -> Domain:
    """Somebody made a domain and a project in every account, as nobody can use DataZone without; AWS makes none."""
    domain = Domain(domain_row(FIRST_DOMAIN, "spheresync", account, region, _FIRST_DAY))
    domain.projects[FIRST_PROJECT] = project_row(FIRST_DOMAIN, FIRST_PROJECT, "lake", _FIRST_DAY)
    return domain
