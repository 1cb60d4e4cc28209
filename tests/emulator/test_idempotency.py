"""One effect per `Idempotency-Key`."""

import anyio
import httpx
import pytest

from sent_mcp.emulator import create_app, idempotency
from tests.emulator.asking import code_of
from tests.emulator.conftest import Advance, client_of

NEW = {"phone_number": "+14155550160"}
KEY = {"Idempotency-Key": "create-1"}


async def delay(http: httpx.AsyncClient, match: str, seconds: float) -> None:
    fault = {"match": match, "kind": "delay", "seconds": seconds}
    assert (await http.post("/__emulator/faults", json=[fault])).status_code == 200


async def test_a_repeated_request_is_replayed(http: httpx.AsyncClient) -> None:
    first = await http.post("/v3/contacts", json=NEW, headers=KEY)
    second = await http.post("/v3/contacts", json=NEW, headers=KEY)
    assert (second.status_code, second.content) == (201, first.content)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["X-Original-Request-Id"] == first.headers["X-Request-Id"]
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]


async def test_a_send_with_one_key_is_one_message(http: httpx.AsyncClient) -> None:
    body = {"to": ["+14155550160"], "text": "Hello"}
    answers = [await http.post("/v3/messages", json=body, headers=KEY) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    total = (await http.get("/v3/conversations")).json()["data"]["pagination"]["total_count"]
    assert total == 11


async def test_a_key_belongs_to_one_payload(http: httpx.AsyncClient) -> None:
    await http.post("/v3/contacts", json=NEW, headers=KEY)
    other = await http.post("/v3/contacts", json={"phone_number": "+14155550161"}, headers=KEY)
    assert (other.status_code, code_of(other)) == (409, "CONFLICT_005")


@pytest.mark.parametrize("key", ["", "with space", "a" * 256, "ключ".encode().decode("latin-1")])
async def test_a_bad_key_is_refused(http: httpx.AsyncClient, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    response = await http.post("/v3/contacts", json=NEW, headers=headers)
    assert (response.status_code, code_of(response)) == (400, "VALIDATION_007")


async def test_a_deletion_ignores_the_key(http: httpx.AsyncClient) -> None:
    contact_id = (await http.post("/v3/contacts", json=NEW)).json()["data"]["id"]
    statuses = [
        (await http.delete(f"/v3/contacts/{contact_id}", headers=KEY)).status_code for _ in range(2)
    ]
    assert statuses == [204, 404]


async def test_a_key_is_forgotten_after_a_day(http: httpx.AsyncClient, advance: Advance) -> None:
    await http.post("/v3/contacts", json=NEW, headers=KEY)
    await advance(24 * 3600 + 1)
    again = await http.post("/v3/contacts", json=NEW, headers=KEY)
    assert code_of(again) == "RESOURCE_007"


async def test_refusals_after_validation_are_replayed_and_others_are_not(
    http: httpx.AsyncClient,
) -> None:
    body = {"phone_number": "+14155550100"}
    for replayed in (None, "true"):
        duplicate = await http.post("/v3/contacts", json=body, headers=KEY)
        assert duplicate.status_code == 409
        assert duplicate.headers.get("Idempotent-Replayed") == replayed
    for _ in range(2):
        invalid = await http.post("/v3/contacts", headers={"Idempotency-Key": "create-2"})
        assert invalid.status_code == 400
        assert "Idempotent-Replayed" not in invalid.headers


async def test_a_sandbox_answer_is_replayed_as_one(http: httpx.AsyncClient) -> None:
    body = NEW | {"sandbox": True}
    first = await http.post("/v3/contacts", json=body, headers=KEY)
    second = await http.post("/v3/contacts", json=body, headers=KEY)
    assert second.content == first.content
    assert second.headers["X-Sandbox"] == "true"


async def test_a_duplicate_in_flight_waits_for_the_first(http: httpx.AsyncClient) -> None:
    await delay(http, "POST /v3/contacts", 0.05)
    answers: list[httpx.Response] = []

    async def create() -> None:
        answers.append(await http.post("/v3/contacts", json=NEW, headers=KEY))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(create)
        tasks.start_soon(create)
    assert [answer.status_code for answer in answers] == [201, 201]
    assert "Idempotent-Replayed" in answers[1].headers


async def test_a_duplicate_in_flight_is_refused_in_the_end(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After five seconds; here the patience is shortened, the rest is real."""
    monkeypatch.setattr(idempotency, "LONGEST_WAIT_SECONDS", 0.01)
    await delay(http, "POST /v3/contacts", 3600)

    async def create() -> None:
        await http.post("/v3/contacts", json=NEW, headers=KEY)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(create)
        await anyio.wait_all_tasks_blocked()
        second = await http.post("/v3/contacts", json=NEW, headers=KEY)
        assert (second.status_code, code_of(second)) == (409, "CONFLICT_001")
        other = await http.post("/v3/contacts", json={"phone_number": "+1415"}, headers=KEY)
        assert code_of(other) == "CONFLICT_005"
        tasks.cancel_scope.cancel()
    third = await http.post("/v3/contacts", json=NEW, headers=KEY)
    assert third.status_code == 201


async def test_latency_slows_every_request_down() -> None:
    async with client_of(create_app(latency_ms=20)) as http:
        response = await http.get("/v3/me")
    assert int(response.headers["X-Response-Time"].removesuffix("ms")) >= 20
