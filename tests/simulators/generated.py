"""Landscapes of any size for benchmarks and fault tests."""

from __future__ import annotations

from functools import cache

from spheresync.dog.objects import DogColumn, DogObject, DogSpace, Landscape, parse_type
from spheresync.model import AssetKind, ColumnRole

_TYPES = ("String(40)", "Decimal(15,2)", "Date", "Int32", "DateTimeOffset(7)", "String(10)", "Double", "Boolean")


def generated_landscape(*, spaces: int, assets: int, columns: int = 20, models: int = 10) -> Landscape:
    """`spaces` x `assets` x `columns`; every `models`-th asset is an analytic model (0: none).

    Names are `SPACE_000`, `ASSET_00000` and `COL_000`; the first column of a view is its key.
    """
    return Landscape(tuple(_space(number, assets, columns, models) for number in range(spaces)))


def _space(number: int, assets: int, columns: int, models: int) -> DogSpace:
    objects = tuple(_asset(one, columns, is_model=models > 0 and one % models == models - 1) for one in range(assets))
    return DogSpace(f"SPACE_{number:03d}", f"Space {number}", objects)


def _asset(number: int, columns: int, *, is_model: bool) -> DogObject:
    kind = AssetKind.ANALYTIC_MODEL if is_model else AssetKind.VIEW
    made = tuple(_column(one, is_model=is_model) for one in range(columns))
    return DogObject(kind, f"ASSET_{number:05d}", f"Asset {number}", made)


def _column(number: int, *, is_model: bool) -> DogColumn:
    declared = parse_type(_TYPES[number % len(_TYPES)])
    key = number == 0 and not is_model
    role = ColumnRole.MEASURE if declared.name in {"Edm.Decimal", "Edm.Double"} else ColumnRole.DIMENSION
    return DogColumn(f"COL_{number:03d}", declared, f"Column {number}", key=key, nullable=not key, role=role)


@cache
def hostile_definition() -> bytes:
    """A document below every budget that takes a processor some seconds to read: one type with very many heirs."""
    heirs = "".join(
        f'<EntityType Name="H{number}" BaseType="S.T"><Property Name="P{number}" Type="Edm.String"/></EntityType>'
        for number in range(140_000)
    )
    return (
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        '<Schema Namespace="S" xmlns="http://docs.oasis-open.org/odata/ns/edm"><EntityContainer Name="C">'
        '<EntitySet Name="X" EntityType="S.T"/></EntityContainer><EntityType Name="T"><Key><PropertyRef Name="A"/>'
        f'</Key><Property Name="A" Type="Edm.Int32" Nullable="false"/></EntityType>{heirs}</Schema>'
        "</edmx:DataServices></edmx:Edmx>"
    ).encode()
