"""Calls to AWS of all targets together: for what is new, what is unchanged, one label, one fact of a table, one term.

Counts, which hold on any machine. There is no baseline: what a target needs follows from what its service offers.
"""

from __future__ import annotations

from pathlib import Path

from tests.bench.figures import Figure, exactly
from tests.bench.installation import Installation, installed
from tests.bench.scale import Scale
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.running_tenant import RunningTenant, running_tenant

SECTION = "targets"
CONFIG = """installation: bench
targets: [glue, lakeformation, quicksight, datazone, glue_context]
context: ["context.yaml"]
mapping: {rules: [{match: {name: "*"}, set: {queryable: true}}]}
lakeformation: {tags: {spheresync_domain: domain}}
quicksight: {account_id: "123456789012", owners: ["arn:aws:quicksight:eu-central-1:123456789012:user/default/ann"]}
datazone: {domain_id: dzd_x1, project_id: p1}
"""
CONTEXT = """assets:
  - {match: {name: "*"}, set: {domain: Trade}}
  - {match: {space: SPACE_000, name: ASSET_00002}, set: {domain: DOMAIN, terms: [Stock]}}
terms:
  - {name: Stock, definition: "DEFINITION"}
"""
TARGETS = 5
GLOSSARIES = 2
LABELLED_TARGETS = 4
"""All but Lake Formation, whose tags say nothing of labels."""
MOST_RUNS = 20
LABELLED = {"space": "SPACE_000", "asset": "ASSET_00001", "label": "Another label"}
_READS = ("Get", "List", "Describe", "Search", "BatchGet", "Query")


def measure_targets(scale: Scale) -> list[Figure]:
    """A life of all assets in Glue, Lake Formation, QuickSight, DataZone and Glue's business context."""
    with (
        running_tenant(*scale.tenant) as tenant,
        running_glue() as glue,
        installed(tenant.environment(), glue.environment) as one,
    ):
        return _life(scale.assets, tenant, glue, one)


def _life(assets: int, tenant: RunningTenant, glue: GlueSimulator, one: Installation) -> list[Figure]:
    write_settings(one.folder, domain="Sales")
    first = _written(glue, one)
    _tell_lineage(glue, one)
    unchanged = sum(_calls(glue, one).values())
    tenant.edit("set_label", **LABELLED)
    labelled = _written(glue, one)
    write_settings(one.folder, domain="Purchasing")
    moved = _written(glue, one)
    write_settings(one.folder, domain="Purchasing", definition="What is in a warehouse.")
    defined = _calls(glue, one)
    glues = sum(count for name, count in defined.items() if ":" not in name)
    return [
        Figure(SECTION, f"{assets:,} new assets: writes for each and target", first / assets / TARGETS, "calls"),
        Figure(SECTION, "nothing changed: AWS calls", unchanged, "calls", target=exactly(0)),
        Figure(SECTION, "one label changed: writes", labelled, "calls", target=exactly(LABELLED_TARGETS)),
        Figure(SECTION, "one table's domain changed: writes", moved, "calls"),
        Figure(
            SECTION, "one term's definition changed: writes", _writes_of(defined), "calls", target=exactly(GLOSSARIES)
        ),
        Figure(SECTION, "one term's definition changed: calls of Glue", glues, "calls", target=exactly(0)),
    ]


def write_settings(folder: Path, *, domain: str, definition: str = "What is there.") -> None:
    """Settings of all targets; one asset is of another domain than all the others, and has a term."""
    (folder / "spheresync.yaml").write_text(CONFIG, "utf-8")
    text = CONTEXT.replace("DOMAIN", domain).replace("DEFINITION", definition)
    (folder / "context.yaml").write_text(text, "utf-8")


def _tell_lineage(glue: GlueSimulator, one: Installation) -> None:
    """Have the events told that the first run, which has a time for that, left for later ones."""
    for _ in range(MOST_RUNS):
        if "datazone:PostLineageEvent" not in _calls(glue, one):
            return


def _written(glue: GlueSimulator, one: Installation) -> int:
    return _writes_of(_calls(glue, one))


def _calls(glue: GlueSimulator, one: Installation) -> dict[str, int]:
    glue.reset()
    one.run("sync")
    return glue.calls()


def _writes_of(calls: dict[str, int]) -> int:
    return sum(count for name, count in calls.items() if not name.rpartition(":")[2].startswith(_READS))
