"""Terms of DataZone: what becomes of them as definitions, glossaries and other people's edits change."""

from __future__ import annotations

from tests.e2e.test_datazone import CONTEXT, imported, written, zone
from tests.e2e.test_lake_formation import put_context
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

__all__ = ["imported", "zone"]
_EDITED = CONTEXT.replace("after discounts", "after all discounts")


def _definition(glue: GlueSimulator) -> str:
    (said,) = [
        each["shortDescription"] for each in glue.datazone_dump()["terms"].values() if each["name"] == "Net revenue"
    ]
    return str(said)


def test_a_definition_that_changed_waits_for_its_run_however_often_it_is_previewed(
    zone: Installation, glue: GlueSimulator
) -> None:
    zone.ask("sync")
    put_context(zone, _EDITED)
    for _ in range(2):
        shown = zone.run("preview", "--exit-code")
        assert shown.code == 4 and "Next: spheresync apply" in shown.out and "GlossaryTerm Net revenue" in shown.out, (
            shown
        )
    glue.fault("error", "datazone:UpdateGlossaryTerm", times=None, code="InternalServerException", status=500)
    zone.ask("sync", code=None)
    glue.heal()
    glue.reset()
    assert zone.ask("sync")["state"] == "done"
    assert _definition(glue) == "Revenue after all discounts." and written(glue) == {"datazone:UpdateGlossaryTerm": 1}
    glue.reset()
    assert zone.run("preview", "--exit-code").code == 0 and zone.ask("sync")["state"] == "done" and not glue.calls()
