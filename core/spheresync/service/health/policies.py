"""The smallest IAM policy with which each destination's targets work, put together from what they call. Pure but for
the names of databases, which the state and the rules know.

Names of resources are patterns: which database a space gets stands in its prefix and in rules, and IAM's policies are
bounded in size. An account or Region that no setting names is left open as `*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from spheresync.answers import DestinationPolicy, PolicyAnswer, PolicyDocument, PolicyStatement
from spheresync.config import Destination, Settings
from spheresync.mapping.names import plain_name
from spheresync.model import DestinationName, TargetKey
from spheresync.runtime.context import RuntimeContext
from spheresync.targets.design_values import PermissionReach
from spheresync.targets.registry import design_of

_OURSELVES = "the credentials of this process"
_MOST_DATABASES = 20
"""Named one by one; of more a policy would outgrow what IAM takes (6,144 characters)."""


async def smallest_policies(context: RuntimeContext) -> PolicyAnswer:
    """A policy for each destination, and for who assumes the roles of destinations."""
    settings = context.settings
    spaces = [space.name for space in await context.store.catalog.spaces() if context.mapping.may_hold(space.name)]
    policies = []
    for name, destination in settings.places.items():
        keys = [key for key in settings.target_keys if key.destination == name]
        databases = _databases(settings, DestinationName(name), spaces)
        statements = [*_statements(keys, destination, databases, _bound(settings))]
        document = PolicyDocument(Statement=statements)
        attach_to = destination.role_arn or _OURSELVES
        policies.append(DestinationPolicy(destination=name, attach_to=attach_to, policy=document))
    roles = [each.role_arn for each in settings.places.values() if each.role_arn is not None]
    if roles:
        assuming = PolicyStatement(
            Sid="AssumeRolesOfDestinations", Action=["sts:AssumeRole"], Resource=sorted(set(roles))
        )
        policies.append(DestinationPolicy(attach_to=_OURSELVES, policy=PolicyDocument(Statement=[assuming])))
    return PolicyAnswer(policies=policies)


def _statements(
    keys: Iterable[TargetKey], destination: Destination, databases: Sequence[str], bound: Sequence[str]
) -> Iterator[PolicyStatement]:
    for key in keys:
        for group in design_of(key.target).permissions:
            match group.reach:
                case PermissionReach.OUR_TABLES:
                    resources = _arns(destination, databases)
                case PermissionReach.BOUND_TABLES:
                    resources = _arns(destination, bound) if bound else []
                case PermissionReach.WHERE_BOUND:
                    resources = ["*"] if bound else []
                case PermissionReach.EVERYTHING:
                    resources = ["*"]
            if resources:
                yield PolicyStatement(Sid=group.sid, Action=[*group.actions], Resource=resources)


def _arns(destination: Destination, databases: Sequence[str]) -> list[str]:
    account = destination.catalog_id or destination.account or "*"
    start = f"arn:aws:glue:{destination.region or '*'}:{account}"
    named = [each for name in databases for each in (f"{start}:database/{name}", f"{start}:table/{name}/*")]
    return [f"{start}:catalog", *named]


def _databases(settings: Settings, destination: DestinationName, spaces: Sequence[str]) -> list[str]:
    """Patterns of the databases that may be written: by prefix, else by the spaces that are known; and by rules."""
    prefix = settings.prefix_in(destination)
    by_rules = [_beginning(rule.set.database) for rule in settings.mapping.rules if rule.set.database is not None]
    if prefix:
        names = [f"{plain_name(prefix)}*"]
    elif 0 < len(spaces) <= _MOST_DATABASES:
        names = [f"{plain_name(space)}*" for space in spaces]  # a name that is taken goes on with a hash
    else:
        names = ["*"]
    names = sorted({*names, *by_rules, "spheresync_doctor_probe"})
    return ["*"] if "*" in names else names


def _bound(settings: Settings) -> list[str]:
    """Patterns of the databases of others in which rules bind tables."""
    found = {
        _beginning(rule.set.bind.partition(".")[0]) for rule in settings.mapping.rules if rule.set.bind is not None
    }
    return ["*"] if "*" in found else sorted(found)


def _beginning(template: str) -> str:
    """A template as a pattern: what stands before its first field, and anything after that."""
    literal, brace, _ = template.partition("{")
    return f"{literal.lower()}*" if brace else literal.lower()
