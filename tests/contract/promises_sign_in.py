"""Promises: a person signs in."""

from __future__ import annotations

from tests.contract.promise import Promise

_PAGE = "docs/how-to/sign-in-as-yourself.md#Sign in as yourself"
_LOGIN = "tests/e2e/test_login.py"
_RACES = "tests/faults/test_sign_in_processes.py"
_SHARED = "tests/unit/runtime/test_shared_sign_in.py"
_TOKENS = "tests/unit/source/test_interactive.py"
_LISTENER = "tests/unit/service/sign_in/test_loopback_listener.py"
_REQUEST = "tests/unit/service/sign_in/test_authorization_request.py"

SIGN_IN: tuple[Promise, ...] = (
    Promise(
        "cli:login",
        "CONTRACT.md#Command line: `spheresync`",
        "login signs a person in interactively; the tenant is read as that person from then on.",
        (
            f"{_LOGIN}::test_a_person_signs_in_and_the_tenant_is_read",
            f"{_LOGIN}::test_a_public_client_needs_no_secret",
            f"{_LOGIN}::test_the_document_is_one_and_the_status_tells_who_and_since_when",
            f"{_LOGIN}::test_where_nobody_signs_in_the_command_says_what_to_set",
        ),
    ),
    Promise(
        "cli:login:browser",
        _PAGE,
        "The address is said and a browser opened where there is a desktop; standard input is left alone.",
        (
            f"{_LOGIN}::test_a_browser_is_opened_where_there_is_one_and_touches_no_stream",
            f"{_LOGIN}::test_without_a_desktop_no_browser_is_tried_and_standard_input_is_left_alone",
            f"{_LOGIN}::test_the_page_says_how_it_ended_and_the_listener_is_gone_then",
        ),
    ),
    Promise(
        "cli:login:pkce",
        _PAGE,
        "It is the authorization code flow with PKCE (S256).",
        (
            f"{_LOGIN}::test_a_code_of_somebody_else_is_worth_nothing",
            f"{_REQUEST}::test_the_challenge_is_that_of_rfc_7636",
            f"{_REQUEST}::test_every_client_and_redirect_uri_arrives_to_the_letter",
        ),
    ),
    Promise(
        "cli:login:one-answer",
        _PAGE,
        "Only this machine reaches the listener, which takes one answer of this attempt at the registered path.",
        (
            f"{_LOGIN}::test_a_strange_answer_ends_nothing_and_the_right_one_still_counts",
            f"{_LOGIN}::test_the_registered_redirect_uri_is_used_to_the_letter",
            f"{_LISTENER}::test_a_second_answer_is_none",
            f"{_LISTENER}::test_what_does_not_belong_to_the_attempt_is_told_so_and_ends_nothing",
            f"{_REQUEST}::test_nothing_with_another_state_is_an_answer",
        ),
    ),
    Promise(
        "cli:login:refused",
        _PAGE,
        "What goes wrong while somebody signs in is told, audited, and leaves who was signed in before.",
        (
            f"{_LOGIN}::test_whatever_goes_wrong_is_told_and_changes_nothing",
            f"{_LOGIN}::test_nobody_came_back_in_time",
            f"{_LOGIN}::test_a_port_that_is_taken_and_other_mistakes_are_usage_errors",
        ),
    ),
    Promise(
        "cli:login:out",
        _PAGE,
        "Who signs out is out for every process, with its next request.",
        (
            f"{_LOGIN}::test_who_signs_out_is_out_for_a_server_too",
            f"{_TOKENS}::test_who_signed_out_is_out_with_the_next_request",
        ),
    ),
    Promise(
        "config:sign-in",
        _PAGE,
        "sign_in, authorization_url and redirect_uri are checked all at once, and derived where they can be.",
        (
            f"{_LOGIN}::test_the_sign_in_page_is_where_the_settings_say",
            "tests/unit/config/test_interactive.py::test_all_problems_come_at_once",
            "tests/unit/config/test_interactive.py::test_what_only_an_interactive_sign_in_has_is_refused_elsewhere",
        ),
    ),
    Promise(
        "source:sign-in:once",
        _PAGE,
        "One process renews the sign-in at a time, and the others take what came of it.",
        (
            f"{_RACES}::test_processes_that_all_need_a_new_token_renew_it_once",
            f"{_SHARED}::test_one_at_a_time_whichever_process",
            f"{_SHARED}::test_who_lost_the_lease_writes_nothing",
            f"{_TOKENS}::test_doors_that_share_a_sign_in_renew_it_once",
            f"{_TOKENS}::test_what_was_answered_is_kept_although_nobody_waits_for_it_any_more",
        ),
    ),
    Promise(
        "source:sign-in:killed",
        _PAGE,
        "A process that dies between a renewal and its being written down costs a sign-in at most, and nothing else.",
        (
            f"{_RACES}::test_a_token_that_died_with_its_process_ends_the_sign_in_and_nothing_else",
            f"{_RACES}::test_where_nothing_is_rotated_the_next_process_goes_on_after_a_kill",
        ),
    ),
    Promise(
        "source:sign-in:ended",
        _PAGE,
        "Once nobody is signed in any more, all say so, nothing is changed, and it goes on after the next login.",
        (
            f"{_LOGIN}::test_a_sign_in_that_was_revoked_changes_nothing_and_says_what_to_do",
            f"{_LOGIN}::test_a_server_lives_without_a_sign_in_and_goes_on_by_itself_after_one",
            f"{_LOGIN}::test_people_are_told_that_nobody_is_signed_in_and_when_somebody_is",
            f"{_TOKENS}::test_a_refresh_token_that_is_refused_ends_the_sign_in_for_all",
            f"{_TOKENS}::test_no_other_trouble_ends_a_sign_in",
        ),
    ),
    Promise(
        "state:sign-in:sealed",
        _PAGE,
        "Tokens are encrypted with a key that lies elsewhere; no output, log, state or backup holds them.",
        (
            f"{_LOGIN}::test_no_output_no_log_and_no_state_holds_a_secret",
            f"{_LOGIN}::test_no_answer_to_an_assistant_names_the_place_of_the_key",
            f"{_LOGIN}::test_a_backup_holds_no_sign_in_and_a_restore_leaves_it",
            f"{_LOGIN}::test_a_key_that_is_gone_or_open_is_told_and_a_new_sign_in_makes_one",
            "tests/unit/state/test_sealed_file.py::test_a_document_comes_back_and_stands_nowhere_in_the_file",
            "tests/unit/state/test_sealed_file.py::test_whatever_is_changed_in_it_is_seen",
        ),
    ),
    Promise(
        "source:sign-in:own-server",
        _PAGE,
        "Tokens are sent to nobody but the token server that gave them.",
        (
            f"{_LOGIN}::test_a_refresh_token_is_sent_to_nobody_but_who_gave_it",
            f"{_SHARED}::test_a_sign_in_counts_for_its_own_client_and_server_only",
        ),
    ),
    Promise(
        "source:technical-user",
        "CONTRACT.md#Configuration",
        "A technical user signs in by client_credentials, and nothing of it is kept.",
        (f"{_LOGIN}::test_a_technical_user_asks_and_keeps_nothing_of_it",),
    ),
)
