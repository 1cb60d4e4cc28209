"""An answer that takes long: nobody between may take the silence for the end."""

import json
from collections.abc import AsyncGenerator

import httpx
import pytest

from sent_mcp.serving.http import events
from tests.http.ending import AT_ONCE, refused
from tests.http.sites import Inside, Running, inside
from tests.http.wire import ERAS, LEGACY, MODERN, Answer, fields_of, message, request
from tests.serving.wire import Message

PING = 0.2
"""Instead of 15 s."""
LIST: Message = {"name": "list_contacts", "arguments": {}}
both_eras = pytest.mark.parametrize("era", ERAS)
only_json = pytest.mark.parametrize("accept", ["application/json", "application/*"])


@pytest.fixture
async def chatty(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Inside]:
    """A server that is not silent for long."""
    monkeypatch.setattr(events, "PING_SECONDS", PING)
    async with inside(url) as site:
        yield site


async def slow(url: str, seconds: float = 3.5 * PING) -> None:
    """Sent takes that long for the next answer."""
    fault = {"match": "GET /v3/contacts", "kind": "delay", "seconds": seconds}
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.post("/__emulator/faults", json=[fault])).is_success


def pings(answer: Answer) -> int:
    """How often something was heard that means nothing (HTML, server-sent events: comments)."""
    return answer.body.decode().split("\r\n\r\n").count(": ping")


def test_proxies_wait_longer_than_it_is_silent() -> None:
    """Some hang up after half a minute."""
    assert events.PING_SECONDS == 15


@both_eras
async def test_a_slow_answer_becomes_a_stream_in_which_something_is_heard(
    chatty: Inside, url: str, era: str
) -> None:
    """Also for who asked for no progress; the result comes last, and ends it."""
    await slow(url)
    async with chatty.connected() as connection:
        await connection.say(chatty.client(era).call_bytes("list_contacts"))
        answer = await connection.answer()
        assert answer.status == 200
        assert pings(answer) >= 2
        (only,) = answer.events
        assert answer.body.rstrip().endswith(b"}")
        assert only["result"]["structuredContent"]["contacts"]
        await connection.say(chatty.client(era).call_bytes("list_contacts"))
        assert (await connection.answer()).result["structuredContent"]["contacts"]


@both_eras
async def test_a_fast_answer_is_json(chatty: Inside, era: str) -> None:
    """The usual case."""
    assert (await chatty.client(era).ask("tools/call", LIST)).json["result"]


@both_eras
@only_json
async def test_who_takes_only_json_gets_it_however_long_it_takes(
    chatty: Inside, url: str, era: str, accept: str
) -> None:
    """In silence."""
    await slow(url)
    client = chatty.client(era, Accept=accept)
    assert (await client.call("list_contacts"))["contacts"]


@pytest.mark.parametrize("accept", ["text/event-stream", "text/*"])
@pytest.mark.parametrize(
    ("method", "era"), [("no/such", LEGACY), ("no/such", MODERN), ("tools/list", LEGACY)]
)
async def test_who_takes_only_streams_gets_one_for_everything(
    site: Running, accept: str, method: str, era: str
) -> None:
    """Errors of the protocol, too, whose status a stream cannot tell."""
    answer = await site.client(era, Accept=accept).ask(method)
    assert answer.status == 200
    (only,) = answer.events
    assert only["id"] == 1
    assert only.get("error", {}).get("code") == (-32601 if method == "no/such" else None)


async def test_what_is_no_request_is_refused_in_json_all_the_same(site: Running) -> None:
    """Its status says more than a stream could."""
    said = message("tools/list", era=MODERN)
    fields = {**fields_of(said, MODERN), "Mcp-Method": "x", "Accept": "text/event-stream"}
    assert (await site.ask(request(json.dumps(said).encode(), fields))).refused == (400, -32020)


@both_eras
async def test_an_error_after_a_while_ends_the_stream(chatty: Inside, url: str, era: str) -> None:
    """It has begun with 200 by then."""
    await slow(url)
    params = {"uri": "sent://contacts/00000000-0000-4000-8000-000000000000"}
    fields = {"Mcp-Name": params["uri"]} if era == MODERN else {}
    said = message("resources/read", params, era=era)
    answer = await chatty.ask(chatty.client(era).bytes_of(said, **fields))
    assert answer.status == 200
    assert pings(answer) >= 1
    assert answer.events[-1]["error"]["data"]["code"] == "RESOURCE_001"


async def test_on_2026_07_28_a_ping_does_not_keep_a_call_whose_client_is_gone(
    chatty: Inside, url: str
) -> None:
    """What nobody reads is given up."""
    await slow(url, 60)
    async with chatty.connected() as connection:
        await connection.say(chatty.client(MODERN).call_bytes("list_contacts"))
        assert (await connection.head())[1]["content-type"] == "text/event-stream"
    chatty.serving.stop()
    await refused(chatty, AT_ONCE)
