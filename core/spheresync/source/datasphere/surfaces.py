"""The documents that define an asset, by the surface that serves each; reading them needs no more than these names."""

from __future__ import annotations

from spheresync.errors import SourceFault

RELATIONAL = "relational"
ANALYTICAL = "analytical"
CSN = "csn"

BADLY_ANSWERED = frozenset({SourceFault.SERVER_ERROR, SourceFault.TRUNCATED})
"""Faults that a single asset may have by itself while the tenant answers all else."""
OPEN_IT = (
    "Where other assets are read, open this one in the Data Builder and see whether it is deployed without errors; "
    "else look at SAP's status page and at proxies, and try again later."
)
