"""Assets whose names a path, a URL, a terminal or a catalog takes for something else."""

from __future__ import annotations

import re

from tests.e2e.test_safety import add, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ODD = ["../..", "/etc/passwd", "a/../b", "%2e%2e", "a?b#c", "a'b\"c", "C:\\x", "-h", "--json", "*", "x" * 600]
UNPRINTABLE = ["\u202eb", "a\tb\nc", "\x7f"]
DOTS = ["..", "."]
"""Their URLs lead elsewhere, whoever resolves them, so that nothing is asked."""
UNREADABLE = [*DOTS, "a\x01b", "a\x00b"]
"""No XML can hold the others."""


def test_names_of_whatever_kind_are_synced_by_a_well_formed_name_or_named_as_failed(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for name in (*ODD, *UNPRINTABLE, *UNREADABLE):
        add(tenant, "SPACE_000", name)
    glue.reset()
    run = synced.ask("sync", code=1)
    assert (run["state"], run["counts"]["create"], run["counts"]["failed"]) == ("partly_failed", 14, 4)
    assert {each["asset"] for each in run["failures"]} == {f"SPACE_000/{name}" for name in UNREADABLE}
    told = {each["asset"]: each for each in run["failures"]}
    for name in DOTS:
        assert "leads elsewhere" in told[f"SPACE_000/{name}"]["reason"]
        assert "another technical name" in told[f"SPACE_000/{name}"]["remedy"]
    assert run["findings"] == []
    tables = {name: table["live"] for name, table in glue.dump()["tables"]["space_000"].items()}
    assert all(re.fullmatch(r"[a-z0-9_]{1,128}", name) for name in tables)
    sources = {table["Parameters"]["spheresync.source"] for table in tables.values()}
    assert sources >= {f"SPACE_000/{name}" for name in (*ODD, *UNPRINTABLE)}
    glue.reset()
    assert synced.ask("sync", code=1)["counts"]["create"] == 0
    assert writes(glue) == {}


def test_commands_take_and_show_names_of_whatever_kind(synced: Installation, tenant: RunningTenant) -> None:
    for name in (*ODD, *UNPRINTABLE, *UNREADABLE):
        add(tenant, "SPACE_000", name)
    synced.ask("discover", code=1)
    for name in (*ODD, *UNPRINTABLE, *UNREADABLE[:3]):
        assert synced.ask("preview", "--no-refresh", "--asset", f"SPACE_000/{name}", code=None)["total"] <= 1
        assert synced.ask("release", "--asset", f"SPACE_000/{name}")["total"] == 0
    shown = synced.run("assets", "--space", "SPACE_000", "--limit", "100")
    assert shown.code == 0 and not set("\x00\x01\x7f\u202e") & set(shown.out)
    error = synced.ask("preview", "--no-refresh", "--asset", "SPACE_000/\x1b[31m" + "y" * 5_000, code=2)["error"]
    assert error["code"] == "usage" and error["message"].startswith("no asset ")


KEPT_OUT = ["A/B", "/", "SPACE_000/", "SPACE_000/ASSET_00000", "", "\ud83d"]
"""Spaces that `SPACE/NAME` cannot name, or that nothing can hold."""


def test_spaces_that_cannot_be_named_are_told_and_leave_the_others_alone(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for name in KEPT_OUT:
        tenant.edit("add_space", name=name, label="Odd")
        add(tenant, name, "X")
    add(tenant, "SPACE_000", "half \ud83d")
    tenant.edit("remove_asset", space="SPACE_001", asset="ASSET_00000")
    tenant.edit("set_label", space="SPACE_002", asset="ASSET_00000", label="Another")
    run = synced.ask("sync", code=1)
    assert (run["state"], run["counts"]["update"] + run["counts"]["metadata_only"]) == ("partly_failed", 1)
    assert {each["asset"] for each in run["failures"]} == {
        *("A/B", "/", "SPACE_000/", "SPACE_000/ASSET_00000", "''", "\\ud83d", "SPACE_000/half \\ud83d")
    }
    assert {each["code"] for each in run["failures"]} == {"unspellable_name"} and run["counts"]["failed"] == 7
    assert writes(glue) == {"UpdateTable": 1}
    glue.reset()
    again = synced.ask("sync", code=1)
    assert (again["failures"], again["counts"]["unchanged"], again["counts"]["missing"]) == (run["failures"], 29, 1)
    assert glue.calls() == {}
    assert {each["subject"] for each in synced.ask("status")["problems"]} >= {"A/B", "\\ud83d"}
    assert "'A/B'" in str(synced.ask("doctor", code=1)["items"])
    named = synced.ask("sync", "--space", "A/B", code=2)["error"]
    assert "holds a slash" in named["message"] and "Rename it in Datasphere" in named["remedy"]
    assert synced.ask("sync", "--asset", "SPACE_000/ASSET_00000")["failures"] == []
    third = synced.ask("sync", code=1)
    assert third["counts"]["retire"] == 1, "what is missing elsewhere is counted as ever"

    glue.reset()
    for name in KEPT_OUT:
        tenant.edit("remove_space", space=name)
    tenant.edit("remove_asset", space="SPACE_000", asset="half \ud83d")
    run = synced.ask("sync")
    assert (run["state"], run["failures"], run["findings"], run["counts"]["unchanged"]) == ("done", [], [], 30)
    assert glue.calls() == {}
    assert synced.ask("status")["problems"] == []
