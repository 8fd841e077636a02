"""Say to an assistant in the words of its tools what the engine says in those of the command line."""

from __future__ import annotations

import re

from pydantic_core import ErrorDetails

from spheresync_server.json_texts import Json, map_texts, same

OWN_TEXTS = frozenset({"message", "remedy", "reason", "problem", "summary", "note", "seen_in_aws"})
"""Fields of answers that hold sentences of ours."""

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(said), instead)
    for said, instead in (
        (r"([Mm])ake a new preview", r"\1ake a new change set with preview_changes"),
        (r"Make one with preview\.", "Make one with preview_changes."),
        (r"The list of runs shows", "list_runs shows"),
        (r"run discover", "call preview_changes with refresh=true"),
        (
            r"run sync with ((?:--space \S+ )?--max-deletes \d+)",
            r"ask whoever runs this installation to lift the guard (at the command line: `spheresync sync \1`)",
        ),
        (r"`spheresync apply (\w+) --allow-deletes` does", r"apply_changes with \1 and allow_deletes=true does"),
        (r"apply that with --allow-deletes", "apply that with allow_deletes=true"),
        (r"Revert (run_\w+) again", r"Call revert_run with \1 again"),
        (r"until somebody syncs with --allow-deletes", "until somebody applies a change set with allow_deletes=true"),
        (r"`spheresync release --asset ([^`]+)` lets", r"release with assets=[\1] (role admin) lets"),
        (r"After `spheresync release --asset ([^`]+)`:", r"After release with assets=[\1] (role admin):"),
        (r"with --allow-deletes besides", "with allow_deletes=true of apply_changes besides"),
        (r"export it again with `spheresync promote`", "have it exported again"),
        (r"runs `spheresync approve [^`]+`", "approves it at the command line"),
        (r" with `spheresync approve [^`]+`", " at the command line, which only a person does"),
        (r"`spheresync sync --full`", "run_sync with full=true"),
        (
            r"`spheresync drift --asset ([^`]+) --overwrite` makes a change set that puts back what was written",
            r"detect_drift with assets=[\1] and overwrite=true makes a change set for apply_changes that puts it back",
        ),
        (r"run `spheresync drift --repair`", "look again with detect_drift"),
        (r"([Rr])un sync --full", r"\1un run_sync with full=true"),
        (r"`spheresync restore FILE` brings it back", "Whoever runs this installation can bring it back"),
        (r"or brought back by `spheresync restore FILE`", "or brought back from a backup"),
        (r"`spheresync sync --tier (\w+)` does it now", r"run_sync with tiers=[\1] does it now"),
        (
            r"`spheresync schedule run-now (\w+)` has them read now",
            r"manage_schedule with tier=\1 and action=run_now has them read now",
        ),
        (r"Restore a backup \(`spheresync restore FILE`\)", "Have a backup restored"),
        (r"a file that `spheresync backup` made", "a backup"),
        (r", or --force to replace it", ""),
        (r", or give --force: these rows count as lost, and are made anew by a sync", ""),
        (
            r"Run `spheresync login`(?: anew| again)?",
            "Ask whoever runs this installation to sign in (at the command line: `spheresync login`)",
        ),
        (r"`spheresync audit verify` (?=tell|finds)", "verify_audit_log "),
        (r"`spheresync revert (\w+)`", r"revert_run with \1"),
        (r"`spheresync runs (\w+)`", r"get_run of \1"),
        (r"`spheresync schedule pause (\w+)`", r"manage_schedule with tier=\1 and action=pause"),
        (r"`spheresync schedule resume (\w+)` lets", r"manage_schedule with tier=\1 and action=resume lets"),
        (
            r"leave `spheresync serve --transport http` running, or have cron run `spheresync sync`",
            "whoever runs this installation leaves its server running, or somebody calls run_sync",
        ),
        (
            r"`spheresync serve --transport http` starts one that does",
            "whoever runs this installation starts one (at the command line: `spheresync serve --transport http`)",
        ),
        (r"`spheresync assets --status failed`", "list_assets with status=failed"),
        (r"`spheresync drift` looks", "detect_drift looks"),
        (r"`spheresync schedule jobs` lists", "The queue of get_sync_status counts"),
        (r"`spheresync doctor`|(?<=Run )spheresync doctor", "test_connections"),
        (r"`spheresync config validate` checks the file", "get_sync_status tells when it is mended"),
        (r"`spheresync config show` lists", "the resource spheresync://config lists"),
    )
)


def with_tool_names(text: str) -> str:
    """A sentence of the engine as an assistant can act on it."""
    for said, instead in _WORDS:
        text = said.sub(instead, text)
    return text


def answer_with_tool_names(value: Json) -> Json:
    """The same for every sentence of ours in an answer; names, labels and values stay what they are."""
    return map_texts(value, same, fields=_OWN_FIELDS)


def _own_text(value: Json) -> Json:
    return with_tool_names(value) if isinstance(value, str) else answer_with_tool_names(value)


_OWN_FIELDS = dict.fromkeys(OWN_TEXTS, _own_text)


def argument_problem(problem: ErrorDetails) -> str:
    """What is wrong with one argument: `limit must be at most 200, not 500`."""
    name, *places = problem["loc"] or ("arguments",)
    item = f" (item {places[0] + 1})" if places and isinstance(places[0], int) else ""
    if problem["type"] == "missing":
        return f"{name} is missing{_example(str(name))}"
    given = problem.get("input")
    said = f", not {given!r}" if isinstance(given, str | int | float | bool) and len(repr(given)) <= 80 else ""
    example = _example(str(name)) if problem["type"].startswith(("string", "list")) else ""
    return f"{name}{item} {_demand(problem)}{said}{example}"


def _example(name: str) -> str:
    """A value that an argument may have, where its form is not plain."""
    return f" (such as {_EXAMPLES[name]})" if name in _EXAMPLES else ""


def _demand(problem: ErrorDetails) -> str:
    kind, limits = problem["type"], problem.get("ctx", {})
    if kind == "less_than_equal":
        return f"must be at most {limits['le']}"
    if kind == "greater_than_equal":
        return f"must be at least {limits['ge']}"
    if kind == "literal_error":
        return f"must be one of {limits['expected']}".replace(" or ", ", ")
    for start, demand in _KINDS:
        if kind.startswith(start):
            return demand
    return "has no valid value"


_EXAMPLES = {
    "asset": '"SALES/ORDERS"',
    "assets": '["SALES/ORDERS"]',
    "spaces": '["SALES"]',
    "tiers": '["critical"]',
    "targets": '["glue"]',
    "destinations": '["default"]',
    "change_set_id": '"cs_0123456789ab"',
    "run_id": '"run_0123456789ab"',
    "tier": '"high"',
    "action": '"pause"',
    "since": '"2026-11-24"',
    "until": '"2026-11-24"',
}
"""Of arguments that are often given in another form, by name."""
_KINDS = (
    ("int", "must be a whole number"),
    ("bool", "must be true or false"),
    ("string", "must be a text"),
    ("list", "must be a list"),
    ("literal", "must be a text"),
)
