"""What the tenant lists and serves, and what of it could not be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from spheresync.errors import SpheresyncError
from spheresync.model.json_values import Digest
from spheresync.model.names import AssetId, SpaceName, TargetKey
from spheresync.model.words import AssetKind


@dataclass(frozen=True, slots=True)
class SpaceEntry:
    """A space as the catalog lists it."""

    name: SpaceName
    label: str


@dataclass(frozen=True, slots=True)
class AssetEntry:
    """An asset as the catalog or the design-time object list names it, before its definition is read.

    URLs are as served, None of what the catalog does not list. `object_type` is the kind that the object list gives,
    None of what it does not hold, or where it is not asked.
    """

    id: AssetId
    label: str
    relational_metadata_url: str | None
    analytical_metadata_url: str | None
    supports_analytical_queries: bool
    has_parameters: bool
    object_type: AssetKind | None = None

    @property
    def in_object_list_only(self) -> bool:
        """Whether the catalog did not list it, so that it is read by the design-time API or not at all."""
        return self.object_type is not None and not (self.relational_metadata_url or self.analytical_metadata_url)

    @property
    def kind(self) -> AssetKind:
        """An analytic model has only analytical URLs (reference: datasphere-api.md 2.2)."""
        if self.object_type is not None:
            return self.object_type
        if self.relational_metadata_url is None and self.analytical_metadata_url is not None:
            return AssetKind.ANALYTIC_MODEL
        return AssetKind.VIEW


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was kept as it was: `code` for programs, `message` and `remedy` for people."""

    subject: str  # for people: "SPACE", "SPACE/NAME", "tenant" ...
    code: str  # a SourceFault, TargetFault or guard name
    message: str
    remedy: str = ""
    asset: AssetId | None = None  # the one asset that it is about: what to compare by
    key: TargetKey | None = None  # the one target of several in which it is so

    @classmethod
    def of(cls, asset: AssetId, code: str, message: str, remedy: str = "") -> Problem:
        """The problem of one asset."""
        return cls(str(asset), code, message, remedy, asset)

    @classmethod
    def of_target(cls, key: TargetKey, code: str, message: str, remedy: str = "") -> Problem:
        """The problem of one target in one destination as a whole."""
        return cls(str(key), code, message, remedy, key=key)

    @classmethod
    def of_error(cls, asset: AssetId, error: SpheresyncError) -> Problem:
        """What went wrong with one asset, as it is told and remembered."""
        return cls.of(asset, error.problem_code, error.message, error.remedy)


SPACE_GONE = "space_gone"
"""Code of a space that a whole list of spaces no longer holds, and of the assets in it."""
GONE_UNCONFIRMED = "gone_unconfirmed"
"""Code of an asset that complete listings no longer hold, where the tenant did not say itself that it is gone."""
SPACE_UNREAD = "space_unread"
"""Code of a space that was not among what could be read of the list of spaces; and of assets of a space whose own
listing broke off or was refused."""
OBJECTS_OFF = "objects_off"
"""Code of a known asset that only the design-time API tells of, while that is not read."""
SPACE_NOT_SERVED = "space_not_served"
"""Code of assets that are listed in a space whose every definition was answered 404, so that it is out."""
NEVER_READ = "never_read"
"""Code of what is in a scope and that nobody has read yet, so that nothing can be said of it."""
UNSPELLABLE = "unspellable_name"
"""Code of what Datasphere lists under a name that nothing can be known by."""
NO_SPACE = "no_space"
"""Code of a tenant that answered with a whole list of spaces in which there is none."""
NO_SPACE_MESSAGE = "The catalog lists no space."
NO_SPACE_REMEDY = (
    "Add the technical user (or who signed in) to a space with a role that may read it (at least DW Consumer)."
)

_T_co = TypeVar("_T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Listing(Generic[_T_co]):
    """Items of one scope, with whether they are all of them. Only a complete listing may count a miss.

    Attributes:
        scope: "tenant" for spaces, the space's name for assets.
        problems: what is to be told; of one kind that many items have, one problem for all.
        flaws: the problem of each item whose facts are not to be trusted.
        catalog_only: what is not exposed was not asked for, so that nothing of it is missing.
        not_offered: kinds that were not listed because the tenant offers no list of them.
        unproven: items that what could not be listed may hold too, as something else.
    """

    scope: str
    items: tuple[_T_co, ...]
    complete: bool
    problems: tuple[Problem, ...] = ()
    flaws: Mapping[SpaceName | AssetId, Problem] = field(default_factory=dict)
    unproven: frozenset[AssetId] = frozenset()
    catalog_only: bool = False
    not_offered: frozenset[AssetKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Withheld:
    """A document that whoever reads may not read, so that what only it says is not known; why, in `problem`."""

    surface: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class RawDefinition:
    """The documents of one asset as served, undecoded. `digest` covers entry, documents and what is withheld."""

    entry: AssetEntry
    documents: tuple[tuple[str, bytes], ...]  # (surface: "relational" | "analytical", body)
    digest: Digest
    notes: tuple[Problem, ...] = ()
    withheld: Withheld | None = None
