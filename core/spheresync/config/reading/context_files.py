"""Read the files that `context` names, and find every problem in all of them before saying anything.

Paths start at the folder of the configuration file. Patterns count in the order in which they stand, the files of one
pattern in the order of their names. Nothing in these files is filled in: they hold no secrets.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from spheresync.config.context import BusinessContext, ContextAssets, ContextEntry, ContextFile, ContextTerm
from spheresync.config.context_patterns import MOST_FILES, ContextPatterns, FilesLook, Stamp, stamp_at
from spheresync.config.reading.key_places import line_of, shown_key
from spheresync.config.reading.value_errors import fault_at
from spheresync.config.reading.yaml_file import read_yaml
from spheresync.config.sections import Section
from spheresync.model import counted

_Section = TypeVar("_Section", bound=Section)
_NEAR = 0.9
"""How alike two names are of which one is a spelling mistake of the other."""


@dataclass(slots=True)
class _Parsed:
    """One file as it was read: what it says, and what is wrong with it by itself."""

    entries: list[ContextEntry] = field(default_factory=list)
    terms: list[tuple[ContextTerm, str]] = field(default_factory=list)  # each with its place
    problems: list[str] = field(default_factory=list)
    lines: Mapping[str, int] = field(default_factory=dict)


class ParsedFiles:
    """Files that were read before, so that an edit of one costs no reading of the others."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp, _Parsed]] = {}

    @property
    def look(self) -> FilesLook:
        """The files as they were when they were read last."""
        return tuple((str(path), stamp) for path, (stamp, _) in self._known.items())

    def parsed(self, path: Path, called: str) -> _Parsed:
        """The file as it is now."""
        stamp, known = stamp_at(path), self._known.get(path)
        if stamp is not None and known is not None and known[0] == stamp:
            return known[1]
        fresh = _parse(path, called)
        self._known[path] = (stamp, fresh)
        return fresh

    def keep_only(self, paths: Sequence[Path]) -> None:
        self._known = {path: self._known[path] for path in paths if path in self._known}


@dataclass(frozen=True, slots=True)
class ContextRead:
    """What all files say together; what is wrong with the setting itself, and every problem of files, with its line."""

    context: BusinessContext
    faults: tuple[str, ...]
    problems: tuple[str, ...]


def read_context(patterns: ContextPatterns, parsed: ParsedFiles) -> ContextRead:
    """Read every file that is not known as it is; nothing is raised."""
    files: dict[Path, _Parsed] = {}
    faults: list[str] = []
    for glob in patterns.globs:
        found = patterns.files(glob)
        if not found:
            faults.append(f"{glob[:60]!r} names no file")
        for path in found:
            if len(files) == MOST_FILES:
                faults.append(f"names more than {counted(MOST_FILES, 'file')}")
                break
            if path not in files:
                files[path] = parsed.parsed(path, patterns.called(path))
    parsed.keep_only([*files])
    every = [*files.values()]
    problems = [problem for each in every for problem in each.problems]
    terms, of_terms = _terms([pair for each in every for pair in each.terms])
    problems += [*of_terms, *_misspelled([entry for each in every for entry in each.entries], _Spelling(terms))]
    context = BusinessContext(
        tuple(entry for each in every for entry in each.entries),
        {name: term for name, (term, _) in terms.items()},
        patterns,
    )
    return ContextRead(context, tuple(faults), tuple(problems))


def _parse(path: Path, called: str) -> _Parsed:
    document = read_yaml(path, called)
    parsed = _Parsed(problems=[*document.problems], lines=document.lines)
    try:
        ContextFile.model_validate(document.values)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            key = ".".join(str(part) for part in each["loc"])
            if key not in document.unread:
                said = fault_at(ContextFile, each["loc"], each, drop="remove the key")
                parsed.problems.append(f"{called}{line_of(document.lines, key)}: {shown_key(key)}: {said}")
    lines = _lines_of_entries(document.lines)
    parsed.entries = [
        ContextEntry(called, at + 1, entry.match, entry.set, entry.columns, lines.get(at, {}))
        for at, entry in _good(ContextAssets, document.values.get("assets"))
    ]
    parsed.terms = [
        (term, f"{called}{line_of(document.lines, f'terms.{at}')}")
        for at, term in _good(ContextTerm, document.values.get("terms"))
    ]
    return parsed


def _good(section: type[_Section], items: object) -> Iterator[tuple[int, _Section]]:
    """The items of a list that are as they should be, so that what is wrong between them is told with the rest."""
    for at, item in enumerate(items if isinstance(items, list) else ()):
        try:
            yield at, section.model_validate(item)
        except ValidationError:
            continue


def _lines_of_entries(lines: Mapping[str, int]) -> dict[int, dict[str, int]]:
    """The lines of each entry of `assets`, by its number from 0 and the key within it; of the whole under ""."""
    found: dict[int, dict[str, int]] = {}
    for key, line in lines.items():
        section, _, rest = key.partition(".")
        number, _, inner = rest.partition(".")
        if section == "assets" and number.isdecimal():
            found.setdefault(int(number), {})[inner] = line
    return found


def _terms(told: Sequence[tuple[ContextTerm, str]]) -> tuple[dict[str, tuple[ContextTerm, str]], list[str]]:
    """Terms by name with their places, and what is wrong: those that stand there twice, and circles of wider ones."""
    known: dict[str, tuple[ContextTerm, str]] = {}
    folded: dict[str, str] = {}
    problems = []
    for term, place in told:
        first = folded.setdefault(term.name.casefold(), term.name)
        if first in known:
            problems.append(
                f"{place}: defines the term {term.name!r} again, first in {known[first][1]}; keep one of them"
            )
        else:
            known[term.name] = (term, place)
    problems += _circles(known)
    spelling = _Spelling(known)
    for term, place in known.values():
        if term.broader is not None and (near := spelling.meant(term.broader)):
            problems.append(f"{place}: the wider term {term.broader!r} {_unknown(near)}")
    return known, problems


def _circles(known: Mapping[str, tuple[ContextTerm, str]]) -> Iterator[str]:
    """Each circle once, at the term of it that stands first."""
    done: set[str] = set()
    for start in known:
        path: list[str] = []
        at: str | None = start
        while at is not None and at in known and at not in done and at not in path:
            path.append(at)
            at = known[at][0].broader
        if at is not None and at in path:
            circle = path[path.index(at) :]
            told = " → ".join(repr(name) for name in [*circle[:5], *(["…"] if len(circle) > 5 else []), circle[0]])
            yield f"{known[circle[0]][1]}: wider terms go round in a circle: {told}; take one `broader` out"
        done.update(path)


def _misspelled(entries: Sequence[ContextEntry], spelling: _Spelling) -> Iterator[str]:
    """Terms that only differ by a spelling mistake from one that is defined; others need no definition."""
    for entry in entries:
        said = [("set.terms", entry.set.terms or ())]
        said += [(f"columns.{at}.set.terms", column.set.terms or ()) for at, column in enumerate(entry.columns)]
        for key, names in said:
            for name in names:
                if near := spelling.meant(name):
                    yield f"{entry.place(key)}: the term {name!r} {_unknown(near)}"


def _unknown(near: str) -> str:
    return f"is not defined; did you mean {near!r}? If not, define it under `terms`"


class _Spelling:
    """Finds the defined term that a name means which is no defined one."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._near: dict[str, list[str]] = {}
        for name in self._known:
            for end in _ends(name.casefold()):
                self._near.setdefault(end, []).append(name)
        self._told: dict[str, str | None] = {}

    def meant(self, name: str) -> str | None:
        """The term that is meant; None where the name is defined itself, or like none that is."""
        if name in self._known:
            return None
        if name not in self._told:
            self._told[name] = self._nearest(name)
        return self._told[name]

    def _nearest(self, name: str) -> str | None:
        folded = name.casefold()
        spelled = {each.casefold(): each for end in _ends(folded) for each in self._near.get(end, ())}
        near = difflib.get_close_matches(folded, spelled, n=1, cutoff=_NEAR)
        return spelled[near[0]] if near else None


def _ends(folded: str) -> tuple[str, str]:
    """Of one mistake in a name at least one of its ends knows nothing."""
    return f"{folded[:3]}*", f"*{folded[-3:]}"
