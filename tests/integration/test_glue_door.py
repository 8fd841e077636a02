"""The door to AWS against a Glue of its own process: throttling, lost answers, limits, cancelling, what is counted."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest

from spheresync.errors import ConfigurationError, TargetError, TargetFault
from spheresync.targets.aws.door import AwsDoor, Reply
from spheresync.targets.aws.errors import AwsError
from tests.simulators.glue_process import GlueSimulator, running_glue

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def simulator() -> Iterator[GlueSimulator]:
    with running_glue() as running:
        running.client().create_database(DatabaseInput={"Name": "sales"})
        yield running


@pytest.fixture
def glue(simulator: GlueSimulator) -> GlueSimulator:
    simulator.heal()
    simulator.reset()
    return simulator


async def _no_sleep(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


def _door(**settings: float) -> AwsDoor:
    return AwsDoor(sleep=_no_sleep, **settings)  # type: ignore[arg-type]  # keyword settings of one type


async def _create(door: AwsDoor, name: str) -> Reply:
    params = {"DatabaseName": "sales", "TableInput": {"Name": name}}
    return await door.call("glue", "CreateTable", params, subject=f"SALES/{name}", write=True)


async def test_a_reply_has_times_as_text_and_the_request_id(glue: GlueSimulator) -> None:
    door = _door()
    created = await _create(door, "reply")
    assert created.request_id
    read = await door.call("glue", "GetTable", {"DatabaseName": "sales", "Name": "reply"}, subject="reply")
    table = read.body["Table"]
    assert isinstance(table, dict)
    assert str(table["CreateTime"]).endswith("Z")


async def test_what_is_over_a_limit_is_not_sent(glue: GlueSimulator) -> None:
    door = _door()
    params = {"DatabaseName": "sales", "TableInput": {"Name": "t", "Description": "x" * 3000}}
    with pytest.raises(TargetError, match=r"SALES/T.*Description.*at most 2048.*3000") as caught:
        await door.call("glue", "CreateTable", params, subject="SALES/T", write=True)
    assert caught.value.fault is TargetFault.INVALID
    assert glue.calls() == {}
    assert door.usage.total_calls == 0


async def test_throttling_is_waited_out_and_never_a_failure_while_there_is_time(glue: GlueSimulator) -> None:
    glue.fault("throttle", "CreateTable", times=25)
    door = _door()
    await _create(door, "patient")
    assert glue.calls() == {"CreateTable": 26}
    assert (door.usage.throttles, door.usage.retries) == (25, 25)
    assert door.usage.calls == {"CreateTable": 26}


async def test_throttling_beyond_the_deadline_says_so(glue: GlueSimulator) -> None:
    glue.fault("throttle", times=None)
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds + 0.001

    door = AwsDoor(deadline=30, clock=lambda: now, sleep=sleep)
    with pytest.raises(AwsError) as caught:
        await _create(door, "late")
    assert caught.value.fault is TargetFault.THROTTLED
    assert now >= 30


async def test_many_workers_share_one_pace_and_all_get_through() -> None:
    with running_glue(tps=200, burst=5) as glue:
        door = AwsDoor(workers=16)
        await door.call("glue", "CreateDatabase", {"DatabaseInput": {"Name": "sales"}}, subject="sales", write=True)
        async with anyio.create_task_group() as group:
            for number in range(100):
                group.start_soon(_create, door, f"t{number}")
        assert len(glue.dump()["tables"]["sales"]) == 100
        assert door.usage.throttles == glue.counters()["refused"].get("ThrottlingException", 0)


async def test_a_read_without_an_answer_is_repeated(glue: GlueSimulator) -> None:
    glue.fault("lose", "GetDatabases", times=2)
    await _door().call("glue", "GetDatabases", {}, subject="the catalog")
    assert glue.calls() == {"GetDatabases": 3}


async def test_a_write_without_an_answer_is_never_repeated_blindly(glue: GlueSimulator) -> None:
    glue.fault("lose", "CreateTable")
    with pytest.raises(AwsError) as caught:
        await _create(_door(), "lost")
    assert caught.value.uncertain
    assert caught.value.fault is TargetFault.UNREACHABLE
    assert glue.calls() == {"CreateTable": 1}


async def test_an_internal_error_of_a_write_leaves_it_uncertain(glue: GlueSimulator) -> None:
    glue.fault("error", "CreateTable", code="InternalServiceException", status=500)
    with pytest.raises(AwsError) as caught:
        await _create(_door(), "internal")
    assert caught.value.uncertain
    assert glue.calls() == {"CreateTable": 1}


async def test_a_service_that_never_answers_is_given_up(glue: GlueSimulator) -> None:
    glue.fault("drop", times=None)
    with pytest.raises(AwsError) as caught:
        await _door().call("glue", "GetDatabases", {}, subject="the catalog")
    assert caught.value.fault is TargetFault.UNREACHABLE
    assert glue.calls() == {"GetDatabases": 5}


async def test_a_closed_port_is_unreachable_for_writes_too(glue: GlueSimulator, free_tcp_port: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://user:secret@127.0.0.1:{free_tcp_port}")
        with pytest.raises(AwsError) as caught:
            await _create(_door(), "nobody")
    assert caught.value.fault is TargetFault.UNREACHABLE
    assert not caught.value.uncertain
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("AccessDeniedException", TargetFault.DENIED),
        ("ExpiredTokenException", TargetFault.DENIED),
        ("InvalidInputException", TargetFault.INVALID),
        ("ResourceNumberLimitExceededException", TargetFault.LIMIT),
        ("GlueEncryptionException", TargetFault.DENIED),
        ("FederationSourceException", TargetFault.FAILED),
    ],
)
async def test_each_refusal_has_its_fault_and_request_id(glue: GlueSimulator, code: str, fault: TargetFault) -> None:
    glue.fault("error", "CreateTable", code=code)
    with pytest.raises(AwsError, match="SALES/refused") as caught:
        await _create(_door(), "refused")
    assert caught.value.fault is fault
    assert caught.value.request_id
    assert caught.value.remedy
    assert glue.calls() == {"CreateTable": 1}


async def test_messages_hold_no_credentials(glue: GlueSimulator) -> None:
    token = "FwoGZXIvYXdzEXAMPLE"
    canonical = f"The Canonical String should have been 'POST / x-amz-security-token:{token} AKIAIOSFODNN7EXAMPLE'"
    for code in ("InvalidSignatureException", "AccessDeniedException"):
        glue.fault("error", "CreateTable", code=code, message=canonical)
        with pytest.raises(AwsError) as caught:
            await _create(_door(), "secret")
        assert token not in str(caught.value)
        assert "AKIA" not in str(caught.value)


async def test_without_a_region_the_text_names_what_to_set(glue: GlueSimulator) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_REGION")
        patch.delenv("AWS_DEFAULT_REGION")
        with pytest.raises(ConfigurationError, match="AWS_REGION"):
            await _create(_door(), "nowhere")
    assert glue.calls() == {}


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
async def test_either_variable_names_the_region(glue: GlueSimulator, variable: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_REGION")
        patch.delenv("AWS_DEFAULT_REGION")
        patch.setenv(variable, "eu-west-3")
        assert (await _door().line("glue")).region == "eu-west-3"


async def test_a_cancelled_write_is_waited_for_and_its_reply_returned() -> None:
    with running_glue(latency_ms=300) as glue:
        door = AwsDoor()
        await door.call("glue", "CreateDatabase", {"DatabaseInput": {"Name": "sales"}}, subject="sales", write=True)
        journal: list[Reply] = []

        async def write() -> None:
            journal.append(await _create(door, "kept"))

        async with anyio.create_task_group() as group:
            group.start_soon(write)
            while "CreateTable" not in door.usage.calls:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        assert len(journal) == 1
        assert "kept" in glue.dump()["tables"]["sales"]


async def test_nobody_asks_sts_who_we_are(glue: GlueSimulator) -> None:
    await _create(_door(), "anonymous")
    assert "GetCallerIdentity" not in glue.calls()


async def test_bytes_are_counted_as_the_service_counts_them(glue: GlueSimulator) -> None:
    door = _door()
    await _create(door, "weighed")
    await door.call("glue", "GetTable", {"DatabaseName": "sales", "Name": "weighed"}, subject="weighed")
    assert door.usage.bytes_sent == glue.counters()["bytes_received"]


async def test_a_place_that_does_not_answer_is_given_up_and_asked_again_later(glue: GlueSimulator) -> None:
    now = 0.0
    door = AwsDoor(sleep=_no_sleep, read_timeout=0.2, clock=lambda: now)
    glue.answer_after(1_000)
    with pytest.raises(AwsError) as hung:
        await door.call("glue", "GetDatabases", {}, subject="the catalog")
    assert hung.value.systemic and door.usage.calls == {"GetDatabases": 2}, "not five times"
    with pytest.raises(AwsError, match=r"SALES/t: .*was not sent: 2 requests in a row got no answer") as given_up:
        await _create(door, "t")
    assert given_up.value.fault is TargetFault.UNREACHABLE and given_up.value.systemic
    assert not given_up.value.uncertain and door.usage.calls == {"GetDatabases": 2}
    glue.answer_after(0)
    now = 61.0
    assert await door.call("glue", "GetDatabases", {}, subject="the catalog")
    assert await door.call("glue", "GetDatabases", {}, subject="the catalog")


async def test_refusals_and_lost_connections_give_no_place_up(glue: GlueSimulator) -> None:
    door = _door()
    glue.fault("drop", "GetDatabases", times=4)
    assert await door.call("glue", "GetDatabases", {}, subject="the catalog")
