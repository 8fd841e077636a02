"""What the examples take from their surroundings: when each call is done (ids come of that), and names of members."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import botocore.session

BEGIN = datetime(2026, 11, 27, tzinfo=UTC)


def time_of(number: int) -> datetime:
    """Of a call by its place, counted from 0."""
    return BEGIN + timedelta(seconds=number)


def member_of(service: str, operation: str, *names: str) -> str:
    """The first of the names that the input of the operation has: boto3 renames members between minor versions."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    assert shape is not None
    return next(name for name in names if name in shape.members)
