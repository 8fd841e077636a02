"""Read the file and the environment, and find every problem before saying anything.

The environment wins over the file. Each problem names its source (file or variable), the key, and the fix.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spheresync.config.chain_region import region_of_chain
from spheresync.config.context_patterns import ContextPatterns
from spheresync.config.destinations import destination_faults
from spheresync.config.lineage import FILE, path_of
from spheresync.config.promotion import PromotionFault, read_promotion
from spheresync.config.promotion_in_force import PromotionInForce
from spheresync.config.reading.context_files import ParsedFiles, read_context
from spheresync.config.reading.draft import PREFIX, Draft, at_home
from spheresync.config.reading.key_places import line_of, shown_key
from spheresync.config.reading.references import References
from spheresync.config.reading.tenant import place_sign_in_key, require_tenant
from spheresync.config.reading.value_errors import fault_at
from spheresync.config.reading.yaml_file import read_yaml
from spheresync.config.sections import comma_list
from spheresync.config.settings import DOG_ACCOUNT, SUPPORTED_TARGETS, Settings
from spheresync.errors import ConfigurationError
from spheresync.model import Environment, Place, TargetName
from spheresync.state_folder import is_of_state

FILE_NAME = "spheresync.yaml"
CONFIG_VARIABLE = "SPHERESYNC_CONFIG"
#: Variables that steer a process and are no settings.
_PROCESS_VARIABLES = frozenset(
    {
        CONFIG_VARIABLE,
        "SPHERESYNC_ENV",
        "SPHERESYNC_ROLE",
        "SPHERESYNC_STATE_DIR",
        "SPHERESYNC_SOAK",
        "SPHERESYNC_LOG",
    }
)
_LONGEST_NAME = "spheresync.db.before-restore-20260101T000000000000Z"
"""A file in the state folder that has one of the longest names."""


def load_settings(
    env: str | None,
    config_file: Path | None,
    environ: Mapping[str, str],
    cwd: Path,
    *,
    parsed: ParsedFiles | None = None,
) -> Settings:
    """Read and check all settings.

    Args:
        env: `--env`, else SPHERESYNC_ENV, else `env` in the file, else dog.
        config_file: `--config`, else SPHERESYNC_CONFIG, else `spheresync.yaml` in `cwd` if it is there.
        environ: the process environment.
        cwd: the current folder.
        parsed: context files that were read before.

    Raises:
        ConfigurationError: with every problem found.
    """
    draft = Draft()
    file, origin = configuration_file(config_file, environ, cwd)
    _read_file(draft, file, environ, origin)
    _read_environment(draft, environ)
    _read_promotion(draft, file.parent, environ, cwd)
    _read_context(draft, file.parent, environ, cwd, parsed or ParsedFiles())
    name = _environment_name(draft, env, environ)
    if name.is_embedded:
        if "context" not in draft.values:
            draft.context = None
        draft.values.setdefault("scheduler", {})
        if isinstance(draft.values["scheduler"], dict):
            draft.values["scheduler"].setdefault("first_sync", "apply")
    _place_state(draft, environ, cwd, name)
    _place_lineage(draft, file, environ, cwd)
    place_sign_in_key(draft, file.parent, environ, cwd)
    require_tenant(draft, name)
    chain = Place(None, DOG_ACCOUNT) if name.is_embedded else Place(region_of_chain(environ))
    _check_destinations(draft, chain)
    settings = _validate(draft)
    if settings is None or draft.problems:
        raise ConfigurationError(tuple(draft.problems))
    settings = settings.with_origins(draft.origins, draft.promotion).with_context(draft.context)
    return settings.with_files(draft.files).with_chain(chain)


def configuration_file(flag: Path | None, environ: Mapping[str, str], cwd: Path) -> tuple[Path, str]:
    """The file that settings are read from, and what named it; a file that nothing named need not be there."""
    if flag is not None:
        return cwd / flag, "--config"
    named = environ.get(CONFIG_VARIABLE, "").strip()
    return (cwd / at_home(named, environ), CONFIG_VARIABLE) if named else (cwd / FILE_NAME, "")


def _environment_name(draft: Draft, flag: str | None, environ: Mapping[str, str]) -> Environment:
    """The environment that was asked for, or dog where the word is none, after noting that."""
    candidates = (("--env", flag), ("SPHERESYNC_ENV", environ.get("SPHERESYNC_ENV")), ("env", draft.values.get("env")))
    default = ("default", Environment.DOG)
    origin, name = next(((origin, name) for origin, name in candidates if name not in (None, "")), default)
    if name not in [*Environment]:
        what = f"{name[:40]!r} is" if isinstance(name, str) else "it is"
        place = f"{draft.place('env')}: env" if origin == "env" else origin
        draft.problems.append(f"{place}: {what} no environment; use dog, wolf or bear")
        name = Environment.DOG
    draft.values["env"] = name
    if origin != "env":
        draft.origins["env"] = origin
    return Environment(name)


def _read_file(draft: Draft, path: Path, environ: Mapping[str, str], origin: str) -> None:
    if not origin and not path.exists():
        return
    document = read_yaml(path)
    values = document.values
    draft.lines = document.lines
    named = f"{CONFIG_VARIABLE}: " if origin == CONFIG_VARIABLE else ""
    draft.problems.extend(f"{named}{problem}" for problem in document.problems)
    draft.unfilled |= document.unread
    if document.problems and not values:  # what the file would have said is not missing, it is not known
        draft.unfilled |= {"datasphere.base_url", "datasphere.client_id", "datasphere.client_secret"}
    references = References(environ, path.parent)
    for key, text, replace in _texts(values):
        filled, faults = references.fill(text)
        place = f"{path.name}{line_of(draft.lines, key)}: {shown_key(key)}"
        draft.problems.extend(f"{place}: {fault}" for fault in faults)
        if faults:
            draft.unfilled.add(key)
        else:
            replace(filled)
    draft.files = references.files
    draft.values.update(values)
    draft.origins.update(dict.fromkeys(_leaves(values), path.name))


def _texts(node: Any, key: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every text of a tree, with its key and a way to replace it."""
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in list(members):
        path = f"{key}.{name}" if key else str(name)
        if isinstance(value, str):

            def replace(text: str, node: Any = node, name: Any = name) -> None:
                node[name] = text

            yield path, value, replace
        else:
            yield from _texts(value, path)


def _leaves(node: dict[str, Any], key: str = "") -> Iterator[str]:
    for name, value in node.items():
        path = f"{key}.{name}" if key else str(name)
        if isinstance(value, dict) and value:
            yield from _leaves(value, path)
        else:
            yield path


def _read_environment(draft: Draft, environ: Mapping[str, str]) -> None:
    known = dict(_variables(Settings))
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable in _PROCESS_VARIABLES:
            continue
        path = known.get(variable.upper())
        if path is None:
            draft.problems.append(f"environment: {variable}: no such setting; {_meant(variable, known)}")
            continue
        _place(draft.values, path, text)
        draft.origins[".".join(path)] = variable


def _meant(variable: str, known: Mapping[str, object]) -> str:
    """What to do about a variable that is no setting."""
    below = [name for name in known if name.startswith(f"{variable}__")]
    if below:
        return f"name a key of that section: {', '.join(below)}"
    if variable.startswith(f"{PREFIX}MAPPING"):
        return f"mapping rules stand in the file, {FILE_NAME}"
    names = [name.removeprefix(PREFIX) for name in (*known, *sorted(_PROCESS_VARIABLES - {"SPHERESYNC_SOAK"}))]
    near = difflib.get_close_matches(variable.removeprefix(PREFIX), names, n=1)
    return f"did you mean {PREFIX}{near[0]}?" if near else "unset it; `spheresync config show` lists the settings"


def _variables(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of the environment variable of every setting that a text can hold."""
    for name, info in section.model_fields.items():
        if not path and name in {"env", "mapping", "state_dir", "alerts"}:
            continue
        here = (*path, name)
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _variables(kind, here)
        elif get_origin(kind) is not dict and get_args(kind)[:1] != (dict,):
            yield PREFIX + "__".join(here).upper(), here


def _place(values: dict[str, Any], path: tuple[str, ...], text: str) -> None:
    for name in path[:-1]:
        inner = values.get(name)
        values[name] = inner = dict(inner) if isinstance(inner, dict) else {}
        values = inner
    values[path[-1]] = text


def _read_promotion(draft: Draft, folder: Path, environ: Mapping[str, str], cwd: Path) -> None:
    """Let promoted rules stand before the configuration's own, and the promoted scope where it has none of its own.

    A path of the file starts at the file's folder, one of the environment at `cwd`.
    """
    named = draft.values.get("promotion")
    if not isinstance(named, str) or "promotion" in draft.unfilled:
        return
    try:
        if not named.strip():
            raise PromotionFault("is empty; give the path of a promotion file, or leave it out")
        path = draft.absolute(named, "promotion", folder=folder, cwd=cwd, environ=environ)
        read = read_promotion(path)
    except PromotionFault as fault:
        draft.problems.append(f"{draft.place('promotion')}: promotion: {fault}")
        return
    draft.values["promotion"] = str(path)
    mapping = draft.values.setdefault("mapping", {})
    own = mapping.get("rules", []) if isinstance(mapping, dict) else None
    if isinstance(own, list):
        draft.values["mapping"] = {**mapping, "rules": [*read.promotion.rules, *own]}
    else:
        own = None  # said when all of it is checked
    draft.promotion = PromotionInForce(
        read, 0 if own is None else len(read.promotion.rules), "scope" not in draft.values
    )
    if draft.promotion.scope:
        draft.values["scope"] = dict(read.promotion.scope)
        draft.origins |= dict.fromkeys(("scope.include", "scope.exclude"), draft.promotion.source)


def _read_context(draft: Draft, folder: Path, environ: Mapping[str, str], cwd: Path, parsed: ParsedFiles) -> None:
    """Read what `context` names. Paths of the file start at the file's folder, those of the environment at `cwd`."""
    named = draft.values.get("context")
    globs = [each.strip() for each in named.split(",")] if isinstance(named, str) else named
    if not isinstance(globs, list) or not globs or not all(isinstance(each, str) and each for each in globs):
        return  # what is wrong with it is said when all of it is checked
    if "context" in draft.unfilled or any("**" in each for each in globs):
        return
    of_file = draft.is_of_file("context")
    patterns = ContextPatterns(folder if of_file else cwd, tuple(at_home(each, environ) for each in globs))
    read = read_context(patterns, parsed)
    place = f"{draft.place('context')}: context"
    start = "the folder of the configuration file" if of_file else "the current folder"
    draft.problems += [f"{place}: {fault}; check the path, which starts at {start}" for fault in read.faults]
    draft.problems += read.problems
    draft.context = read.context


def _place_state(draft: Draft, environ: Mapping[str, str], cwd: Path, env: Environment) -> None:
    """The folder of the state: as configured, else by the XDG convention; relative ones start at `cwd`."""
    home = Path(environ.get("HOME") or Path("~").expanduser())
    if chosen := environ.get("SPHERESYNC_STATE_DIR"):
        draft.values["state_dir"], draft.origins["state_dir"] = chosen, "SPHERESYNC_STATE_DIR"
    elif draft.values.get("state_dir") in (None, ""):
        base = environ.get("XDG_STATE_HOME") or home / ".local" / "state"
        draft.values["state_dir"] = str(Path(base) / "spheresync" / env)
    folder = draft.values["state_dir"]
    if isinstance(folder, str):
        draft.values["state_dir"] = str(cwd / at_home(folder, environ))
        _require_possible(draft, draft.values["state_dir"])


def _place_lineage(draft: Draft, configuration: Path, environ: Mapping[str, str], cwd: Path) -> None:
    """Let the file that lineage is told to start where `promotion` does; never may it be one that settings or state are
    read from.
    """
    section = draft.values.get("lineage")
    if not isinstance(section, dict):
        return
    named = section.get("openlineage")
    if not isinstance(named, str) or not (path := path_of(named.strip())) or not named.strip().startswith(FILE):
        return
    key = "lineage.openlineage"
    file = draft.absolute(path, key, folder=configuration.parent, cwd=cwd, environ=environ)
    trailing = "/" if path.endswith("/") else ""
    draft.values["lineage"] = {**section, "openlineage": f"{FILE}{file}{trailing}"}
    state = draft.values["state_dir"]
    with suppress(OSError, ValueError, RuntimeError):  # said elsewhere: neither can be a path
        if isinstance(state, str) and is_of_state(Path(state), file):
            draft.problems.append(f"{draft.place(key)}: {key}: is the state itself; name a file elsewhere")
        read = {each.resolve() for each in (configuration, *draft.files, *_files_of(draft))}
        if file.resolve() in read:
            draft.problems.append(f"{draft.place(key)}: {key}: is a file that settings are read from; name another one")


def _files_of(draft: Draft) -> Iterator[Path]:
    """The promotion and the context files that were read."""
    if isinstance(draft.values.get("promotion"), str):
        yield Path(draft.values["promotion"])
    if draft.context is not None and draft.context.patterns is not None:
        yield from (Path(path) for path, _ in draft.context.patterns.look())


def _require_possible(draft: Draft, folder: str) -> None:
    """Note a state folder that no file system can hold, or that leads nowhere."""
    try:
        Path(folder, _LONGEST_NAME).lstat()
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno not in {errno.ENAMETOOLONG, errno.ELOOP}:
            return  # it may still be made; whoever opens it says why not
        reason = getattr(error, "strerror", None) or "it holds a character that no path has"
        draft.problems.append(f"{draft.place('state_dir')}: state_dir: cannot be a folder ({reason}); name another one")


def _check_destinations(draft: Draft, chain: Place) -> None:
    """Note what is wrong with the destinations together, beside what is wrong with single values of them."""
    given = draft.values.get("destinations")
    if not isinstance(given, dict):
        return
    prefix, named = draft.values.get("prefix"), comma_list(draft.values.get("targets") or SUPPORTED_TARGETS)
    targets = None
    if isinstance(named, list | tuple) and all(isinstance(each, str) for each in named):
        targets = tuple(map(TargetName, named))
    own = prefix if isinstance(prefix, str) else ""
    faults = destination_faults(given, prefix=own, targets=targets, chain=chain)
    place = draft.place("destinations")
    draft.problems += [f"{place}: destinations: {fault}" for fault in faults]


def _validate(draft: Draft) -> Settings | None:
    try:
        settings: Settings = Settings.model_validate(draft.values)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            if ".".join(str(part) for part in each["loc"]) not in draft.unfilled:
                draft.problems.append(_problem(draft, each))
        return None
    return settings


_OF_KEY = "[key]"
"""How pydantic says that the key of an entry is at fault, and not its value."""


def _problem(draft: Draft, found: ErrorDetails) -> str:
    location, promoted = _own_place(draft, tuple(part for part in found["loc"] if part != _OF_KEY))
    key = ".".join(str(part) for part in location)
    if promoted:
        return _promoted_problem(draft, found, key)
    place = draft.place(key)
    drop = "remove the key" if draft.is_of_file(key) else "unset the variable"
    return f"{place}: {shown_key(key)}: {fault_at(Settings, location, found, drop=drop)}"


def _own_place(draft: Draft, location: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], bool]:
    """Where a finding stands in what people wrote, and whether that is the promotion."""
    if draft.promotion is None:
        return location, False
    if location[:2] == ("mapping", "rules") and len(location) > 2 and isinstance(location[2], int):
        number = location[2] - draft.promotion.rules
        return (location, True) if number < 0 else ((*location[:2], number, *location[3:]), False)
    return location, location[:1] == ("scope",) and draft.promotion.scope


def _promoted_problem(draft: Draft, found: ErrorDetails, key: str) -> str:
    """A finding about what nobody may edit here."""
    assert draft.promotion is not None
    location = found["loc"]
    said = "unknown key; only a newer program knows it"
    if found["type"] != "extra_forbidden":
        said = fault_at(Settings, location, found, drop="remove the key")
    return (
        f"{draft.promotion.source}: {shown_key(key)}: {said}; mend it where the promotion came from, "
        "and export it again with `spheresync promote`"
    )
