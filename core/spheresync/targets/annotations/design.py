"""What designs share that keep fields by path (`content`): merging, differences and marks. Pure."""

from __future__ import annotations

from dataclasses import replace

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import DesiredObject, Digest, FieldChange, LiveObject, PhysicalName, Severity
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import FORM, Content
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import LastWritten, MarkPaths, Marks, Merged, RequiredObject


class ContentDesign(TargetDesign):
    """A target whose bodies are a `Content`: our form with what it says, and what else of it is ours."""

    mark_paths = MarkPaths(content.OWNER, content.SOURCE, content.DIGEST)

    def prerequisites(
        self,
        container: PhysicalName,
        source: str,
        label: str,
        marker: str,
    ) -> tuple[RequiredObject, ...]:
        return ()

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        last = None if last_written is None else Content.read(last_written)
        there, want = Content.read(live), Content.read(desired)
        merged, kept = content.merged(last, there, want, policies)
        moved = () if last is None else tuple(content.moved(last, there, want))
        stays = tuple(FieldChange(path, want.ours.get(path), there.fields.get(path)) for path in kept)
        return Merged(merged.body, stays, moved)

    def as_seen(self, written: bytes, live_body: bytes) -> bytes:
        """Our form says what else is ours; where it is not there any more, that is what was written last."""
        live, last = Content.read(live_body), Content.read(written)
        if live.is_marked:
            return live_body
        return replace(live, ours=last.ours, found=last.found & live.fields.keys()).body

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        then, now = Content.read(before), Content.read(after)
        return content.differing(then, now, content.own_paths(then, now))

    def edited_since(self, before: bytes, after: bytes, live_body: bytes) -> tuple[str, ...]:
        then, now = Content.read(after), Content.read(live_body)
        return tuple(change.path for change in content.differing(then, now, content.own_paths(then)))

    def without_written(self, live_body: bytes, tried: bytes) -> bytes:
        return content.without_ours(Content.read(live_body)).body

    def untouched(self, last_body: bytes, live_body: bytes) -> bool:
        last, live = Content.read(last_body), Content.read(live_body)
        return last.fields == live.fields and all(
            last.fields.get(path) == value for path, value in last.ours.items() if path not in last.found
        )

    def changes(self, before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
        then = Content({}) if not before else Content.read(before)
        now = Content({}) if not after else Content.read(after)
        return content.differing(then, now, then.fields.keys() | now.fields.keys())

    def foreign_changes(self, last_body: bytes, live_body: bytes) -> tuple[FieldChange, ...]:
        then, now = Content.read(last_body), Content.read(live_body)
        theirs = (then.fields.keys() | now.fields.keys()) - content.own_paths(then, now)
        return content.differing(then, now, {path for path in theirs if not path.startswith(FORM)})

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        last = Content.read(written)
        return replace(last, fields=dict(last.ours)).stamped().body

    def fingerprint(self, body: bytes) -> Digest:
        return Content.read(body).digest

    def marks(self, body: bytes) -> Marks:
        fields = Content.read(body).fields
        digest = fields.get(content.DIGEST)
        retired = fields.get(content.STATUS) == "retired"
        return Marks(
            owner=fields.get(content.OWNER),
            source=fields.get(content.SOURCE),
            kind=fields.get(content.KIND),
            digest=None if digest is None else Digest(digest),
            retired=retired,
            retired_at=fields.get(content.RETIRED_AT),
            retired_object=fields.get(content.TABLE) if retired else None,
        )

    def last_written(self, live_body: bytes, claimed: Digest | None) -> LastWritten:
        live = Content.read(live_body)
        proven = live.digest == claimed
        texts = dict(live.ours) if proven else {path: value for path, value in live.ours.items() if path[:5] == FORM}
        marks = {path: live.fields[path] for path in (content.DIGEST,) if path in live.fields}
        return LastWritten(replace(live, fields={**texts, **marks}, ours=texts).body, proven)

    def made_anew_because(self, live: LiveObject, last_body: bytes, version: str | None) -> str | None:
        return None  # our form says whose it is, whatever became of what it stands on

    def is_text(self, path: str) -> bool:
        return content.is_text(path)

    def policy_of(self, path: str, policies: DriftPolicies) -> DriftPolicy:
        return content.policy_of(path, policies)

    def severity(self, changes: tuple[FieldChange, ...]) -> Severity:
        return Severity.COMPATIBLE if changes else Severity.NONE

    def moves_columns(self, changes: tuple[FieldChange, ...]) -> bool:
        return False


def desired_of(container: PhysicalName, name: PhysicalName, held: Content) -> DesiredObject:
    """That this should stand there."""
    return DesiredObject(container, name, held.body, held.digest)
