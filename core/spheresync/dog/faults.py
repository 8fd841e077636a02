"""Faults a simulated tenant shows on demand, and their JSON form.

Every fault has been seen on, or is documented for, the real thing (datasphere-api.md 1.4, 2.4, 4.2, 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from spheresync.errors import UsageError
from spheresync.model import JsonValue

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong now. Fields named `...matching` hold a part of the percent-decoded path; "" matches nothing.

    Attributes:
        unavailable_spaces: the listings of these spaces answer 503: of assets, of objects, of the whole content.
        denied_spaces: listed, but everything in them answers 403.
        hidden_spaces: no longer listed (membership revoked); everything in them answers 403.
        html_outage: everything but the token endpoint answers 200 with an HTML page.
        error_storm: everything but the token endpoint answers 500.
        token_outage: the token endpoint answers 503.
        token_page: the token endpoint answers 200 with an HTML page.
        sign_in_denied: the sign-in page sends every browser back with an error.
        revoked_sign_ins: no refresh token is good any more.
        keeps_refresh_tokens: a refresh token stays good, and no other one is given for it.
        throttle_next: the next so many requests answer 429 with `Retry-After: {retry_after}`.
        retry_after: in seconds.
        truncated_matching: the body breaks off in the middle while Content-Length says more was meant.
        wrong_shape_matching: well-formed JSON or XML of another shape.
        failing_matching: answers `failing_status`.
        paging_loop: a nextLink leads to its own page.
        foreign_next_link: a nextLink leads to another host.
        failing_page: this page of every asset and object listing (1 is the first) answers 500; 0 is none.
        vanish: this share (0..1) of each space's listed assets is gone, the last ones first: neither listed nor served;
            and as many of the objects that only the design-time API has.
        vanish_spaces: only of these spaces; empty is all.
        revoked_tokens: tokens issued under a smaller number are refused; raise it to revoke all.
        revoke_next: the next so many authorised requests answer 401 whatever their token.
        gzip: bodies are compressed for clients that accept it.
        legacy_only: only the paths under `/api/v1/dwc` exist.
        relative_links: a nextLink is relative to its request.
        html_matching: answers 200 with an HTML page.
        no_discovery: the design-time API has no discovery document.
        no_content: the design-time API does not read a whole space at once.
        absent_types: segments of object types that this tenant does not have.
        skip_ignored: every page of an object listing is the first.
        latency_ms: how long each answer takes, in milliseconds.
    """

    unavailable_spaces: frozenset[str] = frozenset()
    denied_spaces: frozenset[str] = frozenset()
    hidden_spaces: frozenset[str] = frozenset()
    html_outage: bool = False
    error_storm: bool = False
    token_outage: bool = False
    token_page: bool = False
    sign_in_denied: bool = False
    revoked_sign_ins: bool = False
    keeps_refresh_tokens: bool = False
    throttle_next: int = 0
    retry_after: int = 1
    truncated_matching: str = ""
    wrong_shape_matching: str = ""
    failing_matching: str = ""
    failing_status: int = 500
    paging_loop: bool = False
    foreign_next_link: bool = False
    failing_page: int = 0
    vanish: float = 0.0
    vanish_spaces: frozenset[str] = frozenset()
    revoked_tokens: int = 0
    revoke_next: int = 0
    gzip: bool = False
    legacy_only: bool = False
    relative_links: bool = False
    html_matching: str = ""
    no_discovery: bool = False
    no_content: bool = False
    absent_types: frozenset[str] = frozenset()
    skip_ignored: bool = False
    latency_ms: int = 0

    def present(self, objects: list[_T], space: str) -> list[_T]:
        """What is left of a space's objects while some have vanished."""
        if not self.vanish or (self.vanish_spaces and space not in self.vanish_spaces):
            return objects
        return objects[: len(objects) - round(len(objects) * self.vanish)]

    def changed(self, document: Mapping[str, JsonValue]) -> Faults:
        """These faults with the fields of a JSON object set; sets are written as lists.

        Raises:
            UsageError: a field does not exist or its value has another type.
        """
        changes: dict[str, object] = {}
        known = {field.name for field in fields(self)}
        for name, value in document.items():
            if name not in known:
                raise UsageError(f"There is no fault {name!r}.", remedy=f"Known are {', '.join(sorted(known))}.")
            changes[name] = _as(type(getattr(self, name)), name, value)
        return replace(self, **changes)  # type: ignore[arg-type]  # names and types were checked above

    def to_json(self) -> dict[str, JsonValue]:
        """Every field; sets become sorted lists."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in found.items()}


def _as(wanted: type, name: str, value: JsonValue) -> object:
    if wanted is frozenset:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return frozenset(str(one) for one in value)
    elif wanted is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif type(value) is wanted:
        return value
    raise UsageError(f"The fault {name!r} takes a {'list of texts' if wanted is frozenset else wanted.__name__}.")
