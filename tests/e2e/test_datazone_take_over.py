"""An asset of ours gives way to the one that a data source imports: nothing that others put there is lost."""

from __future__ import annotations

from typing import Any

from tests.e2e.test_datazone import (
    ARN,
    assets,
    foreign,
    form,
    written,
    zone,
)
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

__all__ = ["zone"]
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
    assert run["counts"]["create"] == 9 and "AssetCommonDetailsForm.readMe" in str(run), run
    assert len(standing(glue, "asset_00000")) == 2
    say(glue, standing(glue, "asset_00000")[0], README)
    assert zone.ask("sync", "--full")["state"] == "done"
    (one,) = standing(glue, "asset_00000")
    assert form(one, "AssetCommonDetailsForm") == {"readMe": "hello"} and form(one)["domain"] == "Sales"
