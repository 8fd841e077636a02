"""SNS and SES as alerts use them, on moto in this process; and what a check finds without sending."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from spheresync.alerts.channels import Channels, DeliveryError
from spheresync.alerts.messages import Notice
from spheresync.config import AlertChannel, AlertKind
from spheresync.targets.aws.door import AwsDoor
from tests.simulators.listener import listening

pytestmark = pytest.mark.anyio
REGION = "eu-west-1"
AT = "2026-11-24T08:00:00.000000Z"
NOTICE = Notice("prod-é", "bear", AlertKind.GUARD, "guards", "began", "3 of 9 tables", "Look at it.", AT, AT)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Channels]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield Channels(AwsDoor(workers=2, deadline=1))


def sns_of(region: str) -> Any:
    return sns_backends[DEFAULT_ACCOUNT_ID][region]


async def test_sns_is_published_to_in_the_region_of_the_topic(aws: Channels) -> None:
    topic = sns_of(REGION).create_topic("ops")
    channel = AlertChannel(sns=topic.arn)
    assert "is there" in await aws.check(channel)
    await aws.send(channel, NOTICE)
    ((_, message, subject, *_),) = topic.sent_notifications
    assert subject == "[Spheresync prod-?] a guard holds changes back"
    assert message.endswith("3 of 9 tables\nWhat to do: Look at it.")


async def test_a_topic_that_does_not_exist_is_named_as_a_failure(aws: Channels) -> None:
    channel = AlertChannel(sns=f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:nowhere")
    with pytest.raises(DeliveryError, match="sns nowhere"):
        await aws.send(channel, NOTICE)
    with pytest.raises(DeliveryError):
        await aws.check(channel)


async def test_a_mail_goes_to_everybody_from_a_verified_sender(aws: Channels) -> None:
    mail = {"from": "ops@example.com", "to": ["anna@example.com", "ben@example.com"], "region": REGION}
    channel = AlertChannel.model_validate({"email": mail})
    with pytest.raises(DeliveryError, match="email"):
        await aws.send(channel, NOTICE)
    ses_backends[DEFAULT_ACCOUNT_ID][REGION].verify_email_identity("ops@example.com")
    await aws.send(channel, NOTICE)
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert sent.source == "ops@example.com"
    assert sent.destinations["ToAddresses"] == ["anna@example.com", "ben@example.com"]


async def test_dog_reaches_no_aws() -> None:
    with pytest.raises(DeliveryError, match="dog"):
        await Channels(None).send(AlertChannel(sns="arn:aws:sns:eu-west-1:123456789012:ops"), NOTICE)


async def test_a_webhook_is_checked_without_a_request() -> None:
    with listening() as receiver:
        channel = AlertChannel.model_validate({"webhook": f"{receiver.url}/hook"})
        assert "answers" in await Channels(None).check(channel)
        assert receiver.posts == []
    with pytest.raises(DeliveryError, match="cannot be reached"):
        await Channels(None).check(channel)
