"""Terms of Glue's business context that people rename or move, and attachments of ours that they edit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.test_glue_context import ARN, CONFIG, CONTEXT, FORM_TYPE, attached, lake, noted, terms, written
from tests.e2e.test_lake_formation import put_context
from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation

__all__ = ["lake"]
_EDITED = CONTEXT.replace("after discounts", "after all discounts")


def _term(glue: GlueSimulator, name: str) -> dict[str, Any]:
    (found,) = [each for each in glue.glue_context_dump()["terms"].values() if each["Name"] == name]
    return dict(found)


def test_a_term_and_a_glossary_that_somebody_renamed_stay_the_same_ones(
    lake: Installation, glue: GlueSimulator
) -> None:
    first = lake.ask("sync")
    before = noted(glue)
    hands, (glossary,) = glue.client_of("glue"), glue.glue_context_dump()["glossaries"]
    hands.update_glossary_term(Identifier=_term(glue, "Net revenue")["Id"], Name="Netto")
    hands.update_glossary(Identifier=glossary, Name="Company words")
    put_context(lake, _EDITED)
    assert lake.ask("sync")["state"] == "done"
    assert not lake.ask("drift")["items"] and lake.ask("sync", "--full")["state"] == "done"
    held = glue.glue_context_dump()
    names = {each["Name"] for each in held["terms"].values()}
    assert len(held["glossaries"]) == 1 and names == {"Netto", "Revenue", "Customer"}
    assert _term(glue, "Netto")["ShortDescription"] == "Revenue after all discounts."
    assert noted(glue) == before
    undo = lake.ask("revert", first["run_id"])
    assert lake.ask("apply", undo["change_set_id"], "--allow-deletes")["state"] == "done"
    assert not glue.glue_context_dump()["noted"]


def test_another_glossary_takes_the_place_of_the_former_on_every_table(lake: Installation, glue: GlueSimulator) -> None:
    lake.ask("sync")
    lake.config = f"{CONFIG}glue_context: {{glossary: Words}}\n"
    assert lake.ask("sync")["state"] == "done"
    held = glue.glue_context_dump()
    names = {key: each["Name"] for key, each in held["glossaries"].items()}
    for column, name in (("", "Net revenue"), ("col_001", "Customer")):
        assert terms(glue, column=column) == {name}
        (each,) = noted(glue)[column]["terms"]
        assert names[held["terms"][each]["GlossaryId"]] == "Words"
    glue.reset()
    assert lake.ask("sync")["state"] == "done" and not glue.calls()
    put_context(lake, CONTEXT.replace("terms: [Net revenue]", "terms: []").replace("terms: [Customer], ", ""))
    assert lake.ask("sync")["state"] == "done"
    assert not terms(glue) and not terms(glue, column="col_001")


@pytest.mark.parametrize("edit", ['{"written": "{"}', '{"written": "{\\"ours\\": [1]}"}'])
def test_an_attachment_of_ours_that_somebody_made_unreadable_is_written_again(
    lake: Installation, glue: GlueSimulator, edit: str
) -> None:
    lake.ask("sync")
    before = attached(glue)
    said = json.dumps({**before, **json.loads(edit)})
    glue.client_of("glue").put_attachment(
        AssetIdentifier=f"{ARN}asset_00000", AttachmentName="Spheresync", Content=said, **{FORM_TYPE: "SpheresyncTable"}
    )
    assert lake.ask("sync", "--full")["state"] == "done"
    assert attached(glue) == before and terms(glue) == {"Net revenue"} and terms(glue, column="col_001") == {"Customer"}
    glue.reset()
    assert lake.ask("sync")["state"] == "done" and not written(glue)


def _unreadable(glue: GlueSimulator) -> None:
    dump = glue.dump()
    dump["glue_context"]["noted"][f"{ARN}asset_00000"][""]["attachments"]["Spheresync"]["Content"] = "{"
    glue.load(dump)


def _taken_away(glue: GlueSimulator) -> None:
    glue.client_of("glue").delete_attachment(AssetIdentifier=f"{ARN}asset_00000", AttachmentName="Spheresync")


@pytest.mark.parametrize("command", [["sync", "--full"], ["drift", "--repair"]], ids=["sync", "drift"])
@pytest.mark.parametrize("edit", [_unreadable, _taken_away])
def test_terms_are_ours_also_after_our_attachment_says_nothing_any_more(
    lake: Installation, glue: GlueSimulator, edit: Callable[[GlueSimulator], None], command: list[str]
) -> None:
    lake.ask("sync")
    before = attached(glue)
    edit(glue)
    lake.ask(*command)
    assert attached(glue) == before
    put_context(lake, CONTEXT.replace("terms: [Net revenue]", "terms: [Customer]"))
    assert lake.ask("sync")["state"] == "done"
    assert terms(glue) == {"Customer"}
