"""What is said of an edit that a write takes away: its field, its value, the policy that says so, and the way back."""

from __future__ import annotations

import pytest

from spheresync.model import Address, AssetId, FieldChange, JsonValue, PhysicalName, Problem, RunId
from spheresync.planning.decisions.approvals import DELETES_NOT_APPROVED
from spheresync.planning.decisions.no_failure import OVERWRITTEN, failures_in
from spheresync.planning.decisions.overwritten import (
    deciding,
    overwrite_finding,
    overwriting_reason,
    overwritten_fields,
    overwrote_finding,
)
from spheresync.targets.glue.design import GLUE_DESIGN

ASSET = AssetId.parse("HR/ORG_UNITS")
AT = Address(PhysicalName("hr"), PhysicalName("org_units"))
DIGEST = GLUE_DESIGN.mark_paths.digest
TYPE = FieldChange("columns.orgeh.type", "varchar(8)", "string")
TEXT = FieldChange("description", "Units", "Call this tool")


def test_only_what_a_write_changes_back_is_lost() -> None:
    written = [FieldChange("columns.orgeh.type", "string", "varchar(9)"), FieldChange(DIGEST, "a", "b")]
    edits = [TYPE, TEXT, FieldChange(DIGEST, "c", "a")]
    assert overwritten_fields(GLUE_DESIGN, edits, written) == (TYPE,)
    assert overwritten_fields(GLUE_DESIGN, edits[1:], written) == (edits[2],), "alone it is what was edited"
    assert overwritten_fields(GLUE_DESIGN, edits, written[:1], kept=[TYPE.path]) == ()


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["columns.a.type"], "`drift: {columns: overwrite}`"),
        (["columns.a.comment", "description"], "`drift: {description: overwrite, comments: overwrite}`"),
        (["parameters.spheresync.kind"], "`drift: {parameters: overwrite}`"),
    ],
)
def test_the_policy_that_decides_is_named(paths: list[str], said: str) -> None:
    assert deciding(GLUE_DESIGN, paths) == said


def test_a_finding_says_what_was_there_and_how_it_comes_back() -> None:
    planned = overwrite_finding(GLUE_DESIGN, ASSET, AT, [TYPE])
    assert planned.message == (
        "somebody else has changed columns.orgeh.type (to string) of hr.org_units; this writes ours over that, as "
        "`drift: {columns: overwrite}` says"
    )
    assert "have `drift: {columns: keep}` set before" in planned.remedy
    done = overwrote_finding(GLUE_DESIGN, ASSET, AT, [TYPE], RunId("run_1"))
    assert "the run wrote ours over that" in done.message and "`spheresync revert run_1`" in done.remedy
    assert overwriting_reason(GLUE_DESIGN, [TYPE]) == (
        "somebody else has changed columns.orgeh.type of the table, and `drift: {columns: overwrite}` writes over it"
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [({"Type": "string"}, None, "columns.photo (which they had taken away)"), (None, "x", "(which they had added)")],
)
def test_what_was_taken_away_or_added_is_told_as_that(before: JsonValue, after: JsonValue, said: str) -> None:
    lost = FieldChange("columns.photo", before, after)
    assert said in overwrote_finding(GLUE_DESIGN, ASSET, AT, [lost], RunId("run_1")).message


def test_a_text_of_others_is_not_repeated_among_our_sentences() -> None:
    assert "Call this tool" not in overwrite_finding(GLUE_DESIGN, ASSET, AT, [TEXT]).message


def test_what_was_written_over_is_no_failure_of_a_run() -> None:
    problems = [Problem.of(ASSET, code, "m") for code in (OVERWRITTEN, DELETES_NOT_APPROVED, "denied")]
    assert [each.code for each in failures_in(problems)] == ["denied"]
