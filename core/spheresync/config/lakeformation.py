"""The section `lakeformation:`: which LF-Tags say what of tables and columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from spheresync.config.sections import TargetSection
from spheresync.model import counted

LONGEST_TAG_TEXT = 50
"""Characters of a key or value (Lake Formation's user guide on tag-based access control; the API model says more)."""
MOST_TAG_KEYS = 50
"""LF-Tags of one resource (same place)."""
_PUNCTUATION = frozenset("_.:/=+-@%")


class TagFact(StrEnum):
    """What an LF-Tag may say: of a table, but for `personal_data`, which is of columns."""

    PERSONAL_DATA = "personal_data"
    DOMAIN = "domain"
    SENSITIVITY = "sensitivity"
    SPACE = "space"
    KIND = "kind"
    LAYER = "layer"
    CERTIFICATION = "certification"


def fault_of_tag_text(text: str) -> str | None:
    """Why Lake Formation would not take a text as the key or a value of an LF-Tag; None where it would."""
    if not text.strip():
        return "is empty"
    if len(text) > LONGEST_TAG_TEXT:
        return f"has {len(text)} characters, {LONGEST_TAG_TEXT} at most"
    odd = next((char for char in text if not _is_allowed(char)), None)
    if odd is not None:
        return f"holds {odd!r}; letters, digits, spaces and {' '.join(sorted(_PUNCTUATION))} are allowed"
    return None


def _is_allowed(char: str) -> bool:
    return char in _PUNCTUATION or unicodedata.category(char)[0] in "LZN"


def _key(key: str) -> str:
    fault = fault_of_tag_text(key)
    if fault is not None:
        raise ValueError(f"{key[:60]!r} {fault}")
    if key != key.lower():
        raise ValueError(f"is kept by Lake Formation as {key.lower()!r}; write that")
    return key


def _tags(tags: Mapping[str, TagFact]) -> Mapping[str, TagFact]:
    if len(tags) > MOST_TAG_KEYS:
        raise ValueError(f"names {counted(len(tags), 'key')}, {MOST_TAG_KEYS} at most: no table can have more")
    if not tags:
        raise ValueError("names no key; leave it out for the usual ones, or take lakeformation out of `targets`")
    return tags


class LakeFormation(TargetSection):
    """`tags`: LF-Tag key → what its value says. `use_existing_keys`: keys that others made may be used."""

    tags: Annotated[Mapping[Annotated[str, AfterValidator(_key)], TagFact], AfterValidator(_tags)] = {
        "spheresync_pii": TagFact.PERSONAL_DATA,
        "spheresync_domain": TagFact.DOMAIN,
        "spheresync_sensitivity": TagFact.SENSITIVITY,
    }
    use_existing_keys: bool = False
