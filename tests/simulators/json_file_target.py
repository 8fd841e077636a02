"""A target that is one JSON file: groups of entries. The smallest thing that keeps what every target promises."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.lowlevel

from spheresync import model
from spheresync.config import DriftPolicies
from spheresync.errors import NoObjectError, TargetError, TargetFault
from spheresync.model import Action, DesiredObject, FieldChange, LiveObject, canonical_json, digest_json, digest_of
from spheresync.model import PhysicalName as Name
from spheresync.targets.design import TargetDesign
from spheresync.targets.design_values import MarkPaths, Marks, Merged, RequiredObject
from spheresync.targets.protocol import ContainerOutcome, Inventory, LiveContainer, Operation, Outcome, Usage

JSON_FILE = model.TargetName("json_file")
_OURS = ("Columns", "Description", "Marks")


def _share(body: bytes, *, ours: bool) -> bytes:
    return canonical_json({key: value for key, value in json.loads(body).items() if (key in _OURS) is ours})


class JsonFileDesign(TargetDesign):
    name = JSON_FILE
    mark_paths = MarkPaths("marks.owner", "marks.source", "marks.digest")

    def _finish(self, body: dict[str, Any], container: Name, name: Name) -> DesiredObject:
        body["Marks"]["digest"] = digest = self.fingerprint(canonical_json(body))
        return DesiredObject(container, name, canonical_json(body), digest)

    def design(
        self, asset: model.Asset, decision: Any, container: Name, name: Name, marker: str, **_: object
    ) -> DesiredObject:
        columns = [{"Name": each.name, "Type": each.type} for each in self.columns(asset, decision)]
        marks = {"owner": marker, "source": str(asset.id), "kind": asset.kind.value}
        return self._finish({"Columns": columns, "Description": asset.label, "Marks": marks}, container, name)

    def retire(self, last_body: bytes, at: str, container: Name, name: Name) -> DesiredObject:
        body = json.loads(last_body)
        body["Marks"] |= {"retired": True, "retired_at": at, "retired_object": f"{container}.{name}"}
        return self._finish(body, container, name)

    def prerequisites(self, container: Name, *about: str) -> tuple[RequiredObject, ...]:
        body = canonical_json({"source": about[0], "owner": about[2]})
        return (RequiredObject(0, "json:MakeGroup", DesiredObject(container, container, body, digest_of(body))),)

    def operations(self, action: Action) -> tuple[str, ...]:
        return () if not action.changes_something else ("json:Drop" if action is Action.DELETE else "json:Put",)

    def merge(self, last_written: bytes | None, live: bytes, desired: bytes, policies: DriftPolicies) -> Merged:
        body = {**json.loads(_share(live, ours=False)), **json.loads(_share(desired, ours=True))}
        return Merged(canonical_json(body), (), self.own_changes(last_written or live, live))

    def own_changes(self, before: bytes, after: bytes) -> tuple[FieldChange, ...]:
        return self.changes(_share(before, ours=True), _share(after, ours=True))

    def own_fields(self, written: bytes, live_body: bytes) -> bytes:
        return _share(written, ours=True)

    def fingerprint(self, body: bytes) -> model.Digest:
        ours = json.loads(_share(body, ours=True))
        return digest_json({**ours, "Marks": {**ours.get("Marks", {}), "digest": None}})

    def marks(self, body: bytes) -> Marks:
        return Marks(**json.loads(body).get("Marks", {}))


JSON_FILE_DESIGN = JsonFileDesign()


@dataclass
class JsonFileTarget:
    path: Path
    owner: str
    key: model.TargetKey
    usage, find_catalog = Usage(), staticmethod(anyio.lowlevel.checkpoint)
    catalog, expect = None, staticmethod(lambda _: None)  # one file is one catalog

    async def load(self, needed: Name | None = None) -> dict[str, Any]:
        await anyio.lowlevel.checkpoint()
        groups: dict[str, Any] = json.loads(self.path.read_bytes()) if self.path.exists() else {}
        if needed is not None and needed not in groups:
            raise TargetError(TargetFault.NO_CONTAINER, f"There is no group {needed}.")
        return groups

    async def read(self, container: Name, name: Name) -> LiveObject | None:
        entry = (await self.load()).get(container, {}).get("entries", {}).get(name)
        return None if entry is None else self._live(container, name, entry)

    def _live(self, container: Name, name: Name, entry: dict[str, Any]) -> LiveObject:
        body, version = canonical_json(entry["body"]), str(entry["version"])
        marks, seen = JSON_FILE_DESIGN.marks(body), JSON_FILE_DESIGN.fingerprint(body)
        return LiveObject(container, name, version, body, marks.owner, marks.source, marks.digest, marks.digest == seen)

    async def pages(self, container: Name) -> AsyncIterator[tuple[LiveObject, ...]]:
        entries = (await self.load(container))[container]["entries"].items()
        yield tuple(self._live(container, Name(name), each) for name, each in entries)

    async def inventory(self, containers: frozenset[Name] | None, *, and_ours: bool = False, **_: bool) -> Inventory:
        groups = await self.load()
        wanted = {
            Name(name): LiveContainer(Name(name), each["owner"] == self.owner, each["owner"])
            for name, each in groups.items()
            if containers is None or name in containers or (and_ours and each["owner"] == self.owner)
        }
        return Inventory(wanted, tuple([live for name in wanted async for page in self.pages(name) for live in page]))

    async def container(self, name: Name) -> LiveContainer | None:
        return (await self.inventory(frozenset({name}))).containers.get(name)

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        groups = await self.load()
        if created := desired.container not in groups:
            groups[desired.container] = {**json.loads(desired.body), "entries": {}}
            self.path.write_bytes(canonical_json(groups))
        return ContainerOutcome(desired.container, created, groups[desired.container]["owner"] == self.owner)

    async def perform(self, operation: Operation) -> Outcome:
        groups, last = await self.load(operation.container), operation.last_written
        entries, at = groups[operation.container]["entries"], (operation.container, operation.name)
        live = self._live(*at, entries[operation.name]) if operation.name in entries else None
        if live is None and operation.must_exist:
            raise NoObjectError(operation.subject)
        if live is not None and (why := JSON_FILE_DESIGN.foreign_because(live, operation.asset, self.owner, last)):
            raise TargetError(TargetFault.CONFLICT, f"{operation.subject} {why}.")
        if operation.desired is None:
            if live is None:
                return Outcome(None, b"", already=True)
            if last is not None and JSON_FILE_DESIGN.differences(last, live.body):
                raise TargetError(TargetFault.MOVED, f"{operation.subject} was changed by somebody else.")
            del entries[operation.name]
            self.path.write_bytes(canonical_json(groups))
            return Outcome(None, b"", before=live.body)
        if (body := operation.desired.body) is not None and live is not None:
            if live.intact and live.digest == operation.desired.digest:
                return Outcome(live.version, live.body, already=True)
            merged = JSON_FILE_DESIGN.merge(last, live.body, body, DriftPolicies())
            if merged.ours_moved or not live.intact:
                raise TargetError(TargetFault.MOVED, f"{operation.subject} was changed by somebody else.")
            body = merged.body
        version = 0 if live is None else int(live.version or 0) + 1
        entries[operation.name] = {"version": version, "body": json.loads(body)}
        self.path.write_bytes(canonical_json(groups))
        return Outcome(str(version), body, before=None if live is None else live.body)
