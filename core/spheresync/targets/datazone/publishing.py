"""Which assets are published: the pure half of publishing in DataZone, which has items and checkpoints of its own.

A revision is invisible to subscribers until it is published (reference: field-2026-11.md 4), so what should be
published goes by what DataZone holds of the asset: by the digest that our form carries there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from spheresync.config import DriftPolicies, Settings
from spheresync.config.datazone import Publish
from spheresync.config.sections import TargetSection
from spheresync.mapping.rules import Decision
from spheresync.model import (
    DATAZONE,
    DATAZONE_PUBLISHING,
    Action,
    Asset,
    AssetId,
    DesiredObject,
    Digest,
    FieldChange,
    JsonValue,
    LiveObject,
    PhysicalName,
    Severity,
    canonical_json,
    counted,
    digest_json,
)
from spheresync.model.json_document import read_own_json
from spheresync.state.records import DriftKind
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import (
    BaseObject,
    Capabilities,
    MarkPaths,
    Marks,
    Merged,
    PermissionGroup,
    PermissionReach,
    RequiredObject,
)
from spheresync.targets.target_words import AccessAccount, AccessChange

CONTENT = "published.content"
RETIRED = "published.retired"


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of an asset: the digest that our form has there, empty where it has none.

    `retired`: it says that the asset is gone. `revision` is that of the asset; `before`: somebody had published it
    before we came, so that it is not ours to unpublish. `asset` is its id, empty where that is not known.
    """

    content: str
    retired: bool = False
    revision: str = ""
    before: bool = False
    asset: str = ""

    @classmethod
    def read(cls, body: bytes) -> Published:
        """What `body` wrote."""
        held: dict[str, Any] = read_own_json(body)
        return cls(held["content"], held["retired"], held["revision"], held["before"], held.get("asset", ""))

    @property
    def body(self) -> bytes:
        """As states keep it."""
        return canonical_json(
            {
                "content": self.content,
                "retired": self.retired,
                "revision": self.revision,
                "before": self.before,
                "asset": self.asset,
            }
        )

    @property
    def digest(self) -> Digest:
        """Over what readers see of us."""
        return digest_json(["published", "retired" if self.retired else self.content])

    @property
    def fields(self) -> dict[str, JsonValue]:
        """As field changes have it."""
        return {RETIRED: True} if self.retired else {CONTENT: self.content}


class PublishingDesign(TargetDesign):
    """Listings of assets. Each change is one of access: everybody who looks for data in the domain sees it."""

    name = DATAZONE_PUBLISHING
    capabilities = Capabilities(depends_on=DATAZONE, marked=False, access=True, removed_first=True)
    permissions = (
        PermissionGroup(
            "PublishAssets",
            (
                "datazone:Search",
                "datazone:GetAsset",
                "datazone:GetListing",
                "datazone:CreateListingChangeSet",
                "datazone:CreateAssetRevision",
                "datazone:GetFormType",
                "datazone:GetAssetType",
                "datazone:DeleteAsset",
            ),
            PermissionReach.EVERYTHING,
        ),
    )
    mark_paths = MarkPaths("owner", "source", "digest")

    def design(
        self,
        asset: Asset,
        decision: Decision,
        container: PhysicalName,
        name: PhysicalName,
        marker: str,
        *,
        last_body: bytes | None = None,
        base: BaseObject | None = None,
    ) -> DesiredObject:
        assert base is not None
        return _desired(container, name, Published(base.digest))

    def retire(self, last_body: bytes, at: str, container: PhysicalName, name: PhysicalName) -> DesiredObject:
        last = Published.read(last_body)
        return _desired(container, name, Published(last.content, retired=True, before=last.before, asset=last.asset))

    def prerequisites(
        self, container: PhysicalName, source: str, label: str, marker: str
    ) -> tuple[RequiredObject, ...]:
        return ()

    def shared_prerequisites(
        self, bodies: Iterable[bytes], marker: str, section: TargetSection | None
    ) -> tuple[RequiredObject, ...]:
        return ()  # what it needs, DataZone's own items have

    def operations(self, action: Action) -> tuple[str, ...]:
        sends = action.changes_something and action not in {Action.ADOPT, Action.FORGET}
        notes = ("datazone:CreateAssetRevision",) if action is Action.CREATE else ()
        return ("datazone:CreateListingChangeSet", *notes) if sends else ()

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        there, want = Published.read(live), Published.read(desired)
        last = None if last_written is None else Published.read(last_written)
        moved = last is not None and there.digest not in {last.digest, want.digest}
        edits = self.changes(last_written, live) if moved else ()
        return Merged(desired, (), edits)

    def merge_base(self, last_body: bytes, live: LiveObject, desired: DesiredObject) -> bytes:
        return last_body

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        return self.changes(before, after)

    def edited_since(self, before: bytes, after: bytes, live_body: bytes) -> tuple[str, ...]:
        return tuple(change.path for change in self.changes(after, live_body))

    def untouched(self, last_body: bytes, live_body: bytes) -> bool:
        return not self.changes(last_body, live_body)

    def changes(self, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
        then = Published.read(before).fields if before else {}
        now = Published.read(after).fields if after else {}
        paths = sorted(then.keys() | now.keys())
        return tuple(FieldChange(p, then.get(p), now.get(p)) for p in paths if then.get(p) != now.get(p))

    def foreign_changes(self, last_body: bytes, live_body: bytes) -> tuple[FieldChange, ...]:
        return ()

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        return written

    def fingerprint(self, body: bytes) -> Digest:
        return Published.read(body).digest

    def claim_of(self, body: bytes) -> Digest | None:
        return None

    def marks(self, body: bytes) -> Marks:
        return Marks(retired=Published.read(body).retired)

    def foreign_because(self, live: LiveObject, asset: AssetId, marker: str, last_body: bytes | None) -> str | None:
        return None  # whose the asset is, DataZone's own item has settled

    def made_anew_because(self, live: LiveObject, last_body: bytes, version: str | None) -> str | None:
        return None

    def told_of_access(self, changed: Sequence[AccessChange]) -> AccessAccount:
        taken_back = sum(each.deleted for each in changed)
        told = ["what is published is shown to everybody who looks for data in the DataZone domain"]
        if taken_back:
            gone = f"{counted(taken_back, 'asset')} {'is' if taken_back == 1 else 'are'} unpublished and shown no more"
            told = [gone] if taken_back == len(changed) else [*told, gone]
        return AccessAccount("; ".join(told))

    def reviews_access(self, settings: Settings) -> bool:
        return settings.datazone.publish is Publish.REVIEW

    @property
    def object_word(self) -> str:
        return "asset"

    @property
    def named_word(self) -> str:
        return "DataZone listing"

    @property
    def missing_text(self) -> str:
        return "somebody else has unpublished its asset, or another one stands for the table by now"

    @property
    def missing_kind(self) -> DriftKind:
        return DriftKind.UNPUBLISHED

    @property
    def service(self) -> str:
        return "Amazon DataZone"

    def severity(self, changes: tuple[FieldChange, ...]) -> Severity:
        return Severity.COMPATIBLE if changes else Severity.NONE

    def moves_columns(self, changes: tuple[FieldChange, ...]) -> bool:
        return False


def _desired(container: PhysicalName, name: PhysicalName, published: Published) -> DesiredObject:
    return DesiredObject(container, name, published.body, published.digest)


PUBLISHING_DESIGN = PublishingDesign()
