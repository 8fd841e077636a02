"""STS AssumeRole: keys of a role that may be assumed, which end when they say; each is of the role's account."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs

HOME_ACCOUNT = "123456789012"
_XMLNS = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'


@dataclass(frozen=True, slots=True)
class _Role:
    external_id: str | None
    lasts: float  # seconds


@dataclass(frozen=True, slots=True)
class _Keys:
    account: str
    ends_at: float


@dataclass(slots=True)
class Roles:
    """The roles that may be assumed, and the keys that were given out for them."""

    roles: dict[str, _Role] = field(default_factory=dict)
    keys: dict[str, _Keys] = field(default_factory=dict)

    def add(self, role_arn: str, external_id: str | None = None, lasts: float = 3600) -> None:
        self.roles[role_arn] = _Role(external_id, lasts)

    def account_of(self, key: str) -> str | None:
        """The account of whoever signs with a key; None where it has ended."""
        known = self.keys.get(key)
        if known is None:
            return HOME_ACCOUNT
        return known.account if time.time() < known.ends_at else None

    def assume(self, body: bytes) -> tuple[int, bytes]:
        """The answer to AssumeRole: keys, or AccessDenied for a role that is not there or wants another external id."""
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        arn = asked.get("RoleArn", "")
        role = self.roles.get(arn)
        if role is None or role.external_id != asked.get("ExternalId"):
            text = f"User: arn:aws:iam::{HOME_ACCOUNT}:user/someone is not authorized to perform: sts:AssumeRole"
            return 403, (
                f"<ErrorResponse {_XMLNS}><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                f"<Message>{text} on resource: {arn}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
            ).encode()
        key, ends_at = f"ASIA{len(self.keys):016d}", time.time() + role.lasts
        self.keys[key] = _Keys(arn.split(":")[4], ends_at)
        return 200, (
            f"<AssumeRoleResponse {_XMLNS}><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId>"
            f"<SecretAccessKey>made-up</SecretAccessKey><SessionToken>token-{key}</SessionToken>"
            f"<Expiration>{datetime.fromtimestamp(ends_at, UTC).isoformat().replace('+00:00', 'Z')}</Expiration>"
            f"</Credentials><AssumedRoleUser><AssumedRoleId>A:{asked.get('RoleSessionName')}</AssumedRoleId>"
            f"<Arn>{arn}</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
        ).encode()
