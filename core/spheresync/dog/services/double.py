"""What every double is: operations by name, held to the service model, on a state that can be written down.

A double knows neither HTTP nor logs. Whoever runs it gives each call its time; ids come of that, so that a call that is
done again from a log has the same outcome. An operation checks first and changes then: a call that is refused has
changed nothing.
"""

from __future__ import annotations

import base64
import copy
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from spheresync.dog.services.glue_catalog import CatalogWatcher, GlueCatalog
from spheresync.dog.services.wire import Json, ServiceError
from spheresync.targets.aws.limits import validate

_Handler = TypeVar("_Handler", bound="Callable[..., Json]")
_OPERATION = "operation_of_the_service"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a double stands."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call. No two calls of a double have the same time."""

    operation: str
    parameters: Json
    at: datetime

    def new_id(self, kind: str, length: int = 16) -> str:
        """A new id in hexadecimal; a call that makes several things names each otherwise."""
        made_of = f"{self.operation}|{self.at.isoformat()}|{kind}".encode()
        return hashlib.blake2b(made_of, digest_size=32).hexdigest()[:length]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation that a double has; `writes`: it changes something."""

    name: str
    writes: bool
    handler: Callable[[Any, Call], Json]


def reads(name: str) -> Callable[[_Handler], _Handler]:
    """The method answers the operation `name` of the service model."""
    return _marked(name, writes=False)


def writes(name: str) -> Callable[[_Handler], _Handler]:
    """As `reads`, of an operation that changes something."""
    return _marked(name, writes=True)


def _marked(name: str, *, writes: bool) -> Callable[[_Handler], _Handler]:
    def mark(handler: _Handler) -> _Handler:
        setattr(handler, _OPERATION, Operation(name, writes, handler))
        return handler

    return mark


def token_to(row: int) -> str:
    """The token by which a listing goes on with a row, counted from 0."""
    return base64.b64encode(str(row).encode()).decode()


class Double(CatalogWatcher, ABC):
    """One service of one account and Region, or a part of one. Not thread-safe."""

    name: ClassVar[str]
    """Under this name its state is kept."""
    service: ClassVar[str]
    """botocore's name."""
    invalid: ClassVar[str]
    """The code by which the service refuses parameters that its model does not allow."""
    page_size: ClassVar[str] = "MaxResults"
    """The member by which a listing is asked for so many rows, and that by which it goes on."""
    page_token: ClassVar[str] = "NextToken"  # noqa: S105  # a name
    operations: ClassVar[Mapping[str, Operation]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        marked = [getattr(member, _OPERATION, None) for member in vars(cls).values()]
        own = {each.name: each for each in marked if isinstance(each, Operation)}
        cls.operations = {**cls.operations, **own}

    def __init__(self, place: Place, catalog: GlueCatalog) -> None:
        """Made when it is first needed: what Glue already holds is the double's to take up."""
        self.place = place
        self.catalog = catalog
        catalog.watchers.append(self)

    def execute(self, call: Call) -> Json:
        """Do one call.

        Raises:
            ServiceError: the service refuses it; nothing was changed.
        """
        operation = self.operations.get(call.operation)
        if operation is None:
            text = f"The double of {self.service} has no {call.operation}."
            raise ServiceError("UnknownOperationException", text, 404)
        if problems := validate(self.service, call.operation, call.parameters):
            raise self.refuses("; ".join(problems))
        # What a double keeps and what it hands out are values of its own.
        own = replace(call, parameters=copy.deepcopy(call.parameters))
        return copy.deepcopy(operation.handler(self, own))

    def refuses(self, text: str) -> ServiceError:
        """The error for parameters that the service does not allow."""
        return ServiceError(self.invalid, text)

    def page(self, member: str, rows: Sequence[Json], call: Call, default: int) -> Json:
        """The page of `rows` that the call asks for."""
        size = int(call.parameters.get(self.page_size, default))
        token = call.parameters.get(self.page_token)
        try:
            start = int(base64.b64decode(token, validate=True)) if token else 0
        except ValueError:
            raise self.refuses(f"{self.page_token} is not valid.") from None
        answer: Json = {member: list(rows[start : start + size])}
        if len(rows) > start + size:
            answer[self.page_token] = token_to(start + size)
        return answer

    @abstractmethod
    def dump(self) -> Json:
        """The whole state as JSON, in values of its own."""

    @abstractmethod
    def load(self, dumped: Json) -> None:
        """Be what was dumped."""
