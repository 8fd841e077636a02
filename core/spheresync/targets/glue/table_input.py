"""What Glue should hold of an asset: a TableInput, and the digest by which it proves itself.

Everything a reader of the catalog may need is in `Parameters`, so that nothing of Datasphere's meaning is lost; the
label, and nothing else unless a rule says so, is in `Description` and `Comment`. The parameter
`spheresync.fingerprint` is a digest over our own fields of the table, so that a table tells by itself whether
somebody changed it, and a lost state can be rebuilt from AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from spheresync.mapping.names import allocate, derives, plain_name
from spheresync.mapping.rules import Decision, decide_column, fill
from spheresync.mapping.texts import COMMENT_BYTES, cut, one_line, several_lines
from spheresync.model import (
    Asset,
    AssetKind,
    Column,
    DesiredObject,
    Digest,
    Hierarchy,
    Labels,
    PhysicalName,
    TechnicalName,
    canonical_json,
    digest_json,
)
from spheresync.model.json_document import read_own_json
from spheresync.targets.design_values import PhysicalColumn
from spheresync.targets.glue.types import TypeDecision, glue_type

PREFIX = "spheresync."
FINGERPRINT = f"{PREFIX}fingerprint"
OWNER = f"{PREFIX}managed-by"
BOUND_BY = f"{PREFIX}bound-by"
"""As `OWNER`, of a table that others made: ours are its parameters under our prefix, and texts that stood empty."""
SOURCE = f"{PREFIX}source"
KIND = f"{PREFIX}kind"
COLUMN_NAME = f"{PREFIX}name"
COLUMN_TYPE = f"{PREFIX}type"
COLUMN_PII = f"{PREFIX}pii"
NAME_BEFORE = f"{PREFIX}name-before"
"""`COLUMN_NAME` as the owner of a table had put it onto a column, by which he says which column of an asset it is."""
STOOD_BEFORE = f"{PREFIX}before"
"""What else the owner of a table had where ours stands: parameters under our prefix, and members that were empty."""
QUERYABLE = f"{PREFIX}queryable"
STATUS = f"{PREFIX}status"
RETIRED_AT = f"{PREFIX}retired-at"
RETIRED_TABLE = f"{PREFIX}retired-table"
"""The `database.table` that was marked: a copy carries the mark of another table, and so proves that it is a copy."""
RETIRED_MARK = "[retired in Datasphere] "
OURS_OF_A_TABLE = frozenset({"Name", "TableType"})
OURS_OF_A_COLUMN = frozenset({"Name", "Type"})
"""What is ours beside texts and parameters; all other members are those of others."""
OWN_TEXT = {"Description": f"{PREFIX}own-description", "Comment": f"{PREFIX}own-comment"}
"""Our text, where the description or comment is somebody else's that the drift policy lets stand."""
BESIDE_TEXT = {"Description": f"{PREFIX}beside-description", "Comment": f"{PREFIX}beside-comment"}
"""Our text, where a table of others has a description or comment that was never ours."""
NOTES = frozenset({*OWN_TEXT.values(), *BESIDE_TEXT.values()})
FORMER_OWN_TEXT = {"Description": f"{PREFIX}description", "Comment": f"{PREFIX}comment"}
"""As former versions had it. What Datasphere says of an asset may stand there too, so only our label counts as that."""
_OF_OUR_STATE = frozenset({FINGERPRINT, BOUND_BY, NAME_BEFORE, STOOD_BEFORE, STATUS, RETIRED_AT, RETIRED_TABLE} | NOTES)
_OF_ASSETS = ("label", "labels", "owner", "view-definition", "hierarchies", "primary-key", "foreign-keys", "parameters")
_OF_COLUMNS = ("type", "role", "nullable", "aggregation", "pii", "terms", "queryable")
_NOT_OF_FACTS = frozenset(
    {OWNER, SOURCE, KIND, COLUMN_NAME, *_OF_OUR_STATE, *(PREFIX + name for name in (*_OF_ASSETS, *_OF_COLUMNS))}
)
"""What programs go by, some of it written at times only: nothing else that Datasphere says takes such a name."""
#: Parameters outside our prefix that catalog readers expect (reference: aws-catalogs.md 1.3).
OWN_KEYS = frozenset({"classification", "typeOfData"})
TABLE_TYPE = "EXTERNAL_TABLE"
LONGEST_VALUE = 512_000
_TABLES = frozenset({AssetKind.LOCAL_TABLE, AssetKind.REMOTE_TABLE})


def physical_columns(asset: Asset, decision: Decision, last_body: bytes | None = None) -> list[PhysicalColumn]:
    """The columns that the rules let through, in order, under names that differ within the table.

    A column keeps the name that it has in `last_body`, so that a newcomer never takes the name of one in use.
    """
    chosen = []
    for column in asset.columns:
        said = decide_column(decision.columns, column)
        if said.included:
            chosen.append((column, said))
    names = _column_names([column.name for column, _ in chosen], last_body)
    result = []
    for column, said in chosen:
        decided = glue_type(column.type)
        if said.type:
            decided = TypeDecision(said.type, "set by a column rule")
        label = comment = decision.label_of(column.labels)
        if said.description is not None:
            comment = said.description.format(column=column.name, label=label, type=column.type)
        result.append(
            PhysicalColumn(
                column, names[column.name], decided.glue, one_line(comment), decided.reason, exact=decided.exact
            )
        )
    return result


def _column_names(sources: list[TechnicalName], last_body: bytes | None) -> Mapping[str, PhysicalName]:
    wanted = {str(source): plain_name(source) for source in sources}
    kept: dict[str, PhysicalName] = {}
    for column in columns_of(read_own_json(last_body)) if last_body is not None else ():
        name, source = column["Name"], (column.get("Parameters") or {}).get(COLUMN_NAME)
        if source in wanted and source not in kept and derives(name, wanted[source], source):
            kept[source] = name
    newcomers = ((source, plain) for source, plain in wanted.items() if source not in kept)
    return {**kept, **allocate(newcomers, {name: source for source, name in kept.items()})}


def design_table(
    asset: Asset,
    decision: Decision,
    database: PhysicalName,
    table: PhysicalName,
    marker: str,
    *,
    last_body: bytes | None = None,
) -> DesiredObject:
    """The table that should stand for an asset.

    Args:
        asset: the asset, with its definition.
        decision: what the rules say of it.
        database: where the table is or will be.
        table: its name.
        marker: this installation's `spheresync.managed-by`.
        last_body: what the table was last known to hold, for the names that its columns have.
    """
    columns = physical_columns(asset, decision, last_body)
    asset = asset.narrowed_to(tuple(physical.column for physical in columns))
    body: dict[str, Any] = {
        "TableType": TABLE_TYPE,
        "Parameters": {
            **dict(asset_parameters(asset, decision)),
            "classification": "sap-datasphere",
            "typeOfData": "table" if asset.kind in _TABLES else "view",
            OWNER: marker,
            QUERYABLE: "false",
        },
        "StorageDescriptor": {"Columns": [_column(physical, decision) for physical in columns]},
    }
    if text := description_of(asset, decision):
        body["Description"] = text
    return _finish(body, database, table)


def description_of(asset: Asset, decision: Decision) -> str:
    """The description: the label, or what a rule says."""
    description = label = decision.label_of(asset.labels)
    if decision.description is not None:
        description = fill(decision.description, asset.id, asset.kind, label, decision.prefix)
    return several_lines(description)


def design_database(database: PhysicalName, source: str, label: str, marker: str) -> DesiredObject:
    """The database of a space, or of the spaces that a rule puts together; `source` is the space's name."""
    parameters = {OWNER: marker, SOURCE: source, KIND: "space"}
    if label:
        parameters[f"{PREFIX}label"] = cut(label, LONGEST_VALUE)
    body: dict[str, Any] = {"Parameters": parameters}
    if text := several_lines(label):
        body["Description"] = text
    digest = digest_json(body)
    parameters[FINGERPRINT] = digest
    return DesiredObject(database, database, canonical_json({"Name": database, **body}), digest)


def retired(last_body: bytes, at: str, database: PhysicalName, table: PhysicalName) -> DesiredObject:
    """The same table, marked as retired at a time; what others put there stays."""
    body = read_own_json(last_body)
    parameters = body.setdefault("Parameters", {})
    parameters[STATUS] = "retired"
    parameters[RETIRED_AT] = at
    parameters[RETIRED_TABLE] = f"{database}.{table}"
    text = body.get("Description", "")
    if not text.startswith(RETIRED_MARK.rstrip()):
        body["Description"] = several_lines(RETIRED_MARK + text)
    parameters[FINGERPRINT] = digest = fingerprint_of(body)
    return DesiredObject(database, table, canonical_json(body), digest)


def parameters_of(body: bytes) -> Mapping[str, Any]:
    """The parameters of a body."""
    parameters: Mapping[str, Any] = read_own_json(body).get("Parameters") or {}
    return parameters


def fingerprint_of(table_input: Mapping[str, Any]) -> Digest:
    """The digest over our own fields of a TableInput; foreign parameters and members do not count.

    Where a text is somebody else's by the drift policy, ours counts, which then stands in the parameters.
    """
    if is_bound(table_input):
        return digest_json(annotation_of(table_input))
    ours: dict[str, Any] = {
        "TableType": table_input.get("TableType"),
        "Parameters": own_parameters(table_input),
        "StorageDescriptor": {"Columns": [_own_column(column) for column in columns_of(table_input)]},
    }
    if text := own_text(table_input, "Description"):
        ours["Description"] = text
    return digest_json(ours)


def holds_what_was_written(table_input: Mapping[str, Any]) -> bool:
    """Whether our fields are as some write of ours left them: the digest that it put there still fits."""
    claimed = (table_input.get("Parameters") or {}).get(FINGERPRINT)
    return claimed is not None and claimed == fingerprint_of(table_input)


def is_bound(table_input: Mapping[str, Any]) -> bool:
    """Whether others made the table, and an installation has only written onto it what it knows."""
    return BOUND_BY in (table_input.get("Parameters") or {})


def is_annotated(column: Mapping[str, Any]) -> bool:
    """Whether an installation has written onto a column; `spheresync.name` alone may be its owner's word."""
    return COLUMN_TYPE in (column.get("Parameters") or {})


def annotation_of(table_input: Mapping[str, Any]) -> dict[str, Any]:
    """What is ours of a table of others, however the rest of it looks: of columns, those that we wrote something to."""
    ours: dict[str, Any] = {"Parameters": _parameters_under_prefix(table_input)}
    if text := own_text(table_input, "Description"):
        ours["Description"] = text
    columns = []
    for column in columns_of(table_input):
        if not is_annotated(column):
            continue
        share = {"Name": str(column["Name"]).casefold(), "Parameters": _parameters_under_prefix(column)}
        if comment := own_text(column, "Comment"):
            share["Comment"] = comment
        columns.append(share)
    ours["StorageDescriptor"] = {"Columns": sorted(columns, key=lambda column: str(column["Name"]))}
    return ours


def _parameters_under_prefix(holder: Mapping[str, Any]) -> dict[str, str]:
    beside = {NAME_BEFORE, STOOD_BEFORE, *OWN_KEYS}
    return {key: value for key, value in own_parameters(holder).items() if key not in beside}


def own_text(holder: Mapping[str, Any], key: str) -> str:
    """Our description or comment of a table or column, whether it stands in its place or another does."""
    place = place_of_own_text(holder, key)
    return str((holder.get(key) or "") if place is None else holder["Parameters"][place])


def place_of_own_text(holder: Mapping[str, Any], key: str) -> str | None:
    """The parameter that holds our description or comment, None where nobody else's stands in its place."""
    parameters = holder.get("Parameters") or {}
    for place in (OWN_TEXT[key], BESIDE_TEXT[key]):
        if place in parameters:
            return place
    text = parameters.get(former := FORMER_OWN_TEXT[key])
    label = parameters.get(f"{PREFIX}label", "")
    ours = several_lines(label) if key == "Description" else one_line(label)
    is_ours = text is not None and text.removeprefix(RETIRED_MARK) == ours
    return former if is_ours and text != (holder.get(key) or "") else None


def is_own(key: str) -> bool:
    """Whether a parameter is ours to write."""
    return key.startswith(PREFIX) or key in OWN_KEYS


def own_parameters(holder: Mapping[str, Any]) -> dict[str, str]:
    """Our parameters of a table or column; those that only say something of the others are left out."""
    parameters = holder.get("Parameters") or {}
    beside = {FINGERPRINT, *(place_of_own_text(holder, key) for key in OWN_TEXT)}
    return {key: value for key, value in parameters.items() if is_own(key) and key not in beside}


def columns_of(table_input: Mapping[str, Any]) -> list[dict[str, Any]]:
    descriptor = table_input.get("StorageDescriptor") or {}
    return list(descriptor.get("Columns") or [])


def _own_column(column: Mapping[str, Any]) -> dict[str, Any]:
    ours: dict[str, Any] = {key: column[key] for key in ("Name", "Type") if column.get(key)}
    if comment := own_text(column, "Comment"):
        ours["Comment"] = comment
    if parameters := own_parameters(column):
        ours["Parameters"] = parameters
    return ours


def _finish(body: dict[str, Any], database: PhysicalName, table: PhysicalName) -> DesiredObject:
    digest = digest_json(body)
    body["Parameters"][FINGERPRINT] = digest
    body["Name"] = table
    body["PartitionKeys"] = []  # Athena needs the empty list (reference: aws-catalogs.md 1.3)
    return DesiredObject(database, table, canonical_json(body), digest)


def asset_parameters(asset: Asset, decision: Decision) -> Iterator[tuple[str, str]]:
    """Parameters of a table that say what is known of its asset, whoever made the table."""
    yield from _sized(_facts(asset.facts))
    yield SOURCE, str(asset.id)
    yield KIND, asset.kind.value
    texts = {
        "label": decision.label_of(asset.labels),
        "owner": asset.owner or "",
        "view-definition": asset.view_definition or "",
    }
    if _speaks(asset.labels):
        texts["labels"] = _json(dict(asset.labels))
    if asset.hierarchies:
        texts["hierarchies"] = _json([_hierarchy(hierarchy, decision) for hierarchy in asset.hierarchies])
    if asset.primary_key:
        texts["primary-key"] = _json(asset.primary_key)
    if asset.foreign_keys:
        texts["foreign-keys"] = _json(
            [
                {
                    "association": key.association,
                    "columns": [own for own, _ in key.columns],
                    "references": key.target,
                    "referenced-columns": [far for _, far in key.columns],
                }
                for key in asset.foreign_keys
            ]
        )
    if asset.parameters:
        texts["parameters"] = _json(
            [{"name": p.name, "type": str(p.type), "label": decision.label_of(p.labels)} for p in asset.parameters]
        )
    said = decision.context
    texts.update({name: text for name, text in said.fields if name != "owner"})  # that is the asset's by now
    if said.terms:
        texts["terms"] = _json(said.terms)
    texts.update({f"tag.{name}": value for name, value in (*decision.tags, *said.tags)})
    yield from _sized(texts)


def _facts(told: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What else Datasphere says, by the names of parameters without the prefix."""
    named = {name.replace("_", "-"): value for name, value in told}
    return {name: value for name, value in named.items() if PREFIX + name not in _NOT_OF_FACTS}


def _sized(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Parameters of these names, less what is empty, and for what is too large a note of its size."""
    for name, text in texts.items():
        encoded = text.encode("utf-8", "replace")
        if len(encoded) > LONGEST_VALUE:
            yield f"{PREFIX}{name}-omitted", f"{len(encoded)} bytes, more than a parameter may hold"
        elif encoded:
            yield PREFIX + name, encoded.decode()


def _column(physical: PhysicalColumn, decision: Decision) -> dict[str, Any]:
    spelled: dict[str, Any] = {
        "Name": physical.name,
        "Type": physical.type,
        "Parameters": column_parameters(physical.column, decision),
    }
    if physical.comment:
        spelled["Comment"] = physical.comment
    return spelled


def column_parameters(column: Column, decision: Decision) -> dict[str, str]:
    """Parameters of a column that say what is known of it."""
    parameters = {PREFIX + name: value for name, value in _facts(column.semantics).items()}
    parameters |= {
        COLUMN_NAME: column.name,
        COLUMN_TYPE: str(column.type),
        f"{PREFIX}role": column.role.value,
    }
    if label := decision.label_of(column.labels):
        parameters[f"{PREFIX}label"] = label
    if not column.nullable:
        parameters[f"{PREFIX}nullable"] = "false"
    if column.aggregation:
        parameters[f"{PREFIX}aggregation"] = column.aggregation
    if column.pii:
        parameters[COLUMN_PII] = column.pii
    if terms := decision.context.of_column(column).terms:
        parameters[f"{PREFIX}terms"] = _json(terms)
    if _speaks(column.labels):
        parameters[f"{PREFIX}labels"] = _json(dict(column.labels))
    return parameters


def _hierarchy(hierarchy: Hierarchy, decision: Decision) -> dict[str, object]:
    said = {"name": hierarchy.name, "label": decision.label_of(hierarchy.labels)}
    if hierarchy.parent:
        return {**said, "parent": hierarchy.parent, "child": hierarchy.child}
    return {**said, "levels": hierarchy.levels}


def _speaks(labels: Labels) -> bool:
    """Whether there is more of a label than the one that is shown."""
    return len(labels) > 1 or (len(labels) == 1 and bool(labels[0][0]))


def _json(value: object) -> str:
    return canonical_json(value).decode("utf-8", "replace")


__all__ = [
    "COMMENT_BYTES",
    "FINGERPRINT",
    "OWNER",
    "SOURCE",
    "design_database",
    "design_table",
    "fingerprint_of",
    "physical_columns",
    "retired",
]
