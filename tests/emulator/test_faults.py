"""Every fault, on a real socket; and what stands for a cut where there is no socket."""

import httpx
import pytest

from sent_mcp.emulator.connections import ConnectionDropped
from tests.emulator.asking import code_of

NEW = {"phone_number": "+14155550160"}


async def inject(http: httpx.AsyncClient, **fault: object) -> None:
    """Sets one fault, by default for creations."""
    faults = [{"match": "POST /v3/contacts", **fault}]
    response = await http.post("/__emulator/faults", json=faults)
    assert response.json() == {"faults": 1}


async def exists(http: httpx.AsyncClient) -> bool:
    response = await http.get("/v3/contacts", params={"phone": NEW["phone_number"]})
    return response.status_code == 200


async def last_status(http: httpx.AsyncClient) -> int | None:
    return (await http.get("/__emulator/requests")).json()[-1]["status"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(503, "SERVICE_001"), (500, "INTERNAL_001"), (409, "CONFLICT_001"), (418, "VALIDATION_001")],
)
async def test_a_status_is_answered_instead_of_executing(
    served: httpx.AsyncClient, status: int, code: str
) -> None:
    await inject(served, kind="status", status=status, times=2)
    for _ in range(2):
        response = await served.post("/v3/contacts", json=NEW)
        assert (response.status_code, code_of(response)) == (status, code)
        assert response.headers["X-Request-Id"] == response.json()["meta"]["request_id"]
    assert not await exists(served)
    assert (await served.post("/v3/contacts", json=NEW)).status_code == 201


async def test_a_status_may_say_when_to_retry(served: httpx.AsyncClient) -> None:
    await inject(served, kind="status", status=429, retry_after=1.5)
    response = await served.post("/v3/contacts", json=NEW)
    assert response.headers["Retry-After"] == "1.5"
    assert response.headers["X-RateLimit-Remaining"] == "0"
    assert code_of(response) == "BUSINESS_002"


async def test_a_status_without_a_number_is_503(http: httpx.AsyncClient) -> None:
    await inject(http, kind="status")
    response = await http.post("/v3/contacts", json=NEW)
    assert response.status_code == 503
    assert "Retry-After" not in response.headers


async def test_a_delay_outlasts_the_callers_patience(served: httpx.AsyncClient) -> None:
    await inject(served, kind="delay", seconds=3600)
    with pytest.raises(httpx.ReadTimeout):
        await served.post("/v3/contacts", json=NEW, timeout=0.05)
    assert (await served.post("/v3/contacts", json=NEW)).status_code == 201


async def test_a_delay_only_delays(served: httpx.AsyncClient) -> None:
    await inject(served, kind="delay", seconds=0.02)
    response = await served.post("/v3/contacts", json=NEW)
    assert response.status_code == 201
    assert int(response.headers["X-Response-Time"].removesuffix("ms")) >= 20


async def test_a_connection_dropped_before_executes_nothing(served: httpx.AsyncClient) -> None:
    await inject(served, kind="drop_before")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await served.post("/v3/contacts", json=NEW)
    assert await last_status(served) is None
    assert not await exists(served)


async def test_a_connection_dropped_after_has_executed(served: httpx.AsyncClient) -> None:
    await inject(served, kind="drop_after")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await served.post("/v3/contacts", json=NEW, headers={"Idempotency-Key": "k1"})
    assert await last_status(served) is None
    assert await exists(served)
    again = await served.post("/v3/contacts", json=NEW, headers={"Idempotency-Key": "k1"})
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_a_truncated_answer_breaks_off_in_the_middle(served: httpx.AsyncClient) -> None:
    await inject(served, kind="truncate")
    async with served.stream("POST", "/v3/contacts", json=NEW) as response:
        chunks = response.aiter_raw()
        first = await anext(chunks)
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(chunks)
    assert response.status_code == 201
    assert 0 < len(first) < int(response.headers["Content-Length"])
    assert await exists(served)


@pytest.mark.parametrize("status", [200, 502])
async def test_garbage_is_a_web_page_in_place_of_the_answer(
    served: httpx.AsyncClient, status: int
) -> None:
    await inject(served, kind="garbage", status=status)
    response = await served.post("/v3/contacts", json=NEW)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("text/html")
    assert await exists(served)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
async def test_without_a_socket_a_cut_is_an_exception(http: httpx.AsyncClient, kind: str) -> None:
    await inject(http, kind=kind)
    with pytest.raises(ConnectionDropped):
        await http.post("/v3/contacts", json=NEW)
    assert await exists(http) is (kind != "drop_before")


async def test_the_first_match_with_times_left_is_used(http: httpx.AsyncClient) -> None:
    faults = [
        {"match": "GET /v3/contacts/", "kind": "status", "status": 500},
        {"match": "GET /v3/contacts", "kind": "status", "status": 503},
        {"match": "GET /v3", "kind": "status", "status": 504},
    ]
    await http.post("/__emulator/faults", json=faults)
    statuses = [(await http.get("/v3/contacts")).status_code for _ in range(3)]
    assert statuses == [503, 504, 200]


async def test_an_empty_list_clears_every_fault(http: httpx.AsyncClient) -> None:
    await inject(http, kind="status", times=100)
    assert (await http.post("/__emulator/faults", json=[])).json() == {"faults": 0}
    assert (await http.post("/v3/contacts", json=NEW)).status_code == 201


async def test_faults_do_not_hit_the_control_endpoints(http: httpx.AsyncClient) -> None:
    fault = {"match": "GET /", "kind": "status"}
    await http.post("/__emulator/faults", json=[fault])
    assert (await http.get("/__emulator/requests")).status_code == 200
    assert (await http.get("/v3/me")).status_code == 503


async def test_an_answer_can_have_another_code_than_its_status_has(
    served: httpx.AsyncClient,
) -> None:
    await inject(served, kind="status", status=403, code="AUTH_006")
    response = await served.post("/v3/contacts", json=NEW)
    assert (response.status_code, code_of(response)) == (403, "AUTH_006")


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        ({}, "must be a list"),
        (["drop"], "must be an object"),
        ([{"match": "POST /v3", "kind": "explode"}], "kind must be one of"),
        ([{"match": "POST /v3"}], "kind must be one of"),
        ([{"kind": "delay"}], "match must be"),
        ([{"kind": "delay", "match": "/v3/messages"}], "match must be"),
        ([{"kind": "delay", "match": "POST v3"}], "match must be"),
        ([{"kind": "delay", "match": "POST /v3", "second": 1}], "unknown key 'second'"),
        ([{"kind": "delay", "match": "POST /v3", "seconds": -1}], "seconds must be"),
        ([{"kind": "delay", "match": "POST /v3", "seconds": True}], "seconds must be"),
        ([{"kind": "delay", "match": "POST /v3", "times": 0}], "times must be"),
        ([{"kind": "delay", "match": "POST /v3", "times": 1.5}], "times must be a whole"),
        ([{"kind": "status", "match": "POST /v3", "status": 999}], "status must be"),
        ([{"kind": "status", "match": "POST /v3", "code": "no code"}], "code must be"),
    ],
)
async def test_a_fault_that_cannot_be_followed_is_explained(
    http: httpx.AsyncClient, faults: object, problem: str
) -> None:
    response = await http.post("/__emulator/faults", json=faults)
    assert response.status_code == 400
    assert problem in response.json()["error"]
