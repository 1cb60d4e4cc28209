"""What every answer carries, and what a request without a readable body meets."""

import re

import httpx
import pytest

from tests.emulator.asking import code_of
from tests.emulator.conftest import Advance

TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00"


async def test_an_answer_has_the_envelope_and_the_headers_of_the_api(
    http: httpx.AsyncClient,
) -> None:
    response = await http.get("/v3/contacts")
    body = response.json()
    assert (body["success"], body["error"]) == (True, None)
    assert re.fullmatch(r"req_[A-Za-z0-9]{10}", body["meta"]["request_id"])
    assert re.fullmatch(TIMESTAMP, body["meta"]["timestamp"])
    assert body["meta"]["version"] == "v3"
    assert response.headers["X-Request-Id"] == body["meta"]["request_id"]
    assert response.headers["X-API-Version"] == "v3"
    assert re.fullmatch(r"\d+ms", response.headers["X-Response-Time"])


async def test_a_refusal_has_the_envelope_too(http: httpx.AsyncClient) -> None:
    body = (await http.get("/v3/contacts?page=0")).json()
    assert (body["success"], body["data"]) == (False, None)
    assert body["error"] == {
        "code": "VALIDATION_005",
        "message": "Page must be greater than 0",
        "details": None,
        "doc_url": "https://docs.sent.dm/errors/VALIDATION_005",
    }


async def test_the_envelope_is_dated_by_the_emulated_clock(
    http: httpx.AsyncClient, advance: Advance
) -> None:
    before = (await http.get("/v3/me")).json()["meta"]["timestamp"]
    await advance(366 * 24 * 3600)
    after = (await http.get("/v3/me")).json()["meta"]["timestamp"]
    assert int(after[:4]) > int(before[:4])


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000, b'{"phone_number": "\\ud800"}'],
)
async def test_a_body_that_is_no_json_object_is_refused(
    http: httpx.AsyncClient, content: bytes
) -> None:
    response = await http.post("/v3/contacts", content=content)
    assert response.status_code == 400
    assert code_of(response) == "VALIDATION_001"


async def test_a_body_of_more_than_a_megabyte_is_refused(http: httpx.AsyncClient) -> None:
    response = await http.post("/v3/contacts", content=b" " * 1_000_001)
    assert (response.status_code, code_of(response)) == (413, "VALIDATION_001")


async def test_the_body_of_a_read_is_not_looked_at(http: httpx.AsyncClient) -> None:
    assert (await http.request("GET", "/v3/me", content=b"{")).status_code == 200


async def test_no_body_is_an_empty_one(http: httpx.AsyncClient) -> None:
    response = await http.post("/v3/contacts")
    assert response.json()["error"]["message"] == "Phone number is required"


async def test_an_unknown_route_is_a_plain_404(http: httpx.AsyncClient) -> None:
    response = await http.get("/v3/nothing")
    assert (response.status_code, response.text) == (404, "Not Found")
    assert (await http.get("/v3/contacts/")).status_code == 404
    assert (await http.put("/v3/contacts")).status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v3/contacts", {"phone_number": "+14155550160"}, 201),
        ("POST", "/v3/contacts", {"phone_number": "+14155550100"}, 201),
        ("PATCH", "/v3/contacts/6ba7b810-9dad-11d1-80b4-00c04fd430c8", {"opt_out": True}, 200),
        ("DELETE", "/v3/contacts/6ba7b810-9dad-11d1-80b4-00c04fd430c8", {}, 204),
        ("POST", "/v3/messages", {"to": ["+14155550160"], "text": "Hello"}, 202),
        ("POST", "/v3/messages", {"to": ["+14155550160"], "template": {"name": "no_such"}}, 202),
    ],
)
@pytest.mark.parametrize("flag", ["sandbox", "test_mode"])
async def test_a_sandbox_request_answers_like_production_and_stores_nothing(
    http: httpx.AsyncClient,
    method: str,
    path: str,
    body: dict[str, object],
    status: int,
    flag: str,
) -> None:
    messages_before = (await http.get("/v3/conversations")).json()["data"]
    response = await http.request(method, path, json=body | {flag: True})
    assert response.status_code == status
    assert response.headers["X-Sandbox"] == "true"
    total = (await http.get("/v3/contacts")).json()["data"]["pagination"]["total_count"]
    assert total == 150
    assert (await http.get("/v3/conversations")).json()["data"] == messages_before


async def test_a_sandbox_request_is_validated(http: httpx.AsyncClient) -> None:
    response = await http.post("/v3/contacts", json={"phone_number": "abc", "sandbox": True})
    assert response.status_code == 400
    assert "X-Sandbox" not in response.headers


async def test_a_real_request_is_not_marked_as_sandbox(http: httpx.AsyncClient) -> None:
    body = {"phone_number": "+14155550160", "sandbox": False}
    response = await http.post("/v3/contacts", json=body)
    assert response.status_code == 201
    assert "X-Sandbox" not in response.headers
