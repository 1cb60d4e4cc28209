"""What is said about a change in the end: done, not done, or not known."""

import httpx
import pytest
from pydantic import JsonValue

from sent_mcp.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    SentError,
    UnprocessableEntityError,
    UnreadableAnswerError,
)
from tests.client.wire import Wire, failed, ok

RECEIPT: JsonValue = {
    "status": "QUEUED",
    "recipients": [{"message_id": "m1", "to": "+14155551234"}],
}
LOOKUP: JsonValue = {"phone_number": "+14155551234"}
DROPPED = httpx.ReadError("connection lost")
SANDBOX = {"x-sandbox": "true"}
UNREACHABLE = httpx.ConnectError("refused")


async def send(wire: Wire, *, sandbox: bool = False) -> None:
    client = wire.client()
    try:
        await client.messages.send(
            to=["+14155551234"], text="Hi", sandbox=sandbox, idempotency_key="one"
        )
    finally:
        await client.aclose()


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
        [httpx.Response(302, headers={"location": "https://x.test"})],
        [httpx.Response(202, json={"success": False})],
        [httpx.Response(202, json={"success": False, "error": {"message": "No"}})],
        [failed(202, "UNHEARD_OF")],
        [failed(200, "INTERNAL_001")] * 4,
        [httpx.Response(404, html="<h1>No such page</h1>")],
        [httpx.Response(400)],
        [httpx.Response(403, html="<h1>Blocked</h1>")],
        [httpx.Response(413, json={"error": {"code": "TOO_LARGE"}})],
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
        ([httpx.Response(401)], AuthenticationError),
        ([httpx.Response(403)], PermissionDeniedError),
        ([httpx.Response(429)] * 4, RateLimitError),
        ([failed(422, "BUSINESS_008")], UnprocessableEntityError),
        ([failed(202, "BUSINESS_003")], UnprocessableEntityError),
        ([failed(200, "SERVICE_001")] * 4, InternalServerError),
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


@pytest.mark.parametrize(
    "steps",
    [
        [DROPPED] * 4,
        [failed(500, "INTERNAL_001")] * 4,
        [httpx.Response(502, html="<h1>Bad gateway</h1>")] * 4,
        [httpx.Response(202, text='{"success": tr')],
        [httpx.Response(404, html="<h1>No such page</h1>")],
        [DROPPED, *[failed(500, "INTERNAL_001", headers=SANDBOX)] * 3],
        [ok(RECEIPT, status=202)],
    ],
)
async def test_a_dry_run_that_may_have_been_real_is_not_told_as_one(
    steps: list[httpx.Response | Exception],
) -> None:
    """Until Sent says `X-Sandbox`, nobody knows that it took the flag for one."""
    wire = Wire(*steps)
    with pytest.raises(OutcomeUnknownError) as caught:
        await send(wire, sandbox=True)
    assert len(wire.requests) == len(steps)
    assert "Nothing was" not in str(caught.value)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([UNREACHABLE] * 4, APIConnectionError),
        ([failed(400, "VALIDATION_002")], BadRequestError),
        ([failed(202, "BUSINESS_003")], UnprocessableEntityError),
        ([failed(500, "INTERNAL_001", headers=SANDBOX)] * 4, InternalServerError),
        ([httpx.Response(202, text='{"succ', headers=SANDBOX)], UnreadableAnswerError),
    ],
)
async def test_a_dry_run_that_surely_did_nothing_is_told_as_one(
    steps: list[httpx.Response | Exception], expected: type[SentError]
) -> None:
    """Refused with a code of Sent's, never written, or marked as a dry run."""
    with pytest.raises(expected) as caught:
        await send(Wire(*steps), sandbox=True)
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


async def test_a_success_after_doubt_is_a_success() -> None:
    """The replayed answer is the outcome."""
    wire = Wire(DROPPED, ok(RECEIPT, status=202, headers={"idempotent-replayed": "true"}))
    client = wire.client()
    answer = await client.messages.send(to=["+14155551234"], text="Hi", idempotency_key="one")
    await client.aclose()
    assert answer.replayed
