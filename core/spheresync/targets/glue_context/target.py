"""Glue's business context as a target: our attachments and terms on the tables of Glue and on their columns.

A table that is not there has no context, so everything here goes by the tables that Glue holds. What others put there
is never touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from spheresync.config import DriftPolicies
from spheresync.config.glue_context import GlueContext
from spheresync.errors import ConfigurationError, NoObjectError, TargetError, TargetFault
from spheresync.model import (
    Action,
    Address,
    DesiredObject,
    FieldChange,
    LiveObject,
    PhysicalName,
    Problem,
    TargetKey,
    counted,
    first_of,
)
from spheresync.model.json_document import read_own_json
from spheresync.targets.annotations.content import Content, columns_in
from spheresync.targets.annotations.merging import term_ids, wanted_of
from spheresync.targets.annotations.written import Written
from spheresync.targets.aws.adding_target import AddingTarget
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError
from spheresync.targets.glue_context.design import (
    GLUE_CONTEXT_DESIGN,
    MOST_TERMS,
    MOST_TERMS_OF_A_COLUMN,
    ONE_INSTALLATION,
)
from spheresync.targets.glue_context.form_types import FormTypes
from spheresync.targets.glue_context.forms import ATTACHMENT
from spheresync.targets.glue_context.glossary import Glossary
from spheresync.targets.glue_context.places import (
    COLUMNS_FORM,
    Request,
    Terms,
    column_content,
    count_terms,
    fields_by_column,
    others_on,
    requests_between,
    table_content,
    taken_by_others,
    written_in,
)
from spheresync.targets.glue_context.required import CREATE_GLOSSARY, CREATE_TERM, PUT_FORM_TYPE
from spheresync.targets.glue_context.service import GLUE_SERVICE, AbsentContextError, BusinessContext
from spheresync.targets.known_operation import held_before
from spheresync.targets.protocol import (
    UNAVAILABLE,
    ContainerOutcome,
    Operation,
    Outcome,
)

_ATTEMPTS = 3
_UNVERSIONED = "-"
"""In the place of a version: a context has none, so a write always reads what is there."""
_MOST_COLUMNS = 100
"""Columns of one call, by the API model."""
_NAMED = 5
_PROBE = "spheresync_doctor_probe"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What stands on a table and on the columns that were looked at."""

    there: Content
    live: LiveObject


class GlueContextTarget(AddingTarget):
    """The business context of the tables of one account and Region.

    Args:
        door: the way to AWS.
        owner: the marker of this installation.
        drift: what to do about other people's edits.
        section: which glossary, and what terms mean.
        key: under which the state keeps what it holds.
        account: of the catalog whose tables these are; None where nobody has said it.
    """

    def __init__(
        self,
        door: AwsDoor,
        *,
        owner: str,
        drift: DriftPolicies,
        section: GlueContext,
        key: TargetKey,
        account: str | None = None,
    ) -> None:
        super().__init__(door, owner, key)
        self._drift = drift
        self._account = account
        self._section = section
        self._context = BusinessContext(door)
        self._glossary = Glossary(self._context, section, owner, drift)
        self._form_types = FormTypes(self._context)

    async def unavailable(self) -> Problem | None:
        try:
            await self._context.require()
        except AbsentContextError as error:
            return Problem.of_target(self._key, UNAVAILABLE, error.message, error.remedy)
        return None

    async def ensure_container(self, desired: DesiredObject) -> ContainerOutcome:
        """Have the glossary, a term or a form type."""
        said: Mapping[str, Any] = read_own_json(desired.body)
        match said["operation"]:
            case operation if operation == CREATE_GLOSSARY:
                outcome = await self._glossary.ensure()
            case operation if operation == CREATE_TERM:
                outcome = await self._glossary.ensure_term(str(desired.name))
            case operation if operation == PUT_FORM_TYPE:
                outcome = await self._form_types.ensure(str(desired.name))
            case operation:
                raise ValueError(f"nothing in Glue's business context is made by {operation}")
        return replace(outcome, container=desired.container, parts=frozenset({desired.digest}))

    async def read(self, container: PhysicalName, name: PhysicalName) -> LiveObject | None:
        seen = await self._look(Address(container, name), Content({}), subject=f"{container}.{name}")
        return None if seen is None else seen.live

    async def perform(self, operation: Operation) -> Outcome:
        """Bring what is ours on a table and on its columns to what it should be.

        Raises:
            NoObjectError: there is no such table, and it was said that there must be.
            TargetError: CONFLICT (another installation's), MOVED (changed by somebody else since the plan, or no such
                table), INVALID (over a limit, nothing was sent), or what the service answered.
        """
        assert operation.desired is not None
        before: bytes | None = None
        doubt: AwsError | None = None
        for attempt in range(1 + _ATTEMPTS):
            if doubt is not None:
                await self._context.pause(attempt)
            seen = await self._look_for(operation)
            if seen is None:
                return self._without_table(operation)
            self._require_ours(operation, seen.live)
            before = before or held_before(GLUE_CONTEXT_DESIGN, operation, seen.live.body)
            wanted, kept = await self._wanted(operation, seen)
            requests = _requests(operation, seen.there, wanted)
            _require_free(operation, seen.there, requests)
            if not requests:
                return Outcome(_UNVERSIONED, wanted.body, before, already=doubt is None, kept=kept)
            try:
                request_id = await self._send(operation, requests)
            except AwsError as error:
                if error.recovery is Recovery.ABSENT and doubt is None:  # a term, a form type or the table: looked for
                    self._glossary.forget()
                    await self._form_types.ensure_all()
                elif not error.needs_look:
                    raise
                doubt, operation = error, replace(operation, recovering=True)  # it may have done a part
                continue
            return Outcome(_UNVERSIONED, wanted.body, before, request_id=request_id, kept=kept)
        assert doubt is not None
        raise doubt

    async def _wanted(self, operation: Operation, seen: _Seen) -> tuple[Content, tuple[FieldChange, ...]]:
        assert operation.desired is not None
        wanted, kept = wanted_of(GLUE_CONTEXT_DESIGN, operation, seen.there, seen.live, self._drift)
        ids = await term_ids(seen.there, wanted, self._section.glossary, self._glossary.id_of)
        return replace(wanted, bound=Content.read(operation.desired.body).bound, ids=ids), kept

    def _require_ours(self, operation: Operation, live: LiveObject) -> None:
        why = GLUE_CONTEXT_DESIGN.foreign_because(live, operation.asset, self._owner, operation.last_written)
        if why is not None:
            text = f"{operation.subject}: the context of that table {why}; it stays as it is."
            raise TargetError(TargetFault.CONFLICT, text, remedy=ONE_INSTALLATION)

    def _without_table(self, operation: Operation) -> Outcome:
        """What becomes of an operation whose table is not there: its context went with it."""
        if operation.action is Action.RETIRE or operation.exact:
            return Outcome(None, b"", already=True)
        if operation.must_exist:
            raise NoObjectError(operation.subject)
        text = f"{operation.subject}: the table is not there, so nothing can be attached to it."
        raise TargetError(TargetFault.MOVED, text, remedy="The next sync looks for it again.")

    async def _send(self, operation: Operation, requests: Sequence[Request]) -> str | None:
        """Send them in their order; each comes to the same when it is sent twice."""
        arn = await self._arn(Address(operation.container, operation.name), operation.subject)
        request_id = None
        for each in requests:
            params = {"AssetIdentifier": arn, **_item(each.column), **each.params}
            reply = await self._context.write(each.operation, params, subject=operation.subject)
            request_id = reply.request_id
        return request_id

    async def _look_for(self, operation: Operation) -> _Seen | None:
        """What stands where an operation goes; columns that it does not change are not looked at without need."""
        assert operation.desired is not None
        desired = Content.read(operation.desired.body)
        last = None if operation.last_written is None else Content.read(operation.last_written)
        at = Address(operation.container, operation.name)
        if last is None or operation.strict or operation.exact or operation.recovering:
            beside = desired if last is None else replace(desired, fields={**last.fields, **desired.fields})
            return await self._look(at, beside, subject=operation.subject)
        return await self._look(at, desired, known=last, subject=operation.subject)

    async def _look(self, at: Address, beside: Content, *, known: Content | None = None, subject: str) -> _Seen | None:
        """What stands on a table and on its columns; None where there is no such table.

        Args:
            at: the table.
            beside: its columns are looked at besides those that carry something of ours.
            known: what was written last; columns on which `beside` wants the same stand as that says, as long as the
                attachment on the table does too.
            subject: what this is about.
        """
        try:
            arn = await self._arn(at, subject)
            asset = (await self._context.read("GetAsset", {"AssetIdentifier": arn}, subject=subject)).body
        except AwsError as error:
            if error.recovery is Recovery.ABSENT:
                return None
            raise
        written = written_in(asset)
        there = table_content(asset, await self._terms(written, [asset]))
        looked_at = columns_in({*there.ours, *there.found, *beside.fields})
        fields, ids = dict(there.fields), dict(there.ids)
        if known is not None and there.is_intact and there.ours == known.ours:
            then, now = fields_by_column(known), fields_by_column(beside)
            same = {column for column in looked_at if then.get(column) == now.get(column)}
            for column in same:
                fields |= {**then.get(column, {}), **others_on(column, known)}
                ids |= {path: known.ids[path] for path in then.get(column, {}) if path in known.ids}
            looked_at -= same
        items, gone = await self._columns(arn, sorted(looked_at), subject)
        terms = await self._terms(written, items)
        for item in items:
            held = column_content(item, terms)
            fields |= held.fields
            ids |= held.ids
        there = replace(there, fields=fields, ids=ids).without_columns(gone)
        return _Seen(there, _live(at, there))

    async def _terms(self, written: Written, places: Sequence[Mapping[str, Any]]) -> Terms:
        """How the terms of these places are known; where they have none, nothing is asked."""
        held = {str(each) for place in places for each in place.get("GlossaryTerms") or ()}
        names = dict(await self._glossary.names()) if held else {}
        for each, name in written.terms.items():
            if each in held and (each in names or await self._glossary.is_there(each)):
                names[each] = name
        return Terms(written, names, self._section.glossary)

    async def _columns(
        self, arn: str, columns: Sequence[str], subject: str
    ) -> tuple[list[Mapping[str, Any]], frozenset[str]]:
        """What stands on columns, and those that the table has no more.

        Raises:
            TargetError: one of them could not be read.
        """
        items: list[Mapping[str, Any]] = []
        gone: set[str] = set()
        for start in range(0, len(columns), _MOST_COLUMNS):
            asked = {
                "AssetIdentifier": arn,
                "IterableFormName": COLUMNS_FORM,
                "ItemIdentifiers": columns[start : start + _MOST_COLUMNS],
            }
            body = (await self._context.read("BatchGetIterableForms", asked, subject=subject)).body
            items += cast("list[Mapping[str, Any]]", body.get("Items") or ())
            errors = cast("list[Mapping[str, Any]]", body.get("Errors") or ())
            if refused := [each for each in errors if "NotFound" not in str(each.get("Code"))]:
                told = [f"{each.get('ItemIdentifier')}: {each.get('Message') or each.get('Code')}" for each in refused]
                text = f"{subject}: columns could not be read: {first_of(told, _NAMED, by='; ')}."
                raise TargetError(TargetFault.FAILED, text, remedy="Run again when it is mended.")
            gone |= {str(each["ItemIdentifier"]) for each in errors}
        return items, frozenset(gone)

    async def _arn(self, at: Address, subject: str) -> str:
        """The identifier of a table among assets; where nobody has said whose catalog it is, its database does."""
        line = await self._door.line(GLUE_SERVICE)
        if self._account is None:
            reply = await self._door.call(GLUE_SERVICE, "GetDatabase", {"Name": at.container}, subject=subject)
            self._account = str(cast("Mapping[str, Any]", reply.body["Database"])["CatalogId"])
        return f"arn:{line.client.meta.partition}:glue:{line.region}:{self._account}:table/{at.container}/{at.name}"

    async def check(self) -> tuple[Problem, ...]:
        """Ask for each permission to read; what writes cannot be asked for without writing."""
        try:
            await self._context.require()
        except AbsentContextError as error:
            return (Problem.of_target(self._key, UNAVAILABLE, error.message, error.remedy),)
        except (TargetError, ConfigurationError) as error:
            return (self._problem_of(error),)
        found = [await self._permission(operation, params) for operation, params in await self._probes()]
        return tuple(problem for problem in found if problem is not None)

    async def _probes(self) -> tuple[tuple[str, Mapping[str, object]], ...]:
        """Requests that change nothing: about what does not exist."""
        line = await self._door.line(GLUE_SERVICE)
        account = self._account or "123456789012"
        arn = f"arn:{line.client.meta.partition}:glue:{line.region}:{account}:table/{_PROBE}/{_PROBE}"
        asset = {"AssetIdentifier": arn}
        terms = {**asset, "GlossaryTermIdentifiers": [_PROBE]}
        return (
            ("GetAsset", asset),
            ("BatchGetIterableForms", {**asset, **_items([_PROBE])}),
            ("ListGlossaryTerms", {"GlossaryIdentifier": _PROBE}),
            ("GetGlossaryTerm", {"Identifier": _PROBE}),
            ("GetFormType", {"Identifier": "SpheresyncProbe"}),
            ("DeleteAttachment", {**asset, "AttachmentName": _PROBE}),
            ("AssociateGlossaryTerms", terms),
            ("DisassociateGlossaryTerms", terms),
        )

    async def _permission(self, operation: str, params: Mapping[str, object]) -> Problem | None:
        try:
            await self._context.read(operation, params, subject=f"permission for glue:{operation}")
        except AwsError as error:
            if error.recovery in {Recovery.ABSENT, Recovery.INVALID}:
                return None
            remedy = f"Grant glue:{operation} in IAM." if error.recovery is Recovery.DENIED else error.remedy
            return self._problem_of(error, remedy)
        except TargetError as error:
            return self._problem_of(error)
        return None


def _item(column: str) -> dict[str, str]:
    return {"IterableFormName": COLUMNS_FORM, "ItemIdentifier": column} if column else {}


def _items(columns: Sequence[str]) -> dict[str, object]:
    return {"IterableFormName": COLUMNS_FORM, "ItemIdentifiers": [*columns]}


def _live(at: Address, there: Content) -> LiveObject:
    marks = GLUE_CONTEXT_DESIGN.marks(there.body)
    return LiveObject(
        at.container,
        at.name,
        _UNVERSIONED,
        there.body,
        owner=marks.owner,
        source=marks.source,
        digest=there.digest,
        intact=True,
    )


def _requests(operation: Operation, there: Content, wanted: Content) -> list[Request]:
    """The calls to send.

    Raises:
        TargetError: INVALID; with those of others there would be too many terms somewhere.
    """
    requests = requests_between(there, wanted)
    if any(each.operation == "AssociateGlossaryTerms" for each in requests):
        _require_room(operation, wanted)
    return requests


def _require_free(operation: Operation, there: Content, requests: Sequence[Request]) -> None:
    """Let pass what overwrites no attachment of others.

    Raises:
        TargetError: CONFLICT, and what to do.
    """
    taken = list(taken_by_others(there, requests))
    if taken:
        where = first_of(taken, _NAMED)
        text = f"{operation.subject}: others have an attachment {ATTACHMENT} on {where}; it stays as it is."
        remedy = "Put that attachment there under another name, then run again."
        raise TargetError(TargetFault.CONFLICT, text, remedy=remedy)


def _require_room(operation: Operation, wanted: Content) -> None:
    """Let pass what Glue takes, with the terms that others have put there.

    Raises:
        TargetError: INVALID, and what to do.
    """
    for column, count in sorted(count_terms(wanted).items()):
        most, what = (MOST_TERMS_OF_A_COLUMN, f"column {column}") if column else (MOST_TERMS, "the table")
        if count > most:
            said = f"with those of others {what} would have {counted(count, 'term')}, {most} at most"
            text = f"{operation.subject}: {said}."
            remedy = "Take terms off it in Glue, or name fewer in the context file."
            raise TargetError(TargetFault.INVALID, text, remedy=remedy)
