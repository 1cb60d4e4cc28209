"""Where our own connections lead, and what is known when they lead nowhere."""

import socket
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

import anyio
import pytest

from sent_mcp.errors import APIConnectionError, APITimeoutError
from tests.client.loopback import listening, polite, send, serving

only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux has a second loopback address by itself"
)


async def test_an_ipv6_address_is_a_host() -> None:
    """In brackets, in the URL and in the header."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    async with serving(polite, host="::1") as (client, server):
        assert (await client.contacts.get("a")).data.id == "a"
    assert b"host: [::1]:%d\r\n" % server.port in server.requests[0].lower()


def resolve_to(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """What every name resolves to from now on."""

    def found(_host: object, port: int, *_: object, **__: object) -> list[object]:
        stream = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(socket.AF_INET, *stream, (host, port)) for host in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@contextmanager
def silent(port: int) -> Generator[None]:
    """127.0.0.2 neither takes a connection nor refuses it: others fill its queue."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.2", port), backlog=0))
        for _ in range(3):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield


@only_linux
@pytest.mark.parametrize("first", [nullcontext, silent])
async def test_the_next_address_is_tried_when_one_does_not_take_it(
    monkeypatch: pytest.MonkeyPatch, first: Callable[[int], AbstractContextManager[None]]
) -> None:
    """A name may have several, and one may be down without saying so."""
    monkeypatch.setattr("sent_mcp.client.channel._ADDRESS_SECONDS", 0.05)
    async with listening(polite) as server:
        resolve_to(monkeypatch, "127.0.0.2", "127.0.0.1")
        client = server.client("both.test")
        with first(server.port):
            assert (await client.contacts.get("a")).data.id == "a"
        await client.aclose()
    assert b"host: both.test:%d\r\n" % server.port in server.requests[0].lower()


@only_linux
async def test_an_address_that_does_not_answer_is_a_definite_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In time, or when the call is given up before."""
    async with listening(polite) as server:
        client = server.client("127.0.0.2")
        with silent(server.port):
            async with anyio.create_task_group() as group:
                group.start_soon(send, client)
                await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
            monkeypatch.setattr("sent_mcp.client.channel.CONNECT_SECONDS", 0.05)
            with pytest.raises(APITimeoutError, match="ConnectTimeout") as caught:
                await send(client)
            await client.aclose()
    assert not caught.value.maybe_done


@only_linux
async def test_a_host_that_refuses_on_every_address_is_a_definite_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The message names all of them."""
    async with listening(polite) as server:
        pass
    resolve_to(monkeypatch, "127.0.0.2", "127.0.0.1")
    client = server.client("both.test")
    with pytest.raises(APIConnectionError, match=r"127\.0\.0\.2.*127\.0\.0\.1") as caught:
        await send(client)
    await client.aclose()
    assert not caught.value.maybe_done


@pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".test"])
async def test_a_name_that_cannot_be_one_is_a_definite_failure(host: str) -> None:
    """No resolver is asked for it."""
    async with listening(polite) as server:
        client = server.client(host)
        with pytest.raises(APIConnectionError, match="ConnectError") as caught:
            await send(client)
        await client.aclose()
    assert not caught.value.maybe_done


@pytest.mark.parametrize("value", ["a\nhost: other.test", "a\x00b", " secret"])
async def test_a_header_nobody_could_read_is_not_sent_and_not_shown(value: str) -> None:
    """It may be a secret, or be meant to pass for another header."""
    async with serving(polite) as (client, server):
        with pytest.raises(APIConnectionError, match="LocalProtocolError") as caught:
            await client.messages.send(to=["+14155551234"], text="Hi", idempotency_key=value)
        assert not caught.value.maybe_done
        assert value not in str(caught.value)
        await send(client)
    assert len(server.requests) == 1
