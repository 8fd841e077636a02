"""Which assets have columns that their own documents give no type, noted so that all others cost nothing.

The note names of each such asset the columns that nothing gives a type. `waiting` are those whose sources have changed
since: noted in the unit of work that writes the change, and taken away in the one that writes what became of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from spheresync.mapping.references import asset_of
from spheresync.model import AssetId, Problem, canonical_json, counted, first_of
from spheresync.model.json_document import read_own_json
from spheresync.state.port import Store, Tx
from spheresync.state.port.values import MetaReader
from spheresync.state.records import AssetRecord

UNKNOWN_TYPE = "type"
"""Code of a finding about columns that nothing gives a type."""
_REMEDY = "See whether Spheresync reads the objects that it selects from; a calculation needs a type in Datasphere."
_KEY = "open_types"
_SHOWN = 20
_COLUMNS = 5


@dataclass(slots=True)
class OpenTypes:
    """The note."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    @classmethod
    async def read(cls, meta: MetaReader) -> OpenTypes:
        """A value that is damaged says nothing: what it named is noted again when it is read."""
        text = await meta.get(_KEY)
        try:
            value = {} if text is None else read_own_json(text)
            columns = {str(name): [str(each) for each in columns] for name, columns in value["columns"].items()}
            return cls(columns, {str(name) for name in value["waiting"]})
        except (ValueError, AttributeError, TypeError, KeyError):
            return cls()

    async def note(self, tx: Tx, read: Mapping[AssetId, Sequence[str] | None], changed: Collection[AssetId]) -> None:
        """Store the columns without a type of each asset that was read; None where its documents give all types.

        Assets that were not read and that select from a `changed` one are marked as waiting.
        """
        before = self._spelled()
        self._take(read)
        if self.columns and changed:
            naming = map(str, await tx.catalog.referring_to([str(asset) for asset in changed]))
            done = {str(asset) for asset in read}
            self.waiting |= {name for name in naming if name in self.columns and name not in done}
        if self._spelled() != before:
            await tx.meta.set(_KEY, self._spelled())

    async def settled(
        self, tx: Tx, assets: Collection[AssetId], others: Mapping[AssetId, Sequence[str] | None]
    ) -> None:
        """These wait no more; `others` are those of them whose columns have other types now."""
        self.waiting -= set(map(str, assets))
        self._take(others)
        await tx.meta.set(_KEY, self._spelled())

    def _take(self, read: Mapping[AssetId, Sequence[str] | None]) -> None:
        for asset, columns in read.items():
            self.columns.pop(str(asset), None)
            self.waiting.discard(str(asset))
            if columns is not None:
                self.columns[str(asset)] = [*columns]

    def _spelled(self) -> str:
        return canonical_json({"columns": self.columns, "waiting": sorted(self.waiting)}).decode()


async def columns_without_type(store: Store, wants: Callable[[AssetRecord], bool] = lambda _: True) -> list[Problem]:
    """A finding for each listed asset with columns that nothing gives a type, a count for those beyond the first."""
    standing = {name: columns for name, columns in (await OpenTypes.read(store.meta)).columns.items() if columns}
    known = await store.catalog.some([asset for name in standing if (asset := asset_of(name)) is not None])
    assets = sorted(record.id for record in known if record.included and not record.misses and wants(record))
    told = [Problem.of(each, UNKNOWN_TYPE, _said(standing[str(each)]), _REMEDY) for each in assets[:_SHOWN]]
    if len(assets) > _SHOWN:
        more = counted(len(assets) - _SHOWN, "more asset")
        told.append(Problem("types", UNKNOWN_TYPE, f"{more} with columns that nothing gives a type", _REMEDY))
    return told


def _said(columns: Sequence[str]) -> str:
    what = "the column has" if len(columns) == 1 else "the columns have"
    return f"{what} no type in any document, so targets hold them as text: {first_of(columns, _COLUMNS)}"
