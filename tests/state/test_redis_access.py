"""Who we are for a Redis server, and how we reach it: passwords, permissions, TLS, sockets."""

import logging
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
import trustme
from anyio.abc import SocketAttribute, SocketStream

from sent_mcp.state import NewSend, StateError
from sent_mcp.state.redis_server import RedisServer
from tests.state.places import Open, held, why_not
from tests.state.redis import RedisProcess, running_redis

HELLO = NewSend("mine", "body", "content", ("ada", "bob"), "key")


async def test_neither_user_nor_password_is_told(
    open_at: Open, own_redis: RedisProcess, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in the sentence, a log, a traceback or a repr, whatever is wrong."""
    own_redis.tell("ACL", "SETUSER", "pauline", "on", ">s3cret", "~*", "+ping")
    caplog.set_level(logging.DEBUG)
    port, said = own_redis.port, list[str]()
    for url in (
        f"redis://pauline:wr0ng@127.0.0.1:{port}",
        f"redis://pauline:s3cret@127.0.0.1:{port}",
        f"redis://pauline:s3cret@127.0.0.1:{port}/99",
        f"rediss://pauline:s3cret@127.0.0.1:{port}",
        "redis://pauline:s3cret@127.0.0.1:1",
    ):
        server = RedisServer(url)
        with pytest.raises(StateError) as caught:
            await open_at(url).ping()
        said += [repr(server), str(caught.value), *traceback.format_exception(caught.value)]
    said += caplog.messages
    for secret in ("pauline", "wr0ng", "s3cret"):
        assert secret not in " ".join(said)


async def test_a_user_who_may_not_come_in_is_told_why(
    open_at: Open, own_redis: RedisProcess
) -> None:
    """Unknown, wrong password, no password, and too few permissions, each in its words."""
    own_redis.tell("ACL", "SETUSER", "anna", "on", ">right", "~*", "+ping")
    own_redis.tell("ACL", "SETUSER", "bob", "on", ">right", "~theirs:*", "+@all")
    at = f"127.0.0.1:{own_redis.port}"
    unknown = "does not know this user, or the password is wrong"
    assert await why_not(open_at(f"redis://anna:wrong@{at}")) == unknown
    assert await why_not(open_at(f"redis://eve:right@{at}")) == unknown
    assert await why_not(open_at(f"redis://:right@{at}")) == "has no password, and one was given"
    for few in ("anna", "bob"):
        why = await why_not(open_at(f"redis://{few}:right@{at}"))
        assert why.startswith("does not allow this user what is needed")
    own_redis.tell("CONFIG", "SET", "requirepass", "another")
    assert await why_not(open_at(f"redis://{at}")) == "wants a password"


async def test_the_permissions_that_are_named_are_enough(
    open_at: Open, own_redis: RedisProcess
) -> None:
    """Also without INFO."""
    needed = ["~{sent-mcp:*", "+@read", "+@write", "+@scripting", "+time"]
    own_redis.tell("ACL", "SETUSER", "anna", "on", ">p@ss/w#rd", *needed)
    state = open_at(f"redis://anna:p%40ss%2Fw%23rd@127.0.0.1:{own_redis.port}/0")
    assert await state.take("a", "binding") is None
    asked = await held(state)
    assert await state.take("a", "binding") == asked
    assert isinstance(await state.start_send(HELLO, 99, []), int)
    await state.declined("me")
    assert await state.spend("me", 1, 1, 600) is not None


async def test_what_is_not_redis_is_told_apart(open_at: Open) -> None:
    """Something else that listens there, and a name nobody knows."""

    async def answer(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        assert await why_not(open_at(f"redis://127.0.0.1:{port}")) == (
            "does not speak Redis's protocol"
        )
        tasks.cancel_scope.cancel()
    await listener.aclose()


async def test_a_server_on_this_machine_can_be_reached_through_its_socket(
    open_at: Open, own_redis: RedisProcess
) -> None:
    """With and without a user."""
    own_redis.tell("ACL", "SETUSER", "anna", "on", ">right", "~*", "+@all")
    with_user = own_redis.socket_url.replace("unix://", "unix://anna:right@")
    asked = await held(open_at(own_redis.socket_url))
    assert await open_at(with_user).take("a", "binding") == asked
    gone = own_redis.socket_url.replace("redis.sock", "gone.sock")
    assert "does not exist" in await why_not(open_at(gone))


@contextmanager
def speaking_tls(folder: Path, *names: str) -> Generator[RedisProcess]:
    """A server whose certificate is for these names; who has signed it is in `ca.pem`."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    shown = ca.issue_cert(*names).private_key_and_cert_chain_pem
    shown.write_to_path(str(folder / "server.pem"))
    options = ("--tls-cert-file", "--tls-key-file", "--tls-ca-cert-file")
    files = ("server.pem", "server.pem", "ca.pem")
    given = [
        part
        for option, file in zip(options, files, strict=True)
        for part in (option, str(folder / file))
    ]
    with running_redis("--tls-auth-clients", "no", *given, tls=True) as server:
        yield server


async def test_tls_is_spoken_with_who_can_be_trusted(
    open_at: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A CA of one's own is named in the URL, or for everything in SSL_CERT_FILE."""
    with speaking_tls(tmp_path, "127.0.0.1") as server:
        url = server.url.replace("redis://", "rediss://")
        assert await why_not(open_at(url)) == "shows a certificate that is not trusted here"
        assert "does not exist" in await why_not(open_at(f"{url}?ssl_ca_certs=/nowhere/ca.pem"))
        asked = await held(open_at(f"{url}?ssl_ca_certs={tmp_path / 'ca.pem'}"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert await open_at(url).take("a", "binding") == asked
        assert await why_not(open_at(server.url)) == "cannot be reached, or broke the connection"


@pytest.mark.parametrize("names", [("redis.example.com",), ("127.0.0.2",)])
async def test_a_certificate_of_somebody_else_is_refused(
    open_at: Open, tmp_path: Path, names: tuple[str, ...]
) -> None:
    """Although it is signed by who is trusted: they sign for many."""
    with speaking_tls(tmp_path, *names) as server:
        url = server.url.replace("redis://", "rediss://")
        why = await why_not(open_at(f"{url}?ssl_ca_certs={tmp_path / 'ca.pem'}"))
        assert why == "shows a certificate that is not trusted here"
