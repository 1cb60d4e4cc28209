"""Our own connections over TLS: who is trusted, and how they end."""

import asyncio
import ssl
from pathlib import Path

import anyio
import pytest
import trustme

from sent_mcp.errors import APIConnectionError, APITimeoutError
from tests.client.loopback import CONTACT, Peer, answer, listening, polite, send, serving


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def trusting(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is trusted, and it alone; no proxy of the developer is asked."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def certified(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's half of TLS, with a certificate for one name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.issue_cert(name).private_key_and_cert_chain_pem.tempfile() as path:
        context.load_cert_chain(path)
    return context


async def test_a_trusted_server_is_asked_over_one_connection(authority: trustme.CA) -> None:
    """A handshake costs more than a request."""
    async with serving(polite, tls=certified(authority)) as (client, server):
        for _ in range(3):
            assert (await client.contacts.get("a")).data.id == "a"
            await send(client)
    assert (len(server.requests), len(server.peers)) == (6, 1)


@pytest.mark.parametrize("other", [{"HTTP_PROXY": "http://127.0.0.1:1"}, {"NO_PROXY": "*"}])
async def test_a_proxy_for_something_else_changes_nothing(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, other: dict[str, str]
) -> None:
    """Nobody listens where it leads."""
    for name, value in other.items():
        monkeypatch.setenv(name, value)
    async with serving(polite, tls=certified(authority)) as (client, _):
        assert (await client.contacts.get("a")).data.id == "a"


@pytest.mark.parametrize("exempt", [False, True])
async def test_a_proxy_is_asked_unless_the_host_is_exempt(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, exempt: bool
) -> None:
    """A proxy that refuses has passed nothing on."""

    async def refuse(peer: Peer) -> None:
        await peer.hear()
        await peer.say(answer(b"", status=b"403 Forbidden"))

    async with listening(refuse) as proxy, listening(polite, tls=certified(authority)) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1" if exempt else "")
        client = server.client()
        if exempt:
            await send(client)
        else:
            with pytest.raises(APIConnectionError, match="ProxyError") as caught:
                await send(client)
            assert not caught.value.maybe_done
        await client.aclose()
    assert len(server.requests) == exempt
    assert all(head.startswith(b"CONNECT 127.0.0.1:") for head in proxy.requests)
    assert bool(proxy.requests) is not exempt


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_server_that_cannot_prove_its_name_gets_no_request(
    authority: trustme.CA, trusted: bool
) -> None:
    """Whoever vouches for it is unknown, or vouches for another name."""
    # In debug mode asyncio reports a client that refuses a certificate as a failure of the server.
    asyncio.get_running_loop().set_debug(False)
    tls = certified(authority, "other.test") if trusted else certified(trustme.CA())
    async with listening(polite, tls=tls) as server:
        client = server.client()
        with pytest.raises(APIConnectionError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            await send(client)
        await client.aclose()
    assert not caught.value.maybe_done
    assert server.requests == []


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_a_server_without_tls_gets_no_request(said: bytes) -> None:
    """It hangs up, or says what is no handshake."""

    async def talk(peer: Peer) -> None:
        await peer.say(said)
        await peer.close()

    async with listening(talk) as server:
        server.scheme = "https"
        client = server.client()
        with pytest.raises(APIConnectionError, match='ConnectError: "[^"]') as caught:
            await send(client)
        await client.aclose()
    assert not caught.value.maybe_done


async def test_a_handshake_that_takes_too_long_is_a_definite_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of the request has been written."""
    monkeypatch.setattr("sent_mcp.client.channel.CONNECT_SECONDS", 0.05)
    async with listening(Peer.client_hangs_up) as server:
        server.scheme = "https"
        client = server.client()
        with pytest.raises(APITimeoutError, match="ConnectTimeout") as caught:
            await send(client)
        await client.aclose()
    assert not caught.value.maybe_done


async def test_a_call_cancelled_in_its_handshake_hangs_up() -> None:
    """The server sees the end of it."""
    begun = asyncio.Event()

    async def talk(peer: Peer) -> None:
        begun.set()
        await peer.client_hangs_up()

    async with listening(talk) as server:
        server.scheme = "https"
        client = server.client()
        async with anyio.create_task_group() as group:
            group.start_soon(send, client)
            await begun.wait()
            group.cancel_scope.cancel()
        await server.empty()
        await client.aclose()


@pytest.mark.parametrize("ending", ["farewell", "none", "stray"])
async def test_an_idle_connection_that_was_ended_gets_no_request(
    authority: trustme.CA, ending: str
) -> None:
    """With TLS's farewell, without it, or with bytes nobody asked for."""

    async with serving(polite, tls=certified(authority)) as (client, server):
        await send(client)
        peer = server.peers[0]
        if ending == "farewell":
            peer.close_soon()
        elif ending == "none":
            peer.hang_up_now()
        else:
            peer.say_now(answer())
        await send(client)
    assert (len(server.requests), len(server.peers)) == (2, 2)


@pytest.mark.parametrize("whole", [False, True])
async def test_an_answer_is_whole_by_its_length_not_by_a_farewell(
    authority: trustme.CA, whole: bool
) -> None:
    """Many servers end a connection without one."""

    async def talk(peer: Peer) -> None:
        await peer.hear()
        await peer.say(answer()[: None if whole else -1])
        peer.hang_up_now()

    async with serving(talk, tls=certified(authority)) as (client, server):
        if whole:
            assert (await client.contacts.get("a")).data.id == "a"
        else:
            with pytest.raises(APIConnectionError) as caught:
                await client.numbers.lookup("+14155551234")
            assert caught.value.maybe_done
    assert len(server.requests) == 1


async def test_closing_does_not_wait_for_a_farewell(authority: trustme.CA) -> None:
    """A server that does nothing any more would keep us for half a minute."""

    closed = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.hear()
        await peer.say(answer())
        peer.stop_reading()
        await closed.wait()
        peer.reset()

    async with serving(talk, tls=certified(authority)) as (client, _):
        await client.contacts.get("a")
        await client.aclose()
        closed.set()


async def test_long_messages_pass_whole_in_both_directions(authority: trustme.CA) -> None:
    """More than any buffer on the way holds."""
    long = CONTACT.replace(b'"a"', b'"%b"' % (b"x" * 9_000_000))

    async def talk(peer: Peer) -> None:
        while await peer.hear():
            await peer.say(answer(long))

    async with serving(talk, tls=certified(authority)) as (client, server):
        for _ in range(2):
            await client.contacts.create("5" * 3_000_000, idempotency_key="k")
    assert [len(body) > 3_000_000 for body in server.bodies] == [True, True]
    assert len(server.peers) == 1
