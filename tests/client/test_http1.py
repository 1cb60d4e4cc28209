"""Our own connections: which answers end them, and what no server can make of them."""

import asyncio
import gzip

import anyio
import httpx
import pytest

from sent_mcp.client.http1 import Http1Transport
from sent_mcp.errors import APIConnectionError, UnprocessableEntityError, UnreadableAnswerError
from tests.client.loopback import CONTACT, RECEIPT, Peer, answer, listening, polite, send, serving

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


async def test_calls_one_after_the_other_share_a_connection() -> None:
    """Opening one takes longer than most answers."""
    async with serving(polite) as (client, server):
        for _ in range(3):
            assert (await client.contacts.get("a")).data.id == "a"
            await send(client)
    assert (len(server.requests), len(server.peers)) == (6, 1)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + answer(),
        CHUNKED
        + b"Trailer: X-Sum\r\n\r\n%x\r\n%b\r\n0\r\nX-Sum: 1\r\n\r\n" % (len(CONTACT), CONTACT),
        answer(gzip.compress(CONTACT), b"Content-Encoding: gzip"),
        b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n" + CONTACT,
        b"HTTP/1.1 200 OK\r\n\r\n" + CONTACT,
        answer(CONTACT, b"Connection: close"),
        # More than was asked for belongs to nobody.
        answer() + answer(b"stray"),
    ],
    ids=["100", "103", "chunked", "gzip", "1.0", "no length", "close", "stray"],
)
async def test_every_form_of_an_answer_is_understood(said: bytes) -> None:
    """And after it the next one, on the same connection or on another."""
    kept = b"gzip" in said or b"HTTP/1.1 10" in said or said.startswith(CHUNKED)

    async def talk(peer: Peer) -> None:
        while await peer.hear():
            await peer.say(said)
            if not kept:
                break

    async with serving(talk) as (client, server):
        for _ in range(2):
            assert (await client.contacts.get("a")).data.id == "a"
    assert (len(server.requests), len(server.peers)) == (2, 1 if kept else 2)


async def test_an_answer_that_comes_byte_by_byte_is_put_together() -> None:
    """The network may cut it anywhere."""

    async def talk(peer: Peer) -> None:
        while await peer.hear():
            for byte in answer():
                await peer.say(bytes([byte]))

    async with serving(talk) as (client, server):
        assert (await client.contacts.get("a")).data.id == "a"
        assert (await client.contacts.get("a")).data.id == "a"
    assert len(server.peers) == 1


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("DELETE", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
    ],
)
async def test_an_answer_without_a_body_ends_with_its_head(method: str, head: bytes) -> None:
    """Whatever length it states, nothing more is waited for."""

    async def talk(peer: Peer) -> None:
        while await peer.hear():
            await peer.say(head)

    async with listening(talk) as server:
        url = httpx.URL(f"http://127.0.0.1:{server.port}")
        async with httpx.AsyncClient(transport=Http1Transport(url, None)) as http:
            for _ in range(2):
                assert (await http.request(method, url)).content == b""
    assert (len(server.requests), len(server.peers)) == (2, 1)


@pytest.mark.parametrize(
    "ending", ["hangs up", "says so first", "breaks off", "sends an answer nobody asked for"]
)
async def test_an_idle_connection_that_was_ended_gets_no_request(ending: str) -> None:
    """Not even when that is so recent that the event loop has not heard of it.

    A message written on it would be in doubt, and be sent again.
    """
    async with serving(polite) as (client, server):
        await send(client)
        peer = server.peers[0]
        if ending == "says so first":
            peer.say_now(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        if ending == "sends an answer nobody asked for":
            peer.say_now(answer(b'{"success": false}'))
        elif ending == "breaks off":
            peer.reset()
        else:
            peer.hang_up_now()
        await send(client)
        assert (await client.contacts.get("a")).data.id == "a"
    assert (len(server.requests), len(server.peers)) == (3, 2)


async def test_a_connection_the_loop_knows_to_be_ended_gets_no_request_either() -> None:
    """The same, some time later."""
    async with serving(polite) as (client, server):
        await send(client)
        server.peers[0].reset()
        await anyio.wait_all_tasks_blocked()
        await send(client)
    assert (len(server.requests), len(server.peers)) == (2, 2)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        answer()[:-5],
        CHUNKED + b"\r\n5\r\nhel",
        CHUNKED + b"\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500_000,
        b"nonsense\r\n\r\n",
    ],
    ids=["none", "head", "body", "chunk", "size", "lengths", "101", "endless", "nonsense"],
)
@pytest.mark.parametrize("reset", [False, True])
async def test_without_a_whole_answer_a_request_may_have_been_done(
    said: bytes, reset: bool
) -> None:
    """And is not written again by this layer."""

    async def talk(peer: Peer) -> None:
        await peer.hear()
        await peer.say(said)
        if reset:
            peer.reset()

    async with serving(talk) as (client, server):
        with pytest.raises(APIConnectionError) as caught:
            await client.numbers.lookup("+14155551234")
        assert caught.value.maybe_done
    assert len(server.requests) == 1


async def test_a_refusal_is_read_although_the_request_is_still_being_written() -> None:
    """Whoever refuses a long request may not read it to its end."""
    error = b'{"success": false, "error": {"code": "VALIDATION_001"}}'
    refusal = answer(error, status=b"422 Unprocessable Content")
    heard = asyncio.Event()

    async def talk(peer: Peer) -> None:
        head = await peer.hear_head()
        await peer.say(refusal if head.startswith(b"POST") else answer())
        await heard.wait()
        await peer.client_hangs_up()

    async with serving(talk) as (client, server):
        with pytest.raises(UnprocessableEntityError):
            await send(client, "x" * 20_000_000)
        heard.set()
        assert (await client.contacts.get("a")).data.id == "a"
    assert (len(server.requests), len(server.peers)) == (2, 2)


async def test_long_messages_pass_whole_in_both_directions() -> None:
    """More than any buffer on the way holds."""
    long = CONTACT.replace(b'"a"', b'"%b"' % (b"x" * 9_000_000))

    async def talk(peer: Peer) -> None:
        while request := await peer.hear():
            await peer.say(answer(RECEIPT if request.startswith(b"POST") else long))

    async with serving(talk) as (client, server):
        for _ in range(2):
            assert len((await client.contacts.get("a")).data.id) == 9_000_000
            await send(client, "x" * 5_000_000)
    assert [len(body) > 5_000_000 for body in server.bodies] == [True, True]
    assert (len(server.requests), len(server.peers)) == (4, 1)


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_that_is_too_large_ends_its_connection(packed: bool) -> None:
    """It is not read to its end, nor unpacked."""
    many = b" " * 30_000_000
    said = answer(gzip.compress(many), b"Content-Encoding: gzip") if packed else answer(many)
    said = said[:-1]

    async def talk(peer: Peer) -> None:
        await peer.hear()
        await peer.say(said)
        await peer.client_hangs_up()

    async with serving(talk) as (client, server):
        with pytest.raises(UnreadableAnswerError, match="larger than 10 MB"):
            await client.contacts.get("a")
        await server.empty()
    assert len(server.requests) == 1
