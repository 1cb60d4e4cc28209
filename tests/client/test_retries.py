"""When the client asks again, how long it waits, and what it says in the end."""

import anyio
import httpx
import pytest

from sent_mcp.errors import (
    APITimeoutError,
    InternalServerError,
    RateLimitError,
    SentError,
)
from tests.client.wire import CONTACT, Wire, failed, ok

ID = str(CONTACT["id"])
DROPPED = httpx.ReadError("connection lost")
UNREACHABLE = httpx.ConnectError("refused")


@pytest.mark.parametrize(
    "step",
    [
        UNREACHABLE,
        DROPPED,
        ConnectionResetError(),
        httpx.ReadTimeout("slow"),
        failed(408, "X"),
        failed(409, "CONFLICT_001"),
        failed(429, "BUSINESS_002"),
        failed(500, "INTERNAL_001"),
        failed(503, "SERVICE_001"),
        httpx.Response(502, html="<h1>Bad gateway</h1>"),
    ],
)
async def test_what_passes_by_itself_is_tried_again(step: httpx.Response | Exception) -> None:
    """A read may always be repeated."""
    wire = Wire(step, step, ok(CONTACT))
    client = wire.client()
    answer = await client.contacts.get(ID)
    await client.aclose()
    assert answer.data.id == ID
    assert len(wire.requests) == 3


@pytest.mark.parametrize(
    "step",
    [
        failed(400, "VALIDATION_001", headers={"x-should-retry": "true"}),
        failed(401, "AUTH_002"),
        failed(403, "AUTH_004"),
        failed(404, "RESOURCE_001"),
        failed(409, "RESOURCE_007"),
        failed(422, "BUSINESS_007"),
        failed(500, "INTERNAL_001", headers={"x-should-retry": "false"}),
        httpx.UnsupportedProtocol("no scheme"),
    ],
)
async def test_what_stays_wrong_is_not_tried_again(step: httpx.Response | Exception) -> None:
    """Whatever a header says about a refused key or argument."""
    wire = Wire(step)
    client = wire.client()
    with pytest.raises(SentError):
        await client.contacts.get(ID)
    await client.aclose()
    assert wire.waits == []


async def test_the_answer_itself_may_ask_for_another_try() -> None:
    """`x-should-retry: true`, as the official SDKs read it (API §6)."""
    wire = Wire(failed(409, "CONFLICT_006", headers={"x-should-retry": "true"}), ok(CONTACT))
    client = wire.client()
    await client.contacts.get(ID)
    await client.aclose()
    assert len(wire.waits) == 1


async def test_it_gives_up_after_four_attempts_with_the_last_error() -> None:
    """With growing, jittered waits in between."""
    wire = Wire(*[failed(500, f"INTERNAL_00{number}") for number in (1, 2, 3, 4)])
    client = wire.client()
    with pytest.raises(InternalServerError) as caught:
        await client.contacts.get(ID)
    await client.aclose()
    assert caught.value.code == "INTERNAL_004"
    assert [
        base * 0.75 <= wait <= base * 1.25
        for wait, base in zip(wire.waits, (0.5, 1, 2), strict=True)
    ]
    assert len(wire.waits) == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        (
            {
                "date": "Fri, 20 Nov 2026 10:00:00 GMT",
                "retry-after": "Fri, 20 Nov 2026 10:00:09 GMT",
            },
            9.0,
        ),
    ],
)
async def test_it_waits_as_long_as_sent_asks(headers: dict[str, str], seconds: float) -> None:
    """A date counts on Sent's clock, which need not be ours."""
    wire = Wire(failed(429, "BUSINESS_002", headers=headers), ok(CONTACT))
    client = wire.client()
    await client.contacts.get(ID)
    await client.aclose()
    assert seconds <= wire.waits[0] <= seconds * 1.1


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "-5",
        "nan",
        "inf",
        "later",
        "",
        "Fri, 20 Nov 2020 10:00:09 GMT",
        "20 Nov 2020 10:00:09 -0000",
    ],
)
async def test_a_senseless_wait_is_ignored(value: str) -> None:
    """The usual wait is taken instead."""
    wire = Wire(failed(429, "BUSINESS_002", headers={"retry-after": value}), ok(CONTACT))
    client = wire.client()
    await client.contacts.get(ID)
    await client.aclose()
    assert 0.375 <= wire.waits[0] <= 0.625


async def test_a_wait_that_does_not_fit_ends_the_call_at_once() -> None:
    """And the caller learns how long Sent asked to wait."""
    wire = Wire(failed(429, "BUSINESS_002", headers={"retry-after": "300"}))
    client = wire.client()
    with pytest.raises(RateLimitError) as caught:
        await client.contacts.get(ID)
    await client.aclose()
    assert caught.value.retry_after == 300
    assert wire.waits == []


async def test_the_callers_own_deadline_counts() -> None:
    """With a second kept back, so that the answer is a sentence and not a cut."""
    wire = Wire(failed(429, "BUSINESS_002", headers={"retry-after": "20"}))
    client = wire.client()
    with anyio.fail_after(15), pytest.raises(RateLimitError):
        await client.contacts.get(ID)
    await client.aclose()


async def test_without_any_time_nothing_is_asked() -> None:
    """Which is a definite answer: nothing was sent."""
    wire = Wire()
    client = wire.client()
    with anyio.fail_after(0.9), pytest.raises(APITimeoutError) as caught:
        await client.contacts.delete(ID)
    await client.aclose()
    assert wire.requests == []
    assert not caught.value.maybe_done


async def test_cancellation_passes_through_a_wait() -> None:
    """A cancelled call must not go on trying."""
    wire = Wire(failed(429, "BUSINESS_002"))

    async def forever(_seconds: float) -> None:
        await anyio.sleep_forever()

    client = wire.client(sleep=forever)
    with anyio.move_on_after(30) as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(client.contacts.get, ID)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    await client.aclose()
    assert not scope.cancelled_caught
    assert len(wire.requests) == 1
