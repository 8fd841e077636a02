"""Three digests of a normalised asset: what moved decides how much of its table is written again.

White space at the ends and the order of keys do not count; steward, keys, view text, kind, labels in every language
and the order of columns and hierarchy levels do (DESIGN.md decision 4).
"""

from __future__ import annotations

from spheresync.model import Asset, Fingerprints, Labels, digest_json


def fingerprints(asset: Asset) -> Fingerprints:
    """Digest an asset."""
    columns = asset.columns
    return Fingerprints(
        schema=digest_json(
            [
                [
                    c.name,
                    c.type.name,
                    c.type.length,
                    c.type.precision,
                    c.type.scale,
                    c.type.collection,
                    c.key,
                    c.nullable,
                    *([c.type.odd] if c.type.odd else []),
                ]
                for c in columns
            ]
        ),
        content=digest_json(
            [
                asset.kind,
                [[c.role, c.aggregation, c.semantics, c.pii] for c in columns],
                [[h.name, h.levels, *([h.parent, h.child] if h.parent else [])] for h in asset.hierarchies],
                [[p.name, str(p.type)] for p in asset.parameters],
                asset.facts,
                (asset.view_definition or "").strip(),
                *_relations(asset),
            ]
        ),
        metadata=digest_json(
            [
                _trimmed(asset.labels),
                (asset.owner or "").strip(),
                [_trimmed(c.labels) for c in columns],
                [_trimmed(h.labels) for h in asset.hierarchies],
                [_trimmed(p.labels) for p in asset.parameters],
                *([[_trimmed(a.labels) for a in asset.associations]] if asset.associations else []),
            ]
        ),
    )


def _relations(asset: Asset) -> list[object]:
    """Relations to others, where there are any; what the asset is made from is no part of what a target holds."""
    if not (asset.associations or asset.foreign_keys):
        return []
    return [
        [[a.name, a.target, a.columns, a.composition, a.to_many] for a in asset.associations],
        [[f.association, f.target, f.columns] for f in asset.foreign_keys],
    ]


def _trimmed(labels: Labels) -> list[tuple[str, str]]:
    return [(language, text.strip()) for language, text in labels if text.strip()]
