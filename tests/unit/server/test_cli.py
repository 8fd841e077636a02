"""The command line in process: answers, exit codes, and one JSON document at every exit code."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from spheresync.errors import ConfigurationError, SourceError, SourceFault, StateError, TargetError, TargetFault
from spheresync.state.atomic_file import open_atomic_file
from spheresync_server import service_access, unreleased
from spheresync_server.cli.global_options import move_to_front, wants_json
from spheresync_server.cli.main import main
from tests.unit.server import fake_cli
from tests.unit.server.fake_service import FakeService

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(service: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the command line over the shared fake service; answers exit code, stdout and stderr."""
    monkeypatch.setattr(service_access, "settings_source", fake_cli.FakeSource)
    monkeypatch.delenv("SPHERESYNC_ENV", raising=False)
    monkeypatch.delenv("SPHERESYNC_ROLE", raising=False)

    class Opened:
        async def __aenter__(self) -> FakeService:
            return service

        async def __aexit__(self, *failure: object) -> None:
            return None

    monkeypatch.setattr(service_access, "open_service", lambda source, **_: Opened())
    level = logging.getLogger().level

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(arguments)
        captured = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, captured.out, captured.err

    yield run
    logging.getLogger().setLevel(level)


COMMANDS = [
    ["discover", "--space", "SALES", "--tier", "high"],
    ["assets", "--space", "SALES", "--kind", "view", "--detail", "full", "--limit", "1"],
    ["preview", "--asset", "SALES/V_ORDERS", "--target", "glue"],
    ["apply", "cs_1"],
    ["sync", "--full", "--max-deletes", "3", "--allow-deletes"],
    ["runs"],
    ["runs", "run_1"],
    ["cancel", "run_1"],
    ["revert", "run_1"],
    ["release", "--asset", "SALES/V_ORDERS"],
    ["release"],
    ["drift", "--space", "SALES"],
    ["drift", "--repair"],
    ["audit", "query", "--since", "2026-11-24"],
    ["audit", "verify"],
    ["audit", "export"],
    ["doctor"],
    ["config", "validate"],
    ["config", "show"],
    ["--version"],
    ["preview", "--help"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_answers_people_and_programs(cli: Run, command: list[str]) -> None:
    code, out, err = cli(*command)
    assert code in {0, 1} and out.strip() and "Traceback" not in out + err
    for place in ([*command, "--json"], ["--json", *command]):
        assert cli(*place)[0] == code
    document = cli(*command, "--json")[1]
    assert isinstance(json.loads(document), dict)
    assert "\u202e" not in out + document and "\x1b" not in out + document


def test_json_is_what_the_tools_answer(cli: Run) -> None:
    assert json.loads(cli("preview", "--json")[1])["change_set_id"] == "cs_1"
    assert {"items", "total", "next_cursor"} <= set(json.loads(cli("assets", "--json")[1]))
    listed, counted = json.loads(cli("assets", "--json")[1]), json.loads(cli("assets", "--count", "--json")[1])
    assert (counted["items"], counted["total"], counted["next_cursor"]) == ([], listed["total"], None)
    assert cli("assets", "--count")[1].strip() == str(listed["total"])
    run = json.loads(cli("sync", "--json")[1])
    assert run["run_id"] == "run_1" and run["state"] == "done"
    label = json.loads(cli("assets", "--json")[1])["items"][0]["label"]
    assert label.startswith("Sales\u202e\u200b\x1b[31m"), "exact for programs"


def test_scope_and_flags_reach_the_service(cli: Run, service: FakeService) -> None:
    cli("preview", "--space", "SALES", "--space", "HR", "--asset", "SALES/a/b", "--tier", "high", "--no-refresh")
    cli("sync", "--max-deletes", "0", "--full")
    cli("apply", "cs_1", "--allow-deletes")
    preview, sync = service.called("preview")[0], service.called("sync")[0]
    assert preview["scope"].spaces == ("SALES", "HR") and preview["scope"].assets == ("SALES/a/b",)
    assert preview["refresh"] is False and preview["principal"].roles == {"admin"}
    assert sync["max_deletes"] == 0 and sync["full"] and not sync["allow_deletes"] and not sync["join"]
    assert service.called("apply")[0]["allow_deletes"] is True
    assert [call["seconds"] for call in service.called("wait")] == [None, None], "they wait for the end"


@pytest.mark.parametrize(
    ("state", "code"),
    [("done", 0), ("partly_failed", 1), ("failed", 1), ("cancelled", 1), ("refused", 3)],
)
def test_exit_code_of_a_run(cli: Run, service: FakeService, state: str, code: int) -> None:
    service.run_state = state
    for command in (["sync"], ["apply", "cs_1"]):
        assert cli(*command)[0] == code
        assert json.loads(cli(*command, "--json")[1])["state"] == state


def test_exit_codes_of_preview(cli: Run, service: FakeService) -> None:
    assert cli("preview")[0] == 0
    assert cli("preview", "--exit-code")[0] == 4
    assert cli("preview", "--exit-code", "--json")[0] == 4
    service.problems = 1
    assert cli("preview", "--exit-code")[0] == 1


def test_exit_codes_of_drift(cli: Run, service: FakeService) -> None:
    assert cli("drift")[0] == 0
    assert cli("drift", "--exit-code")[0] == cli("drift", "--exit-code", "--json")[0] == 4
    assert cli("drift", "--exit-code", "--tier", "high")[0] == 0
    service.problems = 1
    assert cli("drift", "--exit-code")[0] == 1
    assert cli("drift", "--repair")[0] == 1


@pytest.mark.parametrize(("state", "code"), [("done", 0), ("partly_failed", 1), ("refused", 3)])
def test_a_repair_ends_as_its_run(cli: Run, service: FakeService, state: str, code: int) -> None:
    service.run_state = state
    got, out, _ = cli("drift", "--repair", "--json")
    document = json.loads(out)
    assert (got, document["state"], document["run_id"], document["total"]) == (code, state, "run_1", 1)
    assert service.called("apply")[0]["change_set_id"] == "cs_1"


@pytest.mark.parametrize(
    ("command", "tells"), [(["sync"], 1), (["apply", "cs_1"], 1), (["drift"], 1), (["preview"], 0)]
)
def test_who_cannot_be_told_of_alerts_is_a_warning_and_changes_nothing_else(
    cli: Run, service: FakeService, command: list[str], tells: int
) -> None:
    service.deaf = True
    code, out, err = cli(*command, "--json")
    assert (code, service.told) == (0, tells)
    assert err.count("spheresync: warning: ops: it took no notice.") == tells
    assert isinstance(json.loads(out), dict)


def test_a_repair_of_nothing_starts_no_run(cli: Run, service: FakeService) -> None:
    code, out, _ = cli("drift", "--repair", "--tier", "high", "--json")
    document = json.loads(out)
    assert (code, document["state"], document["run_id"], document["counts"]) == (0, "done", None, {})
    service.deletes = 1  # one table is not ours any more
    assert cli("drift", "--repair", "--tier", "high")[0] == 1
    assert service.called("apply") == []


def test_exit_codes_of_checks(cli: Run, service: FakeService) -> None:
    service.run_state = "failed"
    assert cli("audit", "verify")[0] == 1
    assert cli("doctor")[0] == 1
    service.problems = 1
    assert cli("discover")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code", "said"),
    [
        (["frobnicate"], "usage", 2, "frobnicate"),
        ([], "usage", 2, "give a command"),
        (["worker"], "usage", 2, "spheresync worker comes with a later release"),
        (["report", "FILE", "--frob"], "usage", 2, "later release"),
        (["worker", "--help"], "usage", 2, "later release"),
        (["assets", "--limit", "900"], "usage", 2, "limit"),
        (["assets", "--frob"], "usage", 2, "--frob"),
        (["apply"], "usage", 2, "CHANGE_SET_ID"),
        (["--env", "cat", "assets"], "usage", 2, "dog"),
        (["assets", "--env"], "usage", 2, "dog"),
        (["--env", "--verbose", "assets"], "usage", 2, "dog"),
        (["assets", "--config"], "usage", 2, "--config FILE"),
        (["--config", "--env", "dog", "assets"], "usage", 2, "--config FILE"),
        (["config", "validate", "--config="], "usage", 2, "--config FILE"),
        (["assets", "--space", "SALE"], "usage", 2, "Known: HR, SALES"),
        (["apply", "cs_old"], "refused", 3, "new preview"),
        (["drift", "--repair", "--exit-code"], "usage", 2, "neither"),
        (["assets", "--config", "/nowhere.yaml"], "configuration", 2, "nowhere"),
        (["serve", "--scheduler", "--read-only"], "usage", 2, "read-only"),
        (["serve", "--transport", "http", "--host", "0.0.0.0"], "usage", 2, "issuer"),
        (["serve", "--transport", "tcp"], "usage", 2, "stdio"),
        (["audit", "export", "--format", "csv"], "usage", 2, "--output"),
    ],
)
def test_errors_are_one_document_too(cli: Run, arguments: list[str], code: str, exit_code: int, said: str) -> None:
    got, out, _ = cli(*arguments, "--json")
    error = json.loads(out)["error"]
    assert (got, error["code"]) == (exit_code, code)
    assert said in error["message"] + error["remedy"]
    if code != "usage" or "export" not in arguments:
        got, out, err = cli(*arguments)
        assert got == exit_code and out == "" and said in err and "Traceback" not in err


def test_configuration_problems_are_listed_one_by_one(cli: Run) -> None:
    code, out, _ = cli("config", "validate", "--config", "/nowhere.yaml", "--json")
    assert code == 2 and json.loads(out)["error"]["problems"] == ["/nowhere.yaml: no such file", "prefix: too long"]


@pytest.mark.parametrize("arguments", [["assets", "--env"], ["assets", "--config"], ["assets", "--space"], ["--env"]])
def test_an_option_without_its_value_does_not_swallow_json(cli: Run, arguments: list[str]) -> None:
    code, out, err = cli(*arguments, "--json")
    assert code == 2 and json.loads(out)["error"]["code"] == "usage" and err == ""


def test_commands_of_later_releases_are_not_listed(cli: Run) -> None:
    listed = {
        line.split()[1] for line in cli("--help")[1].splitlines() if line.startswith("│ ") and len(line.split()) > 2
    }
    assert {"discover", "sync", "runs"} <= listed
    assert not unreleased.COMMANDS & listed


def test_json_that_is_given_a_value_is_answered_by_a_document(cli: Run) -> None:
    code, out, _ = cli("assets", "--json=yes")
    assert code == 2 and "--json" in json.loads(out)["error"]["message"]


def test_a_wrong_role_is_a_problem_of_the_configuration(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPHERESYNC_ROLE", "adnim")
    code, out, _ = cli("config", "validate", "--json")
    assert code == 2 and "'adnim' is no role; valid: viewer" in json.loads(out)["error"]["problems"][0]
    code, out, _ = cli("config", "validate", "--config", "/nowhere.yaml", "--json")
    assert code == 2 and len(json.loads(out)["error"]["problems"]) == 3, "told together with what else is wrong"
    monkeypatch.setenv("SPHERESYNC_ROLE", "viewer")
    assert cli("config", "validate")[0] == 0


@pytest.mark.parametrize(
    ("failure", "code", "exit_code"),
    [
        (SourceError(SourceFault.UNREACHABLE, "The tenant does not answer."), "source", 1),
        (TargetError(TargetFault.DENIED, "AccessDenied."), "target", 1),
        (StateError("The state belongs to another tenant."), "state", 1),
        (ConfigurationError(("a", "b")), "configuration", 2),
        (ExceptionGroup("group", [StateError("disk full")]), "state", 1),
        (RuntimeError("password=secret"), "internal", 1),
        (ExceptionGroup("group", [StateError("disk full"), RuntimeError("secret")]), "internal", 1),
    ],
)
def test_failures_of_the_service(cli: Run, service: FakeService, failure: Exception, code: str, exit_code: int) -> None:
    service.failure = failure
    got, out, err = cli("assets", "--json")
    assert got == exit_code and json.loads(out)["error"]["code"] == code
    got, out, err = cli("assets")
    assert got == exit_code and out == "" and "Traceback" not in err and "secret" not in err
    if code == "internal":
        assert "err_" in err and len(err.splitlines()) == 1


def test_the_role_may_say_less(cli: Run, service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPHERESYNC_ROLE", "viewer")
    closed = (["sync"], ["apply", "cs_1"], ["cancel", "run_1"], ["revert", "run_1"], ["release"], ["drift"], ["doctor"])
    for command in closed:
        code, out, _ = cli(*command, "--json")
        assert code == 3 and json.loads(out)["error"]["code"] == "permission"
    assert service.calls == []
    assert cli("preview")[0] == 0
    monkeypatch.setenv("SPHERESYNC_ROLE", "root")
    code, out, _ = cli("assets", "--json")
    assert code == 2 and "viewer, operator, admin" in json.loads(out)["error"]["message"]


def test_people_see_what_changes_and_what_comes_next(cli: Run, service: FakeService) -> None:
    _, out, err = cli("preview")
    assert "SALES/V_ORDERS" in out and "Orders -> Sales" in out and "spheresync apply cs_1" in out
    assert err.splitlines() == ["planning…", "saving…"], "sparse progress, on stderr only"
    service.run_state = "refused"
    _, out, _ = cli("sync")
    assert "too_many" not in out and "5 of 20 tables" in out and "--max-deletes 5" in out
    service.run_state = "failed"
    assert "AccessDenied" in cli("sync")[1]
    assert cli("preview", "--json")[2] == "", "nothing on stderr with --json"
    assert "[bold]Ümsatz[/bold]" in cli("assets")[1], "no markup is taken from labels"


def test_the_audit_log_is_exported(cli: Run, tmp_path: Path) -> None:
    assert cli("audit", "export")[1] == '{"seq": 1, "actor": "änna"}\n{"seq": 2, "actor": "anna"}\n'
    assert cli("audit", "export", "--format", "csv")[1] == "seq,actor\n1,änna\n"
    document = json.loads(cli("audit", "export", "--json")[1])
    assert [entry["seq"] for entry in document["items"]] == [1, 2]
    target = tmp_path / "audit.csv"
    code, out, _ = cli("audit", "export", "--format", "csv", "--output", str(target), "--json")
    assert code == 0 and json.loads(out)["output"] == str(target)
    assert target.read_text(encoding="utf-8") == "seq,actor\n1,änna\n"
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["audit.csv"]
    assert cli("audit", "export", "--output", str(tmp_path / "no" / "x"))[0] == 2
    assert cli("audit", "export", "--output", str(tmp_path))[0] == 2


def test_an_export_replaces_a_file_only_where_that_is_wanted(cli: Run, tmp_path: Path) -> None:
    target = tmp_path / "audit.csv"
    target.write_text("somebody's")
    code, _, err = cli("audit", "export", "--format", "csv", "--output", str(target))
    assert (code, target.read_text()) == (2, "somebody's") and "--force" in err
    assert cli("audit", "export", "--format", "csv", "--output", str(target), "--force")[0] == 0
    assert target.read_text(encoding="utf-8") == "seq,actor\n1,änna\n"


def test_every_command_that_takes_the_name_of_a_file_is_known_to_guard_it() -> None:
    """Whoever adds one sends what it writes through `state.placing`, and names it here."""
    from typing import Annotated, get_args, get_origin, get_type_hints

    from spheresync_server.cli.app import app

    def files(group: typer.Typer, prefix: str = "") -> Iterator[tuple[str, str]]:
        for command in group.registered_commands:
            assert command.callback is not None
            for name, hint in get_type_hints(command.callback, include_extras=True).items():
                plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
                if Path in (plain, *get_args(plain)):
                    yield f"{prefix}{command.name or command.callback.__name__}", name
        for each in group.registered_groups:
            assert each.typer_instance is not None
            yield from files(each.typer_instance, f"{each.typer_instance.info.name} ")

    assert set(files(app)) == {
        ("backup", "file"),
        ("promote", "file"),
        ("audit export", "output"),
        ("lineage", "openlineage"),
        ("restore", "file"),  # is read
        ("preview", "trial_rules"),  # is read
    }


def test_an_export_takes_over_what_one_that_was_killed_left_behind(cli: Run, tmp_path: Path) -> None:
    target = tmp_path / "audit.csv"
    (tmp_path / ".audit.csv.part").write_text("seq,actor\n" * 1000)
    with open_atomic_file(target):
        code, _, err = cli("audit", "export", "--format", "csv", "--output", str(target))
        assert code == 2 and "another process is writing" in err
        assert not target.exists()
    assert cli("audit", "export", "--format", "csv", "--output", str(target))[0] == 0
    assert target.read_text(encoding="utf-8") == "seq,actor\n1,änna\n"
    assert [path.name for path in tmp_path.iterdir()] == ["audit.csv"]


def test_an_export_leaves_links_and_devices_what_they_are(cli: Run, tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    link.symlink_to(real)
    for target in (link, Path("/dev/null")):
        assert cli("audit", "export", "--format", "csv", "--output", str(target))[0] == 0
    assert link.is_symlink() and real.read_text(encoding="utf-8") == "seq,actor\n1,änna\n"
    assert Path("/dev/null").is_char_device()


def test_global_options_stand_anywhere() -> None:
    arguments = ["preview", "--space", "S", "--env", "wolf", "--json", "--config=x.yaml", "--", "--json"]
    assert move_to_front(arguments) == [
        "--env", "wolf", "--json", "--config=x.yaml", "preview", "--space", "S", "--", "--json",
    ]  # fmt: skip
    assert wants_json(move_to_front(arguments))
    assert not wants_json(move_to_front(["--env", "dog", "apply", "--", "--json"]))
    assert move_to_front(["--env"]) == ["--env="], "refused by the parser, and not taken for the word that follows"
    assert move_to_front(["assets", "--config", "--json"]) == ["--config=", "--json", "assets"]
    assert move_to_front(["--env", "--", "--json"]) == ["--env=", "--", "--json"]


def test_progress_bar_needs_a_terminal(cli: Run, service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, out, _ = cli("preview")
    assert code == 0 and "planning" not in out


@pytest.mark.parametrize(("word", "ours"), [("plan", "preview"), ("undo", "revert"), ("validate", "config validate")])
def test_what_other_programs_call_a_command_is_answered_with_ours(cli: Run, word: str, ours: str) -> None:
    code, out, err = cli(word)
    assert (code, out) == (2, "")
    assert f"there is no command '{word}'. Did you mean `spheresync {ours}`?" in err


def test_the_status_begins_with_the_installation_that_it_is_of(cli: Run) -> None:
    code, out, _ = cli("status")
    assert code == 0
    assert out.startswith("Environment ")
