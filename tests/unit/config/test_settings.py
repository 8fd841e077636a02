"""Settings through their front door: what the file and the environment say, and every problem at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheresync.config import DeletionPolicy, Settings, SettingsSource, derive_token_url, load_settings
from spheresync.config.durations import format_duration, parse_duration
from spheresync.config.hive_types import parse_hive_type
from spheresync.errors import ConfigurationError
from spheresync.model import Tier

SECRET = "s3cr3t-do-not-show"
TENANT = {
    "SPHERESYNC_DATASPHERE__BASE_URL": "https://acme.eu10.hcs.cloud.sap",
    "SPHERESYNC_DATASPHERE__CLIENT_ID": "sb-client",
    "SPHERESYNC_DATASPHERE__CLIENT_SECRET": SECRET,
}
CONTRACT = """
installation: prod-eu
datasphere: {base_url: "https://acme.eu10.hcs.cloud.sap", client_id: c, client_secret: "${DSP_SECRET}", objects: on}
targets: [glue]
prefix: dsp_
scope: {include: ["SALES/*"], exclude: ["SALES/TMP_*"]}
mapping:
  rules:
    - match: {space: SALES, name: "V_*", kind: [view], label: "*forecast*"}
      set: {tier: critical, table: "{name}_v1", database: "sales_{space}", description: "{label} ({asset})",
            tags: {layer: gold}}
    - match: {name: "V_*"}
      columns: [{match: {name: "*_TMP"}, set: {include: false}}, {match: {name: QTY}, set: {type: "decimal(18,0)"}}]
    - match: {space: HR}
      set: {include: false}
scheduler: {first_sync: preview, workers: 5}
tiers:
  critical: {interval: 60s, freshness: 5m}
  high:     {interval: 1h}
  medium:   {interval: 1d, window: "01:00-05:00", timezone: Europe/Berlin}
deletion: {policy: retire, misses: 3, grace: 0s}
drift: {description: report, comments: report, columns: overwrite, parameters: overwrite, missing: overwrite}
"""

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load with a file of the given text, in the given environment."""

    def load(text: str | None = None, *, env: str | None = None, **environ: str) -> Settings:
        if text is not None:
            (tmp_path / "spheresync.yaml").write_text(text, encoding="utf-8")
        return load_settings(env, None, {"HOME": str(tmp_path), **environ}, tmp_path)

    return load


def _problems(load: Load, text: str | None = None, *, env: str | None = None, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(text, env=env, **environ)
    assert SECRET not in str(caught.value)
    return caught.value.problems


def test_nothing_at_all_is_dog_with_the_contract_defaults(load: Load, tmp_path: Path) -> None:
    settings = load()
    assert (settings.env, settings.targets, settings.prefix) == ("dog", ("glue",), "")
    assert settings.state_dir == tmp_path / ".local/state/spheresync/dog"
    assert settings.scheduler.first_sync == "apply"
    assert [settings.tiers.of(tier).interval for tier in Tier] == [
        timedelta(seconds=60),
        timedelta(hours=1),
        timedelta(days=1),
    ]
    assert settings.tiers.critical.freshness == timedelta(minutes=5)
    assert settings.deletion.policy is DeletionPolicy.RETIRE
    assert (settings.deletion.misses, settings.deletion.grace) == (3, timedelta())
    assert settings.datasphere.max_requests_per_minute == 240
    assert settings.datasphere.give_up_after == timedelta(seconds=60)
    assert settings.change_sets.expires == timedelta(hours=24)


def test_the_contract_example_loads(load: Load) -> None:
    settings = load(CONTRACT, env="wolf", DSP_SECRET=SECRET)
    assert settings.installation_marker == "spheresync:prod-eu"
    assert settings.datasphere.client_secret.get_secret_value() == SECRET
    assert settings.datasphere.objects == "on"
    assert settings.datasphere.token_url == "https://acme.authentication.eu10.hana.ondemand.com/oauth/token"
    assert settings.scheduler.first_sync == "preview"
    assert len(settings.mapping.rules) == 3
    assert settings.tiers.medium.timezone == "Europe/Berlin"
    assert settings.tenant_host == "acme.eu10.hcs.cloud.sap"


def test_the_environment_wins_over_the_file(load: Load) -> None:
    settings = load(
        CONTRACT,
        env="wolf",
        DSP_SECRET="x",
        SPHERESYNC_PREFIX="other_",
        SPHERESYNC_TARGETS=" glue ",
        SPHERESYNC_INSTALLATION="elsewhere",
        SPHERESYNC_STATE_DIR="/var/lib/s",
        SPHERESYNC_ROLE="operator",
        SPHERESYNC_TIERS__CRITICAL__INTERVAL="2s",
        SPHERESYNC_DATASPHERE__MAX_REQUESTS_PER_MINUTE="60",
        SPHERESYNC_DATASPHERE__OBJECTS="off",
    )
    assert (settings.prefix, settings.installation_marker) == ("other_", "spheresync:elsewhere")
    assert settings.state_dir == Path("/var/lib/s")
    assert settings.tiers.critical.interval == timedelta(seconds=2)
    assert settings.tiers.critical.freshness == timedelta(minutes=5)
    assert (settings.datasphere.max_requests_per_minute, settings.datasphere.objects) == (60, "off")


@pytest.mark.parametrize(
    ("flag", "variable", "text", "expected"),
    [("bear", "wolf", "env: dog", "bear"), (None, "wolf", "env: dog", "wolf"), (None, "", "env: wolf", "wolf")],
)
def test_the_flag_beats_the_variable_beats_the_file(
    load: Load, flag: str | None, variable: str, text: str, expected: str
) -> None:
    assert load(text, env=flag, SPHERESYNC_ENV=variable, **TENANT).env == expected


def test_all_problems_come_at_once_each_with_place_and_fix(load: Load) -> None:
    text = """
scop: {include: ["*"]}
datasphere: {client_secret: "${NOT_SET}"}
mapping:
  rules:
    - match: {nam: "V_*"}
      set: {table: "{nmae}_v1"}
    - match: {kind: [viev]}
      columns: [{match: {name: QTY}, set: {type: "decimal(99,1)"}}]
tiers: {high: {interval: 1 week}}
drift: {columns: ignore}
targets: [gleu]
"""
    problems = _problems(load, text, env="wolf", SPHERESYNC_PREFIXX="a", SPHERESYNC_DELETION__MISSES="0")
    expected = [
        ("spheresync.yaml", "scop", "did you mean scope"),
        ("spheresync.yaml", "datasphere.client_secret", "NOT_SET"),
        ("spheresync.yaml", "nam", "did you mean name"),
        ("spheresync.yaml", "table", "did you mean {name}"),
        ("spheresync.yaml", "kind", "viev"),
        ("spheresync.yaml", "type", "1 to 38"),
        ("spheresync.yaml", "tiers.high.interval", "60s"),
        ("spheresync.yaml", "drift.columns", "overwrite"),
        ("spheresync.yaml", "targets", "did you mean glue"),
        ("SPHERESYNC_PREFIXX", "SPHERESYNC_PREFIX", "did you mean"),
        ("SPHERESYNC_DELETION__MISSES", "deletion.misses", "1"),
        ("settings", "datasphere.base_url", "needed in wolf"),
        ("settings", "datasphere.client_id", "needed in wolf"),
    ]
    for words in expected:
        assert any(all(word in problem for word in words) for problem in problems), words
    assert len(problems) == len(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prefix: a\nprefix: b", "line 2"),
        ("scope:\n  include: [a]\n  include: [b]", "scope.include"),
        ("a: &x 1\nb: *x", "alias"),
        ("prefix: [", "line 1"),
        ("- a\n- b", "keys and values"),
        ("prefix: !!python/object:os.system x", "tag"),
        ("a: 1\n---\nb: 2", "document"),
        ("x: " + "[" * 5_000, "nested too deeply"),
        ("{a: " * 5_000, "nested too deeply"),
        ("\n".join(" " * depth + "a:" for depth in range(500)), "nested too deeply"),
        ("\n".join(" " * depth + "-" for depth in range(500)), "nested too deeply"),
        ("- " * 5_000, "nested too deeply"),
        ("prefix: \x07", "not YAML"),
    ],
)
def test_a_bad_file_is_named_with_its_line(load: Load, text: str, said: str) -> None:
    (problem, *_) = _problems(load, text)
    assert problem.startswith("spheresync.yaml")
    assert said in problem


def test_a_syntax_error_never_quotes_the_file(load: Load) -> None:
    problems = _problems(load, f"datasphere:\n  client_secret: {SECRET}\n bad: [")
    assert "line 3" in problems[0]


def test_a_billion_laughs_are_refused(load: Load) -> None:
    text = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    assert "alias" in _problems(load, text)[0]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    for file, said in ((tmp_path / "absent.yaml", "cannot be read"), (tmp_path, "cannot be read")):
        with pytest.raises(ConfigurationError, match=said):
            load_settings(None, file, {}, tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"installation: x\nprefix: \xe4")
    with pytest.raises(ConfigurationError, match=r"line 2.*UTF-8"):
        load_settings(None, tmp_path / "latin.yaml", {}, tmp_path)


def test_variables_are_filled_in_once_and_escapes_stay(load: Load) -> None:
    text = """
mapping:
  rules: [{set: {description: "$${KEEP} ${A}${B} $5 {label}"}}]
"""
    rule = load(text.replace("{KEEP}", "{{KEEP}}"), A="$${{A}}", B="b").mapping.rules[0]
    assert rule.set.description == "${{KEEP}} $${{A}}b $5 {label}"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://acme.eu10.hcs.cloud.sap", "https"),
        ("ftp://x", "http(s)"),
        ("acme.eu10.hcs.cloud.sap", "http(s)"),
        (f"https://user:{SECRET}@acme.eu10.hcs.cloud.sap", "client_secret"),
    ],
)
def test_a_base_url_is_checked_and_never_repeated(load: Load, url: str, said: str) -> None:
    problems = _problems(load, env="wolf", **{**TENANT, "SPHERESYNC_DATASPHERE__BASE_URL": url})
    assert any("SPHERESYNC_DATASPHERE__BASE_URL" in problem and said in problem for problem in problems)


def test_another_host_needs_its_token_url(load: Load) -> None:
    elsewhere = {**TENANT, "SPHERESYNC_DATASPHERE__BASE_URL": "http://127.0.0.1:8001"}
    assert "token_url" in _problems(load, env="bear", **elsewhere)[0]
    given_url = "http://127.0.0.1:8001/oauth/token"
    settings = load(env="bear", **elsewhere, SPHERESYNC_DATASPHERE__TOKEN_URL=given_url)
    assert (settings.datasphere.token_url, settings.tenant_host) == (given_url, "127.0.0.1")


def test_secrets_show_nowhere(load: Load) -> None:
    settings = load(env="wolf", **TENANT)
    shown = settings.redacted()
    assert SECRET not in json.dumps(shown) + repr(settings) + str(settings) + settings.model_dump_json()
    tree, sources = shown["settings"], shown["sources"]
    assert isinstance(tree, dict)
    assert isinstance(sources, dict)
    assert isinstance(tree["datasphere"], dict)
    assert tree["datasphere"]["client_secret"] == "***"
    assert sources["datasphere.client_secret"] == "SPHERESYNC_DATASPHERE__CLIENT_SECRET"
    assert sources["datasphere.token_url"] == "derived"
    assert sources["deletion.misses"] == "default"


def test_the_derived_installation_is_the_same_for_the_same_tenant_and_prefix(load: Load) -> None:
    names = {load(env="wolf", **TENANT, SPHERESYNC_PREFIX=prefix).installation_marker for prefix in ("", "", "p_")}
    assert names == {"spheresync:acme.eu10.hcs.cloud.sap", "spheresync:acme.eu10.hcs.cloud.sap+p_"}


def _digests(load: Load, text: str) -> tuple[str, str]:
    settings = load(text)
    return settings.mapping_digest, settings.scope_digest


def test_digests_move_with_what_they_cover_and_nothing_else(load: Load) -> None:
    mapping, scope = _digests(load, "")
    rule = "mapping: {rules: [{match: {name: V_*}, set: {%s}}]}"
    assert _digests(load, "scheduler: {workers: 9}\ndrift: {columns: keep}\ntiers: {high: {interval: 5m}}") == (
        mapping,
        scope,
    )
    assert _digests(load, rule % "tier: critical") == (mapping, scope)
    assert _digests(load, "scope: {include: [A/*]}")[0] == mapping
    assert _digests(load, "scope: {include: [A/*]}")[1] != scope
    assert _digests(load, rule % "include: false")[1] != scope
    assert _digests(load, rule % "table: x")[0] != mapping
    assert _digests(load, rule % "table: x")[1] == scope
    assert _digests(load, "prefix: p_")[0] != mapping


def test_changed_rules_are_picked_up_and_a_bad_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "spheresync.yaml"
    source = SettingsSource(None, None, {"HOME": str(tmp_path)}, tmp_path)
    first = source.current()
    assert source.current() is first
    file.write_text("prefix: p_")
    second = source.current()
    assert second.prefix == "p_"
    assert source.current() is second
    file.write_text("prefix: P_oops")
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            source.current()
    file.write_text("prefix: longer_again_")
    assert source.current().prefix == "longer_again_"
    file.unlink()
    assert source.current().prefix == ""


@pytest.mark.parametrize(
    ("base_url", "token_url"),
    [
        ("https://t.eu10.hcs.cloud.sap", "https://t.authentication.eu10.hana.ondemand.com/oauth/token"),
        ("https://t.us20.hanacloudservices.cloud.sap/", "https://t.authentication.us20.hana.ondemand.com/oauth/token"),
        ("https://a.b.eu10.hcs.cloud.sap", None),
        ("http://t.eu10.hcs.cloud.sap", None),
        ("https://t.eu10.hcs.cloud.sap.evil.com", None),
        ("https://datasphere.example.com", None),
        ("https://[", None),
    ],
)
def test_token_urls_are_derived_for_sap_hosts_only(base_url: str, token_url: str | None) -> None:
    assert derive_token_url(base_url) == token_url


@given(st.integers(0, 3650 * 86_400))
def test_durations_read_back(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(format_duration(length)) == length


@pytest.mark.parametrize("text", ["", "5", 5, True, None, "-5m", "1.5h", "5 minutes", "1w", "99999999d", "٥m"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"must (not )?be"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("DECIMAL(18)", "decimal(18,0)"),
        (" Integer ", "int"),
        ("varchar( 65535 )", "varchar(65535)"),
        ("array<map<string, struct<a:int,b:array<date>>>>", "array<map<string,struct<a:int,b:array<date>>>>"),
    ],
)
def test_hive_types_are_spelled_as_glue_does(text: str, spelled: str) -> None:
    assert parse_hive_type(text) == spelled
    assert parse_hive_type(spelled) == spelled


@pytest.mark.parametrize(
    "text",
    (
        "|text|decimal|decimal(39,0)|decimal(5,6)|decimal(0,0)|varchar(0)|char(256)|varchar(65536)|array<>|array<int|"
        "map<int>|struct<a>|struct<:int>|int int|int;|" + "array<" * 50 + "int" + ">" * 50
    ).split("|"),
)
def test_what_is_no_hive_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Hive type|needs a|nested"):
        parse_hive_type(text)


@given(st.text(max_size=30))
def test_no_text_breaks_the_type_parser(text: str) -> None:
    try:
        spelled = parse_hive_type(text)
    except ValueError:
        return
    assert parse_hive_type(spelled) == spelled


def test_a_variable_may_stand_unquoted_within_braces(tmp_path: Path) -> None:
    """As CONTRACT.md writes it; YAML itself ends a plain text at a brace."""
    file = tmp_path / "spheresync.yaml"
    file.write_text(
        "datasphere: {base_url: https://${TENANT}.eu10.hcs.cloud.sap, client_id: x, client_secret: ${DSP_SECRET}}\n"
    )
    settings = load_settings("wolf", file, {"DSP_SECRET": "s3cret", "TENANT": "acme"}, tmp_path)
    assert settings.datasphere.base_url == "https://acme.eu10.hcs.cloud.sap"
    assert settings.datasphere.client_secret.get_secret_value() == "s3cret"


@pytest.mark.parametrize("url", ["https://evil.example.com/oauth/token", "http://127.0.0.1:1/oauth/token"])
def test_a_tenant_at_sap_gets_no_tokens_from_elsewhere(url: str, tmp_path: Path) -> None:
    environ = {
        "SPHERESYNC_DATASPHERE__BASE_URL": "https://acme.eu10.hcs.cloud.sap",
        "SPHERESYNC_DATASPHERE__TOKEN_URL": url,
        "SPHERESYNC_DATASPHERE__CLIENT_ID": "x",
        "SPHERESYNC_DATASPHERE__CLIENT_SECRET": "y",
    }
    with pytest.raises(ConfigurationError, match=r"datasphere\.token_url"):
        load_settings("wolf", None, environ, tmp_path)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("lineage.jsonl", "file:lineage.jsonl"),
        ("file:", "names no file"),
        ("file:events/", "names no file"),
        ("file://elsewhere/lineage.jsonl", "names no file"),
        ("http://lineage.example.com/api", "use https"),
        ("https://user:pw@lineage.example.com/api", "lineage.token"),
        ("https://lineage.example.com/api?key=x", "no query"),
        ("ftp://lineage.example.com", "http(s)"),
        ("", "is empty"),
    ],
)
def test_where_lineage_goes_is_checked(load: Load, value: str, said: str) -> None:
    (problem,) = _problems(load, f"lineage:\n  openlineage: '{value}'")
    assert "lineage.openlineage" in problem and said in problem


def test_a_file_of_lineage_starts_where_its_setting_stands(load: Load, tmp_path: Path) -> None:
    named = load("lineage: {openlineage: 'file:out/lineage.jsonl'}").lineage
    assert named.file is not None and named.file.is_absolute() and named.file.parts[-2:] == ("out", "lineage.jsonl")
    whole = load("lineage: {openlineage: 'file:///var/x%20y.jsonl'}").lineage
    assert whole.file == Path("/var/x y.jsonl")
    assert load(SPHERESYNC_LINEAGE__OPENLINEAGE="https://lineage.example.com/api").lineage.address is not None
    assert "lineage" in _problems(load, "lineage: {openlineage: 'file:x', token: abc}")[0]


def test_the_paths_of_this_machine_are_resolved_once_for_the_same_settings(tmp_path: Path) -> None:
    file = tmp_path / "spheresync.yaml"
    file.write_text("env: dog\n", "utf-8")
    source = SettingsSource(None, file, {"HOME": str(tmp_path)}, tmp_path)
    before = source.places()
    assert source.places() is before and before[str(file)] == "the configuration file"
    state_dir = source.current().state_dir
    after = source.places()
    assert source.places() is after and after[str(state_dir)] == "the state folder"
    assert [len(path) for path in after] == sorted((len(path) for path in after), reverse=True)
