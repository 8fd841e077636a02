"""Physical names: well-formed in every catalog, the same from run to run, never two for one.

`[a-z0-9_]{1,128}` and nothing changed that need not be (reference: aws-catalogs.md 1.4). Whoever holds a name in the
target keeps it. Among newcomers that want the same name the smallest source name by code point gets it plain; the
others get it with a short hash of their source, which depends on nothing but the source.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from spheresync.model import PhysicalName

LONGEST = 128
_WELL_FORMED = re.compile(r"[a-z0-9_]{1,128}")
_SPELLED_OUT = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "å": "a",
        "ł": "l",
        "đ": "d",
        "þ": "th",
    }
)


@lru_cache(maxsize=65_536)
def plain_name(text: str) -> PhysicalName:
    """The well-formed name nearest to a text: folded to lower case, umlauts spelled out, each other run one `_`."""
    if _WELL_FORMED.fullmatch(text):
        return PhysicalName(text)
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_SPELLED_OUT)
    bare = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return PhysicalName(re.sub(r"[^a-z0-9_]+", "_", bare)[:LONGEST] or "_")


def hashed_name(plain: PhysicalName, source: str, *, digits: int = 8) -> PhysicalName:
    """The plain name with a short hash of the source, cut so that the whole stays well-formed."""
    size = (digits + 1) // 2
    suffix = hashlib.blake2s(source.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()[:digits]
    return PhysicalName(f"{plain[: LONGEST - digits - 1]}_{suffix}")


def derives(name: PhysicalName, plain: PhysicalName, source: str) -> bool:
    """Whether `name` is one that `allocate` could have given to a source that wants `plain`."""
    return name in {plain, *(hashed_name(plain, source, digits=digits) for digits in _DIGITS)}


_DIGITS = (8, 16, 32)
_RULE = "rule:"


def space_key(space: str) -> str:
    """What identifies a space's own database: the space, told apart from every `rule_key`."""
    return f"{_RULE}:{space}" if space.startswith(_RULE) else space


def rule_key(database: PhysicalName) -> str:
    """What identifies a database that mapping rules name for whatever space."""
    return f"{_RULE}{database}"


def space_of_key(key: str) -> str | None:
    """The space whose database it is; None for one that rules name."""
    own = key.removeprefix(f"{_RULE}:")
    return own if own != key or not key.startswith(_RULE) else None


def allocate(
    newcomers: Iterable[tuple[str, PhysicalName]], held: Mapping[PhysicalName, str]
) -> dict[str, PhysicalName]:
    """Give each newcomer a name.

    Args:
        newcomers: (source, plain name it wants), each source once.
        held: names that sources of ours have in the target already. Foreign holders are left out: an asset goes on
            wanting the plain name, and is reported as a conflict.

    Returns:
        source → name; every name is well-formed and given once, whatever the order of the newcomers.
    """
    taken = set(held)
    names: dict[str, PhysicalName] = {}
    late: list[tuple[str, PhysicalName]] = []
    for source, plain in sorted(newcomers):
        if plain in taken:
            late.append((source, plain))
        else:
            taken.add(plain)
            names[source] = plain
    for source, plain in late:
        name = next(
            candidate
            for digits in (*_DIGITS, *range(34, 64, 2))
            if (candidate := hashed_name(plain, source, digits=digits)) not in taken
        )
        taken.add(name)
        names[source] = name
    return names
