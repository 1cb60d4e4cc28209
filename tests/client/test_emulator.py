"""The client against the emulator, which shares no line with it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from pydantic import JsonValue

from sent_mcp.client import ApiKey, SentClient, V1Client, new_idempotency_key, read_pages
from sent_mcp.emulator import create_app
from sent_mcp.errors import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    UnreadableAnswerError,
)

BASE_URL = "http://emulator.test"
KEY = "sk_test_emulator"
SEEDED = "+14155550102"
STRANGER = "+14155550150"


class Emulated:
    """A client of a fresh emulator, and the emulator's control endpoints."""

    def __init__(self, *, key: str = KEY, requests_per_minute: int | None = None) -> None:
        app = create_app(requests_per_minute=requests_per_minute)
        # Control endpoints answer loopback only.
        self.transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
        self.sent = SentClient(
            base_url=BASE_URL, key=ApiKey(lambda: key), transport=self.transport, sleep=_no_sleep
        )
        self._control = httpx.AsyncClient(base_url="http://localhost", transport=self.transport)

    async def fault(self, match: str, kind: str, times: int = 1, **more: JsonValue) -> None:
        faults = [{"match": match, "kind": kind, "times": times, **more}]
        (await self._control.post("/__emulator/faults", json=faults)).raise_for_status()

    async def requests(self) -> list[dict[str, JsonValue]]:
        return (await self._control.get("/__emulator/requests")).json()

    async def aclose(self) -> None:
        await self.sent.aclose()
        await self._control.aclose()


async def _no_sleep(_seconds: float) -> None:
    """The waits are tested elsewhere."""


@asynccontextmanager
async def emulated(
    *, key: str = KEY, requests_per_minute: int | None = None
) -> AsyncGenerator[Emulated]:
    world = Emulated(key=key, requests_per_minute=requests_per_minute)
    try:
        yield world
    finally:
        await world.aclose()


async def test_the_whole_address_book_is_read() -> None:
    """Two pages of a hundred."""
    async with emulated() as world:
        pages = [page async for page in read_pages(world.sent.contacts.list, seconds=20)]
    contacts = [contact for page in pages for contact in page.data.contacts]
    assert len(pages) == 2
    assert len({contact.id for contact in contacts}) == len(contacts) == 150
    assert pages[0].timestamp is not None


async def test_a_seeded_contact_is_found_read_and_summed_up() -> None:
    """And a stranger is not found."""
    async with emulated() as world:
        found = (await world.sent.contacts.find_by_phone(SEEDED)).data
        assert found is not None
        assert found.e164 == SEEDED
        assert "whatsapp" in found.channels
        assert (await world.sent.contacts.get(found.id)).data == found
        assert (await world.sent.contacts.summary(found.id)).data.contact_id == found.id
        assert (await world.sent.contacts.find_by_phone(STRANGER)).data is None


async def test_a_contact_lives_from_creation_to_deletion() -> None:
    """Created once, found the second time, changed, deleted, gone."""
    async with emulated() as world:
        contacts = world.sent.contacts
        made = await contacts.create_or_find(STRANGER, idempotency_key=new_idempotency_key())
        again = await contacts.create_or_find(STRANGER, idempotency_key=new_idempotency_key())
        assert (made.data.created, again.data.created) == (True, False)
        contact_id = made.data.contact.id
        changed = await contacts.update(
            contact_id, {"opt_out": True}, idempotency_key=new_idempotency_key()
        )
        assert changed.data.opt_out
        await contacts.delete(contact_id)
        with pytest.raises(NotFoundError):
            await contacts.delete(contact_id)


async def test_a_dry_run_says_so_and_makes_nothing() -> None:
    """`X-Sandbox` is Sent's word for it."""
    async with emulated() as world:
        tried = await world.sent.contacts.create(STRANGER, sandbox=True, idempotency_key="k")
        assert tried.sandbox
        assert (await world.sent.contacts.find_by_phone(STRANGER)).data is None


async def test_a_message_is_sent_once_however_often_the_answer_is_lost() -> None:
    """The second attempt is replayed."""
    async with emulated() as world:
        await world.fault("POST /v3/messages", "drop_after")
        sent = await world.sent.messages.send(to=[SEEDED], text="Hi", idempotency_key="k")
        message = (await world.sent.messages.get(sent.data.recipients[0].message_id)).data
        posts = [request for request in await world.requests() if request["method"] == "POST"]
    assert sent.replayed
    assert message.phone == SEEDED
    assert [post["idempotency_key"] for post in posts if post["path"] == "/v3/messages"] == [
        "k",
        "k",
    ]


async def test_a_send_whose_answers_are_all_lost_is_open_and_the_same_key_replays_it() -> None:
    """Which is how the outcome becomes known later."""
    async with emulated() as world:
        await world.fault("POST /v3/messages", "drop_after", times=4)
        with pytest.raises(OutcomeUnknownError):
            await world.sent.messages.send(to=[SEEDED], text="Hi", idempotency_key="k")
        again = await world.sent.messages.send(to=[SEEDED], text="Hi", idempotency_key="k")
    assert again.replayed


async def test_lost_changes_of_a_contact_are_settled_by_reading() -> None:
    """Done is done, whoever heard of it."""
    async with emulated() as world:
        contacts = world.sent.contacts
        await world.fault("POST /v3/contacts", "drop_after", times=4)
        made = await contacts.create_or_find(STRANGER, idempotency_key="a")
        assert made.data.created
        contact_id = made.data.contact.id
        await world.fault("PATCH /v3/contacts", "drop_after", times=4)
        changed = await contacts.update(contact_id, {"opt_out": True}, idempotency_key="b")
        assert changed.data.opt_out
        await world.fault("DELETE /v3/contacts", "drop_after")
        await contacts.delete(contact_id)
        assert (await contacts.find_by_phone(STRANGER)).data is None


async def test_changes_that_never_arrived_are_told_as_open() -> None:
    """Reading shows that they are not done as yet."""
    async with emulated() as world:
        found = (await world.sent.contacts.find_by_phone(SEEDED)).data
        assert found is not None
        await world.fault("DELETE /v3/contacts", "drop_before", times=4)
        with pytest.raises(OutcomeUnknownError, match="the contact is still there"):
            await world.sent.contacts.delete(found.id)


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("status", {"status": 500}, InternalServerError),
        ("status", {"status": 429, "retry_after": 600}, RateLimitError),
        ("drop_before", {}, APIConnectionError),
        ("drop_after", {}, APIConnectionError),
        ("truncate", {}, APIConnectionError),
        ("garbage", {}, UnreadableAnswerError),
    ],
)
async def test_every_fault_of_a_read_is_an_error_that_changed_nothing(
    kind: str, more: dict[str, JsonValue], expected: type[Exception]
) -> None:
    """Whatever goes wrong underneath."""
    async with emulated() as world:
        await world.fault("GET /v3/contacts", kind, times=4, **more)
        with pytest.raises(expected, match="Nothing was changed or sent"):
            await world.sent.contacts.list()


async def test_templates_messages_numbers_and_account_are_readable() -> None:
    """With the emulator's own shapes."""
    async with emulated() as world:
        templates = (await world.sent.templates.list(status="APPROVED")).data.templates
        assert templates
        one = await world.sent.templates.get(templates[0].id)
        assert one.data.name == templates[0].name
        assert (await world.sent.numbers.lookup("+12025551234")).data.is_valid is not None
        assert (await world.sent.account.get()).data.id


async def test_refusals_carry_code_and_request_id() -> None:
    """A wrong key, a page 0, an id of the wrong form."""
    async with emulated(key="sk_test_wrong") as world:
        with pytest.raises(AuthenticationError, match="AUTH_002"):
            await world.sent.account.get()
    async with emulated() as world:
        with pytest.raises(BadRequestError, match=r"VALIDATION_005.*\(request req_"):
            await world.sent.contacts.list(page=0)
        with pytest.raises(BadRequestError, match="VALIDATION_003"):
            await world.sent.contacts.get("contact_1234567890")


async def test_a_rate_limit_that_does_not_fit_is_told() -> None:
    """With the seconds Sent asks for."""
    async with emulated(requests_per_minute=1) as world:
        await world.sent.contacts.list()
        with pytest.raises(RateLimitError, match="Sent asks to wait"):
            await world.sent.contacts.list()


async def test_the_legacy_reads_give_the_same_people() -> None:
    """Pages counted from 1, and strangers not found."""
    async with emulated() as world:
        legacy = V1Client(
            base_url=BASE_URL,
            key=ApiKey(lambda: KEY),
            sender_id="550e8400-e29b-41d4-a716-446655440000",
            transport=world.transport,
        )
        first = (await legacy.contacts.list(page=1, page_size=100)).data
        second = (await legacy.contacts.list(page=2, page_size=100)).data
        found = (await legacy.contacts.find_by_phone(SEEDED)).data
        stranger = (await legacy.contacts.find_by_phone(STRANGER)).data
        await legacy.aclose()
    assert (len(first.contacts), len(second.contacts)) == (100, 50)
    assert (first.pagination.has_more, second.pagination.has_more) == (True, False)
    assert found is not None
    assert found.e164 == SEEDED
    assert stranger is None
