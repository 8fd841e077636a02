"""The documents that define one asset, as served (reference: datasphere-api.md 3)."""

from __future__ import annotations

import hashlib
from typing import Protocol

from spheresync.errors import REFUSALS, SourceError, SourceFault
from spheresync.isolation import isolated_group
from spheresync.model import AssetEntry, Digest, JsonValue, Problem, RawDefinition, Withheld, canonical_json
from spheresync.source.datasphere.edmx.xml import check_ended
from spheresync.source.datasphere.surfaces import ANALYTICAL, BADLY_ANSWERED, CSN, OPEN_IT, RELATIONAL
from spheresync.source.transport.http import XML, Response, TenantHttp


class CsnReader(Protocol):
    """Reads the CSN of assets."""

    def is_at_hand(self, entry: AssetEntry) -> bool:
        """Whether reading it is likely to ask for nothing."""

    async def read(self, entry: AssetEntry) -> bytes | None:
        """The CSN of an asset; None where the tenant has none of it.

        Raises:
            SourceError: it could not be read; the message names the asset.
        """


async def fetch(http: TenantHttp, entry: AssetEntry, csn: CsnReader | None = None) -> RawDefinition:
    """The documents of an asset: each `$metadata` that the catalog names, and its CSN where `csn` is given.

    An analytical document that is refused with 400 beside a good relational one becomes a note where the catalog says
    that the asset is not for analytical queries (reference: datasphere-api.md 3.2). Anything else that is missing makes
    the definition incomplete: columns that only it has would be lost. Where it is the CSN, and may not be read, that is
    said: whoever asked knows whether there is anything to lose.

    Raises:
        SourceError: one of the documents could not be read; the message names the asset.
    """
    urls = {RELATIONAL: entry.relational_metadata_url, ANALYTICAL: entry.analytical_metadata_url}
    named = {surface: url for surface, url in urls.items() if url}
    if not named and (csn is None or entry.object_type is None):
        raise SourceError(
            SourceFault.WRONG_SHAPE,
            f"{entry.id}: the catalog names no $metadata URL.",
            remedy="Deploy the object again and see whether the catalog then names one.",
        )
    documents, errors = await _read_all(http, entry, named, csn)
    notes: tuple[Problem, ...] = ()
    withheld: Withheld | None = None
    for surface in (RELATIONAL, ANALYTICAL, CSN):  # relational first: it is the one to mend
        error = errors.get(surface)
        if error is None:
            continue
        if surface == CSN and documents and error.fault in REFUSALS:
            withheld = Withheld(CSN, Problem.of(entry.id, error.fault.value, error.message, error.remedy))
            continue
        benign = error.fault is SourceFault.NO_ANALYTICAL_ACCESS and not entry.supports_analytical_queries
        if not benign or RELATIONAL not in documents:
            raise error
        notes = (Problem.of(entry.id, error.fault.value, error.message, error.remedy),)
    pairs = tuple((surface, documents[surface]) for surface in (RELATIONAL, ANALYTICAL, CSN) if surface in documents)
    return RawDefinition(entry, pairs, _digest(entry, pairs, withheld), notes, withheld)


async def _read_all(
    http: TenantHttp, entry: AssetEntry, named: dict[str, str], csn: CsnReader | None
) -> tuple[dict[str, bytes], dict[str, SourceError]]:
    """Every document, and the error of each that could not be read."""
    documents: dict[str, bytes] = {}
    errors: dict[str, SourceError] = {}

    async def read(surface: str, url: str) -> None:
        try:
            documents[surface] = await http.read(url, accept=XML, decode=_whole)
        except SourceError as error:
            errors[surface] = _named(entry, surface, error)

    async def read_csn(reader: CsnReader) -> None:
        try:
            body = await reader.read(entry)
        except SourceError as error:
            errors[CSN] = error
        else:
            if body is not None:
                documents[CSN] = body

    if len(named) <= 1 and (csn is None or csn.is_at_hand(entry)):  # tasks of their own would cost as much as a request
        for surface, url in named.items():
            await read(surface, url)
        if csn is not None:
            await read_csn(csn)
        return documents, errors
    async with isolated_group() as group:
        for surface, url in named.items():
            group.start_soon(read, surface, url)
        if csn is not None:
            group.start_soon(read_csn, csn)
    return documents, errors


async def is_served(http: TenantHttp, entry: AssetEntry) -> bool:
    """Whether a `$metadata` of an asset is still there: False where Datasphere itself says of each that it is not.

    404 is what it answers where an asset is not exposed any more (reference: datasphere-api.md 3.2); a 404 that may be
    of a proxy or a router before it says nothing.

    Raises:
        SourceError: the tenant says neither.
    """
    gone = False
    for surface, url in ((RELATIONAL, entry.relational_metadata_url), (ANALYTICAL, entry.analytical_metadata_url)):
        if not url:
            continue
        try:
            await http.get(url, accept=XML)
        except SourceError as error:
            refused = surface == ANALYTICAL and error.status == 400 and not entry.supports_analytical_queries
            if error.status == 404 and error.fault is SourceFault.NOT_EXPOSED and not error.absent:
                raise _of_a_stranger(entry, surface, error) from error
            if not (error.absent or refused):
                raise _named(entry, surface, error) from error
            gone = gone or not refused
        else:
            return True
    if not gone:
        raise SourceError(
            SourceFault.WRONG_SHAPE, f"{entry.id}: the catalog named no $metadata URL to ask.", remedy="Try again."
        )
    return False


def _whole(response: Response) -> bytes:
    check_ended(response.body)
    return response.body


def _named(entry: AssetEntry, surface: str, error: SourceError) -> SourceError:
    fault, remedy = error.fault, error.remedy
    if surface == ANALYTICAL and error.status == 400:
        fault = SourceFault.NO_ANALYTICAL_ACCESS
        remedy = "Nothing to do if the asset is not for analytical use; else look at its analytical settings."
    elif fault in BADLY_ANSWERED:
        remedy = OPEN_IT
    message = f"{entry.id}: {surface} $metadata: {error.message}"
    return SourceError(fault, message, remedy=remedy, status=error.status, absent=error.absent)


def _of_a_stranger(entry: AssetEntry, surface: str, error: SourceError) -> SourceError:
    message = f"{entry.id}: {surface} $metadata: the 404 is not one of Datasphere's own, so it proves nothing"
    remedy = "Look at what stands between this machine and the tenant, or wait for the next reading."
    return SourceError(error.fault, message, remedy=remedy, status=error.status)


def _digest(entry: AssetEntry, documents: tuple[tuple[str, bytes], ...], withheld: Withheld | None) -> Digest:
    """Over all that `normalise` reads; lengths keep one document from running into the next."""
    said: list[JsonValue] = [[surface, len(body)] for surface, body in documents]
    if withheld is not None:
        said.append([withheld.surface, None])
    head = canonical_json(
        [
            entry.id.space,
            entry.id.name,
            entry.label,
            entry.relational_metadata_url,
            entry.analytical_metadata_url,
            entry.supports_analytical_queries,
            entry.has_parameters,
            said,
        ]
    )
    total = hashlib.blake2b(head, digest_size=16)
    for _, body in documents:
        total.update(body)
    return Digest(total.hexdigest())
