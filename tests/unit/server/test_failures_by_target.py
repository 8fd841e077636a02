"""Lines about failures say in which target and destination, unless there are the tables of Glue alone."""

from __future__ import annotations

import pytest

from spheresync.answers import Failure, Finding, Progress, RunAnswer
from spheresync_server.answer_summaries import failures_spelled
from spheresync_server.cli.output.changes import show_run
from spheresync_server.mcp_server.tool_results import run_lines

IN_GLUE = Failure(asset="SALES/A", target="glue", code="moved", reason="SALES/A: it has moved.")
IN_EU = Failure(asset="SALES/A", target="datazone", destination="eu", code="moved", reason="SALES/A: it has moved.")


def failed(failures: list[Failure], **counts: int) -> RunAnswer:
    return RunAnswer(
        run_id="run_1",
        state="failed",
        kind="apply",
        actor="anna",
        progress=Progress(phase="ended", done=0, total=0),
        counts=counts or {"failed": len(failures)},
        failures=failures,
        failures_total=len(failures),
        findings=[],
        usage={},
        created_at="2026-11-24T08:00:00Z",
        finished_at="2026-11-24T08:00:01Z",
    )


def lines(failures: list[Failure], capsys: pytest.CaptureFixture[str]) -> list[str]:
    show_run(failed(failures))
    return [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("SALES/A")]


def test_a_target_is_named_where_there_are_several(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines([IN_GLUE, IN_EU], capsys)
    assert said == ["SALES/A: it has moved. [glue]", "SALES/A: it has moved. [datazone in eu]"]


def test_glue_alone_is_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines([IN_GLUE], capsys) == ["SALES/A: it has moved."]


def test_the_words_add_up_to_the_number_of_failures() -> None:
    assert failures_spelled(failed([IN_GLUE] * 6, failed=3, refused=1, conflict=1)) == (
        "6 failures (3 failed, 1 refused, 1 conflict, 1 of no single asset)"
    )
    assert failures_spelled(failed([IN_GLUE] * 2, failed=2)) == "2 failures"


def test_edits_that_are_written_over_are_counted_by_asset() -> None:
    over = [Finding(subject=each, code="overwritten", message="", remedy="") for each in ("S/A", "S/A", "S/B")]
    more = Finding(subject="all spaces", code="overwritten", message="", remedy="")
    said = " ".join(run_lines(failed([]).model_copy(update={"findings": over})))
    assert "Edits of others to 2 assets are written over" in said
    said = " ".join(run_lines(failed([]).model_copy(update={"findings": [*over, more]})))
    assert "Edits of others to 2 assets and more are written over" in said
