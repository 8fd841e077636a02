"""The AWS session of a role that a destination names, by the credentials of boto3's chain.

The credentials of a role last an hour or less. botocore fetches new ones when the old ones are about to end, also in
the middle of a run: whoever signs a request asks it for them first (`credentials.Credentials.require`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from spheresync.model import DestinationName

if TYPE_CHECKING:
    from boto3.session import Session

ASSUMED = "assume-role"
"""botocore's name for how such credentials were had."""
_CONNECT_TIMEOUT = 5.0
_READ_TIMEOUT = 10.0
"""Seconds; botocore would wait for minutes, with everything else of the run."""
_NO_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


def sessions_of_role(
    base: Callable[[], Session], destination: DestinationName, role_arn: str, external_id: str | None
) -> Callable[[], Session]:
    """Makes sessions of a role; `base` makes those of the process, whose credentials may assume it.

    CloudTrail shows what is called with them under the session name `spheresync-` and the destination's name.
    """
    more = {"RoleSessionName": f"spheresync-{_NO_SESSION_NAME.sub('-', destination)}"[:64]}
    if external_id is not None:
        more["ExternalId"] = external_id

    def make() -> Session:
        import boto3.session
        import botocore.session
        from botocore.config import Config
        from botocore.credentials import (
            AssumeRoleCredentialFetcher,
            CredentialProvider,
            DeferredRefreshableCredentials,
        )

        process = base()
        source = process.get_credentials()
        if source is None:
            return process  # whoever asks it for credentials is told that there are none
        soon = Config(connect_timeout=_CONNECT_TIMEOUT, read_timeout=_READ_TIMEOUT, retries={"total_max_attempts": 2})
        fetcher = AssumeRoleCredentialFetcher(partial(process.client, config=soon), source, role_arn, extra_args=more)

        class OfRole(CredentialProvider):
            METHOD = ASSUMED

            def load(self) -> DeferredRefreshableCredentials:
                return DeferredRefreshableCredentials(refresh_using=fetcher.fetch_credentials, method=ASSUMED)

        inner = botocore.session.get_session()
        inner.get_component("credential_provider").providers.insert(0, OfRole())
        return boto3.session.Session(botocore_session=inner, region_name=process.region_name)

    return make
