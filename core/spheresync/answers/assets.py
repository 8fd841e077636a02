"""Answers about spaces and assets: lists, one asset in detail, how it is mapped."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, JsonValue

from spheresync.answers.base import Answer, Finding


class SpaceRow(Answer):
    space: str
    label: str
    assets: int
    kinds: dict[str, int]
    tiers: dict[str, int]
    statuses: dict[str, int]
    problem: str | None = None


class AssetRow(Answer):
    """`problem` says why it was not read or written; the other fields from `columns` on only with detail=full."""

    asset: str
    kind: str
    label: str
    tier: str
    status: str
    columns: int | None = None
    objects: list[str] | None = None
    problem: str | None = None
    changed_at: str | None = None
    synced_at: str | None = None


class PersonalDataRow(Answer):
    """Why a column counts as holding personal data; `confidence` goes from 0 to 1."""

    personal_class: str = Field(alias="class")
    confidence: float
    source: str
    evidence: str

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)


class ColumnRow(Answer):
    name: str
    type: str
    role: str
    label: str = ""
    key: bool = False
    nullable: bool = True
    aggregation: str | None = None
    pii: str | None = None
    personal_data: PersonalDataRow | None = Field(default=None, exclude_if=lambda found: found is None)
    semantics: dict[str, str] = Field(default_factory=dict)


class TargetObjectRow(Answer):
    """What a target holds of an asset; `object` is `database.table` in Glue."""

    target: str
    destination: str
    object: str
    state: str
    version: str | None = None
    synced_at: str
    run_id: str


class AssetDetail(Answer):
    """`personal_data` is `classified` or `not_classified`; where it is the latter, that `pii` is empty says nothing."""

    asset: str
    kind: str
    label: str
    tier: str
    status: str
    problem: str | None = None
    columns: list[ColumnRow]
    context: dict[str, JsonValue]
    targets: list[TargetObjectRow]
    fingerprints: dict[str, str]
    last_sync: str | None = None
    pii: dict[str, list[str]]
    personal_data: str = "not_classified"


class RuleRow(Answer):
    """A rule that matched: `rule` counts from 1 in its `origin`, the configuration or a promotion.

    `overridden` names keys that a later rule set anew.
    """

    rule: int
    sets: dict[str, JsonValue]
    overridden: list[str] = Field(default_factory=list)
    origin: str = "configuration"


class ColumnDecision(Answer):
    name: str
    physical: str
    type: str
    physical_type: str
    reason: str


class MappingExplanation(Answer):
    asset: str
    included: bool
    reason: str
    tier: str
    database: str
    table: str
    rules: list[RuleRow]
    names: list[str]
    columns: list[ColumnDecision]
    findings: list[str]


class DiscoveryAnswer(Answer):
    """What a discovery read: listed = mapped + filtered + failed, always."""

    spaces: int
    listed: int
    mapped: int
    filtered: int
    failed: int
    read: int
    unchanged: int
    problems: list[Finding]
    findings: list[Finding]  # worth a line, and no failure
    usage: dict[str, int]
    state: Literal["done", "partly_failed", "failed"]
