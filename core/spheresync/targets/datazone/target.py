"""Amazon DataZone as a target: what is known of an asset, on the asset that stands for its table there.

What is ours is our form with what it says; an asset without it holds nothing of ours, whoever made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.config.datazone import DataZone
from spheresync.errors import ConfigurationError, NoObjectError, TargetError, TargetFault
from spheresync.model import (
    Action,
    Address,
    DesiredObject,
    LiveObject,
    PhysicalName,
    Problem,
    TargetKey,
)
from spheresync.model.json_document import read_own_json
from spheresync.targets.annotations import content
from spheresync.targets.annotations.content import Content
from spheresync.targets.annotations.merging import differs, moved_error, wanted_of
from spheresync.targets.aws.adding_target import AddingTarget
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.datazone.asset_forms import is_published, publisher_of
from spheresync.targets.datazone.assets import AssetFinder
from spheresync.targets.datazone.design import DATAZONE_DESIGN, ONE_INSTALLATION
from spheresync.targets.datazone.domain import NOT_THERE, Domain
from spheresync.targets.datazone.glossary import Glossary
from spheresync.targets.datazone.lineage_events import CatalogPlace, event_for_datazone
from spheresync.targets.datazone.own_assets import delete, unpublish
from spheresync.targets.datazone.required import (
    CREATE_ASSET_TYPE,
    CREATE_FORM_TYPE,
    CREATE_GLOSSARY,
    CREATE_TERM,
)
from spheresync.targets.datazone.revisions import RevisionWriter
from spheresync.targets.datazone.standing import Standing, StandingReader
from spheresync.targets.datazone.types import Types
from spheresync.targets.protocol import (
    ContainerOutcome,
    Operation,
    Outcome,
)

_ATTEMPTS = 3
_LOOK = "Make a new preview to see the asset as it is now."


class DataZoneTarget(AddingTarget):
    """Assets of one project in one domain.

    Args:
        door: the way to AWS.
        owner: the marker of this installation.
        drift: what to do about other people's edits.
        section: which domain, project and glossary, and what terms mean.
        key: under which the state keeps what it holds.
        account: of the catalog whose tables these are; None where nobody has said it.
        unpublishes: an asset of ours that is deleted may be unpublished without a second person's word.
    """

    def __init__(
        self,
        door: AwsDoor,
        *,
        owner: str,
        drift: DriftPolicies,
        section: DataZone,
        key: TargetKey,
        account: str | None = None,
        unpublishes: bool = True,
    ) -> None:
        assert section.domain_id is not None and section.project_id is not None
        super().__init__(door, owner, key)
        self._drift = drift
        self._domain = Domain(door, section.domain_id, section.project_id)
        self._section = section
        self._glossary = Glossary(self._domain, section, owner, drift)
        self._types = Types(self._domain)
        finder = AssetFinder(self._domain, owner, account)
        self._reader = StandingReader(finder, self._glossary, section)
        self._writer = RevisionWriter(self._domain, finder, self._glossary, self._types, section)
        self._account = account
        self._unpublishes = unpublishes
        self._catalog: CatalogPlace | None = None

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        """Have the glossary, a term or a type."""
        said: Mapping[str, Any] = read_own_json(desired.body)
        match said["operation"]:
            case operation if operation == CREATE_GLOSSARY:
                outcome = await self._glossary.ensure()
            case operation if operation == CREATE_TERM:
                outcome = await self._glossary.ensure_term(str(desired.name))
            case operation if operation == CREATE_FORM_TYPE:
                outcome = await self._types.ensure_form_type()
            case operation if operation == CREATE_ASSET_TYPE:
                outcome = await self._types.ensure_asset_type()
            case operation:
                raise ValueError(f"nothing in DataZone is made by {operation}")
        return replace(outcome, container=desired.container, parts=frozenset({desired.digest}))

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        return (await self._reader.look(Address(container, name), "", subject=f"{container}.{name}")).live

    async def perform(self, operation: Operation) -> Outcome:
        """Bring what is ours on an asset to what it should be, with one revision at most.

        Raises:
            NoObjectError: nothing of ours stands there, and it was said that it must.
            TargetError: CONFLICT (not ours), MOVED (changed by somebody else since the plan), INVALID (over a limit,
                nothing was sent), or what the service answered.
        """
        operation = self._of_here(operation)
        doubt: AwsError | None = None
        before = operation.last_written if operation.recovering else None
        for attempt in range(1 + _ATTEMPTS):
            if doubt is not None:
                await self._domain.pause(attempt)
            known = Content.read(operation.last_written).asset if operation.last_written else ""
            seen = await self._reader.look(
                Address(operation.container, operation.name), known, subject=operation.subject
            )
            self._require_ours(operation, seen.live)
            if doubt is None and before is None and seen.live is not None and not operation.recovering:
                before = seen.live.body
            try:
                if operation.action is Action.DELETE:
                    outcome = await self._take_away(operation, seen, sent=doubt is not None)
                else:
                    outcome = await self._bring_about(operation, seen, sent=doubt is not None)
            except AwsError as error:
                if error.recovery is Recovery.ABSENT:
                    self._glossary.forget()
                    await self._types.have_again()
                elif not error.needs_look:
                    if error.recovery is Recovery.INVALID:  # a managed type may have a newer revision by now
                        self._types.forget()
                    raise
                doubt = error
                continue
            return replace(outcome, before=before) if outcome.before is not None or doubt is not None else outcome
        assert doubt is not None
        raise doubt

    def _of_here(self, operation: Operation) -> Operation:
        """Without what was written in another domain or project, which says nothing of what is here.

        Raises:
            TargetError: CONFLICT, an undo of what was written there.
        """
        if operation.last_written is None or Content.read(operation.last_written).home == self._section.home:
            return operation
        if operation.exact:
            text = f"{operation.subject}: it was written in another domain or project of DataZone; nothing was done."
            raise TargetError(
                TargetFault.CONFLICT, text, remedy="Undo it by hand there, or put `datazone:` back first."
            )
        return replace(operation, last_written=None)

    async def _bring_about(self, operation: Operation, seen: Standing, *, sent: bool) -> Outcome:
        assert operation.desired is not None
        live = seen.live
        if live is None and operation.action is not Action.CREATE:
            self._require_may_make(operation)
            if operation.action is Action.RETIRE:
                return Outcome(None, b"", already=True)
        elif live is None and operation.must_exist:
            raise NoObjectError(operation.subject)
        if live is None and seen.assets.imported is not None and seen.assets.made is not None:
            seen = await self._reader.taking_over(operation, seen.assets.imported, seen.assets.made)
        wanted, kept = wanted_of(DATAZONE_DESIGN, operation, seen.there, live, self._drift)
        if live is not None and not self._is_to_write(live, wanted):
            if seen.superseded is not None:
                await delete(self._domain, seen.superseded, subject=operation.subject)
            return Outcome(live.version, live.body, live.body, already=not sent, kept=kept)
        version, written, request_id = await self._writer.write(operation, seen, wanted)
        if seen.superseded is not None:
            await delete(self._domain, seen.superseded, subject=operation.subject)
        did = Action.CREATE if live is None and operation.action is not Action.CREATE else None
        before = None if live is None else live.body
        return Outcome(version, written.body, before, request_id=request_id, kept=kept, did=did)

    def _is_to_write(self, live: LiveObject, wanted: Content) -> bool:
        return live.digest != wanted.digest or differs(Content.read(live.body), wanted)

    def _require_may_make(self, operation: Operation) -> None:
        """Let pass what may be put there again that somebody has taken away."""
        if operation.action is Action.RETIRE:
            return
        if self._drift.missing is not DriftPolicy.OVERWRITE and not operation.exact:
            text = f"{operation.subject}: somebody else has taken away what was ours."
            raise TargetError(TargetFault.MOVED, text, remedy=_LOOK)
        if operation.must_exist:
            raise NoObjectError(operation.subject)

    def _require_may_unpublish(self, operation: Operation) -> None:
        """Let pass where nobody has to agree.

        Raises:
            TargetError: MOVED; what is published is not taken back by the way.
        """
        if not self._unpublishes:
            text = f"{operation.subject}: its asset is published, and unpublishing needs a second person; it stays."
            remedy = "Approve a change set that unpublishes it, or unpublish it in DataZone; the next sync deletes it."
            raise TargetError(TargetFault.MOVED, text, remedy=remedy)

    def _require_ours(self, operation: Operation, live: LiveObject | None) -> None:
        """Let pass what is ours: of this asset, or of another one that has left the table to it."""
        if live is None or (live.owner == self._owner and operation.is_left_by(live.source)):
            return
        why = DATAZONE_DESIGN.foreign_because(live, operation.asset, self._owner, operation.last_written)
        if why is not None:
            text = f"{operation.subject}: the asset of that table {why}; it stays as it is."
            raise TargetError(TargetFault.CONFLICT, text, remedy=ONE_INSTALLATION)

    async def _take_away(self, operation: Operation, seen: Standing, *, sent: bool) -> Outcome:
        """Take back what is ours; an asset that we made is deleted."""
        if seen.live is None:  # on the asset that counts; a data source may have imported that beside ours
            held = operation.last_written
            if seen.assets.imported is not None and seen.assets.made is not None:
                await self._delete(operation, seen.assets.made)
                return Outcome(None, b"", before=held)
            return Outcome(None, b"", before=held if sent or operation.recovering else None, already=not sent)
        if operation.last_written is not None:
            last, there = Content.read(operation.last_written), seen.there
            if moved := content.differing(last, there, content.own_paths(last)):
                raise moved_error(operation, [change.path for change in moved])
        if seen.assets.made is not None:
            await self._delete(operation, seen.assets.made)
        if seen.assets.imported is None:
            return Outcome(None, b"", before=seen.live.body)
        if publisher_of(seen.assets.imported) == self._owner:  # where publishing has items, one of them came before
            await self._unpublish(operation, seen.assets.imported)
        _, _, request_id = await self._writer.write(operation, seen, content.without_ours(seen.there))
        return Outcome(None, b"", before=seen.live.body, request_id=request_id)

    async def _delete(self, operation: Operation, made: Mapping[str, Any]) -> None:
        """Delete an asset that we made.

        Raises:
            TargetError: MOVED where others published it, or somebody has to agree first.
        """
        if is_published(made):
            if publisher_of(made) != self._owner:
                text = f"{operation.subject}: its asset was published by somebody else; it stays."
                remedy = "Unpublish it in DataZone; the next sync deletes it."
                raise TargetError(TargetFault.MOVED, text, remedy=remedy)
            await self._unpublish(operation, made)
        await delete(self._domain, made, subject=operation.subject)

    async def _unpublish(self, operation: Operation, asset: Mapping[str, Any]) -> None:
        """Take back what we published.

        Raises:
            TargetError: MOVED where somebody has to agree first.
        """
        self._require_may_unpublish(operation)
        await unpublish(self._domain, asset, subject=operation.subject)

    async def take_lineage(self, event: bytes) -> None:
        """Post an event; one about another target is nobody's business here."""
        told = event_for_datazone(event, await self._place())
        if told is not None:
            await self._domain.write("PostLineageEvent", {"event": told}, subject="a lineage event", repeatable=True)

    async def _place(self) -> CatalogPlace:
        """Where the tables are: in the account of the domain, where nobody has said another."""
        if self._catalog is None:
            reply = await self._domain.read_itself("GetDomain")
            _, partition, _, region, account, *_ = str(reply.body["arn"]).split(":")
            self._catalog = CatalogPlace(self._key.destination, partition, region, self._account or account)
        return self._catalog

    async def check(self) -> tuple[Problem, ...]:
        """Ask for each permission to read; what writes cannot be asked for without writing."""
        probes: tuple[tuple[str, Mapping[str, Any]], ...] = (
            ("GetProject", {"identifier": self._domain.project}),
            ("Search", {"searchScope": "ASSET", "maxResults": 1, "owningProjectIdentifier": self._domain.project}),
            ("Search", {"searchScope": "GLOSSARY_TERM", "maxResults": 1}),
        )
        found = [await self._permission(operation, params) for operation, params in probes]
        return tuple(dict.fromkeys(problem for problem in found if problem is not None))

    async def _permission(self, operation: str, params: Mapping[str, Any]) -> Problem | None:
        try:
            await self._domain.read(operation, params, subject=f"permission for datazone:{operation}")
        except AwsError as error:
            grant = f"Grant datazone:{operation}, and make this user a member of project {self._domain.project}."
            remedy = {Recovery.DENIED: grant, Recovery.ABSENT: NOT_THERE}.get(error.recovery, error.remedy)
            return self._problem_of(error, remedy)
        except ConfigurationError as error:
            return self._problem_of(error)
        return None
