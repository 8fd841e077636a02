"""The frame of every answer: frozen, and told in the words of CONTRACT.md."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Row = TypeVar("Row")
T = TypeVar("T")

OmitNone = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""A value that an answer does not show where there is none; its default is None."""
OmitEmpty = Annotated[T, Field(exclude_if=lambda value: not value)]
"""A text or rows that an answer does not show where they are empty."""


class Answer(BaseModel):
    """Base of all answers: frozen, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # a command builds the few that it needs


class Page(Answer, Generic[Row]):
    """One page of a list; pass `next_cursor` back as `cursor`, None is the last page.

    `first` is the place of its first item in the whole list, from 1.
    """

    items: list[Row]
    total: int
    next_cursor: str | None = None
    first: OmitNone[int] = None


class Finding(Answer):
    """A guard that spoke, or something that could not be read: what, why, what to do next."""

    subject: str
    code: str
    message: str
    remedy: str = ""
