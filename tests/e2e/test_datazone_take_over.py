"""An asset of ours gives way to the one that a data source imports: nothing that others put there is lost."""

from __future__ import annotations

from typing import Any

from tests.e2e.test_datazone import (
    ARN,
    PUBLISHES,
    assets,
    foreign,
    form,
    written,
    zone,
)
from tests.simulators.fixtures import Surroundings
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

SURROUNDINGS = Surroundings(assets=6)

__all__ = ["zone"]
FOUR_EYES = "approvals: {four_eyes: [access]}\n"
README = {
    "formName": "AssetCommonDetailsForm",
    "typeIdentifier": "amazon.datazone.AssetCommonDetailsFormType",
    "content": '{"readMe":"hello"}',
}


def standing(glue: GlueSimulator, table: str) -> list[dict[str, Any]]:
    """The newest revisions of the assets of a table, the imported one first."""
    rows = [rows[-1] for rows in glue.datazone_dump()["assets"].values()]
    found = [each for each in rows if f"space_000/{table}" in each["externalIdentifier"]]
    return sorted(found, key=lambda each: not each["externalIdentifier"].startswith("arn:"))


def say(glue: GlueSimulator, asset: dict[str, Any], *forms: dict[str, str], **changes: Any) -> None:
    """Somebody else revises an asset: these forms besides the others or in their place, and these members."""
    kept = {key: asset[key] for key in ("name", "description", "glossaryTerms") if key in asset}
    said = {each["formName"]: each for each in forms}
    held = [
        {"formName": each["formName"], "typeIdentifier": each["typeName"], "content": each["content"]}
        for each in asset["formsOutput"]
        if each["formName"] not in said
    ]
    glue.client_of("datazone").create_asset_revision(
        domainIdentifier="dzd_x1", identifier=asset["id"], **{**kept, "formsInput": [*held, *forms], **changes}
    )


def test_what_others_put_on_an_asset_of_ours_goes_on_with_the_imported_one(
    zone: Installation, glue: GlueSimulator
) -> None:
    zone.ask("sync")
    term, _ = foreign(glue, "asset_00000")
    say(glue, assets(glue)["asset_00000"], README, name="Their name", description="As they say")
    glue.run_data_source("space_000")
    assert zone.ask("sync", "--full")["state"] == "done"
    (one,) = standing(glue, "asset_00000")
    assert one["externalIdentifier"] == f"{ARN}asset_00000"
    assert (one["name"], one["description"]) == ("Their name", "As they say") and term in one["glossaryTerms"]
    assert form(one, "AssetCommonDetailsForm") == {"readMe": "hello"} and form(one, "TheirForm") == {"said": "hello"}
    assert form(one, "GlueTableForm") and form(one)["domain"] == "Sales" and not form(one, "RelationalTableForm")
    columns = {
        each["columnIdentifier"]: each for each in form(one, "ColumnBusinessMetadataForm")["columnsBusinessMetadata"]
    }
    assert (columns["col_007"]["description"], columns["col_007"]["theirs"]) == ("As they say", "x")
    assert len(columns["col_001"]["glossaryTerms"]) == 1 and len(one["glossaryTerms"]) == 2
    glue.reset()
    assert zone.ask("sync")["state"] == "done" and not glue.calls()
    assert zone.ask("sync", "--full")["state"] == "done" and not written(glue)


def test_what_others_say_otherwise_on_both_is_for_them_to_settle(zone: Installation, glue: GlueSimulator) -> None:
    zone.ask("sync")
    say(glue, assets(glue)["asset_00000"], README)
    glue.run_data_source("space_000")
    say(glue, standing(glue, "asset_00000")[0], {**README, "content": '{"readMe":"another"}'})
    run = zone.ask("sync", "--full", code=None)
    assert run["counts"]["create"] == 5 and "AssetCommonDetailsForm.readMe" in str(run), run
    assert len(standing(glue, "asset_00000")) == 2
    say(glue, standing(glue, "asset_00000")[0], README)
    assert zone.ask("sync", "--full")["state"] == "done"
    (one,) = standing(glue, "asset_00000")
    assert form(one, "AssetCommonDetailsForm") == {"readMe": "hello"} and form(one)["domain"] == "Sales"


def listed(glue: GlueSimulator, table: str) -> list[bool]:
    """Whether the assets of a table are published, the imported one first."""
    held = glue.datazone_dump()["listings"].values()
    active = {each["asset"] for each in held if each["status"] == "ACTIVE"}
    return [each["id"] in active for each in standing(glue, table)]


def test_an_asset_of_ours_stays_published_until_the_imported_one_is(zone: Installation, glue: GlueSimulator) -> None:
    zone.config = PUBLISHES
    zone.ask("sync")
    glue.run_data_source("space_000")
    zone.config = PUBLISHES + FOUR_EYES
    run = zone.ask("sync", "--full", code=None)
    assert run["counts"]["blocked"] == 6 and listed(glue, "asset_00000") == [False, True], run
    assert form(standing(glue, "asset_00000")[0])["domain"] == "Sales"
    found = zone.ask("drift")
    zone.as_account(4001).ask("approve", found["change_set_id"])
    assert zone.as_account(4002).ask("apply", found["change_set_id"])["state"] == "done"
    assert listed(glue, "asset_00000") == [True]
    glue.reset()
    zone.ask("sync")
    assert zone.ask("sync", "--full")["state"] == "done" and not written(glue)


def test_an_imported_asset_waits_for_a_second_person_in_every_later_sync(
    zone: Installation, glue: GlueSimulator
) -> None:
    zone.config = PUBLISHES
    zone.ask("sync")
    glue.run_data_source("space_000")
    zone.config = PUBLISHES + FOUR_EYES
    zone.ask("sync", "--full", code=None)
    for _ in range(2):
        run = zone.ask("sync", code=None)
        assert run["counts"]["blocked"] == 6 and listed(glue, "asset_00000") == [False, True], run
    preview = zone.ask("preview")
    zone.as_account(4001).ask("approve", preview["change_set_id"])
    assert zone.as_account(4002).ask("apply", preview["change_set_id"])["counts"]["create"] == 6
    assert listed(glue, "asset_00000") == [True]
    glue.reset()
    assert zone.ask("sync")["counts"]["unchanged"] == 18 and not glue.calls()


def test_an_asset_that_is_published_is_deleted_once_a_second_person_has_unpublished_it(
    zone: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    goes = "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    zone.config = PUBLISHES
    zone.ask("sync")
    zone.config = PUBLISHES + FOUR_EYES + goes
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    zone.ask("sync", code=None)
    run = zone.ask("sync", code=None)
    assert listed(glue, "asset_00000") == [True] and "needs a second person" in str(run), run
    for shown in ([True], []):  # as retired, and then it is unpublished and goes
        preview = zone.ask("preview")
        zone.as_account(4001).ask("approve", preview["change_set_id"])
        zone.as_account(4002).ask("apply", preview["change_set_id"], "--allow-deletes", code=None)
        assert listed(glue, "asset_00000") == shown
    zone.ask("sync", code=None)
    assert not standing(glue, "asset_00000") and zone.ask("sync")["state"] == "done"


def test_an_asset_of_ours_goes_with_its_source_also_beside_an_imported_one(
    zone: Installation, glue: GlueSimulator, tenant: RunningTenant
) -> None:
    zone.config += "deletion: {misses: 1, grace: 0s, policy: delete}\n"
    zone.ask("sync")
    glue.run_data_source("space_000")
    before = standing(glue, "asset_00000")[0]
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00000")
    zone.ask("sync")
    assert zone.ask("sync")["state"] == "done"
    assert standing(glue, "asset_00000") == [before]


def test_drift_says_what_became_of_an_asset_and_of_its_listing(zone: Installation, glue: GlueSimulator) -> None:
    zone.config = PUBLISHES
    zone.ask("sync")
    glue.client_of("datazone").create_listing_change_set(
        domainIdentifier="dzd_x1",
        entityIdentifier=standing(glue, "asset_00001")[0]["id"],
        entityType="ASSET",
        action="UNPUBLISH",
    )
    (found,) = zone.ask("drift")["items"]
    assert "unpublished" in found["reason"] and "deleted" not in found["reason"]
    assert found["kind"] == "unpublished" and "table" not in found["changed_by"], found
    glue.run_data_source("space_000")
    items = zone.ask("drift")["items"]
    reasons = {each["target"]: each["reason"] for each in items}
    assert {each["kind"] for each in items} == {"object_deleted", "unpublished"}
    assert "imported" in reasons["datazone"] and "another one" in reasons["datazone_publishing"]
