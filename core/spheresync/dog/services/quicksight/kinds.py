"""The kinds of things that QuickSight keeps, and what it calls them."""

from __future__ import annotations

from enum import Enum

from spheresync.dog.services.double import Place
from spheresync.dog.services.wire import ServiceError


class Kind(Enum):
    """The two versions of topics share their ids and ARNs."""

    DATA_SOURCE = "DataSource"
    DATA_SET = "DataSet"
    TOPIC = "Topic"
    TOPIC_V2 = "TopicV2"
    FOLDER = "Folder"

    @property
    def noun(self) -> str:
        return self.value.removesuffix("V2")

    @property
    def word(self) -> str:
        """In an ARN."""
        return self.noun.lower()

    @property
    def id_member(self) -> str:
        """The member of a call that names one."""
        return f"{self.noun}Id"

    @property
    def arn_member(self) -> str:
        """The member by which answers about permissions name one."""
        return "Arn" if self is Kind.FOLDER else f"{self.noun}Arn"

    def arn(self, place: Place, own_id: str) -> str:
        return f"arn:aws:quicksight:{place.region}:{place.account}:{self.word}/{own_id}"

    def absent(self, own_id: str) -> ServiceError:
        return self._error("ResourceNotFoundException", f"{self.noun} {own_id} is not found.")

    def exists(self, own_id: str) -> ServiceError:
        return self._error("ResourceExistsException", f"{self.noun} {own_id} already exists.")

    def _error(self, code: str, text: str) -> ServiceError:
        # The model's ResourceType knows neither topics nor folders.
        known = {Kind.DATA_SOURCE: "DATA_SOURCE", Kind.DATA_SET: "DATA_SET"}.get(self)
        return ServiceError(code, text, members={"ResourceType": known} if known else {})


def invalid(text: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", text)
