"""check_phone_numbers when the API fails, is slow, or its address book changes meanwhile."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.emulator import create_app
from tests.door import KEY, Door, opened, reaching, served

STRANGERS = [f"+44791112{n:04}" for n in range(1_000)]
Step = Callable[["Moving"], Awaitable[None]]
PAGES: dict[str, object] = {"match": "GET /v3/contacts"}


class Moving:
    """An emulator whose contacts come and go right before a page of them is answered."""

    def __init__(self, app: Starlette, steps: dict[int, Step]) -> None:
        self._app: ASGIApp = app
        self._steps = steps
        self._lists = 0
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://localhost",
            headers={"x-api-key": KEY},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode())
        if (scope["method"], scope["path"]) == ("GET", "/v3/contacts") and "page_size" in query:
            self._lists += 1
            step = self._steps.get(self._lists) or self._steps.get(0)
            if step is not None:
                await step(self)
        await self._app(scope, receive, send)

    async def create(self, number: str) -> None:
        """Adds the newest contact."""
        made = await self._http.post("/v3/contacts", json={"phone_number": number})
        assert made.status_code == 201

    async def delete(self, number: str) -> None:
        """Takes out a contact."""
        found = await self._http.get("/v3/contacts", params={"phone": number})
        (contact,) = found.json()["data"]["contacts"]
        await self._http.request("DELETE", f"/v3/contacts/{contact['id']}", json={})


async def in_order(app: ASGIApp, state: Path) -> list[str]:
    """The numbers of all contacts, as they are listed."""
    found: list[str] = []
    async with opened(app, state) as door:
        for page in (1, 2, 3, 4):
            listed = await door.done("list_contacts", page=page, page_size=100)
            found += [contact["phone_number"] for contact in listed["contacts"]]
        await door.forget()
    return found


async def reads(door: Door) -> int:
    """How many requests there were that read contacts, but for the test's own."""
    log = await door.log()
    return len([each for each in log if each["method"] == "GET"])


async def truly(door: Door, contacts: list[str], strangers: list[str]) -> dict[str, Any]:
    """The result of a check that calls no contact a stranger, no stranger a contact."""
    reply = await door.call("check_phone_numbers", phone_numbers=[*contacts, *strangers])
    lines = [each for each in reply.text.splitlines() if "Unknown, not contacts" in each]
    said = {number for line in lines for number in line.partition(": ")[2].split()}
    result = reply.data
    assert said <= set(strangers)
    assert len(said) == result["counts"]["not_contacts"]
    decided = {*result["whatsapp"], *result["sms_only"], *result["other"], *result["unknown"]}
    assert decided | set(result["not_checked"]) == {*contacts, *strangers}
    assert not decided & set(result["not_checked"])
    assert set(strangers) & decided == said
    return result


async def test_a_contact_that_slips_past_a_page_is_not_called_a_stranger(state: Path) -> None:
    """A deletion on the first page moves it there after that was read."""
    app = create_app(contacts=350)
    listed = await in_order(app, state)

    async def step(book: Moving) -> None:
        await book.delete(listed[4])

    async with opened(Moving(app, {3: step}), state) as door:
        result = await truly(door, [listed[150], listed[200]], STRANGERS[:3])
        assert result["requests_used"] == await reads(door) - 1 <= 2 * 4
    assert result["complete"] is True


async def test_totals_that_stay_equal_hide_nothing(state: Path) -> None:
    """One comes, one goes, between two pages."""
    app = create_app(contacts=350)
    listed = await in_order(app, state)

    async def step(book: Moving) -> None:
        await book.delete(listed[20])
        await book.create("+14155550160")

    async with opened(Moving(app, {2: step}), state) as door:
        result = await truly(door, listed[21:350], STRANGERS[:20])
        assert result["requests_used"] == await reads(door) - 1 <= 2 * 4


async def test_contacts_that_come_meanwhile_hide_nobody_and_are_found(state: Path) -> None:
    """For one more request."""
    app = create_app(contacts=350)
    listed = await in_order(app, state)

    async def step(book: Moving) -> None:
        await book.create("+14155550160")
        await book.create("+14155550162")

    async with opened(Moving(app, {3: step}), state) as door:
        result = await truly(door, [*listed, "+14155550160"], STRANGERS[:20])
    assert (result["requests_used"], result["complete"]) == (5, True)
    assert "+14155550160" in result["unknown"]


async def test_a_book_that_never_stands_still_leaves_open_what_is_not_certain(
    state: Path,
) -> None:
    """It says so, names the next call, and asks for no page more than twice."""
    app = create_app(contacts=350)
    listed = await in_order(app, state)
    going, coming = iter(listed[:50]), iter(f"+1415555{n:04}" for n in range(160, 200))

    async def step(book: Moving) -> None:
        await book.delete(next(going))
        await book.create(next(coming))

    async with opened(Moving(app, {0: step}), state) as door:
        result = await truly(door, listed[50:], STRANGERS[:20])
    assert result["requests_used"] <= 2 * 4
    if not result["complete"]:
        assert "Not complete: contacts came or went" in result["message"]
        assert result["next"].startswith("check_phone_numbers")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429, "retry_after": 0.01, "times": 2},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "truncate"},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status')}",
)
async def test_a_fault_that_passes_is_waited_out(fault: dict[str, object]) -> None:
    """Each attempt is counted, over a real socket."""
    app = create_app()
    async with served(app) as url, reaching(url, "memory:") as door:
        await door.faults({**PAGES, **fault})
        asked = ["+14155550100", "+14155550101", STRANGERS[0]]
        result = await door.done("check_phone_numbers", phone_numbers=asked)
        log = await door.log()
    assert (result["complete"], result["counts"]["not_contacts"]) == (True, 1)
    assert result["requests_used"] == len(log) > 2


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "garbage", "times": 1_000}, "UNREADABLE_ANSWER"),
        ({"kind": "status", "status": 401, "times": 1_000}, "AUTH_002"),
        ({"kind": "status", "status": 429, "retry_after": 600, "times": 1_000}, "BUSINESS_002"),
    ],
)
async def test_a_check_whose_first_request_fails_is_an_error(
    door: Door, fault: dict[str, object], code: str
) -> None:
    """For one number as for many."""
    await door.faults({**PAGES, **fault})
    for count in (1, 2, 200):
        text = await door.refused("check_phone_numbers", phone_numbers=STRANGERS[:count])
        assert text.startswith(f"{code}: ")
        assert "Nothing was changed or sent." in text


class Failing:
    """An emulator that fails from a certain request on."""

    def __init__(self, app: Starlette, after: int, fault: dict[str, object]) -> None:
        self._app = app
        self._left = after
        self._fault = fault
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/v3/contacts":
            self._left -= 1
            if self._left == -1:
                await self._http.post("/__emulator/faults", json=[{**PAGES, **self._fault}])
        await self._app(scope, receive, send)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 401, "times": 1_000}, "AUTH_002"),
        ({"kind": "status", "status": 403, "times": 1_000}, "AUTH_004"),
        ({"kind": "status", "status": 429, "retry_after": 600, "times": 1_000}, "BUSINESS_002"),
        ({"kind": "garbage", "times": 1_000}, "UNREADABLE_ANSWER"),
    ],
)
async def test_what_fails_half_way_leaves_the_rest_to_the_next_call(
    state: Path, fault: dict[str, object], code: str
) -> None:
    """With the code; what was found before is told."""
    app = create_app(contacts=1_500)
    listed = await in_order(create_app(contacts=350), state)
    async with opened(Failing(app, 1, fault), state) as door:
        result = await truly(door, listed[:2], STRANGERS[:30])
        assert result["requests_used"] == len(await door.log()) <= 1 + 16
        assert f"Not complete: {code}, " in result["message"]
        assert result["not_checked"] == STRANGERS[:30]
        numbers = ", ".join(f'"{number}"' for number in STRANGERS[:30])
        assert result["next"] == f"check_phone_numbers(phone_numbers=[{numbers}])"
        if code.startswith("AUTH"):
            return
        await door.faults()
        rest = await door.done("check_phone_numbers", phone_numbers=result["not_checked"])
        assert rest["complete"] is True


async def test_one_page_that_cannot_be_read_ends_nothing(state: Path) -> None:
    """Those who may be on it are looked up."""
    app = create_app(contacts=350)
    listed = await in_order(app, state)
    fault: dict[str, object] = {"kind": "garbage"}
    async with opened(Failing(app, 1, fault), state) as door:
        result = await truly(door, [listed[150], listed[250], listed[340]], STRANGERS[:1])
    assert result["complete"] is True


async def test_the_time_of_a_call_is_kept(state: Path) -> None:
    """What it did not get to is named, in the order given."""
    app = create_app(contacts=1_500)
    started = anyio.current_time()
    async with opened(app, state, call_timeout=2.5) as door:
        await door.faults(
            {**PAGES, "kind": "delay", "seconds": 0.0, "times": 1},
            {**PAGES, "kind": "delay", "seconds": 30, "times": 1_000},
        )
        result = await door.done("check_phone_numbers", phone_numbers=STRANGERS[:100])
    assert anyio.current_time() - started < 2.5
    assert result["complete"] is False
    assert result["not_checked"] == STRANGERS[:100]
    assert result["next"] == "check_phone_numbers with not_checked"


async def test_a_short_time_is_enough_for_a_quick_api(app: Starlette, state: Path) -> None:
    """Two seconds are what an impatient host may give."""
    async with opened(app, state, call_timeout=2) as door:
        result = await door.done("check_phone_numbers", phone_numbers=STRANGERS[:100])
    assert result["complete"] is True


async def test_an_api_that_never_answers_is_told_of_in_time(app: Starlette, state: Path) -> None:
    """For one number as for many."""
    async with opened(app, state, call_timeout=1.5) as door:
        await door.faults({**PAGES, "kind": "delay", "seconds": 60, "times": 1_000})
        for count in (1, 100):
            text = await door.refused("check_phone_numbers", phone_numbers=STRANGERS[:count])
            assert text.startswith("TIMEOUT: ")
