"""Rules are tried before anybody writes them down: what would change is shown, and nothing is saved or applied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tests.simulators.glue_process import GlueSimulator
from tests.simulators.installation import Installation
from tests.simulators.running_tenant import RunningTenant

RENAME = '- match: {name: ASSET_00001}\n  set: {table: "{name}_tried"}\n'
LEFT_OUT = "mapping: {rules: [{match: {space: SPACE_000}, set: {include: false}}]}"
COLUMN = '[{"match": {"space": "SPACE_001"}, "columns": [{"match": {"name": "COL_001"}, "set": {"include": false}}]}]'


def state_of(installation: Installation) -> tuple[Any, ...]:
    """What a trial must not move."""
    audit = installation.ask("audit", "query")
    assets = installation.ask("assets", "--limit", "200", "--detail", "full")["items"]
    return audit["total"], installation.ask("runs")["total"], assets


def tried(installation: Installation, rules: str, *options: str, code: int = 0) -> dict[str, Any]:
    file = installation.state_dir.parent / "trial.yaml"
    file.write_text(rules, "utf-8")
    answer: dict[str, Any] = installation.ask(
        "preview", "--no-refresh", "--trial-rules", str(file), *options, code=code
    )
    return answer


@pytest.mark.parametrize(
    ("rules", "expected"),
    [(RENAME, {"create": 3}), (COLUMN, {"update": 10}), ("scope: {exclude: ['SPACE_002/*']}", {})],
    ids=["a table is renamed", "a column goes", "a scope"],
)
def test_what_would_change_is_shown_and_nothing_is_kept(
    synced: Installation, glue: GlueSimulator, rules: str, expected: dict[str, int]
) -> None:
    before = state_of(synced)
    glue.reset()
    answer = tried(synced, rules)
    assert (answer["state"], answer["change_set_id"], answer["next_cursor"]) == ("trial", "", None)
    assert expected.items() <= answer["summary"].items()
    assert state_of(synced) == before
    assert not [call for call in glue.calls() if not call.startswith("Get")]
    assert sum(synced.ask("preview", "--no-refresh")["summary"].values()) == 30
    assert synced.ask("sync")["counts"]["unchanged"] == 30, "no trial counts later"


def test_what_is_planned_without_the_rules_too_is_left_out_whatever_the_moment(
    synced: Installation, tenant: RunningTenant
) -> None:
    synced.config = "deletion: {misses: 1}"
    tenant.edit("remove_asset", space="SPACE_000", asset="ASSET_00003")
    assert synced.ask("preview")["summary"]["retire"] == 1
    answer = tried(synced, COLUMN)
    assert (answer["summary"]["retire"], answer["summary"]["update"]) == (0, 10)
    assert not [each for each in answer["findings"] if "but not so" in each["message"]]


def test_a_guard_that_holds_nothing_back_by_the_rules_is_no_finding_of_their_trial(
    synced: Installation, tenant: RunningTenant
) -> None:
    synced.config = "deletion: {misses: 1}"
    for asset in ("ASSET_00003", "ASSET_00004"):
        tenant.edit("remove_asset", space="SPACE_000", asset=asset)
    assert "too_many_removals" in {each["code"] for each in synced.ask("preview")["findings"]}
    answer = tried(synced, COLUMN)
    assert answer["blocked"] == 0
    assert "too_many_removals" not in {each["code"] for each in answer["findings"]}


def test_what_is_wrong_with_the_rules_is_named_and_nothing_done(synced: Installation) -> None:
    for rules, said in (
        ("- match: {nam: X}\n  set: {tier: high}\n", "mapping.rules.0.match.nam"),
        ("mapping: {rules: [{match: {name: X}}]}", "sets nothing"),
        ("prefix: x_", "prefix, line 1: unknown key"),
        ("mapping: [", "trial rules, line 1"),
        ("", "are empty"),
        ("personal_data: {policy: [{class: birthday, action: allow}]}", "is none of"),
    ):
        error = tried(synced, rules, code=2)["error"]
        assert said in error["message"] and "Write a list of mapping rules" in error["remedy"], rules


@pytest.fixture
def dog(tmp_path: Path) -> Installation:
    """A dog installation after its first sync."""
    state = tmp_path / "dog"
    state.mkdir()
    installation = Installation(state, {}, env="dog")
    assert installation.ask("sync")["state"] == "done"
    return installation


@pytest.mark.anyio
async def test_an_assistant_tries_to_leave_out_all_dates_of_birth(dog: Installation) -> None:
    policy = "personal_data: {policy: [{class: birth, action: exclude_column}]}"
    async with Client(dog.serving("--no-scheduler")) as client:
        columns = await client.call_tool("list_assets", {"pii": "birth", "count_only": True})
        result = await client.call_tool("preview_changes", {"trial_rules": policy})
        answer = result.structured_content or {}
        assert answer["summary"]["update"] == (columns.structured_content or {})["total"] > 0
        assert "change_set_id" not in answer and answer["state"] == "trial"
        said = str(result.content)
        assert "A trial of rules: saved nowhere, never applied." in said and "apply_changes" not in said
        tier, nothing = [
            str((await client.call_tool("preview_changes", {"trial_rules": rules})).content)
            for rules in (
                "- match: {space: HR}\n  set: {tier: critical}",
                "- match: {space: HRX}\n  set: {tier: critical}",
            )
        ]
        assert "trial rule 1 (space HR) matches 13 assets" in tier and "would become critical" in tier
        assert (
            "By these rules alone, AWS would change so: nothing." in tier
            and "matches no asset, so it does nothing" in nothing
        )
        assert "Did you mean HR?" in nothing and "would become" not in nothing
        left = str((await client.call_tool("preview_changes", {"trial_rules": "scope: {exclude: ['HR/*']}"})).content)
        assert "forget 13" in left and "let go of; what AWS holds of it stays there" in left
        rules = "- match: {space: HR}\n  set: {include: false}"
        out = str((await client.call_tool("preview_changes", {"trial_rules": rules, "spaces": ["HR"]})).content)
        assert "rule 1 of the trial says include: false" in out and "mapping rule" not in out
        assert "In a trial only: without it they stay in." in out and "Widen" not in out
        refused = await client.call_tool("preview_changes", {"trial_rules": "- set: {owner: x}"})
        assert "it is business context, which entries of context files set" in str(refused.content)
        refused = await client.call_tool("preview_changes", {"trial_rules": "- set: {}"})
        assert refused.is_error and "sets nothing" in str(refused.content)
