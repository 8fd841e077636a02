"""What stands of an asset of ours in a catalog: fields by path, and which of them are ours. Pure.

Paths are `form.MEMBER` (our form), `description`, `terms.NAME`, and of columns `columns.NAME.name`,
`columns.NAME.description`, `columns.NAME.form` (a form of ours, as a whole) and `columns.NAME.terms.TERM`; the value of
the path of a term is the name of its glossary. The form keeps what else is ours as text, so that the catalog alone can
tell it from what people wrote there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from spheresync.config import DriftPolicies, DriftPolicy
from spheresync.model import Digest, FieldChange, canonical_json, digest_json
from spheresync.model.json_document import read_own_json

FORM: Final = "form."
TERMS: Final = "terms."
COLUMNS: Final = "columns."
DESCRIPTION: Final = "description"
OWNER, SOURCE, KIND = f"{FORM}managedBy", f"{FORM}source", f"{FORM}kind"
DIGEST, TABLE, COLUMN_FACTS = f"{FORM}digest", f"{FORM}table", f"{FORM}columns"
STATUS, RETIRED_AT = f"{FORM}status", f"{FORM}retiredAt"
FORM_OF_COLUMN: Final = "form"
_HIDDEN = frozenset({DIGEST})


@dataclass(frozen=True, slots=True)
class Content:
    """`fields` are what stands there, `ours` what we want there, by path; they differ where others have edited.

    `found`: paths where others had something before we came, which stays theirs. `asset` is the id of the asset, empty
    where it is not known; `custom`: we made it. `bound`: others made the table that the asset stands for. `home` is
    where in the catalog it stands, empty where there is one place only: what is known of one says nothing of another.
    `ids` are those of the terms that stand there, by path: somebody may have renamed one since.
    """

    fields: Mapping[str, str]
    ours: Mapping[str, str] = field(default_factory=dict)
    found: frozenset[str] = frozenset()
    asset: str = ""
    custom: bool = False
    bound: bool = False
    home: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes) -> Content:
        """What `body` wrote."""
        held: dict[str, Any] = read_own_json(body)
        found = frozenset(held["found"])
        flags = held["custom"], held["bound"]
        return cls(held["fields"], held["ours"], found, held["asset"], *flags, held["home"], held["ids"])

    @property
    def body(self) -> bytes:
        """As states keep it."""
        return canonical_json(
            {
                "fields": dict(self.fields),
                "ours": dict(self.ours),
                "found": sorted(self.found),
                "asset": self.asset,
                "custom": self.custom,
                "bound": self.bound,
                "home": self.home,
                "ids": dict(self.ids),
            }
        )

    @property
    def digest(self) -> Digest:
        """Over what is ours, and where."""
        return digest_json([self.home, {path: value for path, value in self.ours.items() if path not in _HIDDEN}])

    @property
    def is_marked(self) -> bool:
        """Whether our form is there."""
        return OWNER in self.fields

    @property
    def is_intact(self) -> bool:
        """Whether our form is there as we wrote it."""
        return self.is_marked and self.fields.get(DIGEST) == self.digest

    @property
    def is_forgetful(self) -> bool:
        """Whether our form is there and says no more what else is ours: then what is as we want it is ours."""
        return self.is_marked and DIGEST not in self.fields and all(path.startswith(FORM) for path in self.ours)

    @property
    def terms(self) -> frozenset[str]:
        """The terms that we put there or want there, on the asset and on columns."""
        return frozenset(term for path in self.ours if (term := term_of(path)) is not None)

    def without_columns(self, columns: Collection[str]) -> Content:
        """The same without what stood on some columns, which took it along: the form proves them no more."""
        gone = {
            path
            for path in {*self.fields, *self.ours, *self.found}
            if (column := column_of(path)) is not None and column[0] in columns
        }
        if not gone:
            return self
        fields = {path: value for path, value in self.fields.items() if path not in gone}
        ours = {path: value for path, value in self.ours.items() if path not in gone}
        rest = replace(self, fields=fields, ours=ours, found=self.found - gone)
        return rest.stamped() if self.is_intact else rest

    def stamped(self) -> Content:
        """The same, its form carrying the digest of what is ours."""
        return replace(self, fields={**self.fields, DIGEST: self.digest})


def wanted(fields: Mapping[str, str], home: str = "") -> Content:
    """What should be there: all of it ours."""
    return Content(dict(fields), dict(fields), home=home).stamped()


def term_of(path: str) -> str | None:
    """The name of the term that a path is about."""
    if path.startswith(TERMS):
        return path.removeprefix(TERMS)
    column = column_of(path)
    return column[1].removeprefix(TERMS) if column is not None and column[1].startswith(TERMS) else None


def column_of(path: str) -> tuple[str, str] | None:
    """Column and member of a path under `columns.`; None of any other."""
    if not path.startswith(COLUMNS):
        return None
    rest = path.removeprefix(COLUMNS)
    name, dot, term = rest.partition(f".{TERMS}")
    if dot:
        return name, f"{TERMS}{term}"
    name, _, member = rest.rpartition(".")
    return name, member


def columns_in(paths: Iterable[str]) -> set[str]:
    """The columns that any of the paths is about."""
    return {column[0] for path in paths if (column := column_of(path)) is not None}


def merged(last: Content | None, there: Content, want: Content, policies: DriftPolicies) -> tuple[Content, list[str]]:
    """What to write, and the paths at which others' edits stay.

    Args:
        last: what we wrote last; None where only the form that is there can say.
        there: what is there.
        want: what should be there.
        policies: what becomes of other people's edits.
    """
    known = there if there.is_intact or last is None else last
    was, found = known.ours, set(known.found) & there.fields.keys()
    fields, kept = {path: value for path, value in there.fields.items() if not path.startswith(FORM)}, []
    for path in sorted(was.keys() | want.ours.keys()):
        now, before, value = there.fields.get(path), was.get(path), want.ours.get(path)
        if is_form(path):
            _put(fields, path, value)
        elif path in found:
            continue
        elif now == before:
            _put(fields, path, value)
        elif before is None:  # theirs, from before we came
            found.update([] if there.is_forgetful and now == value else [path])
        elif now != value and policy_of(path, policies) is not DriftPolicy.OVERWRITE:
            kept.append(path)
        else:
            _put(fields, path, value)
    content = replace(
        want, fields=fields, found=frozenset(found), asset=there.asset, custom=there.custom, ids=there.ids
    )
    return content.stamped() if content.is_marked else content, kept


def moved(last: Content, there: Content, want: Content) -> Iterator[FieldChange]:
    """What others changed of ours since it was written, but for what is as it should be by now."""
    for path in sorted(last.ours):
        if path in last.found or path in _HIDDEN:
            continue
        before, now = last.fields.get(path), there.fields.get(path)
        if now != before and now != want.fields.get(path):
            yield FieldChange(path, before, now)


def differing(then: Content, now: Content, paths: Iterable[str]) -> tuple[FieldChange, ...]:
    """The fields among these that differ."""
    compared = sorted({*paths} - _HIDDEN)
    return tuple(
        FieldChange(path, then.fields.get(path), now.fields.get(path))
        for path in compared
        if then.fields.get(path) != now.fields.get(path)
    )


def own_paths(*contents: Content) -> set[str]:
    """The paths that are ours in any of them; those that others had before are not."""
    return {path for each in contents for path in each.ours} - {path for each in contents for path in each.found}


def without_ours(there: Content) -> Content:
    """What stays once all that is ours is taken back: others' edits of it, and what was theirs before."""
    fields = {
        path: value
        for path, value in there.fields.items()
        if not is_form(path) and (path in there.found or there.ours.get(path) != value)
    }
    return Content(fields, asset=there.asset, custom=there.custom, home=there.home, ids=there.ids)


def is_form(path: str) -> bool:
    """Whether a field is of a form of ours, where nobody else has anything to say."""
    column = None if path.startswith(FORM) else column_of(path)
    return path.startswith(FORM) or (column is not None and column[1] == FORM_OF_COLUMN)


def is_text(path: str) -> bool:
    """Whether a field is a text where an edit of somebody else can stand beside ours."""
    return not is_form(path) and term_of(path) is None


def policy_of(path: str, policies: DriftPolicies) -> DriftPolicy:
    """The policy that settles somebody else's edit of a field of ours."""
    if not is_text(path):
        return policies.parameters
    return policies.description if path == DESCRIPTION else policies.comments


def _put(fields: dict[str, str], path: str, value: str | None) -> None:
    if value is None:
        fields.pop(path, None)
    else:
        fields[path] = value
