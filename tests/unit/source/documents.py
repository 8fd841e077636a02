"""EDMX documents for tests, written from what they should say."""

from __future__ import annotations

from spheresync.model import AssetEntry, AssetId, RawDefinition, SpaceName, TechnicalName, digest_of

EDM = "http://docs.oasis-open.org/odata/ns/edm"
EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
VOCABULARIES = {
    "Common": "com.sap.vocabularies.Common.v1",
    "Analytics": "com.sap.vocabularies.Analytics.v1",
    "DataIntegration": "com.sap.vocabularies.DataIntegration.v1",
    "Hierarchy": "com.sap.vocabularies.Hierarchy.v1",
    "Aggregation": "Org.OData.Aggregation.V1",
    "Measures": "Org.OData.Measures.V1",
}


def edmx(schema: str, *, aliases: dict[str, str] | None = None, attributes: str = 'Namespace="S"') -> bytes:
    """A whole document around the inside of one schema."""
    includes = "".join(
        f'<edmx:Reference Uri="u"><edmx:Include Alias="{alias}" Namespace="{namespace}"/></edmx:Reference>'
        for alias, namespace in (VOCABULARIES if aliases is None else aliases).items()
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<edmx:Edmx Version="4.0" xmlns:edmx="{EDMX}">{includes}'
        f'<edmx:DataServices><Schema {attributes} xmlns="{EDM}">{schema}</Schema></edmx:DataServices></edmx:Edmx>'
    ).encode()


def entity(properties: str, *, name: str = "SALES", key: str = "", more: str = "") -> str:
    """A container with one set, its entity type, and what follows."""
    keys = "".join(f'<PropertyRef Name="{part}"/>' for part in key.split())
    return (
        f'<EntityContainer Name="C"><EntitySet Name="{name}" EntityType="S.{name}"/></EntityContainer>'
        f'<EntityType Name="{name}">{f"<Key>{keys}</Key>" if keys else ""}{properties}</EntityType>{more}'
    )


def about(target: str, *annotations: str) -> str:
    return f'<Annotations Target="{target}">{"".join(f"<Annotation {one}/>" for one in annotations)}</Annotations>'


def entry(name: str = "SALES", **more: object) -> AssetEntry:
    fields: dict[str, object] = {
        "label": "From the catalog",
        "relational_metadata_url": "https://t/r/$metadata",
        "analytical_metadata_url": None,
        "supports_analytical_queries": False,
        "has_parameters": False,
        **more,
    }
    return AssetEntry(id=AssetId(SpaceName("DEMO"), TechnicalName(name)), **fields)  # type: ignore[arg-type]


def raw(relational: bytes | None = None, analytical: bytes | None = None, *, name: str = "SALES") -> RawDefinition:
    pairs = (("relational", relational), ("analytical", analytical))
    documents = tuple((surface, body) for surface, body in pairs if body is not None)
    return RawDefinition(entry(name), documents, digest_of(b"".join(body for _, body in documents)))
