"""The promises that are counts, at 200 assets: what is asked of SAP and AWS for what is new, unchanged, changed.

Speed is calls, not cycles (DESIGN.md decision 12): counts hold on any machine, so they are tested; times are measured
by `make bench`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.bench.edits import change_one_in_a_hundred
from tests.bench.installation import Answered, Installation, installed, program
from tests.bench.processes import ProcessFailedError
from tests.bench.section_discovery import read_barely
from tests.bench.writes import Writes, seen
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.running_tenant import RunningTenant, TenantStats, running_tenant

ASSETS = 200
SPACES = 1
DOCUMENTS = frozenset({"relational_metadata", "analytical_metadata"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One command: what it answered, and what tenant and AWS were asked meanwhile."""

    answered: Answered
    tenant: TenantStats
    aws: Writes

    @property
    def documents(self) -> int:
        return sum(count for kind, count in self.tenant.counts.items() if kind in DOCUMENTS)


@dataclass(frozen=True, slots=True)
class Life:
    """The first days of an installation, command by command."""

    first: Seen
    unchanged: Seen
    planned: Seen
    changed: Seen
    edited: int


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    try:
        program()
    except ProcessFailedError as error:
        pytest.skip(str(error))
    size = ("--spaces", str(SPACES), "--assets", str(ASSETS // SPACES), "--columns", "20")
    with (
        running_tenant(*size) as tenant,
        running_glue() as glue,
        installed(tenant.environment(), glue.environment) as one,
    ):
        first = watch(one, tenant, glue, "sync")
        unchanged = watch(one, tenant, glue, "sync")
        planned = watch(one, tenant, glue, "preview", "--no-refresh")
        edited = change_one_in_a_hundred(tenant, ASSETS, SPACES, edition=1)
        changed = watch(one, tenant, glue, "sync")
        yield Life(first, unchanged, planned, changed, edited)


def watch(one: Installation, tenant: RunningTenant, glue: GlueSimulator, *arguments: str) -> Seen:
    """Run a command between two looks at the books of both simulators."""
    tenant.clear_stats()
    glue.reset()
    answered = one.run(*arguments)
    return Seen(answered, tenant.stats(), seen(glue))


def test_a_new_table_costs_one_call(life: Life) -> None:
    assert life.first.aws.calls["CreateTable"] == ASSETS
    once = {name: count for name, count in life.first.aws.calls.items() if name != "CreateTable"}
    assert once == {"CreateDatabase": 1, "GetDatabases": 2}, "what is there, and once whose catalog it is"


def test_with_objects_an_unchanged_sync_asks_what_a_bare_reader_asks() -> None:
    on = {"SPHERESYNC_DATASPHERE__OBJECTS": "on"}
    with (
        running_tenant("--spaces", "2", "--assets", "30", "--columns", "3") as tenant,
        running_glue() as glue,
        installed(tenant.environment(), glue.environment, on) as one,
    ):
        one.run("sync")
        tenant.clear_stats()
        read_barely(tenant, "objects")
        barely = tenant.stats().counts
        unchanged = watch(one, tenant, glue, "sync")
    assert barely["content"] == 2 and barely["objects"] > 16
    assert unchanged.tenant.counts == barely
    assert unchanged.aws.calls == {}
    assert unchanged.answered.document["counts"]["unchanged"] == 60


def test_an_asset_costs_one_request_for_each_of_its_documents(life: Life) -> None:
    # A generated asset is a view with one relational document, or a model with one analytical one.
    assert life.first.documents == ASSETS
    assert life.first.tenant.total - life.first.documents <= 2 + SPACES, "a token, a list of spaces, one page each"


def test_unchanged_assets_are_read_again_and_cost_no_call(life: Life) -> None:
    assert life.unchanged.documents == ASSETS
    assert life.unchanged.aws.calls == {}
    assert life.unchanged.answered.document["counts"]["unchanged"] == ASSETS


def test_a_plan_without_refresh_asks_nobody(life: Life) -> None:
    assert life.planned.tenant.total == 0
    assert life.planned.aws.calls == {}
    assert life.planned.answered.document["summary"]["unchanged"] == ASSETS


def test_one_percent_changed_is_exactly_one_percent_of_writes(life: Life) -> None:
    assert life.edited == ASSETS // 100
    assert life.changed.aws.written == life.edited
    assert life.changed.aws.total <= 2 * life.edited, "a read and a write for each"


def test_the_run_tells_what_the_simulators_counted(life: Life) -> None:
    for watched in (life.first, life.unchanged, life.changed):
        usage = watched.answered.document["usage"]
        assert usage["aws_calls"] == watched.aws.total
        assert usage["aws_bytes"] == watched.aws.bytes_sent
        assert usage["datasphere_requests"] == watched.tenant.total
