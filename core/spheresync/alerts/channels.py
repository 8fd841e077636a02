"""The ways to people: SNS, webhooks, and mail through SES.

A webhook's URL is a secret and in no text here; redirects are not followed, for they would hand the notice to whoever
answers. SNS and SES go through a door of their own: what alerts ask AWS must not wait for, or slow, what syncs ask.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from spheresync.alerts.messages import Notice
from spheresync.config import AlertChannel
from spheresync.errors import SpheresyncError, TargetError, TargetFault
from spheresync.source.transport.json_post import JsonPost, PostError
from spheresync.targets.aws.door import AwsDoor
from spheresync.targets.aws.error_codes import Recovery
from spheresync.targets.aws.errors import AwsError

if TYPE_CHECKING:
    import httpx2

_TIMEOUT = 10.0
_SNS, _SES = "sns", "sesv2"


class DeliveryError(SpheresyncError):
    """Raised when a channel did not take a notice; neither text holds the channel's address."""


class Channels:
    """Sends notices. `door` is None where no AWS is reached (dog)."""

    def __init__(self, door: AwsDoor | None, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._door = door
        self._webhooks = JsonPost(transport)

    def usage(self) -> dict[str, int]:
        """What was asked of AWS so far, in words of the ledger: apart from what syncs ask there."""
        if self._door is None:
            return {}
        used = self._door.usage
        return {"alert_aws_calls": used.total_calls, "alert_aws_bytes": used.bytes_sent}

    async def send(self, channel: AlertChannel, notice: Notice) -> None:
        """Hand one notice over.

        Raises:
            DeliveryError: it was not taken.
        """
        if channel.webhook is not None:
            await self._post(channel.webhook.get_secret_value(), channel.format, notice)
            return
        try:
            if channel.sns is not None:
                await self._publish(channel.sns, notice)
            elif channel.email is not None:
                await self._mail(channel, notice)
        except SpheresyncError as error:
            raise DeliveryError(f"{channel.name}: {error.message}", remedy=error.remedy) from error

    async def check(self, channel: AlertChannel) -> str:
        """What is known of a channel without sending anything; one sentence.

        Raises:
            DeliveryError: it cannot work as it is.
        """
        if channel.webhook is not None:
            return await _reach(channel.webhook.get_secret_value())
        try:
            if channel.sns is not None:
                await self._aws().call(
                    _SNS,
                    "GetTopicAttributes",
                    {"TopicArn": channel.sns},
                    subject="the topic",
                    region=_region(channel.sns),
                )
                return "The topic is there; whether it takes a notice, `spheresync doctor --send-test` finds out."
            assert channel.email is not None
            await self._aws().call(_SES, "GetAccount", {}, subject="SES", region=channel.email.region)
        except TargetError as error:
            if error.fault is TargetFault.DENIED and not error.systemic:
                return "It may not be looked at; whether it takes a notice, `spheresync doctor --send-test` finds out."
            if channel.sns is not None and isinstance(error, AwsError) and error.recovery is Recovery.ABSENT:
                region = _region(channel.sns)
                remedy = f"Make the topic in region {region}, or correct its ARN under `alerts:`."
                raise DeliveryError(error.message, remedy=remedy) from error
            raise DeliveryError(error.message, remedy=error.remedy) from error
        except SpheresyncError as error:
            raise DeliveryError(error.message, remedy=error.remedy) from error
        return "SES answers; whether it takes a mail, `spheresync doctor --send-test` finds out."

    def _aws(self) -> AwsDoor:
        if self._door is None:
            raise DeliveryError("dog reaches no AWS, so nothing is sent there.", remedy="Use a webhook in dog.")
        return self._door

    async def _publish(self, topic: str, notice: Notice) -> None:
        params = {"TopicArn": topic, "Subject": notice.short_title, "Message": f"{notice.title}\n\n{notice.text}"}
        await self._aws().call(_SNS, "Publish", params, subject="the notice", write=True, region=_region(topic))

    async def _mail(self, channel: AlertChannel, notice: Notice) -> None:
        mail = channel.email
        assert mail is not None
        content = {
            "Simple": {
                "Subject": {"Data": notice.short_title, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": f"{notice.title}\n\n{notice.text}\n", "Charset": "UTF-8"}},
            }
        }
        params = {"FromEmailAddress": mail.sender, "Destination": {"ToAddresses": [*mail.to]}, "Content": content}
        await self._aws().call(_SES, "SendEmail", params, subject="the mail", write=True, region=mail.region)

    async def _post(self, url: str, form: str, notice: Notice) -> None:
        body = json.dumps(notice.payload(form)).encode()
        try:
            await self._webhooks.send(url, body, what="the webhook", remedy="Check whether it still exists.")
        except PostError as error:
            raise DeliveryError(error.message, remedy=error.remedy) from None


def identity(channel: AlertChannel) -> str:
    """A channel's key in the state: the same while its address is, and no secret."""
    webhook = channel.webhook.get_secret_value() if channel.webhook is not None else None
    mail = [channel.email.sender, *channel.email.to] if channel.email is not None else None
    return hashlib.sha256(json.dumps([channel.sns, webhook, mail]).encode()).hexdigest()[:24]


def _region(arn: str) -> str:
    return arn.split(":")[3]


async def _reach(url: str) -> str:
    target = urlsplit(url)
    secure = target.scheme == "https"
    host, port = target.hostname or "", target.port or (443 if secure else 80)
    try:
        with anyio.fail_after(_TIMEOUT):
            stream = await (anyio.connect_tcp(host, port, tls=True) if secure else anyio.connect_tcp(host, port))
            await stream.aclose()
    except (OSError, TimeoutError) as error:
        raise DeliveryError(
            f"{host} cannot be reached ({type(error).__name__}).", remedy="Check the network and the proxy."
        ) from None
    return f"{host} answers; whether it takes a notice, `spheresync doctor --send-test` finds out."
