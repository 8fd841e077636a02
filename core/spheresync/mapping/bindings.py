"""Which table of others an asset is bound to, by the template of a mapping rule.

The names that others gave are taken as they are: only what a field brings in is made well-formed, as in every other
name, and all is folded to lower case as the Glue Data Catalog does (reference: aws-catalogs.md 1.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from spheresync.config.templates import split_binding
from spheresync.mapping.names import plain_name
from spheresync.model import Address, AssetId, AssetKind, PhysicalName

LONGEST_NAME = 255


def bound_address(template: str, asset: AssetId, kind: AssetKind, label: str, prefix: str) -> Address:
    """Database and table that a template names for an asset.

    Raises:
        ValueError: the name of either would be longer than one can be.
    """
    values = {"name": asset.name, "space": asset.space, "label": label, "asset": str(asset), "kind": kind.value}
    fields = {key: plain_name(value) for key, value in values.items()}
    address = Address(*(PhysicalName(each.format(**fields, prefix=prefix).lower()) for each in _parts(template)))
    for name in address:
        if len(name.encode()) > LONGEST_NAME:
            raise ValueError(f"bind {template!r} of a rule gives a name over {LONGEST_NAME} bytes: {name[:40]}…")
    return address


def named_databases(templates: Iterable[str]) -> frozenset[PhysicalName]:
    """The databases that templates name whatever the asset is."""
    databases = {_parts(template)[0] for template in templates}
    return frozenset(PhysicalName(each.lower()) for each in databases if "{" not in each)


@lru_cache(maxsize=1_024)
def _parts(template: str) -> tuple[str, str]:
    return split_binding(template)
