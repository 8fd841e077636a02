"""Promises: how the tenant is read."""

from __future__ import annotations

from tests.contract.promise import Promise

READING: tuple[Promise, ...] = (
    Promise(
        "source:rate",
        "CONTRACT.md#Configuration",
        "In no 60 s are more requests sent than max_requests_per_minute, bursts included, all processes together.",
        (
            "tests/contract/test_tenant_requests.py::test_several_processes_share_one_rate",
            "tests/unit/runtime/test_shared_request_budget.py::test_never_more_than_the_limit_in_any_60_s",
        ),
    ),
    Promise(
        "source:ten-at-once",
        "CONTRACT.md#Configuration",
        "Never more than 10 requests at once.",
        (
            "tests/contract/test_tenant_requests.py::test_never_more_than_ten_requests_at_once",
            "tests/unit/source/test_http.py::test_never_more_than_ten_at_once_and_a_permit_for_each_send",
        ),
    ),
    Promise(
        "source:one-tenant",
        "CONTRACT.md#Words",
        "One installation serves one tenant: its state remembers the host and refuses another.",
        ("tests/contract/test_tenant_requests.py::test_a_state_serves_one_tenant",),
    ),
    Promise(
        "source:bound-by-an-answer",
        "docs/how-to/use-your-own-tenant.md#Use it on your own tenant",
        "A state belongs to a tenant from its first list of spaces on; a host that never answered binds none.",
        (
            "tests/contract/test_tenant_requests.py::test_a_host_that_never_answered_binds_no_state_and_one_that_did_does",
        ),
    ),
    Promise(
        "source:no-space",
        "docs/how-to/use-your-own-tenant.md#Use it on your own tenant",
        "A tenant that answers and lists no space is told as that by every command, with doctor's remedy, exit code 0.",
        (
            "tests/e2e/test_empty_tenant.py::test_every_command_says_the_cause_and_the_remedy_that_doctor_says",
            "tests/unit/planning/test_last_reading.py::test_a_tenant_without_spaces_was_read",
        ),
    ),
    Promise(
        "source:read-at",
        "docs/how-to/use-your-own-tenant.md#Use it on your own tenant",
        "A change set says when what it goes by was last read, and what of it is older and since when.",
        (
            "tests/unit/planning/test_last_reading.py::test_the_newest_is_told_and_the_oldest_with_what_it_is_of",
            "tests/unit/planning/test_last_reading.py::test_a_refresh_in_which_one_space_failed_is_told_by_its_own_moment",
        ),
    ),
    Promise(
        "source:counted-once",
        "docs/how-to/use-your-own-tenant.md#Use it on your own tenant",
        "Every asset in scope is counted once in a preview and in a run.",
        (
            "tests/e2e/test_counts.py::test_what_an_undo_holds_and_nobody_can_read_is_counted_once",
            "tests/unit/runtime/test_run_counts.py::test_every_asset_in_scope_is_counted_once",
        ),
    ),
    Promise(
        "source:secrets",
        "CONTRACT.md#Configuration",
        "No output, no audit row and no file of the state holds a secret or a token.",
        (
            "tests/contract/test_tenant_requests.py::test_no_output_and_no_state_holds_a_secret",
            "tests/contract/test_tenant_requests.py::test_a_wrong_secret_is_explained",
            "tests/integration/test_glue_door.py::test_messages_hold_no_credentials",
            "tests/unit/observe/test_redaction.py::test_a_known_secret_comes_through_no_door",
            "tests/unit/observe/test_redaction.py::test_what_looks_like_a_credential_comes_through_no_door",
        ),
    ),
    Promise(
        "source:first-slash",
        "CONTRACT.md#Words",
        "SPACE/NAME splits at the first slash; names may hold slashes.",
        (
            "tests/contract/test_glue_contents.py::test_an_asset_is_named_up_to_its_first_slash",
            "tests/unit/server/test_mcp_resources.py::test_names_may_hold_slashes",
        ),
    ),
    Promise(
        "source:identity",
        "CONTRACT.md#Words",
        "An asset is known by its space and its name: no text of the program's own is split to find it again, and what "
        "SPACE/NAME cannot name is told and kept out by itself.",
        (
            "tests/contract/test_identities.py::test_text_becomes_an_asset_at_the_doors_only",
            "tests/contract/test_identities.py::test_nobody_splits_a_text_at_a_slash_to_find_an_asset",
            "tests/contract/test_identities.py::test_a_problem_of_an_asset_says_which",
            "tests/contract/test_identities.py::test_the_text_of_a_subject_is_never_compared",
            "tests/contract/test_identities.py::test_a_module_that_is_let_through_exists",
            "tests/e2e/test_odd_names.py::test_spaces_that_cannot_be_named_are_told_and_leave_the_others_alone",
            "tests/unit/runtime/test_unspellable_names.py::test_whatever_names_there_are_the_others_are_synced_as_ever",
            "tests/unit/runtime/test_unspellable_names.py::test_a_space_is_no_asset_that_is_spelled_alike",
            "tests/unit/runtime/test_unspellable_names.py::test_a_space_is_no_database_of_a_rule_that_is_spelled_alike",
            "tests/unit/runtime/test_unspellable_names.py::test_the_status_tells_it_between_two_listings",
            "tests/unit/state/test_identities.py::test_a_state_with_text_opens_and_keeps_what_it_was_about",
            "tests/unit/state/test_identities.py::test_an_identity_comes_back_from_what_keeps_it",
        ),
    ),
    Promise(
        "source:roles",
        "CONTRACT.md#What a Glue table holds",
        "A column's role is key before measure before dimension before attribute, annotation terms in any case.",
        (
            "tests/contract/test_glue_contents.py::test_a_column_keeps_its_meaning",
            "tests/unit/source/test_normalise.py::test_roles",
            "tests/unit/source/test_edmx.py::test_terms_under_any_alias_and_case",
        ),
    ),
    Promise(
        "source:original-name",
        "CONTRACT.md#What a Glue table holds",
        "A column's name is as in Datasphere: the original name where the property has one.",
        (
            "tests/contract/test_glue_contents.py::test_a_column_keeps_its_meaning",
            "tests/unit/source/test_normalise.py::test_semantics_names_and_labels",
        ),
    ),
    Promise(
        "source:aggregation",
        "CONTRACT.md#What a Glue table holds",
        "A column's default aggregation is read from the annotations in any form.",
        (
            "tests/unit/source/test_normalise.py::test_aggregation_in_any_form",
            "tests/unit/targets/glue/test_table_input.py::test_columns_are_as_the_contract_says",
        ),
    ),
    Promise(
        "source:outage",
        "CONTRACT.md#Deletion",
        "An outage of the tenant changes nothing, and the next run goes on.",
        (
            "tests/e2e/test_safety.py::test_an_outage_changes_nothing_and_the_next_run_goes_on",
            "tests/unit/source/test_catalog.py::test_a_failure_is_an_incomplete_listing",
        ),
    ),
)
