"""The page on what stands in `Parameters` of databases, tables and columns of Glue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from docs.generator.markdown import code, page, table
from docs.generator.texts import texts_for
from spheresync.config.context import ContextSet
from spheresync.source.datasphere.csn import definition as csn_definition
from spheresync.source.datasphere.csn import semantics as csn_semantics
from spheresync.source.datasphere.edmx import semantics as edmx_semantics
from spheresync.targets.glue import table_input

PREFIX = table_input.PREFIX
_OTHER_FACTS = {
    "auxiliary": "a measure that only serves other measures",
    "data_access_controls": "data access controls of the object, JSON",
    "entity_set": "the entity set of the OData service",
    "folder": "the folder in the space",
    "formula": "the formula of a calculated measure",
    "has_parameters": "whether the view has input parameters, by the catalog",
    "model_version": "the version of the analytic model",
    "supports_analytical_queries": "by the catalog",
}
"""Facts that no single annotation gives."""


def glue_parameters_page() -> str:
    """Every parameter, with where it is from."""
    texts = texts_for("glue_parameters", sorted({*_written(), *_said_by_people()}))
    return page(
        "Glue parameters",
        "What is known of a space, an asset or a column stands in `Parameters` of the database, "
        "the table or the column, under "
        "`spheresync.`. What is empty is left out. Of a value that is longer than 512,000 bytes, "
        "`spheresync.NAME-omitted` tells the size instead. All other parameters are somebody "
        "else's and stay as they are, but for "
        "`classification` and `typeOfData`, which readers of the catalog expect.",
        table(["Parameter", "Where, and what it says"], ([code(PREFIX + name), text] for name, text in texts.items())),
        "## Facts of Datasphere\n\nWhat annotations of `$metadata` and CSN say beside that. Where "
        "an annotation points to another "
        "column, the value is that column's name.\n\n"
        + table(
            ["Parameter", "From"],
            ([code(PREFIX + name), "; ".join(sources)] for name, sources in sorted(_facts().items())),
        ),
    )


def _written() -> Iterator[str]:
    """Names in the module that designs tables."""
    texts: list[object] = [value for name, value in vars(table_input).items() if name.isupper()]
    for each in [*texts]:
        texts += each.values() if isinstance(each, Mapping) else ()
    named = {each for each in texts if isinstance(each, str) and each.startswith(PREFIX) and each != PREFIX}
    yield from (name.removeprefix(PREFIX) for name in named)
    yield from (*table_input._OF_ASSETS, *table_input._OF_COLUMNS)


def _said_by_people() -> Iterator[str]:
    """What context files say becomes a parameter of the same name."""
    yield from (name for name in ContextSet.model_fields if name != "tags")
    yield "tag.NAME"


def _facts() -> dict[str, list[str]]:
    """By the name of the parameter, the annotations that give it."""
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for term, fact in _pairs():
        sources[fact.replace("_", "-")].add(code(f"@{term}"))
    found = {name: sorted(terms) for name, terms in sources.items()}
    for fact, text in _OTHER_FACTS.items():
        found[fact.replace("_", "-")] = [text]
    return found


def _pairs() -> Iterator[tuple[str, str]]:
    edmx, csn, of_objects = edmx_semantics, csn_semantics, csn_definition
    yield from ((term, fact) for term, (fact, _) in (*edmx._TAGS.items(), *csn._TAGS.items()))
    yield from ((term, fact) for term, facts in edmx._VALUES.items() for fact in facts)
    yield from _of(csn._WORDS, csn._COLUMNS, csn._ASSOCIATIONS, of_objects._WORDS, of_objects._TRUE)


def _of(*tables: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return (pair for each in tables for pair in each.items())
