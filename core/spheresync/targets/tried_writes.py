"""What stands of writes that failed half-way: ours, though no write of it has ended. Pure.

An object that is written by several calls may be left with the first of them done, and nobody can say which were: an
answer may be lost, or the service be out. So the body that was written last carries those that were tried since, and
where something stands as one of them has it, that counts as written.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from spheresync.model import JsonValue, canonical_json
from spheresync.model.json_document import read_own_json

_TRIED: Final = "Tried"
_MARK: Final = b'"Tried":'
MOST_TRIED: Final = 8
"""So many bodies are remembered; of more the last."""
_Place: TypeAlias = "JsonValue | _Absent"
_Object: TypeAlias = dict[str, JsonValue]


class _Absent:
    """In the place of a member that a body does not have."""


_ABSENT: Final = _Absent()


def with_tried(last_body: bytes, tried_body: bytes) -> bytes:
    """What was written last, with what was tried since and may have been done in part."""
    last: _Object = read_own_json(last_body)
    tried: _Object = read_own_json(tried_body)
    before = last.pop(_TRIED, [])
    assert isinstance(before, list)
    rest = [each for each in before if each != tried]
    return canonical_json({**last, _TRIED: [*rest, tried][-MOST_TRIED:]})


def without_tried(last_body: bytes) -> bytes:
    """What was written last, before anything was tried since."""
    last: _Object = read_own_json(last_body)
    return canonical_json({key: value for key, value in last.items() if key != _TRIED})


def as_written(last_body: bytes, live_body: bytes, *, noted: frozenset[str] = frozenset()) -> bytes:
    """What was written last, and in its place what stands there as it was tried since.

    Args:
        last_body: what was written last, with what was tried since; the same bytes where nothing was.
        live_body: what stands there.
        noted: members of bodies that no object holds, so that nothing can be said of them.
    """
    if _MARK not in last_body:
        return last_body
    last: _Object = read_own_json(last_body)
    tried = last.pop(_TRIED, [])
    if not isinstance(tried, list):
        return last_body
    live: _Object = read_own_json(live_body)
    bodies = [_without(each, noted) for each in tried if isinstance(each, dict)]
    written = _written(_without(last, noted), [*bodies], _without(live, noted))
    assert isinstance(written, dict)
    return canonical_json({**written, **{key: value for key, value in last.items() if key in noted}})


def _without(body: _Object, noted: frozenset[str]) -> JsonValue:
    return {key: value for key, value in body.items() if key not in noted}


def _written(last: _Place, tried: list[_Place], live: _Place) -> _Place:
    """What counts as written of one place, member by member where nothing that was tried stands there as a whole."""
    if live == last or live in tried:
        return live
    told = next((each for each in tried if type(each) is type(live)), last)
    was = told if isinstance(last, _Absent) else last  # others have worked on what we tried to put there
    if isinstance(was, dict) and isinstance(live, dict):
        return _members(was, tried, live)
    if _is_named(was) and _is_named(live):
        by_name = [_by_name(each) for each in tried if _is_named(each)]
        found = _members(_by_name(was), [*by_name], _by_name(live))
        return [*found.values()]
    return last


def _members(last: _Object, tried: list[_Place], live: _Object) -> _Object:
    objects = [each for each in tried if isinstance(each, dict)]
    found: _Object = {}
    for key in dict.fromkeys([*last, *live, *(key for each in objects for key in each)]):
        value = _written(last.get(key, _ABSENT), [each.get(key, _ABSENT) for each in objects], live.get(key, _ABSENT))
        if not isinstance(value, _Absent):
            found[key] = value
    return found


def _is_named(value: _Place) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and "Name" in each for each in value)


def _by_name(value: _Place) -> _Object:
    assert isinstance(value, list)
    return {str(each["Name"]): each for each in value if isinstance(each, dict)}
