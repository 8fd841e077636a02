"""The benchmark itself: verdicts, medians, and that a small run prints a table and writes its JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import main
from tests.bench.figures import Figure, Of, at_least, at_most, exactly, medians
from tests.bench.mcp_calls import quantile
from tests.bench.table import spell_table


def test_a_verdict_says_by_how_much_a_target_was_missed() -> None:
    assert Figure("s", "f", 1.5, "s", target=at_most(1.5)).verdict == "met"
    assert Figure("s", "f", 3.0, "s", 1.0, "bare", at_most(2.0, Of.RATIO)).verdict == "missed by 50.0%"
    assert Figure("s", "f", 60.0, "/s", 100.0, "bare", at_least(0.8, Of.RATIO)).verdict == "missed by 25.0%"
    assert Figure("s", "f", 101, "calls", target=exactly(100)).verdict == "missed by 1"
    assert Figure("s", "f", 2, "calls", target=exactly(0)).verdict == "missed by 2"


def test_a_figure_without_target_has_no_verdict() -> None:
    figure = Figure("s", "f", 1.0, "s", 2.0, "bare")
    assert (figure.met, figure.verdict, figure.ratio) == (None, "", 0.5)


def test_rounds_become_medians_of_value_and_baseline() -> None:
    rounds = [[Figure("s", "f", value, "s", value * 2, "bare")] for value in (3.0, 1.0, 8.0)]
    (figure,) = medians(rounds)
    assert (figure.value, figure.baseline, figure.runs) == (3.0, 6.0, 3)


def test_quantiles_are_values_that_were_measured() -> None:
    ordered = [float(value) for value in range(1, 101)]
    assert (quantile(ordered, 0.5), quantile(ordered, 0.95), quantile([7.0], 0.95)) == (50.0, 95.0, 7.0)


def test_the_table_shows_value_baseline_target_and_verdict() -> None:
    text = spell_table([Figure("reading", "first", 3.0, "s", 1.0, "bare reader", at_most(2.0, Of.RATIO))])
    for part in ("[reading]", "first", "3 s", "1 bare reader", "3.00", "<= 2 x baseline", "missed by 50.0%"):
        assert part in text


def test_a_quick_run_prints_a_table_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "results.json"
    assert main(["--quick", "--only", "planning", "--out", str(out)]) == 0
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["quick"] is True
    assert {figure["section"] for figure in document["figures"]} == {"planning"}
    assert all(figure["baseline"] > 0 for figure in document["figures"])
    assert "[planning]" in capsys.readouterr().out


def test_an_unknown_section_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--only", "nothing"])
    assert refused.value.code == 2
    assert "planning" in capsys.readouterr().err
