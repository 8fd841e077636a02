"""The words of the product as frozen types.

Pure values: nothing here does I/O, and every step of the flow speaks in these types. JSON shapes stay at the
edges that read or write them; `canonical_json` is the one spelling under which values are digested.
"""

from __future__ import annotations

from spheresync.model.assets import (
    Asset,
    Column,
    Fingerprints,
    Hierarchy,
    Parameter,
    SourceType,
    freeze_pairs,
)
from spheresync.model.counting import counted, first_of
from spheresync.model.json_values import Digest, JsonValue, canonical_json, digest_json, digest_of
from spheresync.model.labels import Labels, default_label, label_in
from spheresync.model.listings import (
    GONE_UNCONFIRMED,
    NEVER_READ,
    SPACE_GONE,
    SPACE_NOT_SERVED,
    SPACE_UNREAD,
    AssetEntry,
    Listing,
    Problem,
    RawDefinition,
    SpaceEntry,
)
from spheresync.model.names import (
    DEFAULT_DESTINATION,
    GLUE,
    UNSPELLABLE_REMEDY,
    AssetId,
    ChangeSetId,
    DestinationName,
    PhysicalName,
    RunId,
    SpaceName,
    TargetKey,
    TargetName,
    TechnicalName,
    shown,
    unspellable,
)
from spheresync.model.objects import DesiredObject, FieldChange, LiveObject
from spheresync.model.principals import SYSTEM, Principal
from spheresync.model.relations import (
    OUTSIDE,
    Association,
    ColumnOrigin,
    Derivation,
    ForeignKey,
    ObjectOrigin,
    Origins,
    Reads,
    WrittenColumn,
)
from spheresync.model.requests import LineageExport, ScopeRequest
from spheresync.model.timestamps import isoformat, to_the_second, utc_now
from spheresync.model.words import Action, AssetKind, AssetStatus, Role, RunState, Severity, Strategy, Tier

__all__ = [
    "DEFAULT_DESTINATION",
    "GLUE",
    "GONE_UNCONFIRMED",
    "NEVER_READ",
    "OUTSIDE",
    "SPACE_GONE",
    "SPACE_NOT_SERVED",
    "SPACE_UNREAD",
    "SYSTEM",
    "UNSPELLABLE_REMEDY",
    "Action",
    "Asset",
    "AssetEntry",
    "AssetId",
    "AssetKind",
    "AssetStatus",
    "Association",
    "ChangeSetId",
    "Column",
    "ColumnOrigin",
    "Derivation",
    "DesiredObject",
    "DestinationName",
    "Digest",
    "FieldChange",
    "Fingerprints",
    "ForeignKey",
    "Hierarchy",
    "JsonValue",
    "Labels",
    "LineageExport",
    "Listing",
    "LiveObject",
    "ObjectOrigin",
    "Origins",
    "Parameter",
    "PhysicalName",
    "Principal",
    "Problem",
    "RawDefinition",
    "Reads",
    "Role",
    "RunId",
    "RunState",
    "ScopeRequest",
    "Severity",
    "SourceType",
    "SpaceEntry",
    "SpaceName",
    "Strategy",
    "TargetKey",
    "TargetName",
    "TechnicalName",
    "Tier",
    "WrittenColumn",
    "canonical_json",
    "counted",
    "default_label",
    "digest_json",
    "digest_of",
    "first_of",
    "freeze_pairs",
    "isoformat",
    "label_in",
    "shown",
    "to_the_second",
    "unspellable",
    "utc_now",
]
