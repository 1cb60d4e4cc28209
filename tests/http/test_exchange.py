"""What is asked right is answered, in both eras and without a session; notifications do nothing."""

import json

import anyio
import httpx2
import mcp_types as mcp
import pytest
from mcp import Client as SdkClient
from mcp.client.streamable_http import streamable_http_client

from tests.door import OFFERED, SEEDED
from tests.http.calls import SEVERAL, check
from tests.http.sites import Running, log_of
from tests.http.wire import ERAS, LEGACY, MODERN, fields_of, message, request
from tests.serving.wire import Message

both_eras = pytest.mark.parametrize("era", ERAS)
HELLO: Message = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {}}
CLIENT = {"name": "test", "version": "1"}


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", LEGACY])
async def test_a_handshake_begins_no_session(site: Running, version: str) -> None:
    """Each message may reach another replica."""
    hello = {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT}
    begun = await site.ask(request(json.dumps(message("initialize", hello)).encode()))
    assert begun.result["protocolVersion"] == version
    assert begun.result["serverInfo"]["name"] == "sent-mcp"
    client = site.client(version)
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    accepted = await site.ask(client.bytes_of(told))
    assert (accepted.status, accepted.body) == (202, b"")
    listed = await client.ask("tools/list")
    assert len(listed.result["tools"]) == OFFERED
    assert (await client.call("find_contact_by_phone", phone_number=SEEDED))["found"] is True
    for answer in (begun, accepted, listed):
        assert "mcp-session-id" not in answer.fields
        assert answer.fields["cache-control"] == "no-store"


async def test_a_handshake_for_a_later_version_is_answered_with_the_latest_of_its_era(
    site: Running,
) -> None:
    """As on stdio."""
    hello = {"protocolVersion": "2099-01-01", "capabilities": {}, "clientInfo": CLIENT}
    begun = await site.ask(request(json.dumps(message("initialize", hello)).encode()))
    assert begun.result["protocolVersion"] == LEGACY


async def test_a_client_that_names_no_version_is_served(site: Running) -> None:
    """As 2025-03-26 has it."""
    said = json.dumps(message("tools/list")).encode()
    assert len((await site.ask(request(said))).result["tools"]) == OFFERED


async def test_2026_begins_with_a_discovery_or_at_once(site: Running) -> None:
    """Both eras list the same tools."""
    client = site.client(MODERN)
    found = (await client.ask("server/discover")).result
    assert MODERN in found["supportedVersions"]
    assert "instructions" in found
    tools = (await client.ask("tools/list")).result
    assert tools["resultType"] == "complete"
    assert tools["tools"] == (await site.client().ask("tools/list")).result["tools"]
    assert (await client.call("find_contact_by_phone", phone_number=SEEDED))["whatsapp"] == "yes"


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1, "", "one", "é\U0001f600", "x" * 10_000])
@both_eras
async def test_an_answer_has_the_id_of_its_request(
    site: Running, era: str, number: str | int
) -> None:
    """Exactly that one."""
    said = message("tools/list", era=era, number=number)
    answer = await site.ask(site.client(era).bytes_of(said))
    assert answer.json["id"] == number
    assert type(answer.json["id"]) is type(number)


async def test_two_requests_with_one_id_at_once_are_both_answered(site: Running) -> None:
    """Clients that know nothing of each other count alike."""
    client = site.client(MODERN)
    found: list[bool] = []

    async def find(number: str) -> None:
        found.append((await client.call("find_contact_by_phone", phone_number=number))["found"])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(find, SEEDED)
        tasks.start_soon(find, "+442079460100")
    assert sorted(found) == [False, True]


@both_eras
async def test_requests_on_one_connection_are_answered_in_order(site: Running, era: str) -> None:
    """Also where the next is sent before the answer."""
    client = site.client(era)
    async with site.connected() as connection:
        for _ in range(2):
            await connection.say(
                *(
                    client.bytes_of(message("tools/list", era=era, number=number))
                    for number in range(5)
                )
            )
            assert [(await connection.answer()).json["id"] for _ in range(5)] == [*range(5)]


@pytest.mark.parametrize("fields", [{}, {"MCP-Protocol-Version": MODERN}])
@pytest.mark.parametrize("method", ["notifications/cancelled", "notifications/odd", "tools/call"])
async def test_a_notification_is_accepted_and_does_nothing(
    site: Running, shared_url: str, fields: dict[str, str], method: str
) -> None:
    """A cancellation could be of somebody else's request."""
    params: Message = {"requestId": 1, "name": "list_contacts", "arguments": {}}
    said: Message = {"jsonrpc": "2.0", "method": method, "params": params}
    answer = await site.ask(request(json.dumps(said).encode(), fields))
    assert (answer.status, answer.body) == (202, b"")
    assert await log_of(shared_url) == []


async def test_a_cancellation_reaches_no_other_request(site: Running) -> None:
    """The id in it could be anybody's."""
    client = site.client()
    cancel = {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": 1},
    }
    async with site.connected() as connection:
        await connection.say(client.bytes_of(message("tools/call", check())))
        assert (await site.ask(client.bytes_of(cancel))).status == 202
        assert (await connection.answer()).events[-1]["result"]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (message("no/such", era=MODERN), 404, -32601),
        (message("initialize", HELLO, era=MODERN), 404, -32601),
        (message("tools/call", {"name": "no_such"}, era=MODERN), 400, -32602),
        (message("tools/call", {"name": 5}, era=MODERN), 400, None),
        (message("tools/call", {"name": "list_contacts", "arguments": 5}, era=MODERN), 400, -32602),
    ],
)
async def test_errors_of_2026_have_a_status_of_their_own(
    site: Running, said: Message, status: int, code: int | None
) -> None:
    """For whoever stands between and reads no JSON."""
    answer = await site.ask(request(json.dumps(said).encode(), fields_of(said, MODERN)))
    assert answer.status == status
    assert answer.json["id"] == 1
    assert code in (None, answer.error["code"])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (message("no/such"), -32601),
        (message("server/discover"), -32601),
        (message("tools/call", {"name": "no_such"}), -32602),
        (message("tools/call", {"name": "list_contacts", "arguments": 5}), -32602),
    ],
)
async def test_errors_of_the_handshake_era_are_answers_like_others(
    site: Running, said: Message, code: int
) -> None:
    """Its clients take every other status for a broken connection."""
    answer = await site.ask(request(json.dumps(said).encode(), fields_of(said, LEGACY)))
    assert answer.refused == (200, code)


@both_eras
async def test_a_tool_that_refuses_is_an_answer(site: Running, era: str) -> None:
    """For the model, with what it should do."""
    said = await site.client(era).refused("get_contact", contact_id="../me")
    assert "contact_id" in said


async def test_a_body_in_pieces_is_read(site: Running) -> None:
    """Proxies do that."""
    said = json.dumps(message("tools/list")).encode()
    head = request(None, {"Transfer-Encoding": "chunked"})
    pieces = [b"%x\r\n%s\r\n" % (len(part), part) for part in (said[:5], said[5:])]
    async with site.connected() as connection:
        for part in (head[:20], head[20:], *pieces, b"0\r\n\r\n"):
            await connection.say(part)
            await anyio.sleep(0.01)
        assert (await connection.answer()).result["tools"]


async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(site: Running) -> None:
    """`Expect: 100-continue`, as curl sends it with a large one."""
    said = json.dumps(message("tools/list")).encode()
    async with site.connected() as connection:
        length = {"Content-Length": str(len(said))}
        await connection.say(request(None, {**length, "Expect": "100-continue"}))
        assert (await connection.head())[0] == 100
        await connection.say(said)
        assert (await connection.answer()).result["tools"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_probes_ask_sent_nothing(
    site: Running, shared_url: str, path: str, method: str
) -> None:
    """And any Host does: they come by address."""
    async with site.connected() as connection:
        await connection.say(request(b"", {"Host": "10.0.0.7:8000"}, method=method, path=path))
        assert (await connection.head())[0] == 200
    assert await log_of(shared_url) == []


@both_eras
async def test_the_sdks_own_client_is_served(site: Running, era: str) -> None:
    """With progress, in both eras."""
    told: list[float] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async with httpx2.AsyncClient() as http:
        transport = streamable_http_client(f"http://127.0.0.1:{site.port}/mcp", http_client=http)
        async with SdkClient(transport, mode="legacy" if era == LEGACY else era) as client:
            assert len((await client.list_tools()).tools) == OFFERED
            answer = await client.call_tool(
                "check_phone_numbers", {"phone_numbers": SEVERAL}, progress_callback=tell
            )
    assert isinstance(answer, mcp.CallToolResult)
    assert told[-1] == len(SEVERAL)
