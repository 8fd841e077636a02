"""What a discovery could not look at: spaces that are not listed any more or not to their end, and the assets in them.

What is known of such assets stays, and what targets hold of them too. But nobody knows whether it is still true, so
they count neither as synced nor as unchanged until their space is listed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from spheresync.errors import SourceError, SourceFault
from spheresync.mapping.rules import MappingRules
from spheresync.model import (
    GONE_UNCONFIRMED,
    OBJECTS_OFF,
    SPACE_GONE,
    SPACE_UNREAD,
    AssetId,
    AssetKind,
    Problem,
    SpaceName,
    counted,
    first_of,
    to_the_second,
)
from spheresync.observe.incidents import product_error
from spheresync.runtime.scope import Scope
from spheresync.state.records import AssetRecord, SpaceRecord

_BY_LISTING = frozenset({SPACE_GONE, SPACE_UNREAD, GONE_UNCONFIRMED, OBJECTS_OFF})
_STAYS = "what AWS holds of {them} stays as it is"
_WHOLE_LISTS = "Mend what kept the lists of the space from being read; the next whole listing then goes on by itself."
_NAMED = 5
LEFT_IN_AWS = (
    "What is excluded is not managed any more: its tables stay in AWS as they are, until somebody deletes them."
)
"""What whoever excludes what is gone has to know."""
_OBJECTS_ON = (
    "Switch datasphere.objects on to have such objects read, or leave them out by `scope:` or a rule: then their "
    "tables are not managed any more, and stay as they are."
)


def is_unread(record: AssetRecord) -> bool:
    """Whether an asset that Datasphere holds, as far as is known, could not be read when it was last tried.

    One that is listed and not exposed is none: nothing is wrong with it (reference: datasphere-api.md 3.2).
    """
    problem = record.problem
    return problem is not None and problem.code != SourceFault.NOT_EXPOSED and not record.misses


def count_unread(records: Iterable[AssetRecord], scope: Scope, counted_else: Collection[AssetId | None]) -> int:
    """How many assets of a scope were not read, but for those that are counted otherwise: as failed, or by an item.

    An asset that nobody has tried to read yet is one of them.
    """
    return sum(
        each.included
        and (is_unread(each) or never_read(each))
        and scope.wants(each.id, each.tier)
        and each.id not in counted_else
        for each in records
    )


def never_read(record: AssetRecord) -> bool:
    """Whether an asset is listed and in scope, and nobody has read its definition yet."""
    return record.included and record.misses == 0 and record.problem is None and record.fingerprints is None


def by_its_space(problem: Problem | None) -> bool:
    """Whether a problem of an asset is that of its listing, and over once its space lists it again."""
    return problem is not None and problem.code in _BY_LISTING


def gone_space(space: SpaceRecord, assets: int) -> Problem:
    """What to say of a space that is no longer listed; revoked membership and deletion look alike."""
    return Problem(
        subject=space.name,
        code=SPACE_GONE,
        message=f"Datasphere no longer lists space {space.name}{_since(space)}; {_kept(assets)}.",
        remedy=gone_remedy(space.name),
    )


def gone_remedy(space: SpaceName) -> str:
    """What to do about it."""
    who = "the technical user (or who signed in)"
    return f"Add {who} to space {space} again, or, if it is gone for good, exclude it by `scope:`. {LEFT_IN_AWS}"


def unlisted_space(space: SpaceRecord, assets: int) -> Problem:
    """What to say of a space that may be listed where the list of spaces could not be read to its end."""
    return Problem(
        subject=space.name,
        code=SPACE_UNREAD,
        message=f"Space {space.name} was not among the spaces that could be read{_since(space)}; {_kept(assets)}.",
        remedy="Mend what kept the list of spaces from being read; `spheresync doctor` looks for it.",
    )


def returned_space(space: SpaceRecord, assets: int) -> Problem:
    """What to say of a space that is listed again, where nobody has asked for its assets yet."""
    return Problem(
        subject=space.name,
        code=SPACE_UNREAD,
        message=f"Space {space.name} is listed again, and was not read yet{_since(space)}; {_kept(assets)}.",
        remedy="A sync or a discovery of all spaces, or of this one, reads it.",
    )


def refused_space(problem: Problem, space: SpaceRecord, assets: int) -> Problem:
    """A problem of a space's own listing, with since when and what becomes of the assets that it left out.

    What it does list is read.
    """
    if not assets:
        return problem
    said = problem.message.rstrip(".")
    message = f"{said}; what else space {space.name} may hold was not read{_since(space)}, and {_kept(assets)}."
    return Problem(problem.subject, problem.code, message, problem.remedy)


def broken_listing(space: SpaceRecord, assets: int) -> Problem:
    """What to say of a space whose listing is not whole, where nothing else says why."""
    said = Problem(space.name, SPACE_UNREAD, f"Space {space.name} could not be listed to its end.", "Try again.")
    return refused_space(said, space, assets)


def not_reached(problems: Sequence[Problem]) -> SourceError:
    """What to raise where the tenant gave no list of spaces, so that nothing that is known may be told as fresh."""
    nothing = Problem("tenant", SourceFault.UNREACHABLE, "The tenant gave no list of spaces.")
    first = problems[0] if problems else nothing
    remedy = "Without a refresh, preview goes by the last reading."
    fault = SourceFault(first.code) if first.code in set(SourceFault) else SourceFault.UNREACHABLE
    return SourceError(fault, first.message, remedy=f"{first.remedy} {remedy}".strip())


def of_asset(asset: AssetId, listed_at: str, of_space: Problem) -> Problem:
    """The problem of an asset that its space keeps from being read; its text stays the same while that lasts."""
    code = SPACE_GONE if of_space.code == SPACE_GONE else SPACE_UNREAD
    why = "is not listed any more" if code == SPACE_GONE else "could not be listed"
    message = f"Its space {asset.space} {why}, so it was last seen at {to_the_second(listed_at)}; "
    return Problem.of(asset, code, f"{message}{_STAYS.format(them='it')}.", of_space.remedy)


def is_proven(record: AssetRecord, kind: AssetKind) -> bool:
    """Whether an asset was read before as what it is listed as, with nothing against it since but its space."""
    read = record.definition is not None and record.kind is kind
    return read and (record.problem is None or by_its_space(record.problem))


def unproven_asset(asset: AssetId) -> Problem:
    """What to say of an asset that a list which could not be read may hold too; the same as long as that lasts."""
    message = (
        f"What else its space {asset.space} holds could not be listed, and may contradict what {asset} is listed as"
    )
    return Problem.of(asset, SPACE_UNREAD, f"{message}; {_STAYS.format(them='it')}.", _WHOLE_LISTS)


def unproven_assets(space: SpaceName, assets: Sequence[AssetId]) -> Problem:
    """The same of all those of a space."""
    names = first_of(sorted(str(asset) for asset in assets), _NAMED, total=len(assets))
    they, them = ("it is", "it") if len(assets) == 1 else ("they are", "them")
    message = (
        f"{counted(len(assets), 'asset')} of space {space} may be held otherwise by the lists that could not be read, "
        f"so {they} left alone until all of them are: {names}; {_STAYS.format(them=them)}."
    )
    return Problem(space, SPACE_UNREAD, message, _WHOLE_LISTS)


def not_offered(space: SpaceName, assets: Sequence[AssetRecord]) -> Problem:
    """What to say of known assets of kinds that the tenant offers no list of any more: that is no empty list."""
    names = first_of(sorted(str(each.id) for each in assets), _NAMED, total=len(assets))
    kinds = ", ".join(sorted({each.kind.replace("_", " ") + "s" for each in assets}))
    message = (
        f"The tenant offers no list of {kinds} any more, and {counted(len(assets), 'known asset')} of space {space} "
        f"would be in it ({names})"
    )
    remedy = (
        "Have the tenant offer it again, or leave them out by `scope:` or a rule if it is gone for good. " + LEFT_IN_AWS
    )
    return Problem(space, SPACE_UNREAD, message, remedy)


def not_asked_for(asset: AssetId) -> Problem:
    """What to say of a known asset that only the design-time API tells of, while that is switched off."""
    message = f"{asset} is not exposed, and datasphere.objects is off, so it is not read; {_STAYS.format(them='it')}."
    return Problem.of(asset, OBJECTS_OFF, message, _OBJECTS_ON)


def objects_off(records: Iterable[AssetRecord], scope: Scope) -> tuple[Problem, ...]:
    """How many assets of a scope are not read for that, in one sentence; no failure, as somebody has asked for it."""
    unread = [
        each for each in records if each.problem is not None and each.problem.code == OBJECTS_OFF and each.included
    ]
    names = sorted(str(each.id) for each in unread if scope.wants(each.id, each.tier))
    if not names:
        return ()
    are, them = ("is", "it") if len(names) == 1 else ("are", "them")
    message = (
        f"{counted(len(names), 'known object')} {are} not read, since datasphere.objects is off: "
        f"{first_of(names, _NAMED)}; {_STAYS.format(them=them)}."
    )
    return (Problem("objects", OBJECTS_OFF, message, _OBJECTS_ON),)


def _since(space: SpaceRecord) -> str:
    return f" (last listed at {to_the_second(space.listed_at)})" if space.listed_at else ""


def _kept(assets: int) -> str:
    """What becomes of the assets of it that are known."""
    if not assets:
        return "no asset of it is known"
    word = "counts" if assets == 1 else "count"
    them = "it" if assets == 1 else "them"
    return f"{counted(assets, 'known asset')} {word} as not read, and {_STAYS.format(them=them)}"


def may_hold(mapping: MappingRules, space: SpaceName) -> bool:
    """Whether rules let a space have assets of ours; also where they cannot say, so that it is asked and told."""
    try:
        return mapping.may_hold(space)
    except Exception as error:  # noqa: BLE001 -- isolates this space
        product_error(error, f"space {space}")
        return True
