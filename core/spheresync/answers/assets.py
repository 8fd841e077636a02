"""Answers about spaces and assets: lists, one asset in detail, how it is mapped."""

from __future__ import annotations

from pydantic import ConfigDict, Field, JsonValue

from spheresync.answers.base import Answer, Finding, OmitEmpty, OmitNone, Page
from spheresync.answers.states import DiscoveryState


class SpaceRow(Answer):
    space: str
    label: str
    assets: int
    kinds: dict[str, int]
    tiers: dict[str, int]
    statuses: dict[str, int]
    problem: str | None = None


class MatchRow(Answer):
    """Why an asset answers what was asked: the text that does, and where it stands.

    Of a column that was asked for, `text` is its name; of another text of a column, `column` is.
    """

    field: str
    text: str
    language: OmitNone[str] = None
    column: OmitNone[str] = None
    label: OmitNone[str] = None
    type: OmitNone[str] = None


class AssetRow(Answer):
    """`problem` says why it was not read or written; `columns`, `changed_at` and `synced_at` only with detail=full.

    `matched` only where something was searched, `pii` (columns by class) only where that was asked; of many the first,
    and `matched_total` and `pii_total` say of how many.
    """

    asset: str
    kind: str
    label: str
    tier: str
    status: str
    columns: OmitNone[int] = None
    objects: list[str] | None = None
    problem: str | None = None
    changed_at: OmitNone[str] = None
    synced_at: OmitNone[str] = None
    matched: OmitNone[list[MatchRow]] = None
    matched_total: OmitNone[int] = None
    pii: OmitNone[dict[str, list[str]]] = None
    pii_total: OmitNone[int] = None


class AssetPage(Page[AssetRow]):
    """Assets of the local catalog. `first` is the place of the first one in the whole list, from 1.

    `searched` says what was looked at, `notes` what the answer does not cover, `as_of` when Datasphere was listed last.
    `near` are assets that answer `meant`, a question spelled nearly as the one that nothing answers.
    """

    first: OmitNone[int] = None
    as_of: OmitNone[str] = None
    searched: OmitNone[str] = None
    notes: OmitEmpty[list[str]] = Field(default_factory=list)
    meant: OmitNone[str] = None
    near: OmitEmpty[list[AssetRow]] = Field(default_factory=list)
    kinds: OmitNone[dict[str, int]] = None
    statuses: OmitNone[dict[str, int]] = None


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
    personal_data: OmitNone[PersonalDataRow] = None
    semantics: dict[str, str] = Field(default_factory=dict)


class TargetObjectRow(Answer):
    """What a target holds of an asset; `object` is `database.table` in Glue.

    A `former` one is left of another name that rules gave it, `since` then, until a person lets it be deleted.
    """

    target: str
    destination: str
    object: str
    state: str
    version: str | None = None
    synced_at: OmitNone[str] = None
    run_id: OmitNone[str] = None
    since: OmitNone[str] = None


class AssetDetail(Answer):
    """`personal_data` is `classified` or `not_classified`; where it is the latter, that `pii` is empty says nothing.

    `renamed_from` and `renamed_to`, only where there are any, are its names before and after a change of case.
    """

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
    renamed_from: OmitNone[str] = None
    renamed_to: OmitNone[str] = None

    def concise(self) -> AssetDetail:
        """Without what is known of each column besides name, type, role, label and class of personal data."""
        columns = [each.model_copy(update={"semantics": {}, "personal_data": None}) for each in self.columns]
        return self.model_copy(update={"columns": columns, "fingerprints": {}})


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
    """`renamed_from`, only where there is one, is a former name; `may_be_renamed_to` a guess about what vanished."""

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
    renamed_from: OmitNone[str] = None
    renamed_to: OmitNone[str] = None
    may_be_renamed_to: OmitNone[str] = None


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
    state: DiscoveryState
