"""How rules that are only tried may be spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from spheresync.config import Settings
from spheresync.config.reading.trial import with_trial_rules

SECTIONS = "mapping: {rules: [{match: {name: X}, set: {tier: critical}}]}"


@pytest.mark.parametrize(
    "rules",
    [
        "- match: {name: X}\n  set: {tier: critical}\n",
        "# trial.yaml\n\n  # what we want to know\n- match: {name: X}\n  set: {tier: critical}\n",
        "# trial.yaml\n[{match: {name: X}, set: {tier: critical}}]\n",
        f"# trial.yaml\n{SECTIONS}",
    ],
    ids=["a list", "comments before a list", "comments before a list in brackets", "comments before sections"],
)
def test_a_list_is_told_from_sections_whatever_comments_stand_before_it(rules: str) -> None:
    settings = Settings(state_dir=Path("/nowhere"))
    assert with_trial_rules(settings, rules).mapping == with_trial_rules(settings, SECTIONS).mapping
