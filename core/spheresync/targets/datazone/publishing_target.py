"""Publishing in DataZone as a target: the listings of assets that carry our form.

A listing takes no mark, so that we published an asset is noted in our form, in a revision that readers do not see: by
that it is known also where the state is lost, or publishing has been switched off since.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from spheresync.config.datazone import DataZone
from spheresync.errors import NoObjectError, TargetError, TargetFault
from spheresync.model import Action, Address, DesiredObject, LiveObject, PhysicalName, TargetKey
from spheresync.model.json_document import read_json
from spheresync.targets.annotations.content import DIGEST
from spheresync.targets.aws.adding_target import AddingTarget
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.datazone.asset_forms import content_of, is_published, publisher_of, with_publisher
from spheresync.targets.datazone.assets import AssetFinder, TableAssets
from spheresync.targets.datazone.domain import Domain
from spheresync.targets.datazone.next_revision import revise
from spheresync.targets.datazone.own_assets import delete, is_superseded, unpublish
from spheresync.targets.datazone.publishing import Published
from spheresync.targets.datazone.required import FORM_TYPE
from spheresync.targets.datazone.type_revisions import TypeRevisions
from spheresync.targets.protocol import (
    ContainerOutcome,
    Operation,
    Outcome,
)

_ATTEMPTS = 3
_UNVERSIONED = "-"


class PublishingTarget(AddingTarget):
    """Listings of the assets of one project.

    Args:
        door: the way to AWS.
        owner: the marker of this installation.
        section: which domain and project.
        key: under which the state keeps what is published.
        account: of the catalog whose tables these are; None where nobody has said it.
    """

    def __init__(
        self, door: AwsDoor, *, owner: str, section: DataZone, key: TargetKey, account: str | None = None
    ) -> None:
        assert section.domain_id is not None and section.project_id is not None
        super().__init__(door, owner, key)
        self._domain = Domain(door, section.domain_id, section.project_id)
        self._finder = AssetFinder(self._domain, owner, account)
        self._types = TypeRevisions(self._domain)

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        """Nothing is needed first."""
        return ContainerOutcome(desired.container, created=False, ours=True)

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        at = Address(container, name)
        asset = (await self._finder.find(at, subject=f"{container}.{name}")).asset
        return None if asset is None else await self._listed(at, asset, subject=f"{container}.{name}")

    async def perform(self, operation: Operation) -> Outcome:
        """Publish an asset as it is, or take back what we published.

        Raises:
            NoObjectError: it is not published, and it was said that it must be.
            TargetError: MOVED where the asset does not hold what is to be published, or what the service answered.
        """
        at, doubt, found = Address(operation.container, operation.name), None, False
        for attempt in range(1 + _ATTEMPTS):
            if doubt is not None:
                await self._domain.pause(attempt)
            assets = await self._finder.find(at, subject=operation.subject)
            asset = assets.asset
            live = None if asset is None else await self._listed(at, asset, subject=operation.subject)
            found = live is not None if doubt is None else found
            try:
                if operation.action is Action.DELETE:
                    outcome = await self._unpublish(operation, asset, live, sent=doubt is not None)
                    await self._unpublish_made(operation, assets)
                    return outcome
                outcome = await self._publish(operation, asset, live, sent=doubt is not None, found=found)
                await self._take_place(operation, assets)
                return outcome
            except AwsError as error:
                if not error.needs_look:
                    raise
                doubt = error
        assert doubt is not None
        raise doubt

    async def _publish(
        self, operation: Operation, asset: Mapping[str, Any] | None, live: LiveObject | None, *, sent: bool, found: bool
    ) -> Outcome:
        """Publish an asset. `found`: it was published before we did anything."""
        assert operation.desired is not None
        wanted = Published.read(operation.desired.body)
        if live is None and operation.action is Action.RETIRE:
            return Outcome(None, b"", already=True)
        if live is None and operation.must_exist:
            raise NoObjectError(operation.subject)
        there = None if live is None else Published.read(live.body)
        # An undo publishes what was found unpublished: what is published once it may have been sent is its own doing.
        own = operation.recovering and operation.exact
        before = found and asset is not None and not own and not self._is_ours(operation, asset)
        if there is not None and there.digest == wanted.digest and not (operation.exact and wanted.revision):
            if (sent or own) and asset is not None and not before:
                await self._note(asset, self._owner, subject=operation.subject)
            body = replace(there, before=before).body
            was = operation.last_written if operation.recovering and not before else None if sent else body
            return Outcome(_UNVERSIONED, body, was, already=not sent)
        same = asset is not None and wanted.asset in {"", asset["id"]}  # a deleted one comes back under another id
        revision = wanted.revision if operation.exact and same else ""
        held = "" if asset is None else content_of(asset, {}).fields.get(DIGEST, "")
        if asset is None or not (revision or wanted.retired or held == wanted.content):
            text = f"{operation.subject}: the asset does not hold what is to be published."
            raise TargetError(TargetFault.MOVED, text, remedy="See what kept datazone from writing it.")
        # Noted first: a listing of which nobody can say whose it is would never be taken back.
        noted = not before and await self._note(asset, self._owner, subject=operation.subject)
        try:
            request_id = await self._change(operation, asset, "PUBLISH", revision or str(asset["revision"]))
        except AwsError as error:
            if noted and not error.needs_look:
                with suppress(AwsError):  # what kept it from being published is told
                    await self._forget(operation)
            raise
        done = replace(wanted, revision=revision or str(asset["revision"]), before=before, asset=str(asset["id"]))
        did = Action.CREATE if live is None and operation.action is not Action.CREATE else None
        was = None if live is None else live.body
        if operation.recovering and not before:
            was = operation.last_written
        return Outcome(_UNVERSIONED, done.body, was, request_id=request_id, did=did)

    async def _take_place(self, operation: Operation, assets: TableAssets) -> None:
        """Let an asset of ours go, once the imported one is published in its place."""
        if assets.imported is None or assets.made is None or operation.action is Action.RETIRE:
            return
        if is_published(assets.made):
            if not self._is_ours(operation, assets.made):
                return
            await unpublish(self._domain, assets.made, subject=operation.subject)
        if is_superseded(assets, operation.name):
            await delete(self._domain, assets.made, subject=operation.subject)

    async def _unpublish(
        self, operation: Operation, asset: Mapping[str, Any] | None, live: LiveObject | None, *, sent: bool
    ) -> Outcome:
        """Take a listing back; one that somebody had published before we came stays as it is."""
        if asset is None or live is None or not self._is_ours(operation, asset):
            held = operation.last_written if sent or operation.recovering else None
            return Outcome(None, b"", before=held, already=not sent)
        request_id = await self._change(operation, asset, "UNPUBLISH", "")
        if not Published.read(live.body).retired:  # else the asset or our form goes next
            with suppress(AwsError):  # it is done; the state knows it
                await self._note(asset, None, subject=operation.subject)
        return Outcome(None, b"", before=live.body, request_id=request_id)

    async def _unpublish_made(self, operation: Operation, assets: TableAssets) -> None:
        """Take the listing of an asset of ours back that stands beside the imported one."""
        made = assets.made
        if assets.imported is not None and made is not None and is_published(made) and self._is_ours(operation, made):
            await unpublish(self._domain, made, subject=operation.subject)

    def _is_ours(self, operation: Operation, asset: Mapping[str, Any]) -> bool:
        """Whether we published an asset, as far as our form on it or the state says so."""
        if publisher_of(asset) == self._owner:
            return True
        last = None if operation.last_written is None else Published.read(operation.last_written)
        return last is not None and not last.before and last.asset in {"", asset["id"]}

    async def _note(self, asset: Mapping[str, Any], publisher: str | None, *, subject: str) -> bool:
        """Have our form say who published an asset; answers whether it did not say so before."""
        if (said := with_publisher(asset, publisher)) is None:
            return False
        try:
            await revise(self._domain, self._types, asset, said, subject=subject, repeatable=True)
        except AwsError:
            self._types.forget()
            raise
        return True

    async def _forget(self, operation: Operation) -> None:
        """Take back that we published an asset: it was not taken, and whoever publishes it now is somebody else."""
        at = Address(operation.container, operation.name)
        asset = (await self._finder.find(at, subject=operation.subject)).asset
        if asset is not None and not is_published(asset):
            await self._note(asset, None, subject=operation.subject)

    async def _change(self, operation: Operation, asset: Mapping[str, Any], action: str, revision: str) -> str | None:
        params = {"entityIdentifier": asset["id"], "entityType": "ASSET", "action": action}
        params |= {"entityRevision": revision} if revision else {}
        reply = await self._domain.write("CreateListingChangeSet", params, subject=operation.subject)
        return reply.request_id

    async def _listed(self, at: Address, asset: Mapping[str, Any], *, subject: str) -> LiveObject | None:
        """What is published of an asset; None where nothing is."""
        if not is_published(asset):
            return None
        reply = await self._domain.read("GetListing", {"identifier": asset["listing"]["listingId"]}, subject=subject)
        item: Any = reply.body.get("item") or {}
        shown: Mapping[str, Any] = item.get("assetListing") or {}
        ours = _our_form(shown)
        retired = ours.get("status") == "retired"
        revision = str(shown.get("assetRevision") or "")
        theirs = publisher_of(asset) != self._owner
        published = Published(str(ours.get("digest") or ""), retired, revision, before=theirs, asset=str(asset["id"]))
        return LiveObject(
            at.container,
            at.name,
            _UNVERSIONED,
            published.body,
            owner=self._owner,
            source=None,
            digest=published.digest,
            intact=True,
        )


def _our_form(listing: Mapping[str, Any]) -> Mapping[str, Any]:
    """What our form says on a listing; nothing where it has none, or its forms cannot be read."""
    try:
        forms = read_json(listing.get("forms") or "{}")
    except ValueError:
        return {}
    found = forms.get(FORM_TYPE) if isinstance(forms, dict) else None
    return found if isinstance(found, dict) else {}
