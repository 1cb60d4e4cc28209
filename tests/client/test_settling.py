"""What became of a change of a contact whose answer was lost."""

from collections.abc import Mapping

import httpx
import pytest
from pydantic import JsonValue

from sent_mcp.errors import ConflictError, OutcomeUnknownError
from tests.client.wire import CONTACT, Wire, failed, ok, page

ID = str(CONTACT["id"])
PHONE = "+14155551234"
LOST = [httpx.ReadError("connection lost")] * 4
DUPLICATE = failed(409, "RESOURCE_007", "Contact with this phone number already exists")
GONE = failed(404, "RESOURCE_001", "Contact not found")


async def delete(*steps: httpx.Response | Exception) -> Wire:
    wire = Wire(*steps)
    client = wire.client()
    try:
        await client.contacts.delete(ID)
    finally:
        await client.aclose()
    return wire


async def update(wire: Wire, **changes: JsonValue) -> None:
    client = wire.client()
    try:
        answer = await client.contacts.update(ID, changes, idempotency_key="k")
    finally:
        await client.aclose()
    assert answer.data.id == ID


async def created(wire: Wire, *, sandbox: bool = False) -> bool:
    client = wire.client()
    try:
        answer = await client.contacts.create_or_find(PHONE, sandbox=sandbox, idempotency_key="k")
    finally:
        await client.aclose()
    assert answer.data.contact.id == ID
    assert answer.sandbox == sandbox
    return answer.data.created


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"created_at": "2026-11-20T10:00:04.5Z"}, True),
        ({"created_at": "2026-11-20T10:00:04.5"}, True),
        ({"created_at": "2026-11-20T09:59:00Z"}, False),
        ({"created_at": None}, False),
    ],
)
async def test_a_lost_creation_is_settled_by_the_contacts_age(
    changes: Mapping[str, JsonValue], expected: bool
) -> None:
    """On Sent's clock: made during the call, it was made by it."""
    assert await created(Wire(*LOST, ok(page({**CONTACT, **changes})))) is expected


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [("2026-11-20T10:00:04.5Z", True), ("2026-11-20T09:59:00Z", False)],
)
async def test_a_duplicate_after_a_lost_answer_may_be_our_own(
    created_at: str, expected: bool
) -> None:
    """The attempt before it may have made the contact; its age tells."""
    wire = Wire(LOST[0], DUPLICATE, ok(page({**CONTACT, "created_at": created_at})))
    assert await created(wire) is expected


async def test_a_duplicate_after_a_lost_answer_stays_unknown_when_reading_fails() -> None:
    """For a creation that does not look afterwards, and for a dry run, too."""
    with pytest.raises(OutcomeUnknownError):
        await created(Wire(LOST[0], DUPLICATE, failed(403, "AUTH_004")))
    with pytest.raises(OutcomeUnknownError):
        await created(Wire(LOST[0], DUPLICATE), sandbox=True)
    client = Wire(LOST[0], DUPLICATE).client()
    with pytest.raises(OutcomeUnknownError):
        await client.contacts.create(PHONE, idempotency_key="k")
    await client.aclose()


@pytest.mark.parametrize("steps", [[GONE], LOST])
async def test_a_lost_creation_stays_unknown_when_reading_shows_nothing(
    steps: list[httpx.Response | Exception],
) -> None:
    """It may still be under way."""
    with pytest.raises(OutcomeUnknownError) as caught:
        await created(Wire(*LOST, *steps))
    assert ("no contact with this number" in str(caught.value)) is (steps != LOST)


async def test_a_lost_update_is_done_when_the_values_are_there() -> None:
    """Whoever set them."""
    wire = Wire(*LOST, ok({**CONTACT, "opt_out": True, "default_channel": "whatsapp"}))
    await update(wire, opt_out=True, default_channel="whatsapp")
    assert wire.calls[-1] == f"GET /v3/contacts/{ID}"


@pytest.mark.parametrize(
    "changes", [{"opt_out": True}, {"metadata": {"a": "b"}}, {"unheard_of": 1}]
)
async def test_a_lost_update_says_when_the_values_are_not_there(
    changes: dict[str, JsonValue],
) -> None:
    """As far as can be read it was not done."""
    with pytest.raises(OutcomeUnknownError, match="Read again just now: as far as can be read"):
        await update(Wire(*LOST, ok(CONTACT)), **changes)


async def test_a_lost_update_stays_unknown_when_reading_fails() -> None:
    """Without a word about what was read."""
    with pytest.raises(OutcomeUnknownError) as caught:
        await update(Wire(*LOST, failed(403, "AUTH_004")), opt_out=True)
    assert "Read again" not in str(caught.value)


@pytest.mark.parametrize(
    "steps",
    [
        [httpx.ReadError("lost"), GONE],
        [failed(500, "INTERNAL_001"), GONE],
        [*LOST, GONE],
        [httpx.Response(200, text="gone, I gu"), GONE],
    ],
)
async def test_a_lost_deletion_is_done_when_the_contact_is_gone(
    steps: list[httpx.Response | Exception],
) -> None:
    """Told by our own second DELETE, or by reading."""
    await delete(*steps)


async def test_a_lost_deletion_stays_unknown_while_the_contact_is_there() -> None:
    """Or while nothing can be read."""
    with pytest.raises(OutcomeUnknownError, match="the contact is still there"):
        await delete(*LOST, ok(CONTACT))
    with pytest.raises(OutcomeUnknownError):
        await delete(*LOST, *LOST)
    with pytest.raises(OutcomeUnknownError):
        await delete(*LOST, httpx.Response(404, html="<h1>Not found</h1>"))


async def ensured(wire: Wire, *, sandbox: bool = False) -> bool:
    client = wire.client()
    try:
        return await client.bulk().contacts.ensure(PHONE, sandbox=sandbox, idempotency_key="k")
    finally:
        await client.aclose()


@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize(
    ("step", "expected"), [(ok(CONTACT, status=201), True), (DUPLICATE, False)]
)
async def test_a_contact_is_ensured_in_one_request(
    step: httpx.Response, expected: bool, sandbox: bool
) -> None:
    """Whether it was there is told by the answer, so nothing is read."""
    if sandbox and step is not DUPLICATE:
        step = ok(CONTACT, status=201, headers={"x-sandbox": "true"})
    wire = Wire(step)
    assert await ensured(wire, sandbox=sandbox) is expected
    assert wire.calls == ["POST /v3/contacts"]


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [("2026-11-20T10:00:04.5Z", True), ("2026-11-20T09:59:00Z", False)],
)
@pytest.mark.parametrize("steps", [LOST, [LOST[0], DUPLICATE]])
async def test_a_contact_ensured_by_an_answer_that_was_lost_is_settled_by_its_age(
    steps: list[httpx.Response | Exception], created_at: str, expected: bool
) -> None:
    """Like any creation."""
    found = ok(page({**CONTACT, "created_at": created_at}))
    assert await ensured(Wire(*steps, found)) is expected


@pytest.mark.parametrize("sandbox", [False, True])
async def test_whether_a_contact_is_ensured_may_stay_unknown(sandbox: bool) -> None:
    """Of a dry run nothing can be read."""
    with pytest.raises(OutcomeUnknownError):
        await ensured(Wire(*LOST, *([] if sandbox else [GONE])), sandbox=sandbox)


async def test_a_contact_that_sent_refuses_is_not_ensured() -> None:
    """Another conflict is no sign of a contact."""
    with pytest.raises(ConflictError, match="CONFLICT_005"):
        await ensured(Wire(failed(409, "CONFLICT_005", "The key belongs to another request")))
