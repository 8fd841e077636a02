"""Promises: runs, the state and the audit log."""

from __future__ import annotations

from tests.contract.promise import Promise

RUNS: tuple[Promise, ...] = (
    Promise(
        "runs:taken-over",
        "CONTRACT.md#Command line: `spheresync`",
        "A run whose process died is taken over by whichever process next needs it, at the next asset.",
        (
            "tests/faults/test_processes.py::test_ten_kills_in_the_middle_of_an_apply_lose_nothing_and_write_nothing_twice",
            "tests/contract/test_assistants.py::test_the_same_call_repeated_gives_the_same_run_and_outlives_the_connection",
            "tests/unit/state/test_runs.py::test_a_dead_process_is_taken_over_at_once_and_its_place_passed_over",
            "tests/faults/test_soak.py::test_a_short_life",
            "tests/faults/test_fifty_kills.py::test_fourteen_kills_of_applies_and_syncs",
        ),
    ),
    Promise(
        "runs:fifty-kills",
        "CONTRACT.md#Command line: `spheresync`",
        "Killed while discovering, applying, migrating or auditing, nothing acknowledged is lost; the next goes on.",
        (
            "tests/faults/test_fifty_kills.py::test_fourteen_kills_of_discoveries",
            "tests/faults/test_fifty_kills.py::test_fourteen_kills_of_applies_and_syncs",
            "tests/faults/test_fifty_kills.py::test_twelve_kills_of_migrations",
            "tests/faults/test_fifty_kills.py::test_ten_kills_around_the_audit_log",
        ),
    ),
    Promise(
        "runs:bulkheads",
        "README.md#What you can rely on",
        "Nothing brings its neighbours down.",
        (
            "tests/faults/test_bulkheads.py::test_what_breaks_at_a_door_stays_behind_it",
            "tests/faults/test_bulkheads.py::test_a_command_whose_driver_breaks_before_anybody_follows_it_says_so",
            "tests/faults/test_bulkheads.py::test_a_server_goes_on_with_a_run_once_the_state_can_be_written_again",
            "tests/faults/test_bulkheads.py::test_a_job_whose_settings_cannot_be_used_waits_for_a_person",
            "tests/faults/test_bulkheads.py::test_a_loop_that_fails_is_told_by_readiness_and_status_until_it_works_again",
            "tests/unit/test_isolation.py::test_every_task_group_of_the_product_is_an_isolated_one",
        ),
    ),
    Promise(
        "runs:three-deaths",
        "CONTRACT.md#Command line: `spheresync`",
        "A run that three processes in a row died of, with nothing of it done, is failed; a signal to end is no death.",
        (
            "tests/faults/test_deadly_runs.py::test_a_run_whose_driver_died_three_times_is_ended_and_a_sync_does_its_work",
            "tests/faults/test_deadly_runs.py::test_processes_that_were_told_to_end_are_no_deaths",
        ),
    ),
    Promise(
        "runs:cancel",
        "CONTRACT.md#Command line: `spheresync`",
        "A run is cancelled also from another process.",
        (
            "tests/faults/test_processes.py::test_a_run_is_cancelled_from_another_process_and_the_next_sync_does_the_rest",
            "tests/faults/test_processes.py::test_a_cancel_ends_a_run_whose_process_is_dead",
        ),
    ),
    Promise(
        "runs:outlive-connection",
        "CONTRACT.md#MCP server",
        "A mutating call starts a durable run that lives on when the connection breaks.",
        (
            "tests/contract/test_assistants.py::test_the_same_call_repeated_gives_the_same_run_and_outlives_the_connection",
            "tests/unit/server/test_processes.py::test_a_signal_closes_the_state_and_names_the_run",
        ),
    ),
    Promise(
        "runs:same-run",
        "CONTRACT.md#MCP server",
        "run_sync repeated by its caller answers the same run while it is queued or running, else a new one.",
        (
            "tests/contract/test_assistants.py::test_the_same_call_repeated_gives_the_same_run_and_outlives_the_connection",
            "tests/e2e/test_mcp_dog.py::test_a_sync_finds_nothing_the_second_time",
        ),
    ),
    Promise(
        "runs:throttled",
        "CONTRACT.md#Command line: `spheresync`",
        "Throttling by AWS slows a run and fails nothing.",
        (
            "tests/faults/test_processes.py::test_throttling_slows_a_run_and_fails_nothing",
            "tests/faults/test_processes.py::test_throttling_slows_a_scheduler_and_sets_nothing_aside",
            "tests/integration/test_glue_door.py::test_throttling_is_waited_out_and_never_a_failure_while_there_is_time",
        ),
    ),
    Promise(
        "runs:lost-answer",
        "CONTRACT.md#What a Glue table holds",
        "A lost answer is read back and never blindly repeated.",
        (
            "tests/faults/test_processes.py::test_a_lost_answer_is_read_back_and_not_repeated",
            "tests/integration/test_glue_door.py::test_a_write_without_an_answer_is_never_repeated_blindly",
        ),
    ),
    Promise(
        "state:processes",
        "CONTRACT.md#Command line: `spheresync`",
        'Several processes work on one state folder: they wait for each other and never fail with "locked".',
        (
            "tests/faults/test_processes.py::test_four_syncs_at_once_write_every_table_once",
            "tests/faults/test_state_processes.py::test_several_processes_write_at_once_without_a_lock_error",
            "tests/unit/state/test_store.py::test_a_lock_that_never_comes_free_names_who_holds_it",
        ),
    ),
    Promise(
        "state:acknowledged",
        "CONTRACT.md#Command line: `spheresync`",
        "A kill or a full disk loses nothing that was acknowledged.",
        (
            "tests/faults/test_state_processes.py::test_kill_9_loses_nothing_that_was_acknowledged",
            "tests/faults/test_state_disk_full.py::test_a_full_disk_is_explained_and_survived",
        ),
    ),
    Promise(
        "state:long-life",
        "CONTRACT.md#Command line: `spheresync`",
        "After any mix of edits, outages and kills the catalog is what Datasphere says.",
        (
            "tests/faults/test_soak.py::test_a_short_life",
            "tests/faults/test_soak.py::test_a_long_life",
        ),
    ),
    Promise(
        "state:one-file",
        "CONTRACT.md#What a Glue table holds",
        "Embedded state is one SQLite file, spheresync.db, in the state folder.",
        (
            "tests/contract/test_audit_log.py::test_another_program_reads_the_table",
            "tests/e2e/test_cli_dog.py::test_a_read_only_state_is_called_that",
            "tests/unit/state/test_store.py::test_the_file_is_wal_and_fully_synchronous",
        ),
    ),
    Promise(
        "state:times",
        "CONTRACT.md#Words",
        "Times are UTC, ISO 8601 with Z, in the store and in JSON.",
        ("tests/contract/test_audit_log.py::test_another_program_reads_the_table",),
    ),
    Promise(
        "audit:columns",
        "CONTRACT.md#What a Glue table holds",
        "The table audit may be read by other programs; its columns are those of the contract.",
        (
            "tests/contract/test_audit_log.py::test_another_program_reads_the_table",
            "tests/unit/state/test_audit.py::test_another_program_can_check_the_chain_from_the_documented_formula",
        ),
    ),
    Promise(
        "audit:verify",
        "CONTRACT.md#Command line: `spheresync`",
        "audit verify exits 0 when intact and 1 when broken.",
        (
            "tests/contract/test_audit_log.py::test_verify_says_so_by_its_exit_code",
            "tests/unit/server/test_cli.py::test_exit_codes_of_checks",
        ),
    ),
    Promise(
        "audit:query",
        "CONTRACT.md#Command line: `spheresync`",
        "audit query filters by time, actor, action, asset, outcome and run.",
        (
            "tests/contract/test_audit_log.py::test_the_command_line_filters_it",
            "tests/contract/test_audit_log.py::test_a_word_that_no_entry_can_have_is_a_usage_error",
            "tests/contract/test_audit_log.py::test_every_word_that_entries_hold_is_valid",
            "tests/contract/test_audit_log.py::test_an_asset_nobody_knows_is_noted",
            "tests/contract/test_audit_log.py::test_a_day_is_the_whole_of_it",
            "tests/e2e/test_cli_dog.py::test_what_was_done_is_on_record",
            "tests/unit/state/test_audit.py::test_queries_filter_page_and_count",
        ),
    ),
    Promise(
        "audit:export",
        "CONTRACT.md#Command line: `spheresync`",
        "audit export writes the whole log.",
        (
            "tests/contract/test_audit_log.py::test_the_command_line_filters_it",
            "tests/unit/server/test_cli.py::test_the_audit_log_is_exported",
            "tests/unit/state/test_audit.py::test_json_lines_are_lossless_and_verifiable",
        ),
    ),
    Promise(
        "runs:counts",
        "CONTRACT.md#MCP server",
        "Counts add up: each asset in scope is told under one word, what a guard held back included.",
        (
            "tests/e2e/test_counts.py::test_what_could_not_be_read_is_failed_and_not_unchanged_too",
            "tests/e2e/test_counts.py::test_what_a_guard_holds_back_is_told",
            "tests/e2e/test_counts.py::test_a_table_that_an_update_had_to_make_again_is_created",
            "tests/e2e/test_counts.py::test_what_is_listed_and_not_exposed_is_no_failure_anywhere",
        ),
    ),
    Promise(
        "state:backup",
        "CONTRACT.md#Command line: `spheresync`",
        "backup saves the state while others write, whole or not at all.",
        (
            "tests/e2e/test_backup.py::TestWhileOthersWrite::test_a_backup_of_a_running_sync_is_whole_and_its_run_is_not_gone_on_with",
            "tests/e2e/test_backup.py::test_a_backup_replaces_nothing_unasked_and_leaves_nothing_behind",
            "tests/e2e/test_backup.py::test_dog_says_what_is_no_part_of_a_backup",
            "tests/faults/test_state_restore.py::test_a_full_disk_stops_a_backup_and_a_restore_and_changes_nothing",
        ),
    ),
    Promise(
        "state:reviewed",
        "CONTRACT.md#Command line: `spheresync`",
        "A change set that is not what was saved is refused; what is damaged in the state is named, not used.",
        (
            "tests/e2e/test_reviewed.py::test_what_is_rewritten_in_a_saved_change_set_is_refused_and_named",
            "tests/e2e/test_reviewed.py::test_foreign_content_in_the_place_of_what_was_reviewed_is_not_sent_and_the_rest_is",
            "tests/e2e/test_reviewed.py::test_damaged_contents_are_named_and_their_assets_are_read_anew",
            "tests/e2e/test_reviewed.py::test_a_change_set_of_which_a_cell_cannot_be_read_is_named_and_refused",
            "tests/e2e/test_reviewed.py::test_damaged_entries_of_a_journal_are_told_and_the_rest_of_the_run_is_undone",
            "tests/e2e/test_reviewed.py::test_a_backup_with_rows_that_cannot_be_read_is_restored_only_where_that_is_asked_for",
            "tests/unit/state/test_soundness.py::test_whatever_byte_is_turned_over_it_is_named_or_changes_nothing",
            "tests/unit/state/test_soundness.py::test_a_state_whose_schema_was_altered_is_refused_and_the_object_named",
        ),
    ),
    Promise(
        "state:one-cell",
        "README.md#Use it on your own tenant",
        "A row of the state that cannot be read is named, keeps nobody else from anything, and is made anew.",
        (
            "tests/faults/test_damaged_cells.py::test_every_table_and_every_column_has_a_shape",
            "tests/faults/test_damaged_cells.py::test_a_damaged_cell_keeps_nobody_from_anything",
            "tests/faults/test_damaged_cells.py::test_a_damaged_checkpoint_owns_nothing_and_its_table_is_known_again_by_its_marker",
            "tests/faults/test_damaged_cells.py::test_a_row_that_names_another_asset_is_given_no_definition_of_it",
        ),
    ),
    Promise(
        "state:audit-head",
        "README.md#Use it on your own tenant",
        "Where the audit log takes no entry, commands end with the reason, and no later one waits.",
        ("tests/faults/test_damaged_cells.py::test_an_audit_log_that_takes_no_entry_is_told_and_nobody_waits",),
    ),
    Promise(
        "apply:once-at-once",
        "CONTRACT.md#MCP server",
        "The same apply at the same moment, from two processes, is one run.",
        ("tests/e2e/test_reviewed.py::test_the_same_apply_at_the_same_moment_is_one_run",),
    ),
    Promise(
        "cli:outputs",
        "CONTRACT.md#Command line: `spheresync`",
        "No command writes over an existing file without --force, nor over a file of the state at all.",
        (
            "tests/e2e/test_reviewed.py::test_no_command_writes_over_the_state_or_over_a_file_that_is_there",
            "tests/unit/state/test_placing.py::test_nothing_of_the_state_is_written_over_by_whatever_name",
            "tests/unit/server/test_cli.py::test_every_command_that_takes_the_name_of_a_file_is_known_to_guard_it",
        ),
    ),
    Promise(
        "state:retention",
        "README.md#Use it on your own tenant",
        "Runs and change sets that are over go after a sync; what is referred to stays, and the audit log whole.",
        (
            "tests/e2e/test_retention.py::test_runs_that_are_over_go_after_a_sync_and_nothing_else_does",
            "tests/e2e/test_retention.py::test_every_column_that_refers_to_contents_is_known_as_such",
            "tests/unit/state/test_care.py::test_whatever_goes_nothing_that_is_referred_to_goes",
        ),
    ),
    Promise(
        "state:restore",
        "CONTRACT.md#Command line: `spheresync`",
        "restore brings the state back from a backup, whole or not at all, and keeps the former one.",
        (
            "tests/e2e/test_after_restore.py::test_a_run_that_only_the_lost_state_knew_cannot_be_undone_and_says_so",
            "tests/e2e/test_after_restore.py::test_an_undo_waits_until_a_sync_has_found_out_what_aws_holds",
            "tests/e2e/test_after_restore.py::test_drift_of_tables_that_nobody_knows_is_no_success_and_repairs_nothing",
            "tests/e2e/test_after_restore.py::test_what_a_revert_holds_is_known_after_a_restore_too",
            "tests/e2e/test_backup.py::test_a_restore_is_undone_by_a_restore",
            "tests/e2e/test_backup.py::test_a_state_that_root_restores_is_still_the_services",
            "tests/e2e/test_backup.py::test_a_state_of_a_process_that_was_killed_is_put_aside_with_all_it_held",
            "tests/e2e/test_backup.py::test_a_damaged_state_says_what_to_do_and_is_restored",
            "tests/e2e/test_backup.py::test_a_lost_folder_is_brought_back",
            "tests/faults/test_state_restore.py::test_kill_9_before_each_touch_of_a_file_leaves_the_old_state_whole_or_the_new_one",
        ),
    ),
    Promise(
        "state:restore:refused",
        "CONTRACT.md#Command line: `spheresync`",
        "restore refuses a state in use, and what is no sound backup of this installation.",
        (
            "tests/e2e/test_backup.py::TestWhileOthersWrite::test_a_state_in_use_is_not_restored_and_the_process_is_named",
            "tests/e2e/test_backup.py::test_files_that_are_no_backup_of_this_installation_change_nothing",
        ),
    ),
    Promise(
        "state:restore:converges",
        "CONTRACT.md#Command line: `spheresync`",
        "A restored state asks AWS what it holds, and writes what differs from Datasphere and nothing else.",
        (
            "tests/e2e/test_backup.py::test_an_older_state_converges_with_exactly_the_needed_writes",
            "tests/e2e/test_backup.py::test_a_version_that_comes_round_again_does_not_pass_for_the_one_that_was_known",
            "tests/e2e/test_backup.py::test_saved_change_sets_of_a_restored_state_are_not_applied",
        ),
    ),
)
