"""Every bad value that a file or a variable can hold is told in plain words: place, key, what is wrong, and the fix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spheresync.config import load_settings
from spheresync.errors import ConfigurationError

PLACE = re.compile(r"(spheresync\.yaml(, line \d+(, column \d+)?)?|SPHERESYNC_\w+|environment|settings): (?P<told>.+)")
#: Words of the type checker, of the YAML parser, of Python, and names of ours.
JARGON = re.compile(
    r"Input|valid (string|integer|tuple|dictionary|number|boolean)|instance|value_error|dictionary|\btuple\b"
    r"|format string"
    r"|unable|\bparse|None\b|pydantic|pathlib|<class|Field required|any token|block mapping|stream|scalar|MappingRules"
    r"|RuleMatch|RuleSet|TierSettings|DriftPolicies|ChangeSets|does not belong here"
)
SECRET = "s3cr3t"

FILES = {
    "wrong kinds at the top": "prefix: [a]\ninstallation: {a: 1}\nstate_dir: [x]\nenv: 5\ntargets: 5\n",
    "nothing behind the colon": "prefix:\ntargets:\nscope:\nmapping:\ntiers: {high: }\ndeletion: {misses: , policy: }\n"
    "scheduler:\ndrift: {columns: }\ndatasphere: {client_secret: , give_up_after: }\nchange_sets:\nlimits:\n",
    "no keys in a section": "scope: [a]\nmapping: x\ntiers: 5\ndeletion: true\nscheduler: []\ndatasphere: 1.5\n",
    "numbers": "scheduler: {workers: many}\ndeletion: {misses: [3]}\ndatasphere: {max_requests_per_minute: 1.5}\n"
    "limits: {glue_calls_per_second: fast}\n",
    "numbers out of bounds": "scheduler: {workers: 65}\ndeletion: {misses: -1}\nlimits: {glue_calls_per_second: 0}\n"
    f"datasphere: {{max_requests_per_minute: {'9' * 5000}}}\n",
    "endless numbers": "scheduler: {workers: .nan}\nlimits: {glue_calls_per_second: .inf}\ndeletion: {misses: 1e999}\n",
    "lengths of time": "tiers: {critical: {interval: -5m, freshness: 0s}, high: {interval: 5}}\n"
    "deletion: {grace: -1s}\nchange_sets: {expires: ''}\ndatasphere: {give_up_after: soon}\n",
    "globs": "scope: {include: SALES, exclude: [1, null, '', [a], {b: c}]}\n",
    "no globs": "scope: {include: []}\n"
    "mapping: {rules: [{match: {name: [], space: {a: 1}, kind: views}, set: {table: x}}]}\n",
    "times of day": "tiers: {medium: {window: '25:00-05:00', timezone: Mars/Base}, high: {window: 5-6, timezone: ../x},"
    " critical: {window: '01:00-01:00', timezone: [a]}}\n",
    "unknown keys": "prefx: a\nScope: {}\ntiers: {urgent: {interval: 1h}, hihg: {}}\nzzz: 1\n5: 3\n"
    "tiers.high.interval: 1h\ndeletion: {<<: {misses: 3}}\n",
    "rules": "mapping: {rules: [5, null, {match: 5, set: 5}, {match: {}, set: {}}, {columns: 5},"
    " {columns: [5, {}, {set: {}}]},"
    " {set: {tier: urgent, table: [5], database: '{nope}', description: '{', include: maybe, tags: [a]}},"
    " {set: {tags: {a: , b: [x], '': y}}}, {columns: [{match: {role: x}, set: {type: foo, include: 3, name: x}}]},"
    " {columns: [{set: {type: decimal(18}}, {set: {type: 'array<'}}, {set: {type: decimal(99)}}]}]}\n",
    "no list of rules": "mapping: {rules: {a: 1}}\n",
    "words": "deletion: {policy: Retire}\ndrift: {columns: 5, missing: [keep]}\nscheduler: {first_sync: now}\n"
    "datasphere: {objects: maybe}\ntargets: [gleu, lakeformation, null]\n",
    "names": "prefix: 'Ä b'\ninstallation: 'a b/c'\n",
    "a word that YAML reads as true": "prefix: on\nenv: no\n",
    "a tab": "scope:\n\tinclude: [a]\n",
    "keys twice": "prefix: a\nprefix: b\n",
    "an alias": "scope: {include: &x ['a/*'], exclude: *x}\n",
    "two documents": "prefix: a\n---\nprefix: b\n",
    "no keys": "hello\n",
    "not UTF-8": b"prefix: \xe4\n",
    "UTF-16": "prefix: a\n".encode("utf-16"),
    "a control character": "prefix: a\x00b\n",
    "huge": b"#" * 2_000_000,
    "deep": "{a: " * 60 + "1" + "}" * 60,
    "variables that are not set": "datasphere: {client_secret: ${NOPE}, client_id: '${ALSO} ${NOPE}'}\n",
    "a tag": "prefix: !foo x\n",
    "a key that is a list": "? [a, b]\n: c\n",
    "an open bracket": "scope: {include: [a\nprefix: b\n",
    "an open brace": "scope: {include: x\n",
    "a bracket too many": "targets: [glue]]\n",
    "a stray brace": "prefix: }\n",
    "an open quote": "prefix: 'abc\n",
    "a colon in a text": "prefix: a: b\n",
    "a special character": "prefix: @x\n",
    "an asterisk": "prefix: *\n",
    "a backslash": 'prefix: "\\q"\n',
    "a directive": "%foo\nprefix a\n",
    "indentation": "scope:\n  include: [a]\n exclude: [b]\n",
    "a list among keys": "prefix: a\n- b\n",
    "URLs": "env: wolf\ndatasphere: {base_url: 'http://x', token_url: 5, client_id: [5], client_secret: {a: b}}\n",
}
VARIABLES = {
    "numbers": {"SPHERESYNC_SCHEDULER__WORKERS": "many", "SPHERESYNC_DELETION__MISSES": ""},
    "lengths of time": {"SPHERESYNC_TIERS__CRITICAL__INTERVAL": "-5m", "SPHERESYNC_TIERS__HIGH__INTERVAL": ""},
    "lists": {"SPHERESYNC_TARGETS": "", "SPHERESYNC_SCOPE__INCLUDE": "", "SPHERESYNC_SCOPE__EXCLUDE": "[a]"},
    "words": {"SPHERESYNC_ENV": "prod", "SPHERESYNC_DELETION__POLICY": "x", "SPHERESYNC_DRIFT__COLUMNS": ""},
    "times of day": {"SPHERESYNC_TIERS__MEDIUM__WINDOW": "1-2", "SPHERESYNC_TIERS__MEDIUM__TIMEZONE": ""},
    "bytes": {"SPHERESYNC_PREFIX": "a\udce4", "SPHERESYNC_INSTALLATION": "x" * 500},
    "unknown": {"SPHERESYNC_MAPPING__RULES": "[]", "SPHERESYNC_SCOPE": "x", "SPHERESYNC_FOO": "1", "SPHERESYNC_": "x"},
    "a tenant that is missing": {"SPHERESYNC_ENV": "wolf"},
}


def problems(tmp_path: Path, file: str | bytes | None = None, **environ: str) -> tuple[str, ...]:
    if file is not None:
        (tmp_path / "spheresync.yaml").write_bytes(file if isinstance(file, bytes) else file.encode())
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None, None, {"HOME": str(tmp_path), **environ}, tmp_path)
    return caught.value.problems


def check(problem: str) -> None:
    match = PLACE.fullmatch(problem)
    assert match, problem
    assert not JARGON.search(problem), problem
    assert "; " in match["told"] or "must " in match["told"], f"no fix: {problem}"


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_told_in_plain_words(tmp_path: Path, name: str) -> None:
    for problem in problems(tmp_path, FILES[name]):
        check(problem)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_bad_variable_is_told_in_plain_words(tmp_path: Path, name: str) -> None:
    told = problems(tmp_path, **VARIABLES[name])
    for problem in told:
        check(problem)
    assert len(told) >= len(VARIABLES[name])


SAID = {
    "\nprefix:\n": ", line 2: prefix: has no value; give one or remove the key",
    "prefix: on": (", line 1: prefix: is read as true or false, as YAML reads on, off, yes and no; put it in quotes"),
    "scheduler:\n  workers: many": (
        ", line 2: scheduler.workers: is no whole number; give one in digits, without a unit"
    ),
    "scheduler: {workers: 65}": ", line 1: scheduler.workers: is too large; give at most 64",
    "drift: {columns: overwrit}": (
        ", line 1: drift.columns: is none of report, keep, overwrite; did you mean overwrite?"
    ),
    "scope: [a]": ", line 1: scope: is a list; give it keys: include, exclude",
    "scope: {include: [SALES]}": (
        ", line 1: scope.include: 'SALES' matches no asset, which is written SPACE/NAME; "
        "write SALES/* for a whole space"
    ),
    "scope: {include: ['!SALES/*']}": (
        ", line 1: scope.include: '!SALES/*' would exclude nothing, as globs know no !; "
        "write the rest of it under scope.exclude"
    ),
    f"scope: {{exclude: [{'A/*, ' * 1_001}]}}": (
        ", line 1: scope.exclude: holds 1001 globs, 1,000 at most; say the same with * and ?"
    ),
    f"mapping: {{rules: [{{match: {{name: [{'A*, ' * 1_001}]}}, set: {{tier: high}}}}]}}": (
        ", line 1: mapping.rules.0.match.name: holds 1001 globs, 1,000 at most; say the same with * and ?"
    ),
    "tiers.high.interval: 1h": (", line 1: tiers.high.interval: unknown key; write it as tiers: {high: {interval: …}}"),
    "mapping:\n  rules:\n    - match: {role: x}\n      set: {table: x}": (
        ", line 3: mapping.rules.0.match.role: unknown key; valid keys: space, name, kind, label"
    ),
    "a: [b\nc: d": ", line 1, column 4: is not YAML: opens a bracket that is not closed; close it",
}


@pytest.mark.parametrize("file", SAID)
def test_what_is_said(tmp_path: Path, file: str) -> None:
    assert problems(tmp_path, file) == (f"spheresync.yaml{SAID[file]}",)


def test_every_place_of_a_list_is_told(tmp_path: Path) -> None:
    told = "; ".join(problems(tmp_path, "targets: [gleu, datazonee, elsewhere]"))
    assert "'gleu' is no target; did you mean glue?" in told and "did you mean datazone?" in told
    assert "'elsewhere' is no target" in told


def test_no_value_is_repeated(tmp_path: Path) -> None:
    file = (
        f"datasphere: {{objects: {SECRET}, base_url: {SECRET}, max_requests_per_minute: {SECRET}, client_secret: "
        f"[{SECRET}], give_up_after: {SECRET}}}\nscheduler: {SECRET}\ntiers: {{high: {{timezone: {SECRET}, window: "
        f"{SECRET}}}}}\n"
    )
    told = problems(tmp_path, file, SPHERESYNC_DELETION__MISSES=SECRET)
    assert len(told) == 9 and SECRET not in "".join(told)


@pytest.mark.parametrize(
    "secret", ["0123", "1_000", "1.10", "1e5", "0x1F", "1:30", "12345678901234567890123", "007.50"]
)
def test_a_secret_that_looks_like_a_number_stays_what_it_is(tmp_path: Path, secret: str) -> None:
    (tmp_path / "spheresync.yaml").write_text(f"datasphere: {{client_secret: {secret}}}\n")
    settings = load_settings(None, None, {"HOME": str(tmp_path)}, tmp_path)
    assert settings.datasphere.client_secret.get_secret_value() == secret
