"""Spaces and assets: read from Datasphere, and asked for from the local catalog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from spheresync.answers import (
    AssetDetail,
    AssetPage,
    ColumnDecision,
    DiscoveryAnswer,
    DiscoveryState,
    LineageAnswer,
    MappingExplanation,
    Page,
    SpaceRow,
)
from spheresync.answers.lineage import DEPTH
from spheresync.discovery.shared_discovery import SharedDiscovery
from spheresync.errors import StateError
from spheresync.lineage.broken import findings_of
from spheresync.mapping.context import AssetContext
from spheresync.mapping.instructing_texts import instructing_texts
from spheresync.mapping.patterns import is_for
from spheresync.mapping.personal_data import PersonalDataFinding, classify, was_classified, with_personal_data
from spheresync.mapping.rules import Decision
from spheresync.mapping.unmatched import unmatched_rules
from spheresync.model import (
    Address,
    Asset,
    AssetId,
    AssetKind,
    AssetStatus,
    LineageExport,
    Principal,
    Problem,
    ScopeRequest,
    SpaceName,
    TargetKey,
    counted,
)
from spheresync.planning.held_assets import count_held_without_table
from spheresync.planning.lost_bodies import definition_lost
from spheresync.planning.names.addresses import displaced_database, known_address
from spheresync.planning.names.displaced_databases import DatabaseNameConflict
from spheresync.runtime.context import RuntimeContext
from spheresync.runtime.empty_tenant import empty_tenant
from spheresync.runtime.out_of_scope import space_outside
from spheresync.runtime.progress import OnProgress, silent
from spheresync.runtime.scope import require_found
from spheresync.runtime.settled_context import settle_context
from spheresync.runtime.unknown_names import (
    WrongName,
    named_asset,
    unknown_asset,
    unknown_name,
    unknown_names,
    with_meant_assets,
)
from spheresync.runtime.unread import objects_off
from spheresync.service import answer_rows
from spheresync.service.argument_checks import wants_full
from spheresync.service.authority import Permission, authorize
from spheresync.service.catalog.asset_list import AssetLister
from spheresync.service.catalog.asset_request import AssetArguments, AssetsWanted
from spheresync.service.catalog.business_context import business_context, context_findings, rule_rows
from spheresync.service.catalog.column_pages import ColumnsWanted
from spheresync.service.catalog.first_discovery import FirstDiscovery
from spheresync.service.catalog.known_problems import problems_of
from spheresync.service.catalog.lineage import (
    answer_of,
    export_lineage,
    not_known,
    referred_by,
    trace_lineage,
)
from spheresync.service.catalog.name_contests import contest_of
from spheresync.service.catalog.other_names import differing_by_case, other_names
from spheresync.service.catalog.person_keys import person_keys_of
from spheresync.service.catalog.stewards import stewarded_by, unattended
from spheresync.service.catalog.suggestions import suggestions
from spheresync.service.catalog.typed_columns import typed_columns
from spheresync.service.cursors import Listing, first_of_page, page_size, rows_within
from spheresync.service.drift.drifted_otherwise import drifted_otherwise, otherwise_text
from spheresync.service.drift.known_edits import met_since
from spheresync.service.drift.last_look import asset_as_of, aws_looks
from spheresync.service.scope_checks import check_scope
from spheresync.state.definitions import decode_asset
from spheresync.state.lost_objects import LostObject, lost_object
from spheresync.state.records import AssetRecord, Checkpoint, FormerTable, SpaceRecord
from spheresync.targets.registry import design_of

_OWN_ID = "gets an id of its own once it is made"
"""In the place of a name, of an object that no address of Glue names."""


class Catalog:
    """The local catalog."""

    def __init__(self, context: RuntimeContext, first: FirstDiscovery) -> None:
        self._context = context
        self._store = context.store
        self._first = first

    async def discover(
        self, scope: ScopeRequest, principal: Principal, *, progress: OnProgress = silent
    ) -> DiscoveryAnswer:
        """Read Datasphere into the local catalog; nothing is written to AWS."""
        authorize(principal, Permission.READ)
        self._context.require_good_settings()
        checked = await check_scope(self._context, scope, refreshes=True)
        report = await SharedDiscovery(self._context).discover(
            checked, full=False, since=self._first.asked_at(), progress=progress
        )
        await require_found(self._store, checked, self._context.outside)
        empty = await empty_tenant(self._store) if report.empty else None
        none = () if empty is None else (empty.problem,)
        off = objects_off(await self._store.catalog.with_problems(), checked)
        state = DiscoveryState.PARTLY_FAILED if report.problems else DiscoveryState.DONE
        return DiscoveryAnswer.model_validate(
            {
                "spaces": report.spaces,
                "listed": report.listed,
                "mapped": report.mapped,
                "filtered": report.filtered,
                "failed": report.failed,
                "read": report.read,
                "unchanged": report.unchanged,
                "problems": [answer_rows.finding(problem) for problem in report.problems[: answer_rows.SHOWN_PROBLEMS]],
                "findings": [answer_rows.finding(each) for each in (*report.gone, *report.notices, *off, *none)],
                "usage": self._context.usage.so_far(),
                "state": state if report.reached else DiscoveryState.FAILED,
            }
        )

    async def list_spaces(
        self, principal: Principal, *, limit: int = 50, cursor: str | None = None, budget: int | None = None
    ) -> Page[SpaceRow]:
        """Every space that is known; a page holds at most `limit`, in at most `budget` characters."""
        authorize(principal, Permission.READ)
        listing = Listing.of("spaces")
        before, after = listing.position(cursor, str)
        size = page_size(limit)
        spaces = sorted(await self._store.catalog.spaces(), key=lambda space: space.name)
        left = [space for space in spaces if after is None or space.name > str(after[0])]
        counts = await self._store.catalog.counts()
        rows = [
            answer_rows.space_row(space, [each for each in counts if each.space == space.name], self._left_out(space))
            for space in left[:size]
        ]
        items = rows_within(rows, budget)
        more = listing.encode(before + len(items), items[-1].space) if len(left) > len(items) else None
        return Page(items=items, total=len(spaces), next_cursor=more, first=first_of_page(before, items))

    async def why_no_assets(self, space: str | None, principal: Principal) -> str:
        """Why nothing is known of a space that is there, or with None of all; empty where nothing explains it."""
        authorize(principal, Permission.READ)
        if space is None:
            empty = await empty_tenant(self._store)
            return "" if empty is None else answer_rows.problem_text(empty.problem) or ""
        known = next((each for each in await self._store.catalog.spaces() if each.name == space), None)
        return "" if known is None else answer_rows.problem_text(self._left_out(known) or known.problem) or ""

    async def list_assets(
        self,
        principal: Principal,
        *,
        limit: int = 50,
        cursor: str | None = None,
        budget: int | None = None,
        **wanted: Unpack[AssetArguments],
    ) -> AssetPage:
        """Assets of the local catalog; see `AssetsWanted`.

        Args:
            principal: who asks.
            limit: rows of a page.
            cursor: where it begins.
            budget: how many characters its rows may be long in all; what is beyond is left to the next page.
            wanted: filters, what is searched, and in what order it is listed.

        Raises:
            UsageError: there is no such space, kind, tier, status, class, order or cursor.
        """
        authorize(principal, Permission.READ)
        await settle_context(self._store, self._context.mapping)
        asked = AssetsWanted(**wanted)
        lister = AssetLister(
            self._context,
            asked,
            await stewarded_by(self._context, asked.owner),
            await typed_columns(self._store, asked.column),
            await unattended(self._context, asked.owner),
        )
        if (space := wanted.get("space")) is not None:
            await self._require_space(space)
        return await lister.page(limit=limit, cursor=cursor, budget=budget)

    async def beside(self, status: str | None, principal: Principal) -> str:
        """What a list of one status leaves out and whoever asks for it may mean; empty where there is nothing."""
        authorize(principal, Permission.READ)
        if status == AssetStatus.DELETED and (
            count := await count_held_without_table(self._store, self._context.settings.target_keys)
        ):
            have = "has" if count == 1 else "have"
            return f"Not among these: {counted(count, 'held asset')} that {have} no table since an undo deleted it."
        if status == AssetStatus.DRIFTED:
            others = otherwise_text(await drifted_otherwise(self._store, self._context.settings.target_keys))
            return f"Others changed objects of these too, which stand under another status: {others}." if others else ""
        return ""

    async def describe_asset(
        self,
        asset: str | AssetId,
        principal: Principal,
        *,
        detail: str = "full",
        column: str | None = None,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> AssetDetail:
        """What is known of one asset, named by a person or by an identity.

        Args:
            asset: which one.
            principal: who asks.
            detail: full, or concise.
            column: only the columns of this name or glob.
            cursor: where the page of columns begins.
            budget: characters that the columns may have in all.

        Raises:
            UsageError: it is not of the form SPACE/NAME, or not known, or has no such column.
        """
        answer = await self._described(asset, principal)
        return ColumnsWanted(column, cursor, budget).of(answer if wants_full(detail) else answer.concise())

    async def _described(self, asset: str | AssetId, principal: Principal) -> AssetDetail:
        authorize(principal, Permission.READ)
        record = await self._record(asset)
        definition = await self._definition(record)
        checkpoints = await self._store.checkpoints.of_asset(record.id)
        problems = await self._problems_of([record])
        mapping = self._context.mapping
        said = mapping.context_of(record.id, record.kind, record.label)
        classified = definition is not None and was_classified(record.parser_version)
        found = _personal_data(definition, said) if definition is not None and classified else {}
        pii: dict[str, list[str]] = {}
        if definition is not None and classified:
            definition = with_personal_data(definition, found)
        for column in definition.columns if definition is not None else ():
            if column.pii is not None:
                pii.setdefault(column.pii, []).append(column.name)
        whole = {} if definition is None else {record.id: (record, definition)}
        person_keys = await person_keys_of(self._store, mapping, whole)
        decision = record.decided_by(mapping)
        prints = record.fingerprints
        return AssetDetail(
            asset=str(record.id),
            kind=record.kind,
            label=record.label,
            tier=decision.tier,
            status=record.status,
            problem=problems[record.id],
            columns=[answer_rows.column_row(each, found.get(each.name)) for each in definition.columns]
            if definition
            else [],
            context=business_context(definition, said, mapping.context.terms, decision),
            targets=[
                *[answer_rows.target_row(each, await self._lost(each)) for each in checkpoints if each.is_there],
                *[answer_rows.former_row(former) for former in await self._former_tables(record.id)],
            ],
            fingerprints={}
            if prints is None
            else {"schema": prints.schema, "content": prints.content, "metadata": prints.metadata},
            last_sync=max((checkpoint.synced_at for checkpoint in checkpoints), default=None),
            read_at=record.read_at,
            seen_in_aws=asset_as_of(
                record,
                checkpoints,
                await aws_looks(self._store),
                await met_since(self._store, record.id, self._context.settings.target_keys),
            ),
            pii=pii,
            personal_data="classified" if classified else "not_classified",
            person_keys=person_keys.get(record.id, {}),
            differ_by_case=await differing_by_case(self._store, record.id),
        ).model_copy(update={**(await other_names(self._store, record)).told()})

    async def _lost(self, checkpoint: Checkpoint) -> LostObject | None:
        """What others are known to have made of an object, as far as nobody has made it again."""
        asset, key = checkpoint.asset, checkpoint.key
        drift = (await self._store.drift.of([asset], key)).get(asset)
        return lost_object(checkpoint, drift, (await self._store.unwritten.of([asset], key)).get(asset))

    async def _former_tables(self, asset: AssetId) -> list[FormerTable]:
        """The tables that an asset had before rules named it anew, and that are still there."""
        keys = self._context.settings.target_keys
        return [each for key in keys for each in await self._store.former_tables.all(key) if each.asset == asset]

    async def explain_mapping(
        self,
        text: str,
        principal: Principal,
        *,
        column: str | None = None,
        cursor: str | None = None,
        budget: int | None = None,
    ) -> MappingExplanation:
        """Why an asset gets its table, names and types; `column`, `cursor` and `budget` as of `describe_asset`.

        Raises:
            UsageError: it is not of the form SPACE/NAME, or not known, or has no such column.
        """
        return ColumnsWanted(column, cursor, budget).of(await self._explained(text, principal))

    async def _explained(self, text: str, principal: Principal) -> MappingExplanation:
        authorize(principal, Permission.READ)
        record = await self._record(text)
        mapping = self._context.mapping
        key = self._explained_key(record)
        decision = record.decided_by(mapping.of(key))
        checkpoint = await self._store.checkpoints.get(record.id, key)
        address = known_address(record, checkpoint, decision)
        displaced = await self._displaced(record, decision, key)
        if displaced is not None and checkpoint is None:
            address = Address(displaced.given, address.name)
        contest = await contest_of(self._store, mapping.of(key), key, record, decision, checkpoint, address)
        if contest is not None:
            address = contest.given
        definition = await self._definition(record)
        left_out = [] if definition is None else decision.left_out(definition)
        explanation = design_of(key.target).explain(
            record.id,
            record.kind,
            record.label,
            asset=None if definition is None else decision.applied(definition),
            decision=decision,
            container=address.container,
            name=address.name,
            unread=await self._unread(record),
            last_body=await self._last_body(checkpoint, address),
        )
        names = await other_names(self._store, record, key)
        return MappingExplanation(
            asset=str(record.id),
            included=decision.included and record.kind.holds_data,
            reason=decision.excluded_by or _no_table(record.kind),
            tier=decision.tier,
            database=address.container if record.kind.holds_data else "",
            table=address.name if record.kind.holds_data else "",
            rules=rule_rows(decision),
            names=[
                *explanation.names,
                *names.explained(f"{address.container}.{address.name}"),
                *await self._elsewhere(record, key),
            ]
            if record.kind.holds_data
            else [],
            columns=[
                ColumnDecision(
                    name=column.name,
                    physical=column.physical,
                    type=column.source_type,
                    physical_type=column.physical_type,
                    reason=column.reason,
                )
                for column in explanation.columns
            ],
            findings=[
                *([displaced.message] if displaced is not None else []),
                *([contest.message] if contest is not None else []),
                *([f"the asset fails in each plan: {decision.refused}"] if decision.refused else []),
                *([f"columns left out by personal_data.policy: {', '.join(left_out[:10])}"] if left_out else []),
                *([] if definition is None else instructing_texts(definition)),
                *context_findings(
                    definition, decision, mapping.context.terms, {} if definition is None else classify(definition)
                ),
                *explanation.findings,
                *await findings_of(self._store, record.id),
            ],
            unmatched=unmatched_rules(self._context.settings, record.id, record.kind, record.label),
        ).model_copy(update={**names.told()})

    async def _elsewhere(self, record: AssetRecord, explained: TargetKey) -> list[str]:
        """The names that an asset has in other targets and destinations than the one that is explained."""
        names = []
        for key in self._context.settings.target_keys:
            if key != explained and is_for(key, record.id.space):
                checkpoint = await self._store.checkpoints.get(record.id, key)
                decision, design = record.decided_by(self._context.mapping.of(key)), design_of(key.target)
                there = checkpoint if checkpoint is not None and checkpoint.is_there else None
                if there is None and design.unwanted_because(decision) is not None:
                    continue
                own = design.capabilities.own_ids
                address = there.address if own and there else known_address(record, checkpoint, decision)
                names.append(f"{key}: {_OWN_ID if own and not there else f'{address.container}.{address.name}'}")
        return names

    async def _last_body(self, checkpoint: Checkpoint | None, address: Address) -> bytes | None:
        """What an object was last known to hold."""
        if checkpoint is None or not checkpoint.is_there or checkpoint.address != address:
            return None
        return (await self._store.blobs.get_many([checkpoint.body])).get(checkpoint.body)

    async def get_lineage(
        self,
        asset: str,
        principal: Principal,
        *,
        column: str | None = None,
        direction: str = "both",
        depth: int | None = None,
        export: LineageExport | None = None,
        budget: int | None = None,
    ) -> LineageAnswer:
        """Where an asset, or one column of it, comes from and where it goes, by what was last read.

        Args:
            asset: SPACE/NAME.
            principal: who asks.
            column: of the asset, as Datasphere calls it.
            direction: upstream, downstream or both.
            depth: steps; `lineage.DEPTH` by default.
            export: a file that gets it as OpenLineage events.
            budget: characters that the objects and edges of the answer may have in all.

        Raises:
            UsageError: there is no such asset, column, direction or depth, or the file cannot be written.
        """
        authorize(principal, Permission.READ)
        record = await self._record(asset)
        found = await trace_lineage(self._context, record, column=column, direction=direction, depth=depth or DEPTH)
        if export is not None:
            await export_lineage(self._context, record, found, export)
        references = await referred_by(self._context, record, direction, column=column)
        return answer_of(
            record,
            found,
            direction,
            depth or DEPTH,
            of_one=column is not None,
            unknown=await not_known(self._context, record, found, direction, column=column, references=references),
            references=references,
            budget=budget,
        )

    async def suggest(self, what: str, typed: str, principal: Principal, space: str | None = None) -> list[str]:
        """Values for argument completion: at most 100 that begin with what was typed, or else hold it."""
        authorize(principal, Permission.READ)
        return await suggestions(self._store, what, typed, SpaceName(space) if space is not None else None)

    def _left_out(self, space: SpaceRecord) -> Problem | None:
        """That the scope leaves a space out, which is no fault and yet why nothing of it is listed."""
        why = self._context.mapping.outside_scope(space.name)
        return None if why is None else space_outside(space.name, why)

    def _tier(self, record: AssetRecord) -> str:
        return record.decided_by(self._context.mapping).tier

    async def _require_space(self, name: str) -> None:
        known = [space.name for space in await self._store.catalog.spaces()]
        if name not in known:
            raise unknown_name("space", name, known, listing="list_spaces")

    async def _record(self, named: str | AssetId) -> AssetRecord:
        asset = named_asset(named) if isinstance(named, str) else named
        if isinstance(asset, WrongName):
            raise unknown_names(with_meant_assets([asset], await self._store.catalog.ids()))
        record = await self._store.catalog.asset(asset)
        if record is None:
            spaces = {space.name for space in await self._store.catalog.spaces()}
            outside = self._context.outside
            raise unknown_names([unknown_asset(asset, await self._store.catalog.ids(), spaces, outside=outside)])
        return record

    async def _definition(self, record: AssetRecord) -> Asset | None:
        if record.definition is None:
            return None
        whole = await self._store.blobs.get_many([record.definition])
        if record.definition not in whole:
            lost = definition_lost(record.id)
            raise StateError(f"{record.id}: {lost.message}.", remedy=lost.remedy)
        return decode_asset(whole[record.definition])

    async def _unread(self, record: AssetRecord) -> str | None:
        """Why the definition of an asset could not be read and what to do, None where it was."""
        if record.problem is None:
            return None
        return (await self._problems_of([record]))[record.id]

    async def _problems_of(self, records: Sequence[AssetRecord]) -> dict[AssetId, str | None]:
        settings = self._context.settings
        return await problems_of(self._store, records, settings.deletion, settings.target_keys)

    def _explained_key(self, record: AssetRecord) -> TargetKey:
        """The target whose names and types an explanation shows: the first one in force that is for the asset."""
        keys = self._context.settings.target_keys
        return next((key for key in keys if is_for(key, record.id.space)), keys[0])

    async def _displaced(self, record: AssetRecord, decision: Decision, key: TargetKey) -> DatabaseNameConflict | None:
        if decision.database is None:
            return None  # what the target holds need not be read
        checkpoints = await self._store.checkpoints.all(key)
        formers = await self._store.former_tables.all(key)
        return displaced_database(record, decision, [*checkpoints, *formers], self._context.mapping.of(key))


def _no_table(kind: AssetKind) -> str:
    """Why there is no table of a kind, empty where there is one."""
    return "" if kind.holds_data else f"a {kind.replace('_', ' ')} only moves data, so there is no table of it"


def _personal_data(asset: Asset, said: AssetContext) -> dict[str, PersonalDataFinding]:
    """What is known of personal data in the columns, by stewards too and where they say it."""
    columns = said.of_columns(asset.columns)
    spoken = {str(name): each.places for name, each in columns.items() if each.personal_data is not None}
    places = {name: each["personal_data"] for name, each in spoken.items()}
    return classify(asset, said.stewards_words(asset.columns), places)
