"""An address book of the tests' own, honest about pages and totals, that may change meanwhile."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import anyio
import anyio.lowlevel
import httpx
from pydantic import JsonValue
from starlette.types import Message, Receive, Scope, Send

from sent_mcp.client import ApiKey, BulkClient, SentClient
from sent_mcp.reach import Checked, check_numbers

BEGAN = datetime(2026, 11, 20, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """A contact."""

    number: str
    channels: str = "sms"
    created_at: datetime | None = BEGAN - timedelta(days=30)
    id: str = ""


Pages = dict[str, JsonValue]
Fail = Callable[[str], tuple[int, str] | None]


@dataclass
class Book:
    """Contacts, newest first, behind GET /v3/contacts; its clock ticks with every answer.

    `asked` are the requests so far, and `at_once` how many ran when each of them came. `before` is
    called with the count of the list request that is about to be answered, `slow` says how many
    turns of the event loop a page (0: a look-up) waits first, `spoil` may change a page on its way
    out, `fail` may name a status and an error code, what `hold` names is never answered, and
    `latency` is in seconds.
    """

    people: list[Person] = field(default_factory=list[Person])
    before: Callable[[int], None] = lambda count: None
    slow: Callable[[int], int] = lambda page: 0
    spoil: Callable[[int, Pages], Pages] = lambda page, data: data
    fail: Fail = lambda asked: None
    hold: Callable[[str], bool] = lambda asked: False
    latency: Callable[[str], float] = lambda asked: 0.0
    most_per_page: int = 100
    now: datetime = BEGAN
    lists: int = 0
    asked: list[str] = field(default_factory=list[str])
    at_once: list[int] = field(default_factory=list[int])
    running: int = 0
    most_pages: int = 0
    gone: set[str] = field(default_factory=set[str])
    channels: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, count: int) -> "Book":
        """So many contacts; every other one is on WhatsApp, and all are on SMS."""
        channels = ("sms,whatsapp", "sms")
        return cls([Person(number, channels[n % 2]) for n, number in enumerate(numbers(count))])

    def __post_init__(self) -> None:
        self.channels = {person.number: person.channels for person in self.people}
        self.first = frozenset(self.channels)
        self._ids = len(self.people)
        self.people = [replace(each, id=f"id-{n}") for n, each in enumerate(self.people)]

    @property
    def ever(self) -> set[str]:
        """The numbers that are or were contacts."""
        return set(self.channels)

    def create(self, number: str, channels: str = "sms", place: int = 0) -> None:
        """A new contact, listed first or elsewhere."""
        self._ids += 1
        person = Person(number, channels, self._tick(), f"id-{self._ids}")
        self.people.insert(place, person)
        self.channels[number] = channels

    def restore(self, number: str, created_at: datetime | None, place: int) -> None:
        """A contact that comes with a date of its own, or with none, at this place of the list."""
        self._ids += 1
        self.people.insert(place, Person(number, "sms", created_at, f"id-{self._ids}"))
        self.channels[number] = "sms"

    def delete(self, number: str) -> None:
        """Take a contact out."""
        self.people = [person for person in self.people if person.number != number]
        self.gone.add(number)

    @property
    def pages(self) -> int:
        """How many pages it has now, at least one."""
        return max(1, -(-len(self.people) // self.most_per_page))

    @asynccontextmanager
    async def client(self, requests_per_minute: int = 100_000) -> AsyncGenerator[BulkClient]:
        """The client for bulk work on this book, which never really waits."""

        async def no_sleep(seconds: float) -> None:
            await anyio.lowlevel.checkpoint()

        client = SentClient(
            base_url="http://localhost",
            key=ApiKey(lambda: "sk_test_book"),
            requests_per_minute=requests_per_minute,
            transport=httpx.ASGITransport(self),
            sleep=no_sleep,
        )
        yield client.bulk()
        await client.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        query = {name: each[0] for name, each in parse_qs(scope["query_string"].decode()).items()}
        asked = query.get("phone") or f"page {query['page']}"
        self.asked.append(asked)
        self.running += 1
        self.at_once.append(self.running)
        try:
            status, data, code = await self._answer(asked, query)
        finally:
            self.running -= 1
        body: dict[str, JsonValue] = {
            "success": status == 200,
            "data": data,
            "error": {"code": code, "message": "No"} if code else None,
            "meta": {"request_id": "req_1", "timestamp": self._tick().isoformat()},
        }
        head = [(b"content-type", b"application/json")]
        start: Message = {"type": "http.response.start", "status": status, "headers": head}
        await send(start)
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _answer(
        self, asked: str, query: dict[str, str]
    ) -> tuple[int, Pages | None, str | None]:
        if self.hold(asked):
            await anyio.sleep_forever()
        await anyio.sleep(self.latency(asked))
        if (failure := self.fail(asked)) is not None:
            return failure[0], None, failure[1]
        for _ in range(1 + self.slow(int(query.get("page", 0)))):
            await anyio.lowlevel.checkpoint()
        if "phone" not in query:
            return self._page(int(query["page"]), int(query["page_size"]))
        found = [person for person in self.people if person.number == query["phone"]]
        if not found:
            return 404, None, "RESOURCE_001"
        return 200, self._data(found, 1, 20, 1), None

    def _page(self, page: int, page_size: int) -> tuple[int, Pages | None, str | None]:
        self.lists += 1
        self.before(self.lists)
        self.most_pages = max(self.most_pages, self.pages)
        size = min(page_size, self.most_per_page)
        shown = self.people[(page - 1) * size : page * size]
        return 200, self.spoil(page, self._data(shown, page, size, len(self.people))), None

    def _data(self, people: list[Person], page: int, size: int, total: int) -> Pages:
        pages = -(-total // size)
        where: dict[str, JsonValue] = {
            "page": page,
            "page_size": size,
            "total_count": total,
            "total_pages": pages,
            "has_more": page < pages,
        }
        return {"contacts": [_wire(person) for person in people], "pagination": where}

    def _tick(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def _wire(person: Person) -> JsonValue:
    return {
        "id": person.id,
        "phone_number": person.number,
        "format_e164": person.number,
        "available_channels": person.channels,
        "default_channel": "sms",
        "opt_out": False,
        "created_at": None if person.created_at is None else person.created_at.isoformat(),
        "updated_at": None,
    }


def numbers(count: int, start: int = 0) -> list[str]:
    """So many numbers of the United States."""
    return [f"+1212{2_000_000 + n}" for n in range(start, start + count)]


STRANGERS = numbers(600, start=500_000)
"""Numbers that are no contacts."""


async def checked(
    book: Book, asked: list[str], *, per_minute: int = 100_000, seconds: float | None = None
) -> Checked:
    """What came of it; nothing was asked that is not counted."""
    async with book.client(per_minute) as client:
        result = await check_numbers(client, asked, seconds=seconds)
    assert sorted([*result.found, *result.absent, *result.open]) == sorted(asked)
    assert result.requests == len(book.asked)
    return result
