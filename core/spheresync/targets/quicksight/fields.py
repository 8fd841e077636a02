"""The columns and the topic of a data set, from what is known of an asset. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from spheresync.mapping.rules import Decision, decide_column
from spheresync.mapping.texts import one_line
from spheresync.model import Asset, Column, ColumnRole
from spheresync.targets.design_values import BaseObject
from spheresync.targets.quicksight.content import DataSetColumn, TopicColumn

LONGEST_LABEL = 128
LONGEST_DESCRIPTION = 500
LONGEST_SYNONYM = 256
LONGEST_INPUT = 128
"""Characters of the name of a column in the table, which Glue lets be longer where others made it."""
FOLDERS = {
    ColumnRole.KEY: "Keys",
    ColumnRole.MEASURE: "Measures",
    ColumnRole.DIMENSION: "Dimensions",
    ColumnRole.ATTRIBUTE: "Attributes",
}
"""By role, the folder in which people find a column."""
_TYPES = {
    "tinyint": "INTEGER",
    "smallint": "INTEGER",
    "int": "INTEGER",
    "integer": "INTEGER",
    "bigint": "INTEGER",
    "float": "DECIMAL",
    "double": "DECIMAL",
    "real": "DECIMAL",
    "decimal": "DECIMAL",
    "date": "DATETIME",
    "timestamp": "DATETIME",
    "boolean": "BOOLEAN",
    "string": "STRING",
    "varchar": "STRING",
    "char": "STRING",
}
"""By type in the table; QuickSight has none for binary and for nested types."""
_AGGREGATIONS = {
    "SUM": "SUM",
    "MIN": "MIN",
    "MAX": "MAX",
    "COUNT": "COUNT",
    "COUNT_DISTINCT": "DISTINCT_COUNT",
    "COUNTDISTINCT": "DISTINCT_COUNT",
    "AVG": "AVERAGE",
    "AVERAGE": "AVERAGE",
    "MEDIAN": "MEDIAN",
    "STDDEV": "STDEV",
    "STANDARD_DEVIATION": "STDEV",
    "VARIANCE": "VAR",
    "VAR": "VAR",
}
"""By aggregation in Datasphere."""
_OWN_LABELS = 3
"""So many of the labels that a column may get are told from those of any other one."""
_ADDITIVE = ("SUM", "AVERAGE", "MIN", "MAX", "COUNT")
_COUNTED = ("COUNT", "DISTINCT_COUNT")


def quick_sight_type(glue: str) -> str | None:
    """The type of a column of a table; None where QuickSight has none for it."""
    return _TYPES.get(glue.lower().partition("(")[0].partition("<")[0].strip())


def columns_of(
    asset: Asset, decision: Decision, base: BaseObject, held: Mapping[str, str]
) -> list[tuple[Column, DataSetColumn]]:
    """The columns that a data set shows: those that the table has and that QuickSight can show.

    `held`: the labels that columns have there, by their names in the table.
    """
    chosen = []
    for column in asset.columns:
        said = decide_column(decision.columns, column)
        name = base.columns.get(column.name)
        type_ = quick_sight_type(base.types.get(column.name, ""))
        if not said.included or name is None or type_ is None or len(name) > LONGEST_INPUT:
            continue
        label = decision.label_of(column.labels)
        description = _definition(column, decision)
        if said.description is not None:
            description = said.description.format(column=column.name, label=label, type=column.type)
        shown = one_line(label, LONGEST_LABEL) or name
        about = one_line(description, LONGEST_DESCRIPTION)
        chosen.append((column, DataSetColumn(name, type_, shown, about, FOLDERS[column.role])))
    labels = _unique({each.name: each.label for _, each in chosen}, held)
    return [
        (column, DataSetColumn(each.name, each.type, labels[each.name], each.description, each.folder))
        for column, each in chosen
    ]


def _unique(wanted: Mapping[str, str], held: Mapping[str, str]) -> dict[str, str]:
    """Labels that differ in more than case, by name; one that is taken gets the column's name behind it.

    Who holds a label keeps it, since analyses know the column by that; among newcomers the smallest name comes first.
    """
    given: dict[str, str] = {}
    for name, label in wanted.items():
        if held.get(name) in {*islice(_candidates(label, name), _OWN_LABELS)}:
            given[name] = held[name]
    taken = {label.casefold() for label in given.values()}
    for name in sorted(wanted.keys() - given.keys()):
        given[name] = next(each for each in _candidates(wanted[name], name) if each.casefold() not in taken)
        taken.add(given[name].casefold())
    return given


def _candidates(label: str, name: str) -> Iterator[str]:
    """The labels of a column, the ones to be preferred first."""
    yield from (label, f"{_cut(label, name)} ({name[:60]})", name)
    yield from (f"{name[:100]} {number}" for number in range(2, 5000))


def _cut(label: str, name: str) -> str:
    return one_line(label, LONGEST_LABEL - len(name[:60]) - 3)


def _definition(column: Column, decision: Decision) -> str:
    """What the first of its terms that has a definition means."""
    terms = (decision.terms.get(name) for name in decision.context.of_column(column).terms)
    return next((term.definition for term in terms if term is not None and term.definition), "")


def topic_columns(columns: Iterable[tuple[Column, DataSetColumn]], decision: Decision) -> tuple[TopicColumn, ...]:
    """How people may ask for columns: as what they count, how they are aggregated, and by which other words."""
    found = []
    for column, shown in columns:
        measure = column.role is ColumnRole.MEASURE
        default = _AGGREGATIONS.get(column.aggregation or "") if measure else None
        allowed: tuple[str, ...] = _COUNTED
        if measure:
            allowed = _ADDITIVE if default == "SUM" else (default,) if default is not None else ()
        found.append(
            TopicColumn(
                shown.name,
                "MEASURE" if measure else "DIMENSION",
                default or "",
                allowed,
                _synonyms(column, shown, decision),
            )
        )
    return tuple(found)


def _synonyms(column: Column, shown: DataSetColumn, decision: Decision) -> tuple[str, ...]:
    words: list[str] = [text for _, text in column.labels]
    for term in decision.context.of_column(column).terms:
        words += [term, *(decision.terms[term].synonyms if term in decision.terms else ())]
    words.append(column.name)
    own = shown.label.casefold()
    return tuple(
        {
            word.casefold(): word
            for word in (one_line(each, LONGEST_SYNONYM) for each in words)
            if word and word.casefold() != own
        }.values()
    )
