"""What rules that are only tried come to beside the items of a plan: whom they match, and what changes outside of AWS.

A rule that matches nothing and one that changes nothing in AWS give the same empty plan, and only one of them does
nothing. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from spheresync.config import Settings
from spheresync.config.durations import format_duration
from spheresync.config.rules import Rule, RuleMatch
from spheresync.mapping.matching import applies, applies_to_column, unmet
from spheresync.mapping.patterns import first_match
from spheresync.mapping.rules import MappingRules
from spheresync.model import Asset, AssetId, Problem, Tier, counted, first_of
from spheresync.planning.decisions.no_failure import TRIAL, TRIAL_UNMATCHED
from spheresync.runtime.unknown_names import MOST_LISTED, nearest
from spheresync.state.records import AssetRecord, ChangeSetItem

FORGOTTEN = (
    "what AWS holds of them stays there as it is, personal data too, and no later run writes or deletes it (forget)"
)
_NAMED = 5
_SPELLING = (
    "Case counts, and globs of `scope` are of SPACE/NAME; list_spaces and list_assets show the names that are known."
)


@dataclass(frozen=True, slots=True)
class TrialItems:
    """The items of a plan by rules that are tried.

    `own` follow from the rules, of which `otherwise` are done without them too, but not so; `pending` are planned
    without them word for word, and `dropped` are planned without them only.
    """

    own: Sequence[ChangeSetItem]
    otherwise: int
    pending: Sequence[ChangeSetItem]
    dropped: Sequence[ChangeSetItem]

    @classmethod
    def of(cls, tried: Iterable[ChangeSetItem], in_force: Iterable[ChangeSetItem]) -> TrialItems:
        planned = {(item.key, item.asset, item.address): item for item in in_force}
        own, pending, otherwise = list[ChangeSetItem](), list[ChangeSetItem](), 0
        for item in tried:
            other = planned.pop((item.key, item.asset, item.address), None)
            if other is not None and _does(item) == _does(other):
                pending.append(item)
                continue
            own.append(item)
            otherwise += other is not None and other.action is item.action
        there = {(item.key, item.asset) for item in own}
        dropped = [each for each in planned.values() if (each.key, each.asset) not in there]
        return cls(own, otherwise, pending, dropped)

    def findings(self) -> Iterator[Problem]:
        """What of the plan does not follow from the rules, and what they keep from being done."""
        if self.otherwise:
            text = f"of these {counted(self.otherwise, 'item')} would be planned without the trial too, but not so"
            yield Problem("trial", TRIAL, text)
        if self.pending:
            text = f"left out here, as it would be planned without the trial too: {counted(len(self.pending), 'item')}"
            yield Problem(
                "trial", TRIAL, f"{text} ({_by_action(self.pending)})", "A preview without trial rules shows it."
            )
        if self.dropped:
            text = f"{counted(len(self.dropped), 'item')} would be planned no more with the rules"
            yield Problem("trial", TRIAL, f"{text} ({_by_action(self.dropped)})")


def _does(item: ChangeSetItem) -> tuple[object, ...]:
    return item.action, item.strategy, item.changes, item.after_digest, item.blocked_by


def _by_action(items: Iterable[ChangeSetItem]) -> str:
    counts = Counter(str(item.action) for item in items)
    return ", ".join(f"{action} {count}" for action, count in sorted(counts.items()))


def trial_rules(tried: Settings, in_force: Settings) -> Sequence[Rule]:
    """The mapping rules of a trial; they come last."""
    return tried.mapping.rules[len(in_force.mapping.rules) :]


def trial_findings(
    tried: Settings, in_force: Settings, records: Sequence[AssetRecord], definitions: Mapping[AssetId, Asset]
) -> Iterator[Problem]:
    """What each part of a trial matches, and what it changes of assets though AWS holds the same of them.

    Args:
        tried: the settings of the trial.
        in_force: those without it.
        records: the assets that the preview is about.
        definitions: of those that a rule for columns matches.
    """
    for number, rule in enumerate(trial_rules(tried, in_force), 1):
        yield from _of_rule(f"trial rule {number} ({_spelled(rule.match)})", rule, records, definitions)
    if tried.scope != in_force.scope:
        yield from _of_scope(tried, records)
    for policy in tried.personal_data.policy:
        if policy not in in_force.personal_data.policy:
            named = [str(each.id) for each in records if policy.personal_class in each.personal_data]
            yield _matching(f"personal_data.policy of class {policy.personal_class}", named, "no column has the class")
    yield from _decided(MappingRules.compile(in_force), MappingRules.compile(tried), records, tried)


def _of_rule(
    name: str, rule: Rule, records: Sequence[AssetRecord], definitions: Mapping[AssetId, Asset]
) -> Iterator[Problem]:
    matched = [each.id for each in records if applies(rule.match, each.id, each.kind, each.label)]
    yield _matching(name, [*map(str, matched)], "" if matched else _why_none(rule.match, records))
    columns = [column for each in matched if each in definitions for column in definitions[each].columns]
    for number, part in enumerate(rule.columns if columns else (), 1):
        if not any(applies_to_column(part.match, column) for column in columns):
            text = f"{name} fits no column of the assets that it matches with entry {number} of its columns"
            yield Problem("trial", TRIAL_UNMATCHED, text, "describe_asset shows how the columns are called.")


def _matching(name: str, matched: Sequence[str], why_none: str) -> Problem:
    if matched:
        return Problem("trial", TRIAL, f"{name} matches {counted(len(matched), 'asset')}: {first_of(matched, _NAMED)}")
    return Problem("trial", TRIAL_UNMATCHED, f"{name} matches no asset, so it does nothing: {why_none}", _SPELLING)


def _spelled(match: RuleMatch) -> str:
    asked = match.model_dump(mode="json", exclude_none=True)
    return "; ".join(f"{key} {', '.join(globs)}" for key, globs in asked.items()) or "every asset"


def _why_none(match: RuleMatch, records: Sequence[AssetRecord]) -> str:
    """How many assets meet each condition, with what is spelled nearly like one that none meets."""
    if not records:
        return "no asset is known in what the preview is about"
    missed = [unmet(match, each.id, each.kind, each.label) for each in records]
    said = []
    for key, globs in match.model_dump(mode="json", exclude_none=True).items():
        fitting = sum(key not in each for each in missed)
        known = {_value(key, each) for each in records}
        near = nearest(globs[0], sorted(known)) if not fitting else ""
        if not (fitting or near) and len(known) <= MOST_LISTED:
            near = f"known: {', '.join(sorted(known))}"
        said.append(f"{key} {', '.join(globs)} fits {fitting}{f' ({near})' if near else ''}")
    return ", ".join(said)


def _value(key: str, record: AssetRecord) -> str:
    """What a key of a match is held against."""
    if key in {"space", "name"}:
        return str(record.id.space if key == "space" else record.id.name)
    return str(record.kind) if key == "kind" else record.label


def _of_scope(tried: Settings, records: Sequence[AssetRecord]) -> Iterator[Problem]:
    """The globs of a trial's scope that name no asset."""
    names = [str(each.id) for each in records]
    for key, globs in (("include", tried.scope.include), ("exclude", tried.scope.exclude)):
        for glob in globs:
            if not any(first_match((glob,), name) is not None for name in names):
                near = nearest(glob, names)
                yield _matching(f"scope.{key} {glob}", [], near or "no asset is called so")


def _decided(
    now: MappingRules, then: MappingRules, records: Sequence[AssetRecord], tried: Settings
) -> Iterator[Problem]:
    """Tiers that change, and what leaves or enters the scope: AWS need not hold anything else for that."""
    tiers = defaultdict[tuple[Tier, Tier], list[str]](list)
    out, into = list[str](), list[str]()
    for record in records:
        before, after = record.decided_by(now), record.decided_by(then)
        if before.included and after.included and before.tier != after.tier:
            tiers[before.tier, after.tier].append(str(record.id))
        if before.included != after.included:
            (out if before.included else into).append(str(record.id))
    for (old, new), named in sorted(tiers.items()):
        every = {tier: format_duration(tried.tiers.of(tier).interval) for tier in (old, new)}
        text = f"the tier of {counted(len(named), 'asset')} would become {new} (read every {every[new]}), {old} (every "
        yield Problem("trial", TRIAL, f"{text}{every[old]}) now: {first_of(named, _NAMED)}")
    if out:
        text = f"{counted(len(out), 'asset')} would leave the scope: {first_of(out, _NAMED)}; {FORGOTTEN}"
        yield Problem("trial", TRIAL, text, "Only a person who deletes a table by hand removes it then.")
    if into:
        text = f"{counted(len(into), 'asset')} would come into the scope: {first_of(into, _NAMED)}"
        yield Problem("trial", TRIAL, text)
