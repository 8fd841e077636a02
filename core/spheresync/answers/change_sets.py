"""Answers about change sets: what would change, who approved it, what goes to the next environment."""

from __future__ import annotations

from pydantic import Field, JsonValue

from spheresync.answers.base import Answer, Finding, OmitEmpty, OmitNone, Page
from spheresync.answers.states import ChangeSetState


class FieldRow(Answer):
    path: str
    before: JsonValue = Field(description="if there")
    after: JsonValue = Field(description="if not taken away")


class ChangeRow(Answer):
    """`renamed_from` is a former name of the asset, the others an asset that it may be under another name: a guess.

    `destination` stands where it is another than the default one. `access`: who sees what may change with it.
    """

    asset: str
    action: str
    strategy: str
    target: str
    destination: OmitNone[str] = None
    object: str
    severity: str = Field(description="for readers")
    reason: str
    operations: list[str] = Field(default_factory=list, description="calls to AWS")
    changes: list[FieldRow] = Field(default_factory=list, description="of fields")
    blocked_by: str | None = Field(default=None, description="why it waits")
    access: OmitNone[bool] = Field(default=None, description="who sees what may change")
    renamed_from: OmitNone[str] = None
    may_be_renamed_from: OmitNone[str] = None
    may_be_renamed_to: OmitNone[str] = None


class PrerequisiteRow(Answer):
    """What is made before any item is done, in waves; `assets` names the first of those that wait for it."""

    target: str
    destination: str
    wave: int
    operation: str = Field(description="call to AWS")
    object: str
    reason: str
    assets: list[str] = Field(description="the first that need it")
    assets_total: int


class OldestReading(Answer):
    """The earliest moment of what a change set goes by: of which space or asset, and how many were not read last."""

    at: str
    of: str = Field(description="space or asset")
    older: int = Field(description="how many")


class ChangeSetAnswer(Answer):
    """A saved change set; `summary` counts every asset once: by the action of its item, or as `failed`, `unread` or
    `missing`; `items` what is not `unchanged`, from place `first` on.

    `undo_of` is the run that it undoes; None for what brings the definitions of Datasphere. `read_at` is when something
    of its scope was last read from there; None where nothing was, or where it does not go by that. What was read before
    that, `oldest` tells. `notes`, only where there are any, say which run wrote since, and what a scheduler does
    meanwhile.
    `prerequisites`, only where there are any, are the calls before those of the items; `summary` does not count them.
    `seen_in_aws` says when AWS was looked at, where something is unchanged.
    """

    change_set_id: str
    digest: str = Field(description="of all it holds")
    created_at: str
    expires_at: str
    state: ChangeSetState
    summary: dict[str, int]
    blocked: int = Field(description="items that wait")
    findings: list[Finding] = Field(description="guards and what to know")
    problems: list[Finding] = Field(description="what could not be read or planned")
    problems_total: int
    items: list[ChangeRow]
    total: int
    next_cursor: str | None = None
    first: OmitNone[int] = None
    run_id: str | None = None
    run_state: OmitNone[str] = Field(default=None, description="how that run ended")
    applied_assets: OmitEmpty[list[str]] = Field(default_factory=list, description="if not all")
    undo_of: str | None = Field(default=None, description="run that it undoes")
    approved_by: str | None = Field(default=None, description="person")
    read_at: str | None = Field(default=None, description="when its scope was last read")
    scope: OmitEmpty[dict[str, list[str]]] = Field(default_factory=dict, description="all where there is none")
    notes: OmitEmpty[list[Finding]] = Field(default_factory=list, description="what is written meanwhile")
    oldest: OmitNone[OldestReading] = Field(default=None, description="earliest reading")
    prerequisites: OmitEmpty[list[PrerequisiteRow]] = Field(default_factory=list, description="made first")
    seen_in_aws: OmitNone[str] = None


class ConsentAnswer(Answer):
    """What of a change set a person is asked about: every delete, also those that a guard holds back, and what is said
    of changes of who may see what. `deleted` counts the deletes by what such an object is called. `approved`: a second
    person stands behind the change set already.
    """

    deletes: list[ChangeRow]
    deleted: dict[str, int]
    access: list[str]
    approved: bool


class OpenChangeSetRow(Answer):
    """A change set that may still be applied; `get_change_set` with its id tells all of it."""

    change_set_id: str
    created_at: str
    created_by: str
    expires_at: str
    summary: dict[str, int]
    blocked: int
    undo_of: OmitNone[str] = None
    approved_by: OmitNone[str] = None
    scope: OmitEmpty[dict[str, list[str]]] = Field(default_factory=dict)
    written_since: OmitNone[str] = Field(
        default=None, description="last run that wrote since it was made: a new preview says what is left of it"
    )


class OpenChangeSets(Page[OpenChangeSetRow]):
    """Those of which something may still be applied; `idle` others are open, and would do nothing."""

    idle: int = 0


class ApprovalAnswer(ChangeSetAnswer):
    """An approved change set. `promotion` is the digest of the promotion that counts here from now on, if any does."""

    approved_at: str
    promotion: str | None = None
    note: str = ""


class PromotionAnswer(Answer):
    """A promotion file that was written; `rules` and `assets` count what it holds, `size` is in bytes."""

    file: str
    size: int
    digest: str
    change_set_id: str
    environment: str
    installation: str | None = None
    rules: int
    assets: int
    exported_at: str
    exported_by: str


class ReleaseAnswer(Answer):
    """Assets that a revert held and that the next sync brings up to date again."""

    released: list[str]
    total: int
