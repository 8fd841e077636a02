"""The tasks: what is asked, the calls of a good assistant, and what the answers must hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CALLS, TOKENS = 4, 6_000
"""What one question may cost: calls, and tokens of the texts that are read, at four characters each."""


@dataclass(frozen=True, slots=True)
class EvalTask:
    """One question. `refused` are places of calls that must be tool errors; `keep` names values for later tasks."""

    id: str
    question: str
    calls: list[dict[str, dict[str, Any]]]
    facts: list[str]
    answer: list[str]
    never: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    keep: dict[str, str] = field(default_factory=dict)


def load_tasks() -> list[EvalTask]:
    return [EvalTask(**each) for each in yaml.safe_load(Path(__file__).with_name("tasks.yaml").read_text("utf-8"))]


def filled(value: Any, kept: dict[str, str]) -> Any:
    """A value in which the names of kept ones stand no more."""
    if isinstance(value, str):
        for name, text in kept.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, list):
        return [filled(each, kept) for each in value]
    return {key: filled(each, kept) for key, each in value.items()} if isinstance(value, dict) else value


def tokens_of(text: str) -> int:
    return len(text) // 4
