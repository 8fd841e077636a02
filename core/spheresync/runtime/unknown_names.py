"""Names as people write them: which asset `SPACE/NAME` means, and, of names that do not exist, the nearest that do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from spheresync.errors import UsageError
from spheresync.model import AssetId, first_of
from spheresync.personal_values import mask_personal_values
from spheresync.runtime.out_of_scope import NOTHING_OUTSIDE, Outside, space_outside

NEAR = 3
"""Names that one hint offers at most."""
MOST_LISTED = 12
"""Valid names that a hint lists where none is near; of more it says how to list them."""
_CUT_OFF = 4
"""Characters that a name begins with from which on they may be meant for it."""
SHOWN = 5
"""Wrong names that one error tells; the others are counted."""


@dataclass(frozen=True, slots=True)
class WrongName:
    """What of a request is wrong. `hint` is a sentence with what would be right, worked out only where it is shown."""

    kind: str
    said: str
    hint: Callable[[], str] = field(compare=False)
    written: str | None = None  # of a text that is no SPACE/NAME


def nearest(name: str, known: Iterable[str]) -> str:
    """Which names may be meant, as a sentence; empty where none is near. Upper and lower case count as the same."""
    return _meant(_near(name, known), name)


def _near(name: str, known: Iterable[str]) -> list[str]:
    """The near ones of known names, nearest first; those that differ in case only, where there are any.

    A name that was cut off is nearer to what begins like it than to what is as short as it is.
    """
    folded: dict[str, list[str]] = {}
    for each in known:
        folded.setdefault(each.casefold(), []).append(each)
    asked = name.casefold()
    if equal := folded.get(asked):
        return equal
    begun = [each for each in folded if each.startswith(asked)] if len(asked) >= _CUT_OFF else []
    alike = difflib.get_close_matches(asked, folded, n=NEAR, cutoff=0.5)
    nearest_first = dict.fromkeys([*sorted(begun, key=len)[:NEAR], *alike])
    return [each for found in list(nearest_first)[:NEAR] for each in folded[found]]


def _meant(near: Sequence[str], asked: str) -> str:
    """As a sentence; without what reads as the name that was asked for does, once values of persons are masked."""
    same = mask_personal_values(asked)
    said = [each for each in near if mask_personal_values(each) != same]
    return f"Did you mean {', '.join(said[:NEAR])}?" if said else ""


def _known(names: Sequence[str], listing: str) -> str:
    if 0 < len(names) <= MOST_LISTED:
        return f"Known: {', '.join(sorted(names))}."
    return f"{listing} shows the {len(names)} known ones." if names else "Nothing is known yet: run discover first."


def unknown(kind: str, name: str, known: Iterable[str], *, listing: str, listed: bool = True) -> WrongName:
    """A name that the catalog does not hold: nearest matches first, else how to list the valid ones.

    `listed`: the catalog is as new as the request asks for, so that the name does not exist.
    """
    names = list(known)

    def hint() -> str:
        return nearest(name, names) or _known(names, listing)

    said = f"there is no {kind} {name!r}" if listed else f"no {kind} {name!r} is known so far"
    return WrongName(kind, said, hint)


def unknown_asset(
    asset: AssetId,
    known: Iterable[AssetId],
    spaces: Collection[str],
    *,
    listed: bool = True,
    outside: Outside = NOTHING_OUTSIDE,
) -> WrongName:
    """An asset that the catalog does not hold; `known` are all that it does, in all its `spaces`.

    The nearest is one of that name but for the case, then a near name in that space or a near one, then the same name
    anywhere. Names of far spaces are not compared: a tenant has tens of thousands. Of a space that is `outside` of the
    scope nobody knows what it holds, nor of any what it holds of kinds that are not read.
    """
    if asset.space in spaces and (why := outside.of_space(asset.space)) is not None:
        left_out = space_outside(asset.space, why)
        said = f"asset {str(asset)!r} is not known. {left_out.message.rstrip('.')}"
        return WrongName("asset out of scope", said, lambda: left_out.remedy)
    by_space: dict[str, list[AssetId]] = {}
    for each in known:
        by_space.setdefault(each.space, []).append(each)
    space_known = asset.space in spaces

    def hint() -> str:
        near_spaces = [asset.space] if space_known else _near(asset.space, spaces)
        within = [each for space in near_spaces for each in by_space.get(space, ())]
        near = _near_assets(asset, within)
        equal = bool(near) and near[0].casefold() == str(asset).casefold()
        if equal and (meant := _meant(near, str(asset))):
            return meant
        elsewhere = [str(each) for some in by_space.values() for each in some if _same_name(each, asset)]
        if meant := _meant(list(dict.fromkeys([*near[: NEAR - 1], *elsewhere, *near])), str(asset)):
            return meant
        if not space_known:
            return _meant([f"space {space}" for space in near_spaces], f"space {asset.space}") or _known(
                [*spaces], "list_spaces"
            )
        if not within:
            return f"Space {asset.space} holds no assets."
        return _known([*map(str, within)], f"list_assets of space {asset.space}")

    said = f"no asset {str(asset)!r} is known so far"
    if listed and not space_known:
        said = f"there is no asset {str(asset)!r}: no space {asset.space!r}"
    elif listed:
        said = f"no asset {str(asset)!r} is known" if outside.kinds else f"there is no asset {str(asset)!r}"
    if not space_known or not outside.kinds:
        return WrongName("asset" if space_known else "asset's space", said, hint)
    return WrongName("asset", said, lambda: f"{hint()} {outside.kinds}")


def _near_assets(asset: AssetId, known: Iterable[AssetId]) -> list[str]:
    """By the name alone, for a long space would make all names in it near; of one that is equal, the nearest space."""
    named: dict[str, list[str]] = {}
    for each in known:
        named.setdefault(each.name, []).append(str(each))
    return [full for name in _near(asset.name, named) for full in named[name]]


def _same_name(one: AssetId, other: AssetId) -> bool:
    return one.name.casefold() == other.name.casefold()


def unknown_name(kind: str, name: str, known: Iterable[str], *, listing: str) -> UsageError:
    """The error for one name that does not exist."""
    return unknown_names([unknown(kind, name, known, listing=listing)])


def show_form() -> str:
    return "Write an asset as SPACE/NAME, for example SALES/Orders."


def refuse(wrong: Sequence[WrongName]) -> None:
    """Nothing where nothing is wrong.

    Raises:
        UsageError: with everything that is.
    """
    if wrong:
        raise unknown_names(list(dict.fromkeys(wrong)))


def unknown_names(wrong: Sequence[WrongName]) -> UsageError:
    """The one error for everything that is wrong."""
    if len(wrong) == 1:
        return UsageError(f"{wrong[0].said}.", remedy=wrong[0].hint())
    shown = _first_of_each_kind(wrong)
    told = first_of(
        [f"{each.said} ({_inserted(each.hint())})" for each in shown], len(shown), total=len(wrong), by="; "
    )
    return UsageError(f"{len(wrong)} names are wrong: {told}.", remedy="Correct them and try again.")


def _first_of_each_kind(wrong: Sequence[WrongName]) -> list[WrongName]:
    """As many as are shown, none of the kinds left out, in the order given."""
    firsts = {each.kind: each for each in reversed(wrong)}.values()
    ranked = sorted(wrong, key=lambda each: each not in firsts)[:SHOWN]
    return [each for each in wrong if each in ranked]


def _inserted(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).removesuffix(".")


def named_asset(text: str) -> AssetId | WrongName:
    """The asset that a person named, known or not; what is wrong with a text that can name none."""
    try:
        return AssetId.parse(text)
    except ValueError as error:
        return WrongName("asset's form", str(error), show_form, written=text)


def with_meant_assets(wrong: Iterable[WrongName], known: Iterable[AssetId]) -> list[WrongName]:
    """The same, of which texts that are no SPACE/NAME are answered with the assets that they may mean."""
    there = list(known)
    return [
        each if (text := each.written) is None else replace(each, hint=partial(_meant_or_form, text, there))
        for each in wrong
    ]


def _meant_or_form(text: str, known: Sequence[AssetId]) -> str:
    """Whoever leaves the space out, or spells it as AWS does (`hr.payroll`), means an asset of that name."""
    spelled = text.strip().casefold()
    equal = [str(each) for each in known if spelled in {each.name.casefold(), *_other_spellings(each)}]
    return _meant(equal or _near_any(spelled, known), text) or show_form()


def _other_spellings(asset: AssetId) -> Iterator[str]:
    for between in _BETWEEN:
        yield f"{asset.space}{between}{asset.name}".casefold()


def _near_any(spelled: str, known: Sequence[AssetId]) -> list[str]:
    """By names alone, which are compared where they are not too many; then by the whole."""
    if len(known) > _MOST_COMPARED:
        return []
    named: dict[str, list[str]] = {}
    for each in known:
        named.setdefault(each.name, []).append(str(each))
    by_name = [full for name in _near(spelled, named) for full in named[name]]
    return by_name or _near(spelled, map(str, known))


_BETWEEN = (".", ":", "\\", " ", "_", "/")
"""What people write between a space and a name."""
_MOST_COMPARED = 5_000
