"""The documents that define an asset, by the surface that serves each; reading them needs no more than these names."""

from __future__ import annotations

RELATIONAL = "relational"
ANALYTICAL = "analytical"
CSN = "csn"
