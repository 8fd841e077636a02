"""Assets whose names a path, a URL, a terminal or a catalog takes for something else."""

from __future__ import annotations

import re

from tests.e2e.test_safety import add, writes
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

ODD = ["../..", "/etc/passwd", "a/../b", "%2e%2e", "a?b#c", "a'b\"c", "C:\\x", "-h", "--json", "*", "x" * 600]
UNPRINTABLE = ["\u202eb", "a\tb\nc", "\x7f"]
UNREADABLE = ["..", "a\x01b", "a\x00b"]
"""The URL of the first leads elsewhere, and no XML can hold the others."""
NOT_EXPOSED = "."
"""Its URL is another one too, at which there is nothing."""


def test_names_of_whatever_kind_are_synced_by_a_well_formed_name_or_named_as_failed(
    synced: Installation, tenant: RunningTenant, glue: GlueSimulator
) -> None:
    for name in (*ODD, *UNPRINTABLE, *UNREADABLE, NOT_EXPOSED):
        add(tenant, "SPACE_000", name)
    glue.reset()
    run = synced.ask("sync", code=1)
    assert (run["state"], run["counts"]["create"], run["counts"]["failed"]) == ("partly_failed", 14, 3)
    assert {each["asset"] for each in run["failures"]} == {f"SPACE_000/{name}" for name in UNREADABLE}
    assert [(each["code"], "SPACE_000/." in each["message"]) for each in run["findings"]] == [("not_exposed", True)]
    tables = {name: table["live"] for name, table in glue.dump()["tables"]["space_000"].items()}
    assert all(re.fullmatch(r"[a-z0-9_]{1,128}", name) for name in tables)
    sources = {table["Parameters"]["spheresync.source"] for table in tables.values()}
    assert sources >= {f"SPACE_000/{name}" for name in (*ODD, *UNPRINTABLE)}
    glue.reset()
    assert synced.ask("sync", code=1)["counts"]["create"] == 0
    assert writes(glue) == {}


def test_commands_take_and_show_names_of_whatever_kind(synced: Installation, tenant: RunningTenant) -> None:
    for name in (*ODD, *UNPRINTABLE, *UNREADABLE, NOT_EXPOSED):
        add(tenant, "SPACE_000", name)
    synced.ask("discover", code=1)
    for name in (*ODD, *UNPRINTABLE, *UNREADABLE[:2], NOT_EXPOSED):
        assert synced.ask("preview", "--no-refresh", "--asset", f"SPACE_000/{name}", code=None)["total"] <= 1
        assert synced.ask("release", "--asset", f"SPACE_000/{name}")["total"] == 0
    shown = synced.run("assets", "--space", "SPACE_000", "--limit", "100")
    assert shown.code == 0 and not set("\x00\x01\x7f\u202e") & set(shown.out)
    error = synced.ask("preview", "--no-refresh", "--asset", "SPACE_000/\x1b[31m" + "y" * 5_000, code=2)["error"]
    assert error["code"] == "usage" and error["message"].startswith("there is no asset")
