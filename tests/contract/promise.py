"""What a promise is: something the outside may hold on to, and the tests that hold it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise.

    Attributes:
        id: `<area>:<feature>[:<variant>]`.
        source: where it is made, `CONTRACT.md#Section`, `README.md#Section` or `docs/….md#Section`.
        text: the promise in one sentence.
        tests: pytest node ids of the tests that hold it, without parameters.
    """

    id: str
    source: str
    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LaterPromise:
    """A promise of CONTRACT.md that this release does not keep yet, and why; the page on known gaps says so too."""

    id: str
    source: str
    text: str
    reason: str
