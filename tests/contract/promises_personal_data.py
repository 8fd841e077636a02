"""Promises: personal data."""

from __future__ import annotations

from tests.contract.promise import Promise

_UNIT = "tests/unit/mapping/personal_data"
_CONTRACT = "tests/contract/test_personal_data.py"

PERSONAL_DATA: tuple[Promise, ...] = (
    Promise(
        "glue:pii",
        "CONTRACT.md#What a Glue table holds",
        "A column carries its class of personal data.",
        (
            f"{_CONTRACT}::test_columns_carry_their_class_and_descriptions_say_why",
            f"{_UNIT}/test_classification.py::test_classes_are_put_on_columns_and_taken_off_again",
        ),
    ),
    Promise(
        "mapping:personal-data:floor",
        "docs/how-to/personal-data.md#Personal data",
        "On labelled columns that nobody looked at while tuning: precision at least 0.95, recall at least 0.90.",
        (
            f"{_UNIT}/test_evaluation.py::test_precision_and_recall_stay_above_the_floor",
            f"{_UNIT}/test_evaluation.py::test_what_only_sounds_personal_is_not_taken_for_it",
        ),
    ),
    Promise(
        "mapping:personal-data:layers",
        "CONTRACT.md#Personal data",
        "Each column has class, confidence, source and evidence; the steward's word overrules a finding.",
        (
            f"{_CONTRACT}::test_columns_carry_their_class_and_descriptions_say_why",
            f"{_UNIT}/test_classification.py::test_each_layer_tells_what_it_knows",
            f"{_UNIT}/test_classification.py::test_the_steward_overrules_every_finding",
            f"{_UNIT}/test_classification.py::test_every_number_of_a_partner_is_decided_by_the_same_evidence",
            f"{_UNIT}/test_classification.py::test_what_is_sensitive_for_an_unknown_reason_says_so",
            f"{_UNIT}/test_classification.py::test_a_column_that_is_another_one_renamed_has_its_class",
            f"{_UNIT}/test_person_keys.py::test_the_number_of_a_customer_has_no_class_and_may_lead_to_a_person",
        ),
    ),
    Promise(
        "mapping:personal-data:masking",
        "CONTRACT.md#Personal data",
        "Values of persons found in free text are masked for callers without pii.read.",
        (
            f"{_CONTRACT}::test_values_of_persons_reach_neither_glue_nor_callers_without_the_right",
            f"{_CONTRACT}::test_mask_off_leaves_texts_as_they_are",
            "tests/unit/server/test_masking.py::test_stewards_and_administrators_read_values_and_others_do_not",
            "tests/unit/server/test_masking.py::test_logs_alerts_and_the_status_page_show_no_value_to_anybody",
            "tests/unit/test_personal_values.py::test_values_are_masked_as_what_they_are",
            "tests/unit/state/test_search.py::test_no_value_of_a_person_is_found_by_anybody",
            "tests/unit/state/test_search.py::test_names_are_never_masked_and_stay_found",
        ),
    ),
    Promise(
        "config:personal-data:policy",
        "CONTRACT.md#Configuration",
        "personal_data.policy: a class excludes its columns or the asset, or the asset is refused.",
        (
            f"{_CONTRACT}::test_a_policy_takes_columns_out_of_the_target_without_another_reading",
            f"{_UNIT}/test_policy.py::test_nothing_of_an_asset_names_a_column_that_is_excluded",
            f"{_CONTRACT}::test_a_policy_excludes_assets_with_the_reason",
            "tests/unit/planning/test_every_column_excluded.py::test_it_is_left_out_with_the_reason",
            f"{_CONTRACT}::test_a_policy_refuses_assets_as_failures_of_the_plan",
            f"{_UNIT}/test_policy.py::test_every_problem_of_the_section_is_told_at_once_with_file_key_and_fix",
        ),
    ),
)
