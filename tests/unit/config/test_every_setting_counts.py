"""Every key that settings accept has an effect: something outside of the configuration reads it, and a test proves it.

A new key fails here until both are so.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest
from pydantic import BaseModel

from spheresync.config import DriftPolicies, DriftPolicy, Settings
from spheresync.mapping.rules import MappingRules, decide_column
from spheresync.model import AssetId, AssetKind, ColumnRole
from spheresync.service.state.housekeeping import Care
from spheresync.targets.glue.merge import policy_of
from tests.unit.mapping.assets import column

ROOT = Path(__file__).resolve().parents[3]
MATCHES = {"space": ("SA*", "HR"), "name": ("V_*", "T_*"), "kind": ("view", "local_*"), "label": ("Ord*", "ord*")}
COLUMNS = {
    "name": ("Q*", "X"),
    "label": ("Quant*", "quant*"),
    "role": ("measure", "key"),
    "type": ("Edm.Int*", "Edm.String*"),
}
DRIFT = {
    "description": "description",
    "comments": "columns.qty.comment",
    "columns": "columns.qty.type",
    "parameters": "parameters.spheresync.kind",
}
RETENTION = {"runs": "runs_before", "idle_runs": "idle_before", "change_sets": "change_sets_before"}

_CALLS = "unit/server/test_tool_calls.py"
_HERE = "unit/config/test_every_setting_counts.py"
_EDITED = "e2e/test_settings_edited.py"
_LOGIN = "e2e/test_login.py"
_SCHEDULE = "unit/schedule/test_settings_count.py"
_RULES = "unit/mapping/test_rules.py"
_TABLE_INPUT = "unit/targets/glue/test_table_input.py"
_CHANNELS = "integration/test_alert_channels.py"
_PERSONAL = "contract/test_personal_data.py"
_LINEAGE = "e2e/test_lineage_events.py"
_PLACES = "e2e/test_destinations.py"
_CONTEXT = "unit/mapping/test_context.py"
_LAKE = "e2e/test_lake_formation.py"
_QUICK = "e2e/test_quick_sight.py"
_ZONE = "e2e/test_datazone.py"
_CONTEXT_OF_GLUE = "e2e/test_glue_context.py"
_TIERS = ("critical", "high", "medium")

#: Key to the test that proves its effect, below `tests/`.
EFFECTS: dict[str, str] = {
    "env": "contract/test_default_ports.py::test_a_server_over_http_says_its_default_port",
    "installation": f"{_EDITED}::test_a_run_is_planned_and_applied_by_one_generation_of_settings",
    "state_dir": f"{_EDITED}::test_another_state_folder_or_environment_is_refused_while_running",
    "prefix": f"{_RULES}::test_names_come_from_prefix_space_and_templates",
    "language": f"{_TABLE_INPUT}::test_the_chosen_language_is_what_readers_see",
    "destinations.role_arn": f"{_PLACES}::test_one_change_set_spans_all_and_each_holds_what_it_is_for",
    "destinations.external_id": f"{_PLACES}::test_a_wrong_external_id_is_told_with_where_it_stands",
    "destinations.region": f"{_PLACES}::test_one_change_set_spans_all_and_each_holds_what_it_is_for",
    "destinations.catalog_id": f"{_PLACES}::test_another_catalog_of_the_account_is_asked_by_its_id",
    "destinations.prefix": f"{_PLACES}::test_one_change_set_spans_all_and_each_holds_what_it_is_for",
    "destinations.spaces": f"{_PLACES}::test_a_space_that_a_destination_is_no_more_for_leaves_its_tables",
    "destinations.targets": "unit/config/test_destinations.py::test_targets_of_a_destination_are_among_all_targets",
    "targets": "unit/runtime/test_scope.py::test_a_bad_scope_names_what_is_valid",
    "datasphere.base_url": f"{_EDITED}::test_another_tenant_is_refused_while_running_too",
    "datasphere.token_url": f"{_EDITED}::test_a_new_client_secret_is_used_at_once",
    "datasphere.sign_in": f"{_LOGIN}::test_a_person_signs_in_and_the_tenant_is_read",
    "datasphere.authorization_url": f"{_LOGIN}::test_the_sign_in_page_is_where_the_settings_say",
    "datasphere.redirect_uri": f"{_LOGIN}::test_the_registered_redirect_uri_is_used_to_the_letter",
    "datasphere.sign_in_key": f"{_LOGIN}::test_a_key_that_is_gone_or_open_is_told_and_a_new_sign_in_makes_one",
    "datasphere.client_id": f"{_EDITED}::test_a_new_client_secret_is_used_at_once",
    "datasphere.client_secret": f"{_EDITED}::test_a_new_client_secret_is_used_at_once",
    "datasphere.objects": f"{_EDITED}::test_doctor_tries_what_a_setting_switches_on",
    "datasphere.max_requests_per_minute": f"{_EDITED}::test_a_new_request_limit_counts_for_what_is_under_way",
    "datasphere.give_up_after": "unit/source/test_http.py::test_an_outage_ends_once_however_much_there_is_to_read",
    "datasphere.client_expires": (
        "e2e/test_alerts.py::test_work_that_waits_for_a_person_and_a_client_that_ends_are_told_of"
    ),
    "scope.include": f"{_RULES}::test_which_spaces_may_hold_something",
    "scope.exclude": f"{_RULES}::test_exclude_wins_and_says_which_glob",
    **{f"mapping.rules.match.{key}": f"{_HERE}::test_each_key_of_a_match_counts" for key in MATCHES},
    "mapping.rules.set.tier": f"{_RULES}::test_every_matching_rule_applies_and_a_later_one_wins_key_by_key",
    "mapping.rules.set.table": f"{_RULES}::test_names_come_from_prefix_space_and_templates",
    "mapping.rules.set.database": f"{_RULES}::test_names_come_from_prefix_space_and_templates",
    "mapping.rules.set.description": f"{_TABLE_INPUT}::test_rules_reach_description_tags_and_columns",
    "mapping.rules.set.tags": f"{_TABLE_INPUT}::test_rules_reach_description_tags_and_columns",
    "mapping.rules.set.queryable": (
        f"{_QUICK}::test_what_can_be_queried_is_said_by_a_rule_and_what_is_not_any_more_goes_by_the_removal_rules"
    ),
    "mapping.rules.set.bind": (
        "e2e/test_bound_tables.py::"
        "test_the_meaning_of_an_asset_is_written_and_nothing_else_and_a_second_sync_does_nothing"
    ),
    "mapping.rules.set.include": f"{_RULES}::test_all_given_keys_must_match",
    **{f"mapping.rules.columns.match.{key}": f"{_HERE}::test_each_key_of_a_match_of_columns_counts" for key in COLUMNS},
    **{
        f"mapping.rules.columns.set.{key}": f"{_RULES}::test_column_rules_apply_in_order_and_win_key_by_key"
        for key in ("include", "type", "description")
    },
    "context": f"{_CONTEXT}::test_files_count_in_the_order_of_their_names_and_places_say_file_and_line",
    "promotion": "e2e/test_promotion.py::test_nothing_is_written_by_it_before_a_person_has_approved_it",
    "scheduler.first_sync": (
        "e2e/test_schedule.py::test_nothing_is_written_before_a_person_has_applied_what_the_scheduler_proposes"
    ),
    "scheduler.workers": f"{_SCHEDULE}::test_scheduler_workers_follow_the_settings",
    **{
        f"tiers.{tier}.{key}": f"{_SCHEDULE}::{name}"
        for tier in _TIERS
        for key, name in {
            "interval": "test_an_asset_is_overdue_by_the_freshness_of_its_tier_else_by_its_interval",
            "freshness": "test_an_asset_is_overdue_by_the_freshness_of_its_tier_else_by_its_interval",
            "window": "test_each_tier_is_due_in_its_own_window_and_timezone",
            "timezone": "test_each_tier_is_due_in_its_own_window_and_timezone",
        }.items()
    },
    "deletion.policy": "contract/test_removals.py::test_what_the_configuration_spares_is_not_retired",
    "deletion.misses": (
        "contract/test_removals.py::"
        "test_misses_of_any_command_add_up_and_the_policy_delete_retires_first_and_deletes_next"
    ),
    "deletion.grace": "contract/test_removals.py::test_what_the_configuration_spares_is_not_retired",
    **{f"drift.{key}": f"{_HERE}::test_each_class_of_drift_follows_its_own_policy" for key in DRIFT},
    "drift.missing": "integration/test_glue_target.py::test_makes_a_deleted_table_again_where_the_policy_says_so",
    "drift.sweep": f"{_SCHEDULE}::test_drift_is_looked_for_as_often_as_drift_sweep_says",
    "change_sets.expires": "contract/test_change_sets.py::test_an_expired_change_set_is_refused",
    "approvals.four_eyes": (
        "e2e/test_four_eyes.py::test_a_delete_needs_somebody_who_neither_made_the_change_set_nor_applies_it"
    ),
    **{f"retention.{key}": f"{_HERE}::test_each_length_of_retention_counts" for key in RETENTION},
    "personal_data.mask": f"{_PERSONAL}::test_mask_off_leaves_texts_as_they_are",
    "personal_data.policy.class": f"{_PERSONAL}::test_a_policy_excludes_assets_with_the_reason",
    "personal_data.policy.action": f"{_PERSONAL}::test_a_policy_refuses_assets_as_failures_of_the_plan",
    "lakeformation.tags": f"{_LAKE}::test_one_tag_that_changes_is_one_call_in_place_and_none_to_glue",
    "lakeformation.use_existing_keys": f"{_LAKE}::test_a_key_of_others_is_used_only_where_that_is_allowed",
    "quicksight.account_id": f"{_QUICK}::test_what_is_missing_or_wrong_in_the_settings_is_told",
    "quicksight.workgroup": f"{_QUICK}::test_another_workgroup_is_another_data_source",
    "quicksight.owners": f"{_QUICK}::test_rights_follow_the_settings_and_those_of_others_stay",
    "quicksight.viewers": f"{_QUICK}::test_rights_follow_the_settings_and_those_of_others_stay",
    "quicksight.topics": f"{_QUICK}::test_kinds_that_are_named_get_a_topic",
    "datazone.domain_id": f"{_ZONE}::test_a_domain_or_project_that_is_not_there_is_told_by_doctor",
    "datazone.project_id": f"{_ZONE}::test_a_domain_or_project_that_is_not_there_is_told_by_doctor",
    "datazone.glossary": f"{_ZONE}::test_a_glossary_and_terms_of_others_are_used_and_stay_as_they_are",
    "datazone.publish": f"{_ZONE}::test_with_review_publishing_waits_for_a_second_person",
    "glue_context.glossary": f"{_CONTEXT_OF_GLUE}::test_a_glossary_and_terms_of_others_are_used_and_stay_as_they_are",
    "limits.glue_calls_per_second": (
        f"{_EDITED}::test_a_limit_of_glue_calls_counts_for_every_call_and_follows_the_file"
    ),
    "limits.tool_calls_per_minute": f"{_CALLS}::test_a_caller_makes_as_many_calls_in_a_minute_as_the_limit_says",
    "limits.changing_calls_per_minute": f"{_CALLS}::test_calls_that_change_something_are_counted_apart",
    "alerts.sns": f"{_CHANNELS}::test_sns_is_published_to_in_the_region_of_the_topic",
    "alerts.webhook": "unit/alerts/test_alerting.py::test_each_is_told_once_when_it_begins_and_once_when_it_is_over",
    "alerts.format": "e2e/test_alerts.py::test_a_guard_is_told_of_once_and_its_end_too",
    "alerts.email.from": f"{_CHANNELS}::test_a_mail_goes_to_everybody_from_a_verified_sender",
    "alerts.email.to": f"{_CHANNELS}::test_a_mail_goes_to_everybody_from_a_verified_sender",
    "alerts.email.region": f"{_CHANNELS}::test_a_mail_goes_to_everybody_from_a_verified_sender",
    "lineage.openlineage": f"{_LINEAGE}::test_each_change_is_one_line_of_a_file_and_nothing_changed_is_none",
    "lineage.token": f"{_LINEAGE}::test_a_receiver_that_is_down_holds_up_nothing_and_is_told_later",
    "alerts.on": "unit/alerts/test_alerting.py::test_a_channel_is_told_of_its_kinds_only",
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One key: how it is spelled, the section and the name of the field that holds it."""

    key: str
    section: type[BaseModel]
    field: str

    @property
    def owners(self) -> frozenset[str]:
        """Names by which a module shows that it has to do with the section."""
        _, *above = reversed(self.key.split("."))
        return frozenset({self.section.__name__, *(f".{part}" for part in above or ["settings"])})

    @property
    def readers(self) -> frozenset[str]:
        """The field, and the properties of its section that tell it in other words."""
        told = {
            f".{name}"
            for name, member in vars(self.section).items()
            if isinstance(member, property) and f"self.{self.field}" in inspect.getsource(member.fget or repr)
        }
        return frozenset({f".{self.field}", *told})


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for part in get_args(annotation) if (found := _section_in(part)) is not None), None)


def leaves(section: type[BaseModel] = Settings, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    for field, info in section.model_fields.items():
        here = (*path, info.alias or field)
        inner = _section_in(info.annotation)
        if inner is not None:
            yield from leaves(inner, here)
        else:
            yield Leaf(".".join(here), section, field)


@cache
def modules_outside() -> tuple[frozenset[str], ...]:
    """Of every module outside of the configuration: the names it uses, attributes with a dot in front."""
    files = [*ROOT.glob("core/spheresync/**/*.py"), *ROOT.glob("server/**/*.py")]
    return tuple(_names(file) for file in files if "spheresync/config" not in file.as_posix())


def _names(file: Path) -> frozenset[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            names.add(f".{node.attr}")
        elif isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.name)
    return frozenset(names)


@pytest.mark.parametrize("leaf", [*leaves()], ids=lambda leaf: leaf.key)
def test_every_key_is_read_outside_of_the_configuration(leaf: Leaf) -> None:
    """By a module that has to do with its section: other things have names such as `region`, too."""
    assert any(leaf.readers & names and leaf.owners & names for names in modules_outside()), "nobody reads it"


@pytest.mark.parametrize("leaf", [*leaves()], ids=lambda leaf: leaf.key)
def test_every_key_names_the_test_that_proves_its_effect(leaf: Leaf) -> None:
    file, _, name = EFFECTS[leaf.key].partition("::")
    text = (ROOT / "tests" / file).read_text("utf-8")
    assert re.search(rf"^\s*(?:async )?def {name}\(", text, re.MULTILINE), f"{file} has no {name}"
    word = leaf.key.rpartition(".")[2]
    assert re.search(rf"(?:\b|__){word}\b", text, re.IGNORECASE), f"{file} says nothing of {word}"


def test_no_effect_is_told_of_a_key_that_there_is_not() -> None:
    assert EFFECTS.keys() == {leaf.key for leaf in leaves()}


@pytest.mark.parametrize("key", MATCHES)
def test_each_key_of_a_match_counts(key: str) -> None:
    hit, miss = MATCHES[key]
    asset = AssetId.parse("SALES/V_ORDERS")
    for glob, included in ((hit, False), (miss, True)):
        rules = {"rules": [{"match": {key: glob}, "set": {"include": False}}]}
        settings = Settings.model_validate({"state_dir": "/nowhere", "mapping": rules})
        assert MappingRules.compile(settings).decide(asset, AssetKind.VIEW, "Orders").included is included


@pytest.mark.parametrize("key", COLUMNS)
def test_each_key_of_a_match_of_columns_counts(key: str) -> None:
    hit, miss = COLUMNS[key]
    found = replace(column("QTY", "Edm.Int32"), labels=(("", "Quantity"),), role=ColumnRole.MEASURE)
    for glob, included in ((hit, False), (miss, True)):
        rules = {"rules": [{"columns": [{"match": {key: glob}, "set": {"include": False}}]}]}
        settings = Settings.model_validate({"state_dir": "/nowhere", "mapping": rules})
        decision = MappingRules.compile(settings).decide(AssetId.parse("SALES/V_ORDERS"), AssetKind.VIEW, "Orders")
        assert decide_column(decision.columns, found).included is included


@pytest.mark.parametrize("key", DRIFT)
@pytest.mark.parametrize("policy", DriftPolicy)
def test_each_class_of_drift_follows_its_own_policy(key: str, policy: DriftPolicy) -> None:
    others = next(each for each in DriftPolicy if each is not policy)
    policies = DriftPolicies.model_validate({**dict.fromkeys(DRIFT, others), key: policy})
    assert {each: policy_of(path, policies) is policy for each, path in DRIFT.items()} == {
        each: each == key for each in DRIFT
    }


@pytest.mark.anyio
@pytest.mark.parametrize("key", RETENTION)
async def test_each_length_of_retention_counts(key: str) -> None:
    asked: dict[str, str] = {}

    async def due(**moments: str) -> Any:
        asked.update(moments)
        return SimpleNamespace(runs=(), change_sets=())

    retention = Settings.model_validate({"state_dir": "/nowhere", "retention": {key: "7d"}}).retention
    store = SimpleNamespace(retention=SimpleNamespace(due=due))
    now = datetime(2026, 3, 8, tzinfo=UTC)
    await Care(cast("Any", store), retention, promotion=None, clock=lambda: now)._let_go()
    assert asked[RETENTION[key]] == "2026-03-01T00:00:00.000000Z"
    assert [*asked.values()].count("2026-03-01T00:00:00.000000Z") == 1
