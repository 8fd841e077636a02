"""The credentials that boto3 finds, asked for before each call, so that what fails there is told as that.

A provider of credentials may raise anything: an error of a service that nobody here has called (STS, IAM Identity
Center), of a program that the profile names, of a file. Left to the call it would pass for an error of that call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spheresync.errors import TargetFault
from spheresync.targets.aws.error_codes import Recovery, Transport, recovery_of, transport_of
from spheresync.targets.aws.errors import AwsError, redact, sentence

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.exceptions import ClientError

#: The next step by where boto3 found the credentials that a service did not take.
_BY_METHOD: Mapping[str, str] = {
    "sso": "Sign in again: aws sso login{profile}",
    "login": "Sign in again: aws login{profile}",
    "custom-process": (
        "Sign in again where {named}'s credential_process takes its credentials from "
        "(for example aws sso login{profile})."
    ),
    **dict.fromkeys(
        ("env", "explicit"),
        "Sign in again and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN anew "
        "(or use a profile: aws sso login).",
    ),
    **dict.fromkeys(
        ("shared-credentials-file", "config-file"),
        "Renew the keys of {named} in ~/.aws/credentials, or sign in again (aws sso login{profile}).",
    ),
    **dict.fromkeys(
        ("iam-role", "container-role"),
        "Check the role that this machine or container runs under, and this machine's clock.",
    ),
}
_ELSE = "Sign in again (aws sso login{profile}), or check the keys and the role of {named} in ~/.aws/config."
_RUN_BY_HAND = (
    "Run the credential_process of {named} (~/.aws/config) by hand and mend what it says; "
    "where it wants a sign-in, sign in again (for example aws sso login{profile})."
)
#: The next step by what a provider raised, the beginning of its name being enough.
_BY_ERROR: Mapping[str, str] = {
    "SSO": _BY_METHOD["sso"],
    "UnauthorizedSSO": _BY_METHOD["sso"],
    "TokenRetrieval": _BY_METHOD["sso"],
    "NoAuthToken": _BY_METHOD["sso"],
    "Login": _BY_METHOD["login"],
    "NoCredentials": (
        "Give this process AWS credentials first: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile "
        "in AWS_PROFILE. Sign in (aws sso login{profile}) where the profile asks for that."
    ),
    "PartialCredentials": "Set both the access key id and the secret access key, in the environment or the profile.",
    "InfiniteLoopConfig": "Correct source_profile of {named} in ~/.aws/config: its roles lead back to themselves.",
    "InvalidConfig": "Correct source_profile and credential_source of {named} in ~/.aws/config.",
    "MetadataRetrieval": "Check that this machine or container has a role and that its metadata service answers.",
    "RefreshWithMFA": "Sign in with the second factor again (for example aws sso login{profile}).",
    **dict.fromkeys(("CredentialRetrieval", "FileNotFound", "Permission", "JSONDecode", "UnicodeDecode"), _RUN_BY_HAND),
}
_NO_SUCH_ROLE = (
    "Whoever is signed in may not have the role that {named} asks for: check role_arn or sso_role_name, the role's "
    "trust policy, and the sign-in (aws sso login{profile})."
)

_NO_SUCH_DESTINATION = (
    "Whoever is signed in may not assume the role of {section}: check role_arn and external_id there, that the trust "
    "policy of the role names who is signed in with just that external id, and that it may call sts:AssumeRole."
)

_ROLE_NOT_TAKEN = (
    "The credentials of the role of {section} are not taken any more: run again, so that it is assumed anew; if it "
    "stays, check the role (role_arn there), this machine's clock, and who is signed in (aws sso login{profile})."
)


class Credentials:
    """The credentials of one session.

    `asked_by`: the section of the settings that names the session's role, empty where the session has none of its own.
    """

    def __init__(self, session: Session, asked_by: str = "") -> None:
        self._session = session
        self._asked_by = asked_by
        self._method = ""

    def require(self, subject: str, api: str) -> None:
        """Have credentials that can sign, renewed where they are about to end.

        Raises:
            AwsError: there are none, or they could not be fetched; nothing was sent to the service.
        """
        from botocore.exceptions import BotoCoreError, NoCredentialsError

        try:
            found = self._session.get_credentials()
            if found is None:
                raise NoCredentialsError
            self._method = found.method or ""
            found.get_frozen_credentials()
        except Exception as error:  # providers run programs, read files, call services
            if isinstance(error, BotoCoreError) and transport_of(error) is Transport.CONFIGURATION:
                raise
            raise self._failed(error, subject, api) from error

    @property
    def sign_in(self) -> str:
        """The next step where a service does not take the credentials in use."""
        if self._asked_by:
            return self._told(_ROLE_NOT_TAKEN)
        return self._told(_BY_METHOD.get(self._method, _ELSE))

    def _told(self, step: str) -> str:
        name = self._session.profile_name
        return step.format(
            profile="" if name == "default" else f" --profile {name}", named=f"profile {name}", section=self._asked_by
        )

    def _failed(self, error: Exception, subject: str, api: str) -> AwsError:
        """The error of a provider, as one of the call that needed its credentials."""
        from botocore.exceptions import BotoCoreError, ClientError

        name, said = type(error).__name__, redact(str(error))
        text = sentence(f"{subject}: {api} was not sent, as there are no usable AWS credentials: {said or name}")
        if isinstance(error, ClientError):
            return self._refused(error, text)
        if transport_of(error) in {Transport.UNSENT, Transport.LOST} and isinstance(error, BotoCoreError):
            remedy = "Check the network: the service that gives the credentials could not be reached; then run again."
            return AwsError(TargetFault.UNREACHABLE, text, remedy=remedy, code=name, transient=True)
        step = next((step for start, step in _BY_ERROR.items() if name.startswith(start)), _ELSE)
        return AwsError(TargetFault.DENIED, text, remedy=self._told(step), code=name, recovery=Recovery.SIGN_IN)

    def _refused(self, error: ClientError, text: str) -> AwsError:
        """What STS or IAM Identity Center answered when it was asked for credentials."""
        metadata = error.response.get("ResponseMetadata", {})
        code = str(error.response.get("Error", {}).get("Code", ""))
        recovery = recovery_of(code, int(metadata.get("HTTPStatusCode", 0)))
        if recovery in {Recovery.WAIT, Recovery.LOOK}:
            remedy = "The service that gives the credentials did not: run again in a moment."
            fault = TargetFault.THROTTLED if recovery is Recovery.WAIT else TargetFault.UNREACHABLE
            return AwsError(fault, text, remedy=remedy, code=code, transient=True)
        absent = recovery in {Recovery.DENIED, Recovery.ABSENT}
        no_such_role = _NO_SUCH_DESTINATION.format(section=self._asked_by) if self._asked_by else _NO_SUCH_ROLE
        remedy = self._told(no_such_role) if absent else self.sign_in
        request_id = metadata.get("RequestId")
        return AwsError(
            TargetFault.DENIED, text, remedy=remedy, request_id=request_id, code=code, recovery=Recovery.SIGN_IN
        )
