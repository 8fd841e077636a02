"""The section `alerts:`: to whom what is told."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from spheresync.config.sections import Section
from spheresync.config.tenant import LONGEST_URL, is_loopback, names_a_host

_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class AlertKind(StrEnum):
    """What people are told about."""

    RUN_FAILED = "run_failed"
    RUN_REFUSED = "run_refused"
    GUARD = "guard"
    FRESHNESS = "freshness"
    DRIFT = "drift"
    CREDENTIALS = "credentials"
    AUDIT_BROKEN = "audit_broken"
    SET_ASIDE = "set_aside"


def _topic(arn: str) -> str:
    if not _TOPIC.fullmatch(arn):
        raise ValueError("is no ARN of an SNS topic; write it as arn:aws:sns:<region>:<account>:<topic>")
    return arn


def _webhook(secret: SecretStr) -> SecretStr:
    """The URL is a secret: who knows it may post. So no text repeats it."""
    text = secret.get_secret_value().strip()
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise ValueError("is no URL; copy it from the channel's settings") from None
    if url.scheme not in {"http", "https"} or not host or any(mark.isspace() for mark in text):
        raise ValueError("is no https URL; copy it from the channel's settings")
    askable = names_a_host(url) and len(text) <= LONGEST_URL and text.isascii() and text.isprintable()
    if not askable:
        raise ValueError("is no URL that can be asked; copy it from the channel's settings")
    if "@" in url.netloc:
        raise ValueError("holds a user name or password; a webhook is known by its path")
    if url.scheme == "http" and not is_loopback(host):
        raise ValueError("is plain http to another machine, which would show the secret on the wire; use https")
    return SecretStr(text)


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("is no e-mail address; write it as name@example.com")
    return text


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Address = Annotated[str, AfterValidator(_address)]


class Email(Section):
    """Mail through Amazon SES; `from` must be an identity that SES has verified."""

    model_config = ConfigDict(populate_by_name=False)

    sender: Address = Field(alias="from")
    to: Annotated[tuple[Address, ...], BeforeValidator(_one_or_more), Field(min_length=1, max_length=50)]
    region: str | None = None


class AlertChannel(Section):
    """One receiver, of exactly one kind; `on` are the kinds that it is told, all by default."""

    sns: Annotated[str, AfterValidator(_topic)] | None = None
    webhook: Annotated[SecretStr, AfterValidator(_webhook)] | None = None
    format: Literal["slack", "teams", "json"] = "json"
    email: Email | None = None
    on: Annotated[tuple[AlertKind, ...], BeforeValidator(_one_or_more), Field(min_length=1)] = tuple(AlertKind)

    @model_validator(mode="after")
    def _exactly_one(self) -> AlertChannel:
        given = [name for name in ("sns", "webhook", "email") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"names {' and '.join(given) or 'no receiver'}; give one of sns, webhook, email")
        if "format" in self.model_fields_set and self.webhook is None:
            raise ValueError("has a format, which only a webhook has; remove it")
        return self

    @property
    def name(self) -> str:
        """How people tell it from others, without its secret."""
        if self.sns is not None:
            return f"sns {self.sns.rpartition(':')[2]}"
        if self.webhook is not None:
            return f"webhook at {urlsplit(self.webhook.get_secret_value()).hostname}"
        return "email"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may hold."""
        if self.webhook is None:
            return ()
        url = self.webhook.get_secret_value()
        return url, urlsplit(url).path
