"""Reading object lists and CSN beside each `$metadata` (`datasphere.objects: on`), where nothing has changed.

Beside it the bare reader asks the very same of the tenant, right before, and parses each answer.
"""

from __future__ import annotations

from tests.bench.figures import Figure, Of, at_most, exactly
from tests.bench.installation import installed
from tests.bench.scale import Scale
from tests.bench.section_discovery import MOST_MIB, READER, read_barely
from tests.simulators.glue_process import running_glue
from tests.simulators.running_tenant import running_tenant

SECTION = "objects"
_ON = {"SPHERESYNC_DATASPHERE__OBJECTS": "on"}


def measure_objects(scale: Scale) -> list[Figure]:
    """An unchanged sync that reads every definition and every CSN again."""
    with (
        running_tenant(*scale.tenant) as tenant,
        running_glue() as glue,
        installed(tenant.environment(), glue.environment, _ON) as one,
    ):
        one.run("sync")
        tenant.clear_stats()
        floor, least = read_barely(tenant, "objects"), tenant.stats().total
        tenant.clear_stats()
        glue.reset()
        cost, requests = one.run("sync").cost, tenant.stats().total
        calls = sum(glue.calls().values())
    here = "sync with objects, unchanged"
    return [
        Figure(SECTION, here, cost.seconds, "s", floor.seconds, READER, at_most(1.2, Of.RATIO)),
        Figure(SECTION, f"{here}: processor time", cost.cpu_seconds, "s", floor.cpu_seconds, READER),
        Figure(SECTION, f"{here}: peak memory", cost.peak_mib, "MiB", floor.peak_mib, READER, at_most(MOST_MIB)),
        Figure(SECTION, f"{here}: requests", requests, "requests", least, READER, exactly(least)),
        Figure(SECTION, f"{here}: AWS calls", calls, "calls", target=exactly(0)),
    ]
