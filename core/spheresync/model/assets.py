"""An asset of Datasphere, normalised once, whatever document it came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from spheresync.model.counting import first_of
from spheresync.model.json_values import Digest
from spheresync.model.labels import Labels, default_label
from spheresync.model.names import AssetId, TechnicalName
from spheresync.model.relations import Association, ColumnOrigin, ForeignKey, Origins
from spheresync.model.words import AssetKind, ColumnRole

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SourceType:
    """A column's type as the source spells it, with its facets.

    `name` is qualified (`Edm.Decimal`, `cds.String`). `scale` is None where the source gives none, and the words
    `variable` or `floating` where the source says so. `odd` holds, as the source spells it, what of the type could not
    be understood (`MaxLength="-1"`); the rest stands without it.
    """

    name: str
    length: int | None = None  # characters; None also for MaxLength="max"
    precision: int | None = None
    scale: int | str | None = None
    collection: bool = False
    odd: str = ""

    def __str__(self) -> str:
        leading: int | str | None = self.length if self.precision is None else self.precision
        if leading is None and isinstance(self.scale, int):
            leading = "*"  # alone, the scale would read as the precision
        facets = [str(facet) for facet in (leading, self.scale) if facet is not None]
        facets += [self.odd] if self.odd else []
        spelled = f"{self.name}({','.join(facets)})" if facets else self.name
        return f"Collection({spelled})" if self.collection else spelled


UNTYPED = SourceType("unknown")
"""The type of a column that none of the documents gives a type."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an asset, normalised.

    `name` is the name in Datasphere (the original name where the property carries one); `edm_property` the name in the
    EDMX document it came from. `semantics` holds further facts as sorted (name, value) pairs, such as
    `("calendar", "year_month")` or `("currency", "true")`.
    """

    name: TechnicalName
    type: SourceType
    edm_property: str = ""
    key: bool = False
    nullable: bool = True
    labels: Labels = ()
    role: ColumnRole = ColumnRole.ATTRIBUTE
    aggregation: str | None = None
    semantics: tuple[tuple[str, str], ...] = ()
    pii: str | None = None

    @property
    def label(self) -> str:
        return default_label(self.labels)

    def without_semantics_of(self, gone: Collection[str]) -> Column:
        """The column without the facts that name one of these columns, such as that of its unit."""
        left = tuple(
            (fact, value) for fact, value in self.semantics if not (fact.endswith("_column") and value in gone)
        )
        return self if left == self.semantics else replace(self, semantics=left)


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A hierarchy: of levels, column names from the top one down, or of parents and children, by their columns.

    The order counts.
    """

    name: str
    labels: Labels
    levels: tuple[str, ...] = ()
    parent: tuple[str, ...] = ()
    child: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input parameter of a view or model."""

    name: str
    type: SourceType
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset of Datasphere, normalised once, whatever document it came from.

    `provenance` names the documents that the facts came from, as sorted (fact, document) pairs.
    `facts` holds further facts of the asset as sorted (name, value) pairs (dimension type, entity set, ...).
    `associations`, `foreign_keys` and `origins` are only known of CSN. `findings` says, for people, where the documents
    disagree and what of them could not be used. `type_origins` lead from columns that its own documents give no type to
    the columns of other objects that they take it from, all of which are of one type.
    """

    id: AssetId
    kind: AssetKind
    labels: Labels
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...] = ()
    hierarchies: tuple[Hierarchy, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    owner: str | None = None
    view_definition: str | None = None
    provenance: tuple[tuple[str, str], ...] = ()
    associations: tuple[Association, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    origins: Origins = field(default_factory=Origins)
    findings: tuple[str, ...] = ()
    type_origins: tuple[ColumnOrigin, ...] = ()

    @property
    def primary_key(self) -> tuple[TechnicalName, ...]:
        return tuple(column.name for column in self.columns if column.key)

    @property
    def label(self) -> str:
        return default_label(self.labels)

    def narrowed_to(self, columns: tuple[Column, ...]) -> Asset:
        """The asset with these of its columns, in their order.

        A key of which a column is missing is no key, a reference through or to a missing column is none either, and a
        hierarchy loses the level; without its parent or child it is none. No column that stays names a missing one.
        """
        if len(columns) == len(self.columns):
            return self if columns == self.columns else replace(self, columns=columns)
        names: set[str] = {column.name for column in columns}
        if not names.issuperset(self.primary_key):
            columns = tuple(replace(column, key=False) if column.key else column for column in columns)
        gone = {column.name for column in self.columns if column.name not in names}
        return replace(
            self,
            columns=tuple(column.without_semantics_of(gone) for column in columns),
            foreign_keys=tuple(
                each
                for each in self.foreign_keys
                if names.issuperset(own for own, _ in each.columns)
                and not (each.target == str(self.id) and gone.intersection(other for _, other in each.columns))
            ),
            hierarchies=tuple(left for each in self.hierarchies if (left := _without(each, gone)) is not None),
        )


def _without(hierarchy: Hierarchy, gone: Collection[str]) -> Hierarchy | None:
    """The hierarchy without columns that are gone; None where nothing of it is left to lead from one to the next."""
    if any(name in gone for name in (*hierarchy.parent, *hierarchy.child)):
        return None
    levels = tuple(name for name in hierarchy.levels if name not in gone)
    if len(levels) == len(hierarchy.levels):
        return hierarchy
    return replace(hierarchy, levels=levels) if levels else None


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Three digests of one normalised asset (DESIGN.md decision 4)."""

    schema: Digest  # column names, order, types, keys, nullability
    content: Digest  # kind, roles, aggregation, semantics, hierarchies, parameters, view text, facts
    metadata: Digest  # labels in every language, owner


def said_of_untyped(columns: Iterable[Column]) -> list[str]:
    """The finding of columns that nothing gives a type, where there are any."""
    names = [str(column.name) for column in columns if column.type == UNTYPED]
    if not names:
        return []
    are = "column has" if len(names) == 1 else "columns have"
    return [f"{first_of(names, _SHOWN, total=len(names))}: the {are} no type in any document"]


def freeze_pairs(pairs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(pairs.items()))
