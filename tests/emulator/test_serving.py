"""The emulator on a socket, with the synchronous SDK and with more than one caller."""

import socket
import sqlite3
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest
from sent_dm import Sent
from starlette.applications import Starlette

from sent_mcp.emulator import create_app, serve
from tests.emulator.conftest import KEY, sent_of


async def test_the_sdk_walks_sends_and_follows_over_a_socket(served: httpx.AsyncClient) -> None:
    sent = sent_of(served)
    assert len([item async for item in sent.contacts.list(page_size=50)]) == 150
    data = (await sent.messages.send(to=["+14155550101"], text="Hello")).data
    assert data is not None
    assert data.recipients is not None
    message_id = str(data.recipients[0].message_id)
    await served.post("/__emulator/clock", json={"advance_seconds": 10})
    message = (await sent.messages.retrieve_status(message_id)).data
    assert message is not None
    assert message.status == "DELIVERED"


async def test_the_synchronous_sdk_works_too(served: httpx.AsyncClient) -> None:
    def total() -> int:
        with Sent(api_key=KEY, base_url=str(served.base_url), max_retries=0) as sent:
            return sum(1 for _ in sent.contacts.list(page_size=100))

    assert await anyio.to_thread.run_sync(total) == 150


async def test_a_lookup_keeps_its_plus_on_the_wire(served: httpx.AsyncClient) -> None:
    data = (await sent_of(served).numbers.lookup("+12025551234")).data
    assert data is not None
    assert data.phone_number == "+12025551234"


async def test_many_callers_at_once_create_one_contact(served: httpx.AsyncClient) -> None:
    statuses: list[int] = []

    async def create() -> None:
        body = {"phone_number": "+14155550160"}
        statuses.append((await served.post("/v3/contacts", json=body)).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(create)
    assert sorted(statuses) == [201] + [409] * 19


async def test_a_port_in_use_is_an_error_for_the_caller() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            await serve(create_app(), host="127.0.0.1", port=port)


async def test_a_database_that_cannot_be_opened_is_an_error_for_the_caller(tmp_path: Path) -> None:
    app = create_app(database=str(tmp_path / "no" / "folder.db"))
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await serve(app, host="127.0.0.1", port=0)


async def test_ipv6_is_served(app: Starlette) -> None:
    ports: list[int] = []
    with anyio.CancelScope() as scope:

        def on_ready(port: int) -> None:
            ports.append(port)
            scope.cancel()

        await serve(app, host="::1", port=0, on_ready=on_ready)
    assert ports[0] > 0


async def test_serving_says_nothing_when_nothing_is_wrong(
    served: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    await served.get("/v3/me")
    fault = {"match": "GET /v3/me", "kind": "drop_after"}
    await served.post("/__emulator/faults", json=[fault])
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await served.get("/v3/me")
    assert capfd.readouterr() == ("", "")
