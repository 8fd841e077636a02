"""Reading a tenant that costs almost nothing to ask, as whole processes, beside a bare reader of the same documents.

The bare reader runs right before each command that it stands beside: on a machine that others use too, a baseline of
minutes ago says little.
"""

from __future__ import annotations

from tests.bench.figures import Figure, Of, at_most, exactly
from tests.bench.installation import Installation, installed
from tests.bench.processes import LogMetrics, measure_module
from tests.bench.scale import Scale
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.running_tenant import RunningTenant, running_tenant

SECTION = "discovery"
READER = "bare reader"
MOST_MIB = 250


def read_barely(tenant: RunningTenant, *more: str) -> LogMetrics:
    """The bare reader, as a whole process; `more` may be `objects`."""
    login = (tenant.base_url, tenant.token_url, tenant.client_id, tenant.client_secret)
    return measure_module("bare_reader", *login, *more)


def measure_discovery(scale: Scale) -> list[Figure]:
    """First read, unchanged sync and a plan without reading."""
    with running_tenant(*scale.tenant) as tenant, running_glue() as glue:
        where = (tenant.environment(), glue.environment)
        with installed(*where) as one:
            discovered = _discovered(one, tenant)
        with installed(*where) as one:
            first, change_set_id = _first_preview(one, tenant, scale)
            one.run("apply", change_set_id)
            return [*discovered, *first, *_unchanged(one, tenant, glue, scale), *_planned(one)]


def _discovered(one: Installation, tenant: RunningTenant) -> list[Figure]:
    floor = read_barely(tenant)
    cost = one.run("discover").cost
    return [Figure(SECTION, "discover, first", cost.seconds, "s", floor.seconds, READER)]


def _first_preview(one: Installation, tenant: RunningTenant, scale: Scale) -> tuple[list[Figure], str]:
    """Read, parse, map and plan; also answers the change set."""
    tenant.clear_stats()
    floor, least_requests = read_barely(tenant), tenant.stats().total
    tenant.clear_stats()
    answered = one.run("preview")
    cost, requests = answered.cost, tenant.stats().total
    here, rates = "preview, first", [scale.assets / measured.seconds for measured in (cost, floor)]
    asked = [count / scale.assets for count in (requests, least_requests)]
    figures = [
        Figure(SECTION, here, cost.seconds, "s", floor.seconds, READER, at_most(2.0, Of.RATIO)),
        Figure(SECTION, f"{here}: rate", rates[0], "assets/s", rates[1], READER),
        Figure(SECTION, f"{here}: processor time", cost.cpu_seconds, "s", floor.cpu_seconds, READER),
        Figure(SECTION, f"{here}: peak memory", cost.peak_mib, "MiB", floor.peak_mib, READER, at_most(MOST_MIB)),
        Figure(SECTION, f"{here}: requests an asset", asked[0], "", asked[1], READER, at_most(1.01, Of.RATIO)),
    ]
    return figures, answered.document["change_set_id"]


def _unchanged(one: Installation, tenant: RunningTenant, glue: GlueSimulator, scale: Scale) -> list[Figure]:
    """Every definition is read again; nothing is planned and AWS is not asked."""
    floor = read_barely(tenant)
    glue.reset()
    cost = one.run("sync").cost
    calls = sum(glue.calls().values())
    here, rates = "sync, unchanged", [scale.assets / measured.seconds for measured in (cost, floor)]
    return [
        Figure(SECTION, here, cost.seconds, "s", floor.seconds, READER, at_most(1.2, Of.RATIO)),
        Figure(SECTION, f"{here}: rate", rates[0], "assets/s", rates[1], READER),
        Figure(SECTION, f"{here}: processor time", cost.cpu_seconds, "s", floor.cpu_seconds, READER),
        Figure(SECTION, f"{here}: peak memory", cost.peak_mib, "MiB", floor.peak_mib, READER),
        Figure(SECTION, f"{here}: AWS calls", calls, "calls", target=exactly(0)),
    ]


def _planned(one: Installation) -> list[Figure]:
    floor = measure_module("bare_store_reader", str(one.folder / "state" / "spheresync.db"))
    cost = one.run("preview", "--no-refresh").cost
    here = "preview --no-refresh, unchanged"
    return [
        Figure(SECTION, here, cost.seconds, "s", floor.seconds, "bare sqlite3", at_most(1.5)),
        Figure(SECTION, f"{here}: peak memory", cost.peak_mib, "MiB", floor.peak_mib, "bare sqlite3"),
    ]
