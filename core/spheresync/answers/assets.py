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
    statuses: dict[str, int] = Field(description="assets of each")
    problem: str | None = Field(default=None, description="why it was not read")


class MatchRow(Answer):
    """Why an asset answers what was asked: the text that does, and where it stands.

    Of a column that was asked for, `text` is its name; of another text of a column, `column` is.
    """

    field: str = Field(description="its place")
    text: str
    language: OmitNone[str] = None
    column: OmitNone[str] = None
    label: OmitNone[str] = None
    type: OmitNone[str] = None


class AssetRow(Answer):
    """`problem` says why it was not read or written; `columns`, `changed_at`, `read_at` (from Datasphere) and
    `synced_at` only with detail=full, and what the list is sorted by.

    `matched` only where something was searched, `pii` (columns by class) and `person_keys` (columns without a class
    that may tell which person a row is about) only where pii was asked; of many the first, and `matched_total`,
    `pii_total` and `person_keys_total` say of how many.
    """

    asset: str
    kind: str
    label: str
    tier: str
    status: str
    columns: OmitNone[int] = None
    objects: list[str] | None = Field(default=None, description="physical names")
    problem: str | None = Field(default=None, description="why not read or written, held or late")
    changed_at: OmitNone[str] = None
    read_at: OmitNone[str] = None
    synced_at: OmitNone[str] = None
    matched: OmitNone[list[MatchRow]] = Field(default=None, description="what answers the search")
    matched_total: OmitNone[int] = None
    pii: OmitNone[dict[str, list[str]]] = Field(default=None, description="columns by class of personal data")
    pii_total: OmitNone[int] = None
    person_keys: OmitNone[list[str]] = Field(default=None, description="others that may lead to persons")
    person_keys_total: OmitNone[int] = None


class AssetPage(Page[AssetRow]):
    """Assets of the local catalog.

    `searched` says what was looked at, `notes` what the answer does not cover, `as_of` when Datasphere was listed last,
    or the first of those times where that differs by space.
    `near` are assets that answer `meant`: of what is spelled or means nearly the same as the words that nothing answers
    together, the most.
    """

    as_of: OmitNone[str] = None
    searched: OmitNone[str] = Field(default=None, description="what was looked at")
    notes: OmitEmpty[list[str]] = Field(default_factory=list, description="what the answer does not cover")
    meant: OmitNone[str] = Field(default=None, description="nearest questions with an answer")
    near: OmitEmpty[list[AssetRow]] = Field(default_factory=list, description="assets that answer it")
    kinds: OmitNone[dict[str, int]] = Field(default=None, description="counts")
    statuses: OmitNone[dict[str, int]] = Field(default=None, description="counts")


class PersonalDataRow(Answer):
    """Why a column counts as holding personal data; `confidence` goes from 0 to 1."""

    personal_class: str = Field(alias="class")
    confidence: float
    source: str = Field(description="who says so")
    evidence: str

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)


class ColumnRow(Answer):
    name: str
    type: str
    role: str = Field(description="key, measure, dimension or attribute")
    label: str = ""
    key: bool = False
    nullable: bool = True
    aggregation: str | None = None
    pii: str | None = Field(default=None, description="class of personal data")
    personal_data: OmitNone[PersonalDataRow] = Field(default=None, description="why")
    semantics: dict[str, str] = Field(default_factory=dict, description="such as unit")


class TargetObjectRow(Answer):
    """What a target holds of an asset; `object` is `database.table` in Glue.

    A `former` one is left of another name that rules gave it, `since` then, until a person lets it be deleted.
    """

    target: str
    destination: str
    object: str
    state: str = Field(description="what is known of it")
    version: str | None = None
    synced_at: OmitNone[str] = None
    run_id: OmitNone[str] = None
    since: OmitNone[str] = None


class AssetDetail(Answer):
    """`personal_data` is `classified` (it was looked for, and `pii` says what was found) or `not_classified` (it was
    not, and that `pii` is empty says nothing). `person_keys` are columns without a class that may tell which person a
    row is about, and by what that is known.

    `read_at` says when it was last read from Datasphere, `seen_in_aws` when its objects in AWS were looked at last.

    `renamed_from` and `renamed_to`, only where there are any, are its names before and after a change of case;
    `differ_by_case` other assets whose names differ by case only.
    Where `columns` are not all, `columns_total` says how many there are, `first` the place of the first one shown.
    """

    asset: str
    kind: str
    label: str
    tier: str
    status: str
    problem: str | None = Field(default=None, description="why not read or written, held or late")
    columns: list[ColumnRow]
    context: dict[str, JsonValue] = Field(description="business context")
    targets: list[TargetObjectRow] = Field(description="what targets hold of it")
    fingerprints: dict[str, str] = Field(description="digests of what was read")
    last_sync: str | None = None
    read_at: OmitNone[str] = None
    seen_in_aws: OmitNone[str] = None
    pii: dict[str, list[str]] = Field(description="columns by class")
    personal_data: str = Field(default="not_classified", description="classified: looked for, see pii")
    person_keys: OmitEmpty[dict[str, str]] = Field(default_factory=dict, description="columns that may lead to persons")
    columns_total: OmitNone[int] = None
    first: OmitNone[int] = None
    next_cursor: OmitNone[str] = None
    renamed_from: OmitNone[str] = None
    renamed_to: OmitNone[str] = None
    differ_by_case: OmitEmpty[list[str]] = Field(default_factory=list)

    def concise(self) -> AssetDetail:
        """Without what is known of each column besides name, type, role, label and class of personal data, and without
        where each fact was read.
        """
        columns = [each.model_copy(update={"semantics": {}, "personal_data": None}) for each in self.columns]
        context = {name: value for name, value in self.context.items() if name != "provenance"}
        return self.model_copy(update={"columns": columns, "fingerprints": {}, "context": context})


class RuleRow(Answer):
    """A rule that matched: `rule` counts from 1 in its `origin`, the configuration or a promotion.

    `overridden` names keys that a later rule set anew.
    """

    rule: int = Field(description="number")
    sets: dict[str, JsonValue] = Field(description="what")
    overridden: list[str] = Field(default_factory=list, description="by a later rule")
    origin: str = "configuration"


class ColumnDecision(Answer):
    name: str
    physical: str = Field(description="name in the target")
    type: str = Field(description="in Datasphere")
    physical_type: str = Field(description="type in the target")
    reason: str = Field(description="why so")


class MappingExplanation(Answer):
    """`renamed_from`, only where there is one, is a former name; `may_be_renamed_to` a guess about what vanished.

    `columns_total`, `first`: as of `AssetDetail`.
    """

    asset: str
    included: bool = Field(description="whether it is written")
    reason: str = Field(description="why it is not")
    tier: str
    database: str
    table: str
    rules: list[RuleRow] = Field(description="that matched, in order")
    names: list[str] = Field(description="where its names come from")
    columns: list[ColumnDecision]
    findings: list[str] = Field(description="what to know")
    unmatched: OmitEmpty[list[str]] = Field(default_factory=list, description="rules")
    columns_total: OmitNone[int] = None
    first: OmitNone[int] = None
    next_cursor: OmitNone[str] = None
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
