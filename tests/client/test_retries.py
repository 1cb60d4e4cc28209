"""When the client asks again, how long it waits, and what it says in the end."""

import anyio
import httpx
import pytest
from pydantic import JsonValue

from sent_mcp.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    OutcomeUnknownError,
    RateLimitError,
    SentError,
)
from tests.client.wire import CONTACT, Wire, failed, ok, page

ID = str(CONTACT["id"])
RECEIPT: JsonValue = {
    "status": "QUEUED",
    "recipients": [{"message_id": "m1", "to": "+14155551234"}],
}
LOOKUP: JsonValue = {"phone_number": "+14155551234"}
DROPPED = httpx.ReadError("connection lost")
UNREACHABLE = httpx.ConnectError("refused")


async def send(wire: Wire, *, sandbox: bool = False) -> None:
    client = wire.client()
    try:
        await client.messages.send(
            to=["+14155551234"], text="Hi", sandbox=sandbox, idempotency_key="one"
        )
    finally:
        await client.aclose()


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


async def test_all_attempts_of_a_change_carry_the_same_key() -> None:
    """So that Sent answers a repeated one with the first one's outcome."""
    wire = Wire(DROPPED, failed(409, "CONFLICT_001"), ok(RECEIPT, status=202))
    await send(wire)
    assert wire.keys() == ["one", "one", "one"]


@pytest.mark.parametrize(
    "steps",
    [
        [DROPPED] * 4,
        [httpx.WriteError("lost")] * 4,
        [httpx.ReadTimeout("slow")] * 4,
        [ConnectionResetError()] * 4,
        [failed(500, "INTERNAL_001")] * 4,
        [failed(408, "X")] * 4,
        [failed(409, "CONFLICT_001")] * 4,
        [httpx.Response(503, text="unavailable")] * 4,
        [httpx.Response(202, text='{"success": tr')],
        [httpx.Response(202, json={"success": True, "data": {"status": 5}})],
        [DROPPED, *[failed(429, "BUSINESS_002")] * 3],
        [DROPPED, *[UNREACHABLE] * 3],
        [DROPPED, *[failed(503, "SERVICE_001")] * 3],
        [DROPPED, failed(401, "AUTH_002")],
        [DROPPED, failed(403, "AUTH_004")],
        [DROPPED, httpx.Response(404, html="<h1>No such page</h1>")],
        [DROPPED, failed(429, "BUSINESS_002", headers={"retry-after": "300"})],
    ],
)
async def test_a_change_that_may_have_been_done_is_never_told_as_failed(
    steps: list[httpx.Response | Exception],
) -> None:
    """Neither after a lost answer nor when a later attempt proves nothing about the first."""
    wire = Wire(*steps)
    with pytest.raises(OutcomeUnknownError) as caught:
        await send(wire)
    assert len(wire.requests) == len(steps)
    assert isinstance(caught.value.__cause__, SentError)
    assert "Nothing was" not in str(caught.value)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([UNREACHABLE] * 4, APIConnectionError),
        ([httpx.ConnectTimeout("slow")] * 4, APITimeoutError),
        ([httpx.PoolTimeout("full")] * 4, APITimeoutError),
        ([failed(503, "SERVICE_001")] * 4, InternalServerError),
        ([failed(429, "BUSINESS_002")] * 4, RateLimitError),
        ([DROPPED, failed(400, "VALIDATION_002")], BadRequestError),
        ([failed(500, "INTERNAL_001"), failed(409, "CONFLICT_005")], ConflictError),
        ([httpx.Response(302, headers={"location": "https://x.test"})], SentError),
    ],
)
async def test_a_definite_failure_of_a_change_is_told_as_one(
    steps: list[httpx.Response | Exception], expected: type[SentError]
) -> None:
    """It cannot have been written, Sent says that it was not executed, or refuses the same key."""
    wire = Wire(*steps)
    with pytest.raises(expected) as caught:
        await send(wire)
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert "Nothing was changed or sent." in str(caught.value)


async def test_a_dry_run_is_never_in_doubt() -> None:
    """It changes nothing, however it ends."""
    with pytest.raises(APIConnectionError) as caught:
        await send(Wire(*[DROPPED] * 4), sandbox=True)
    assert "Nothing was changed or sent." in str(caught.value)


async def test_a_paid_lookup_is_not_repeated_once_it_may_have_been_executed() -> None:
    """Every execution costs, and there is no key to recognise a repeated one by."""
    wire = Wire(DROPPED)
    client = wire.client()
    with pytest.raises(APIConnectionError, match="may have been charged"):
        await client.numbers.lookup("+14155551234")
    await client.aclose()
    assert len(wire.requests) == 1


@pytest.mark.parametrize("step", [UNREACHABLE, failed(429, "BUSINESS_002")])
async def test_a_paid_lookup_is_repeated_when_it_was_surely_not_executed(
    step: httpx.Response | Exception,
) -> None:
    """Nobody was charged."""
    wire = Wire(step, ok(LOOKUP))
    client = wire.client()
    assert (await client.numbers.lookup("+14155551234")).data.phone_number == "+14155551234"
    await client.aclose()


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


async def test_a_success_after_doubt_is_a_success() -> None:
    """The replayed answer is the outcome."""
    wire = Wire(DROPPED, ok(RECEIPT, status=202, headers={"idempotent-replayed": "true"}))
    client = wire.client()
    answer = await client.messages.send(to=["+14155551234"], text="Hi", idempotency_key="one")
    await client.aclose()
    assert answer.replayed


async def test_success_false_in_a_200_is_the_error_its_code_belongs_to() -> None:
    """Official integrations check it themselves (API §1.1)."""
    for code, status in [("RESOURCE_007", 409), ("BUSINESS_002", 429), ("UNHEARD_OF", 200)]:
        wire = Wire(*[failed(200, code)] * 4)
        client = wire.client()
        with pytest.raises(APIStatusError) as caught:
            await client.contacts.list()
        await client.aclose()
        assert (caught.value.code, caught.value.status) == (code, status)


async def test_success_false_counts_whatever_the_data_looks_like() -> None:
    """The data of an error is not worth an error of its own."""
    body = {"success": False, "data": {"contacts": 5}, "error": {"code": "RESOURCE_001"}}
    wire = Wire(httpx.Response(200, json=body))
    client = wire.client()
    assert (await client.contacts.find_by_phone("+14155551234")).data is None
    await client.aclose()


async def test_a_page_stays_readable_when_optional_things_are_missing_or_null() -> None:
    """Unknown fields and values are no error either."""
    thin: JsonValue = {
        "id": "a",
        "phone_number": "+14155551234",
        "default_channel": "pigeon",
        "new": [1],
    }
    data = page(thin, total_count=None, has_more=None)
    wire = Wire(httpx.Response(200, json={"success": True, "data": data, "extra": 1}))
    client = wire.client()
    answer = await client.contacts.list()
    await client.aclose()
    contact = answer.data.contacts[0]
    assert (contact.channels, contact.e164, contact.opt_out) == ((), "+14155551234", None)
    assert (answer.data.pagination.total_count, answer.data.pagination.has_more) == (0, False)
    assert (answer.request_id, answer.timestamp) == (None, None)
