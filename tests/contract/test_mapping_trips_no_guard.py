"""New rules are the wish of a person: they may rename every table and drop columns everywhere at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.conftest import MakeInstallation
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant, running_tenant

ASSETS = 22
RULES = """
mapping:
  rules:
    - match: {name: "*"}
      set: {table: "{name}_v2"}
      columns: [{match: {name: COL_001}, set: {include: false}}]
"""


@pytest.fixture(scope="module")
def tenant() -> Iterator[RunningTenant]:
    """As large as it must be for the second guard."""
    with running_tenant("--spaces", "1", "--assets", str(ASSETS), "--columns", "3") as tenant:
        yield tenant


@pytest.fixture(scope="module")
def installation(make_installation: MakeInstallation) -> Installation:
    installation = make_installation()
    assert installation.ask("sync")["counts"]["create"] == ASSETS
    return installation


@pytest.fixture(scope="module")
def renaming(installation: Installation) -> dict[str, Any]:
    """The run that renames every table."""
    installation.config = RULES
    run: dict[str, Any] = installation.ask("sync")
    return run


def test_rules_that_rename_everything_and_drop_columns_trip_no_guard(renaming: dict[str, Any]) -> None:
    assert (renaming["state"], renaming["findings"]) == ("done", [])
    assert (renaming["counts"]["create"], renaming["counts"]["retire"]) == (ASSETS, ASSETS)


def test_what_was_renamed_is_settled_at_once(
    renaming: dict[str, Any], installation: Installation, glue: GlueSimulator
) -> None:
    assert installation.ask("assets", "--status", "synced")["total"] == ASSETS
    glue.reset()
    assert installation.ask("sync")["counts"]["unchanged"] == ASSETS
    assert glue.calls() == {}
