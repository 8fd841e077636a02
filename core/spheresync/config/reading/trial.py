"""Settings for a trial: those in force, with rules that somebody wants to know the effect of.

Nothing of a trial is kept. Its rules come after those in force, so that they win as later rules do; a scope and a
policy of personal data take the place of what they name.
"""

from __future__ import annotations

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from spheresync.config.context import ContextSet
from spheresync.config.personal_data import PersonalDataRule
from spheresync.config.reading.key_places import line_of, shown_key
from spheresync.config.reading.value_errors import fault_at
from spheresync.config.reading.yaml_file import MAX_BYTES, Document, parse_yaml
from spheresync.config.rules import MappingSettings
from spheresync.config.sections import Scope, Section
from spheresync.config.settings import Settings
from spheresync.errors import UsageError

_REMEDY = (
    "Write a list of mapping rules as in the configuration, or `scope`, `mapping: {rules}` and "
    "`personal_data: {policy}` below each other."
)


class TrialPersonalData(Section):
    """The part of `personal_data` that may be tried."""

    policy: tuple[PersonalDataRule, ...] = ()


class TrialRules(Section):
    """What may be tried: what decides which assets are in scope and what becomes of them."""

    scope: Scope | None = None
    mapping: MappingSettings = Field(default_factory=MappingSettings)
    personal_data: TrialPersonalData = Field(default_factory=TrialPersonalData)


def with_trial_rules(settings: Settings, text: str) -> Settings:
    """The settings as they would be with these rules besides; those that are given stay as they are.

    Args:
        settings: in force.
        text: YAML or JSON: a list of mapping rules, or sections as in the configuration.

    Raises:
        UsageError: the text cannot be used; every problem is named.
    """
    trial = _read(text)
    of_trial = {rule.personal_class for rule in trial.personal_data.policy}
    kept = [rule for rule in settings.personal_data.policy if rule.personal_class not in of_trial]
    personal_data = settings.personal_data.model_copy(update={"policy": (*kept, *trial.personal_data.policy)})
    mapping = settings.mapping.model_copy(update={"rules": (*settings.mapping.rules, *trial.mapping.rules)})
    tried: Settings = settings.model_copy(
        update={"mapping": mapping, "personal_data": personal_data, "scope": trial.scope or settings.scope}
    )
    return tried.with_tried(rules=len(trial.mapping.rules), scope=trial.scope is not None)


def _read(text: str) -> TrialRules:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise UsageError(f"the trial rules are larger than {MAX_BYTES} bytes.", remedy=_REMEDY)
    document = parse_yaml(_as_sections(text), "trial rules")
    if document.problems:
        raise UsageError("; ".join(document.problems) + ".", remedy=_REMEDY)
    if not document.values:
        raise UsageError("the trial rules are empty.", remedy=_REMEDY)
    try:
        return TrialRules.model_validate(document.values)
    except ValidationError as error:
        problems = [_problem(document, each) for each in error.errors(include_url=False)]
        raise UsageError("; ".join(problems) + ".", remedy=_REMEDY) from error


def _as_sections(text: str) -> str:
    """A bare list of rules, on the same lines, as the section that it belongs to; comments may stand before it."""
    lines_of_it = map(str.strip, text.splitlines())
    start = next((line for line in lines_of_it if line and not line.startswith("#")), "")
    if start.startswith("["):
        return f"mapping: {{rules: {text}}}"
    if start.startswith("-"):
        lines = "\n".join(f"    {line}" for line in text.splitlines())
        return f"mapping:\n  rules:\n{lines}\n"
    return text


def _problem(document: Document, found: ErrorDetails) -> str:
    key = ".".join(map(str, found["loc"]))
    said = fault_at(TrialRules, found["loc"], found, drop="remove the key")
    if found["type"] == "extra_forbidden" and found["loc"][-1] in ContextSet.model_fields:
        said = "it is business context, which entries of context files set (`context:`), and which is not tried"
    return f"{shown_key(key)}{line_of(document.lines, key)}: {said}"
