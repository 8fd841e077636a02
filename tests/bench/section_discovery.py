"""Reading a tenant that costs almost nothing to ask, as whole processes, beside a bare reader of the same documents."""

from __future__ import annotations

from tests.bench.figures import Figure, Of, at_most, exactly
from tests.bench.installation import Installation, installed
from tests.bench.processes import Measured, measure_module
from tests.bench.scale import Scale
from tests.simulators.glue_process import GlueSimulator, running_glue
from tests.simulators.running_tenant import RunningTenant, running_tenant

SECTION = "discovery"


def read_barely(tenant: RunningTenant) -> Measured:
    """The bare reader, as a whole process."""
    login = (tenant.base_url, tenant.token_url, tenant.client_id, tenant.client_secret)
    return measure_module("bare_reader", *login)


def measure_discovery(scale: Scale) -> list[Figure]:
    """First read, unchanged sync and a plan without reading."""
    with running_tenant(*scale.tenant) as tenant, running_glue() as glue:
        where = (tenant.environment(), glue.environment)
        tenant.clear_stats()
        floor = read_barely(tenant)
        least_requests = tenant.stats().total
        with installed(*where) as fresh:
            discovered = fresh.run("discover").cost
        with installed(*where) as one:
            tenant.clear_stats()
            preview = one.run("preview")
            requests = tenant.stats().total
            one.run("apply", preview.document["change_set_id"])
            unchanged = _unchanged(one, glue, scale, floor)
            planned = one.run("preview", "--no-refresh").cost
            store = measure_module("bare_store_reader", str(one.folder / "state" / "spheresync.db"))
    first = preview.cost
    assets = scale.assets
    return [
        Figure(SECTION, "discover, first", discovered.seconds, "s", floor.seconds, "bare reader"),
        Figure(SECTION, "preview, first", first.seconds, "s", floor.seconds, "bare reader", at_most(2.0, Of.RATIO)),
        Figure(
            SECTION, "preview, first: rate", assets / first.seconds, "assets/s", assets / floor.seconds, "bare reader"
        ),
        Figure(
            SECTION, "preview, first: peak memory", first.peak_mib, "MiB", floor.peak_mib, "bare reader", at_most(250)
        ),
        Figure(
            SECTION,
            "preview, first: requests an asset",
            requests / assets,
            "",
            least_requests / assets,
            "bare reader",
            at_most(1.01, Of.RATIO),
        ),
        *unchanged,
        Figure(
            SECTION,
            "preview --no-refresh, unchanged",
            planned.seconds,
            "s",
            store.seconds,
            "bare sqlite3",
            at_most(1.5),
        ),
        Figure(SECTION, "preview --no-refresh: peak memory", planned.peak_mib, "MiB", store.peak_mib, "bare sqlite3"),
    ]


def _unchanged(one: Installation, glue: GlueSimulator, scale: Scale, floor: Measured) -> list[Figure]:
    glue.reset()
    cost = one.run("sync").cost
    calls = sum(glue.calls().values())
    rates = (scale.assets / cost.seconds, scale.assets / floor.seconds)
    return [
        Figure(SECTION, "sync, unchanged", cost.seconds, "s", floor.seconds, "bare reader", at_most(1.2, Of.RATIO)),
        Figure(SECTION, "sync, unchanged: rate", rates[0], "assets/s", rates[1], "bare reader"),
        Figure(
            SECTION, "sync, unchanged: peak memory", cost.peak_mib, "MiB", floor.peak_mib, "bare reader", at_most(250)
        ),
        Figure(SECTION, "sync, unchanged: AWS calls", calls, "calls", target=exactly(0)),
    ]
