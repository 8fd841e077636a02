"""Content of a simulated tenant that lives as long as the process."""

from __future__ import annotations

from spheresync.dog.edits import Edit
from spheresync.dog.objects import Landscape
from spheresync.dog.store import applied


class MemoryContent:
    """Content that lives as long as the process."""

    def __init__(self, landscape: Landscape) -> None:
        self._landscape = landscape

    def landscape(self) -> Landscape:
        return self._landscape

    def edit(self, *edits: Edit) -> Landscape:
        """Apply every edit or none."""
        self._landscape = applied(self._landscape, edits)
        return self._landscape
