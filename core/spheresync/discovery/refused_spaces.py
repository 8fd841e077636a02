"""Assets whose definitions are answered 403 although their lists were answered: one of them, or all of their space.

Where it is so of all assets of a space, whoever reads was taken out of it meanwhile, or may read lists only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from spheresync.discovery.unserved_spaces import NotHadBySpace
from spheresync.errors import SourceFault
from spheresync.model import SPACE_UNREAD, AssetId, Problem, SpaceName, counted


@dataclass(slots=True)
class RefusedSpaces(NotHadBySpace):
    """What one pass met; a space that serves something after a refusal refuses single assets only."""

    _serving: set[SpaceName] = field(default_factory=set)

    def served(self, space: SpaceName) -> None:
        """Note that a definition was served whole."""
        if space in self.found:
            self._serving.add(space)

    def as_a_whole(self) -> Iterator[SpaceName]:
        """Spaces that refuse everything, as far as more than one asset can say."""
        return (space for space, met in sorted(self.found.items()) if len(met) > 1 and space not in self._serving)


def refused_definitions(space: SpaceName, assets: int) -> Problem:
    """What to say of such a space."""
    message = (
        f"Space {space} was listed, and then answered 403 to every request for a definition, of "
        f"{counted(assets, 'asset')}; what AWS holds of them stays as it is."
    )
    return Problem(space, SourceFault.FORBIDDEN, message, _remedy(space))


def refused_with_its_space(asset: AssetId) -> Problem:
    """What to say of an asset of it; the same as long as that lasts."""
    message = f"Its space {asset.space} answered 403 to all that was asked of it; what AWS holds of it stays as it is."
    return Problem.of(asset, SPACE_UNREAD, message, _remedy(asset.space))


def _remedy(space: SpaceName) -> str:
    who = "the technical user (or who signed in)"
    return (
        f"Look whether {who} is still a member of space {space}, with a role that may read what it holds (DW Consumer; "
        "for objects that are not exposed at least DW Modeler)."
    )
