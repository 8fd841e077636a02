"""A word that YAML reads as true or false is no number: `misses: yes` would retire at the first miss."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from spheresync.config.sections import Section, takes_numbers
from spheresync.config.settings import Settings


def sections() -> Iterator[type[BaseModel]]:
    left: list[type[BaseModel]] = [Section]
    while left:
        section = left.pop()
        left += section.__subclasses__()
        yield section


NUMBERS = sorted(
    {(each, key) for each in (*sections(), Settings) for key in each.model_fields if takes_numbers(each, key)},
    key=lambda pair: (pair[0].__name__, pair[1]),
)


def test_the_keys_that_matter_are_among_them() -> None:
    assert {"misses", "workers", "glue_calls_per_second", "max_requests_per_minute"} <= {key for _, key in NUMBERS}


@pytest.mark.parametrize(("section", "key"), NUMBERS, ids=lambda each: each if isinstance(each, str) else each.__name__)
@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_no_numbers(section: type[BaseModel], key: str, value: bool) -> None:
    with pytest.raises(ValidationError) as caught:
        section.model_validate({key: value})
    (said,) = [each["msg"] for each in caught.value.errors() if each["loc"][-1] == key]
    assert said.endswith("as YAML reads on, off, yes and no; give a number")
