"""What Datasphere's definitions are read by. The readers of EDMX and CSN are loaded with the first that is read: a sync
in which nothing changed reads none.
"""

from __future__ import annotations

from spheresync.model import Asset, RawDefinition
from spheresync.source.protocol import Normaliser

#: Raised with every change of what `normalise` answers for the same documents; part of cached results' keys.
NORMALISER_VERSION = 5


def _normalise(raw: RawDefinition) -> Asset:
    from spheresync.source.datasphere.normalise import normalise

    return normalise(raw)


NORMALISER = Normaliser(NORMALISER_VERSION, _normalise)
