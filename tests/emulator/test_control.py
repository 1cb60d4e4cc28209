"""The control endpoints: the log, the clock, and who may use them."""

import re

import httpx
import pytest
from starlette.applications import Starlette

from tests.emulator.test_envelope import TIMESTAMP

CONTROL = [
    ("GET", "/__emulator/requests"),
    ("DELETE", "/__emulator/requests"),
    ("POST", "/__emulator/faults"),
    ("POST", "/__emulator/clock"),
]


async def test_every_api_request_is_in_the_log(http: httpx.AsyncClient) -> None:
    await http.get("/v3/contacts?page=1&search=415")
    await http.post("/v3/contacts", json={}, headers={"Idempotency-Key": "k-1"})
    await http.get("/v1/contacts")
    await http.get("/nowhere")
    records = (await http.get("/__emulator/requests")).json()
    assert [
        (item["method"], item["path"], item["query"], item["idempotency_key"], item["status"])
        for item in records
    ] == [
        ("GET", "/v3/contacts", "page=1&search=415", None, 200),
        ("POST", "/v3/contacts", "", "k-1", 400),
        ("GET", "/v1/contacts", "", None, 401),
        ("GET", "/nowhere", "", None, 404),
    ]
    assert all(re.fullmatch(TIMESTAMP, item["at"]) for item in records)
    assert set(records[0]) == {"method", "path", "query", "idempotency_key", "status", "at"}


async def test_the_log_can_be_cleared(http: httpx.AsyncClient) -> None:
    await http.get("/v3/me")
    response = await http.delete("/__emulator/requests")
    assert (response.status_code, response.content) == (204, b"")
    assert (await http.get("/__emulator/requests")).json() == []


async def test_the_clock_says_what_time_it_is_now(http: httpx.AsyncClient) -> None:
    moved = await http.post("/__emulator/clock", json={"advance_seconds": 60.5})
    assert moved.status_code == 200
    assert re.fullmatch(TIMESTAMP, moved.json()["now"])


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"{",
        b'{"advance_seconds": -1}',
        b'{"advance_seconds": "60"}',
        b'{"advance_seconds": true}',
        b'{"advance_seconds": NaN}',
        b'{"advance_seconds": 1e300}',
    ],
)
async def test_a_clock_that_cannot_be_set_is_explained(
    http: httpx.AsyncClient, body: bytes
) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    response = await http.post("/__emulator/clock", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"].startswith("advance_seconds")


@pytest.mark.parametrize(("method", "path"), CONTROL)
@pytest.mark.parametrize("host", ["attacker.example", "localhost.attacker.example", "10.0.0.7"])
async def test_a_name_that_is_not_loopback_is_refused(
    app: Starlette, method: str, path: str, host: str
) -> None:
    """A web page can make its own name point to this machine."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
        response = await http.request(method, path, json=[])
    assert response.status_code == 403


@pytest.mark.parametrize(("method", "path"), CONTROL)
async def test_another_machine_is_refused(app: Starlette, method: str, path: str) -> None:
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        assert (await http.request(method, path, json=[])).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8787", "[::1]:8787", "localhost", "127.8.8.8"])
async def test_every_loopback_name_is_accepted(http: httpx.AsyncClient, host: str) -> None:
    response = await http.get("/__emulator/requests", headers={"Host": host})
    assert response.status_code == 200


async def test_a_caller_without_an_address_is_in_this_process(app: Starlette) -> None:
    transport = httpx.ASGITransport(app, client=("testclient", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        assert (await http.get("/__emulator/requests")).status_code == 200


@pytest.mark.parametrize("path", ["/__emulator/faults", "/__emulator/clock"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_what_a_form_can_send_is_refused(
    http: httpx.AsyncClient, path: str, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    response = await http.post(path, content=b'{"advance_seconds": 1}', headers=headers)
    assert response.status_code == 415


async def test_no_forwarded_address_passes_for_loopback(served: httpx.AsyncClient) -> None:
    """The address is that of the socket, whatever a header claims."""
    headers = {"X-Forwarded-For": "192.0.2.1"}
    assert (await served.get("/__emulator/requests", headers=headers)).status_code == 200


async def test_the_control_endpoints_have_no_key(app: Starlette) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        assert "x-api-key" not in http.headers
        assert (await http.get("/__emulator/requests")).status_code == 200
