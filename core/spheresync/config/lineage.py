"""The section `lineage:`: where lineage is told as OpenLineage events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, SecretStr, model_validator

from spheresync.config.sections import Section
from spheresync.config.tenant import check_url

FILE = "file:"
_FORM = "write it as file:lineage.jsonl or https://lineage.example.com/api/v1/lineage"


def _receiver(text: str) -> str:
    """A file, or an address as `check_url` lets it pass."""
    if not text:
        raise ValueError(f"is empty; {_FORM}, or leave it out")
    if not text.startswith(FILE):
        return check_url(text, _FORM, instead_of_user="give the secret as lineage.token")
    path = path_of(text)
    if not path or path.endswith("/") or "\0" in path:
        raise ValueError(f"names no file; {_FORM}")
    return text


def path_of(receiver: str) -> str:
    """The path of a `file:PATH` or `file:///PATH`; empty where it names another machine."""
    path = receiver.removeprefix(FILE)
    if not path.startswith("//"):
        return path
    url = urlsplit(receiver)
    return unquote(url.path) if url.netloc in {"", "localhost"} else ""


class Lineage(Section):
    """Where events go: a file, or an address that may want a bearer token. Nowhere by default."""

    openlineage: Annotated[str, AfterValidator(_receiver)] | None = None
    token: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _token_has_a_receiver(self) -> Lineage:
        if self.token.get_secret_value() and self.address is None:
            raise ValueError("has a token and no address that it is for; set openlineage to an https address")
        return self

    @property
    def file(self) -> Path | None:
        """The file that gets the events; absolute once settings are loaded."""
        named = self.openlineage or ""
        return Path(path_of(named)) if named.startswith(FILE) else None

    @property
    def address(self) -> str | None:
        """The address that gets the events."""
        return None if self.openlineage is None or self.openlineage.startswith(FILE) else self.openlineage

    @property
    def name(self) -> str:
        """How people tell the receiver, without what an address may hold besides its host."""
        if self.address is not None:
            return urlsplit(self.address).netloc
        return str(self.file)
