"""What every part of the fake service shares: its settings, and what it was asked."""

from __future__ import annotations

from typing import Any

from spheresync.model import ToolCall


class Asked:
    """`calls` holds what was asked, `failure` is raised by the next call when set."""

    def __init__(
        self,
        *,
        deletes: int = 0,
        alone: bool = False,
        guarded: tuple[int, ...] = (),
        run_state: str = "done",
        problems: int = 0,
        slow: bool = False,
        slow_start: bool = False,
    ) -> None:
        self.deletes = deletes
        self.alone = alone  # no second person has approved the deletes
        self.guarded = guarded
        self.run_state = run_state
        self.problems = problems
        self.slow = slow
        self.slow_start = slow_start
        self.deaf = False
        self.told = 0
        self.driven_runs: tuple[str, ...] = ()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failure: Exception | None = None
        self.recorded: list[tuple[str, ToolCall]] = []

    def _asked(self, name: str, **arguments: Any) -> None:
        self.calls.append((name, arguments))
        if self.failure is not None:
            raise self.failure

    def called(self, name: str) -> list[dict[str, Any]]:
        return [arguments for each, arguments in self.calls if each == name]
