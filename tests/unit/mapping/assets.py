"""Assets for the tests of mapping: one by hand, and a strategy for any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from spheresync.config import Settings
from spheresync.mapping.rules import Decision, MappingRules
from spheresync.model import (
    Asset,
    AssetId,
    AssetKind,
    Association,
    AssociationPath,
    Column,
    ColumnOrigin,
    ColumnRole,
    Derivation,
    ForeignKey,
    Hierarchy,
    Labels,
    ObjectOrigin,
    Origins,
    Parameter,
    Reads,
    SourceType,
    TechnicalName,
    WrittenColumn,
)

MARKER = "spheresync:test"


def settings(**keys: Any) -> Settings:
    return Settings.model_validate({"state_dir": Path("/nowhere"), **keys})


def rules(*entries: dict[str, Any], **keys: Any) -> MappingRules:
    return MappingRules.compile(settings(mapping={"rules": entries}, **keys))


def decide(asset: Asset, *entries: dict[str, Any], **keys: Any) -> Decision:
    return rules(*entries, **keys).decide(asset.id, asset.kind, asset.label)


def column(name: str, kind: str = "Edm.String", **facts: Any) -> Column:
    facts.setdefault("labels", (("", f"Label of {name}"),))
    return Column(TechnicalName(name), SourceType(kind, facts.pop("length", None)), name, **facts)


ORDERS = Asset(
    id=AssetId.parse("SALES/V_Orders"),
    kind=AssetKind.VIEW,
    labels=(("", "Orders"), ("de", "Aufträge")),
    columns=(
        column("ID", "Edm.Int64", key=True, nullable=False, role=ColumnRole.KEY),
        column(
            "Amount", "Edm.Double", role=ColumnRole.MEASURE, aggregation="SUM", semantics=(("currency_column", "CURR"),)
        ),
        column("CURR", length=5, role=ColumnRole.DIMENSION),
        column("Email", length=200, pii="email", labels=(("", "E-mail"), ("de", "E-Mail-Adresse"))),
    ),
    parameters=(Parameter("P_DATE", SourceType("Edm.Date"), (("", "Key date"),)),),
    hierarchies=(Hierarchy("Time", (("", "Time"),), ("YEAR", "MONTH")),),
    facts=(("entity_set", "V_Orders"),),
    owner="steward@example.com",
    view_definition="SELECT * FROM Orders",
)

LABELS: st.SearchStrategy[Labels] = st.dictionaries(
    st.sampled_from(["", "de", "en", "fr"]), st.text(max_size=300), max_size=3
).map(lambda labels: tuple(sorted(labels.items())))
TYPES = st.builds(
    SourceType,
    st.sampled_from(["Edm.String", "Edm.Decimal", "Edm.Int32", "Edm.Guid", "cds.Timestamp", "Weird.Type"]),
    st.none() | st.integers(-1, 70_000),
    st.none() | st.integers(-1, 60),
    st.none() | st.integers(-1, 60) | st.sampled_from(["variable", "floating"]),
    st.booleans(),
)
_NAMES_OF_FACTS = (
    *("description", "comment", "quick_info", "entity_set", "label", "type", "source", "kind", "managed_by", "status"),
    *("fingerprint", "own_description", "own_comment", "retired_table"),
)
FACTS: st.SearchStrategy[tuple[tuple[str, str], ...]] = st.dictionaries(
    st.sampled_from(_NAMES_OF_FACTS), st.text(min_size=1, max_size=5) | st.sampled_from(["Label", "Orders"]), max_size=4
).map(lambda facts: tuple(sorted(facts.items())))
"""Named as Datasphere's are, and as parameters that programs go by."""
COLUMNS = st.builds(
    Column,
    st.text(alphabet="aAbB_. ä", min_size=1, max_size=4).map(TechnicalName),
    TYPES,
    nullable=st.booleans(),
    labels=LABELS,
    role=st.sampled_from(ColumnRole),
    aggregation=st.sampled_from([None, "SUM"]),
    pii=st.sampled_from([None, "email"]),
    semantics=FACTS,
)
NAMES = st.text(alphabet="aAbB_./ ä", min_size=1, max_size=4)
SOME = st.lists(NAMES, min_size=1, max_size=2).map(tuple)
PAIRS: st.SearchStrategy[tuple[tuple[str, str], ...]] = st.lists(st.tuples(NAMES, NAMES), max_size=2).map(tuple)
HIERARCHIES = st.builds(Hierarchy, NAMES, LABELS, SOME) | st.builds(Hierarchy, NAMES, LABELS, parent=SOME, child=SOME)
ASSOCIATIONS = st.builds(
    Association, NAMES, NAMES, PAIRS, st.booleans(), composition=st.booleans(), to_many=st.booleans(), labels=LABELS
)
OBJECTS = st.lists(st.builds(ObjectOrigin, NAMES, st.sampled_from(Reads), NAMES), max_size=2).map(tuple)
HOW = st.sampled_from(Derivation)
ORIGINS = st.builds(
    Origins,
    OBJECTS,
    st.lists(st.builds(ColumnOrigin, NAMES, SOME, SOME, HOW), max_size=2).map(tuple),
    OBJECTS,
    st.lists(st.builds(WrittenColumn, NAMES, NAMES, SOME, SOME, HOW), max_size=2).map(tuple),
    st.lists(NAMES, max_size=1).map(tuple),
    st.lists(NAMES, max_size=1).map(tuple),
    st.lists(st.builds(AssociationPath, SOME, SOME), max_size=2).map(tuple),
)
ASSETS = st.builds(
    Asset,
    st.just(AssetId.parse("S/V")),
    st.sampled_from(AssetKind),
    LABELS,
    st.lists(COLUMNS, max_size=5, unique_by=lambda each: each.name).map(tuple),
    owner=st.none() | st.text(max_size=5),
    view_definition=st.none() | st.text(max_size=20),
    hierarchies=st.lists(HIERARCHIES, max_size=2).map(tuple),
    associations=st.lists(ASSOCIATIONS, max_size=2).map(tuple),
    foreign_keys=st.lists(st.builds(ForeignKey, NAMES, NAMES, PAIRS), max_size=2).map(tuple),
    origins=ORIGINS,
    facts=FACTS,
    findings=st.lists(NAMES, max_size=1).map(tuple),
)
