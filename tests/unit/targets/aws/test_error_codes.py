"""Every error of the installed SDK is classified, so that a newer one brings none whose handling nobody has decided."""

from __future__ import annotations

import inspect

import botocore.session
import pytest
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from spheresync.errors import TargetFault
from spheresync.targets.aws.error_codes import CODES, EXCEPTIONS, Recovery, Transport, recovery_of, transport_of
from spheresync.targets.aws.errors import AwsError, resource_of, translate

#: What is called, and what boto3 calls for credentials.
SERVICES = ("glue", "lakeformation", "quicksight", "datazone", "sns", "sesv2", "sts", "sso", "sso-oidc", "signin")
#: Codes that any service of AWS may answer with and that no model lists.
COMMON = {
    "AccessDenied": Recovery.DENIED,
    "AccessDeniedException": Recovery.DENIED,
    "ExpiredToken": Recovery.SIGN_IN,
    "ExpiredTokenException": Recovery.SIGN_IN,
    "IncompleteSignature": Recovery.SIGN_IN,
    "InternalFailure": Recovery.LOOK,
    "InvalidAction": Recovery.PERMANENT,
    "InvalidClientTokenId": Recovery.SIGN_IN,
    "InvalidSignatureException": Recovery.SIGN_IN,
    "NotAuthorized": Recovery.DENIED,
    "OptInRequired": Recovery.DENIED,
    "RequestExpired": Recovery.SIGN_IN,
    "RequestLimitExceeded": Recovery.WAIT,
    "ServiceUnavailable": Recovery.LOOK,
    "SignatureDoesNotMatch": Recovery.SIGN_IN,
    "SlowDown": Recovery.WAIT,
    "Throttling": Recovery.WAIT,
    "ThrottlingException": Recovery.WAIT,
    "TooManyRequestsException": Recovery.WAIT,
    "UnrecognizedClientException": Recovery.SIGN_IN,
    "ValidationError": Recovery.INVALID,
}


def _error(code: str, status: int = 400, said: str = "said so") -> AwsError:
    response = {"Error": {"Code": code, "Message": said}, "ResponseMetadata": {"HTTPStatusCode": status}}
    told = ClientError(response, "CreateTable")  # type: ignore[arg-type]  # the parts that are read
    return translate(told, api="glue:CreateTable", subject="SALES/T", region="eu-central-1", sign_in="Sign in again.")


@pytest.mark.parametrize("service", SERVICES)
def test_every_error_code_of_the_services_that_are_asked_is_classified(service: str) -> None:
    model = botocore.session.Session().get_service_model(service)
    shapes = map(model.shape_for, model.shape_names)
    codes = {shape.error_code for shape in shapes if shape.metadata.get("exception")}
    assert codes
    unclassified = sorted(codes - CODES.keys())
    assert not unclassified, f"say in aws_codes.py what can be done about {unclassified} of {service}"


def test_every_exception_of_botocore_is_classified() -> None:
    classes = [each for each in vars(exceptions).values() if inspect.isclass(each) and issubclass(each, Exception)]
    raised = {each.__name__ for each in classes if not issubclass(each, Warning)} - {"BotoCoreError", "ClientError"}
    unclassified = sorted(raised - EXCEPTIONS.keys())
    assert not unclassified, f"say in aws_codes.py what {unclassified} says about a request"


def test_what_is_classified_of_botocore_exists() -> None:
    known = {name for name, value in vars(exceptions).items() if inspect.isclass(value)} | {"ResponseParserError"}
    assert EXCEPTIONS.keys() - known == set()


@pytest.mark.parametrize(("code", "recovery"), COMMON.items())
def test_codes_that_all_of_aws_answers_with_are_classified(code: str, recovery: Recovery) -> None:
    assert CODES[code] is recovery


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_code_becomes_an_error_that_says_what_to_do_next(code: str) -> None:
    error = _error(code)
    assert error.message.startswith("SALES/T: ") and code in error.message
    assert error.remedy
    assert error.code == code
    assert error.systemic is (CODES[code] in {Recovery.SIGN_IN, Recovery.WAIT})
    assert error.needs_look is (CODES[code] in {Recovery.LOOK, Recovery.CONTENDED})
    if CODES[code] is Recovery.SIGN_IN:
        assert error.fault is TargetFault.DENIED and "Sign in again." in error.remedy
        assert "said so" not in error.message, "it may hold what was signed"


@pytest.mark.parametrize(
    ("status", "recovery"),
    [
        (400, Recovery.PERMANENT),
        (401, Recovery.SIGN_IN),
        (403, Recovery.DENIED),
        (429, Recovery.WAIT),
        (500, Recovery.LOOK),
        (503, Recovery.LOOK),
    ],
)
def test_a_code_that_nobody_knows_goes_by_its_status(status: int, recovery: Recovery) -> None:
    assert recovery_of("BrandNewException", status) is recovery
    assert recovery_of("BrandNewException", 400, "Rate exceeded") is Recovery.WAIT


def test_a_new_exception_of_a_known_family_is_as_that_and_any_other_is_in_doubt() -> None:
    class NewTokenError(exceptions.SSOError):
        fmt = "new"

    class NewError(BotoCoreError):
        fmt = "new"

    assert transport_of(NewTokenError()) is Transport.CREDENTIALS
    assert transport_of(NewError()) is Transport.LOST


@pytest.mark.parametrize(
    "name",
    sorted(name for name, kind in EXCEPTIONS.items() if kind in {Transport.CREDENTIALS, Transport.CONFIGURATION}),
)
def test_nothing_about_credentials_or_settings_blames_the_endpoint_or_is_sent_again(name: str) -> None:
    kind = getattr(exceptions, name)
    error = kind.__new__(kind)
    error.args = ("told",)
    told = translate(error, api="glue:GetTable", subject="SALES/T", region="eu-central-1", sign_in="Sign in again.")
    assert (told.fault, told.systemic, told.transient, told.uncertain) == (TargetFault.DENIED, True, False, False)
    assert "AWS_ENDPOINT_URL" not in told.remedy
    assert told.remedy


@pytest.mark.parametrize(
    ("api", "params", "resource"),
    [
        ("UpdateTable", {"DatabaseName": "hr", "TableInput": {"Name": "t"}}, "table hr.t"),
        ("GetTable", {"DatabaseName": "hr", "Name": "t"}, "table hr.t"),
        ("GetTables", {"DatabaseName": "hr", "MaxResults": 1}, "database hr"),
        ("CreateDatabase", {"DatabaseInput": {"Name": "hr"}}, "database hr"),
        ("GetDatabase", {"Name": "hr"}, "database hr"),
        ("GetDatabases", {"MaxResults": 1}, ""),
    ],
)
def test_what_is_denied_says_which_action_on_what_is_to_be_granted(
    api: str, params: dict[str, object], resource: str
) -> None:
    assert resource_of(params) == resource
    answer = {"Error": {"Code": "AccessDeniedException", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    told = translate(
        ClientError(answer, api),  # type: ignore[arg-type]
        api=f"glue:{api}",
        subject="HR/T",
        region="eu-central-1",
        sign_in="Sign in again.",
        resource=resource,
    )
    on = f" on {resource}" if resource else ""
    assert f"Grant glue:{api}{on} to the role" in told.remedy and "doctor" not in told.remedy
