"""A Redis or Valkey server: connections, scripts, its clock. What is kept there is not known here.

Every key begins with `PREFIX`. It names the version of the layout, so a newer version of sent-mcp
with another layout leaves this one's data alone, and the older one finds it after a rollback; and
it is a hash tag, so that on a cluster all keys are in one slot and a script may touch them all.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol, cast

import anyio
from redis.asyncio import (
    BlockingConnectionPool,
    Connection,
    Redis,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoScriptError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from sent_mcp.redis_url import RedisAddress, read_redis_url
from sent_mcp.state.redis_errors import READ_ONLY, explained, too_old
from sent_mcp.state.store import StateError

PREFIX = "{sent-mcp:1}:"
CONNECTIONS = 16
CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 2.0
CLOCK_SECONDS = 30.0
"""How long the server's clock is reckoned from when it was heard last."""
NUMBERS_SECONDS = 2 * 86_400
_log = logging.getLogger("sent_mcp.state")
_BEFORE = f"""
local prefix = '{PREFIX}'
local stamp = redis.call('TIME')
local now = stamp[1] + stamp[2] / 1000000
if ARGV[1] ~= '' then now = tonumber(ARGV[1]) end

local function text(number)
  return string.format('%.6f', number)
end

-- A key lives on for so many seconds, or for longer if it did.
local function keep(key, seconds)
  local left = math.max(math.ceil(seconds * 1000), 1)
  if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, left) end
end

-- The first of so many numbers that nobody had before, also not before the server was wiped.
local function numbered(count)
  local last = prefix .. 'last'
  local first = math.max((redis.call('GET', last) or 0) + 1, math.floor(now * 1000000))
  redis.call('SET', last, string.format('%.0f', first + count - 1), 'EX', {NUMBERS_SECONDS})
  return first
end

local function whole(number)
  return string.format('%.0f', number)
end

local function run()
"""
_AFTER = """
end
return {text(now), run()}
"""
Argument = str | int | float
Reply = str | int | None | list["Reply"]


class Script:
    """A Lua text that runs as one transaction.

    It finds `now`, the server's clock, and its own arguments from ARGV[2] on. It answers with
    texts and numbers; what is absent is the empty text. A server that is full refuses only what
    needs memory, so the first write must be one that does: then all of it is done, or nothing.
    """

    def __init__(self, body: str) -> None:
        self.lua = _BEFORE + body + _AFTER
        self.sha = hashlib.sha1(self.lua.encode(), usedforsecurity=False).hexdigest()


class _Commands(Protocol):
    """What is used of redis-py's client, with the types that it has there."""

    async def evalsha(self, sha: str, numkeys: int, *keys_and_args: str) -> Reply: ...
    async def eval(self, script: str, numkeys: int, *keys_and_args: str) -> Reply: ...
    async def info(self, section: str) -> dict[str, object]: ...
    async def aclose(self) -> None: ...


@dataclass(frozen=True)
class _Heard:
    """What the server's clock said, and our own at that moment."""

    time: float
    at: float


_NOTHING = Script("")
_WRITES = Script(f"redis.call('SET', KEYS[1], '', 'EX', {NUMBERS_SECONDS})")


class RedisServer:
    """One server and a bounded pool of connections to it, made at the first use.

    All methods raise StateError, with a sentence that names host and port and nothing secret.
    `clock` takes the place of the server's in tests.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] | None = None) -> None:
        """Raises ValueError for a URL that names no server; see `read_redis_url`."""
        self._address = read_redis_url(url)
        self._clock = clock
        self._client: _Commands | None = None
        self._pool: BlockingConnectionPool | None = None
        self._heard: _Heard | None = None
        self._met = False

    def __repr__(self) -> str:
        """Where it is, without who we are there."""
        return f"RedisServer({self._address})"

    async def aclose(self) -> None:
        """Close all connections; the next use makes new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def ping(self) -> None:
        """Whether it can be reached, and takes scripts and changes."""
        await self.run(_WRITES, [key("ping")], again=True)

    async def now(self) -> float:
        """The server's clock, reckoned from when it was heard last."""
        if self._clock is not None:
            return self._clock()
        heard = self._heard
        if heard is None or monotonic() - heard.at > CLOCK_SECONDS:
            heard = await self._hear()
        return heard.time + monotonic() - heard.at

    async def described(self) -> dict[str, object]:
        """What a server that was reached says about itself; nothing where we may not ask."""
        try:
            return await _described(self._connected())
        except (RedisError, OSError) as error:
            raise self._unusable(explained(error)) from None

    async def run(
        self, script: Script, keys: Sequence[str], *arguments: Argument, again: bool = False
    ) -> list[str]:
        """What a script answers. It is not cancelled half way: nobody would know what it did.

        `again`: it may run twice, so it is repeated once where the connection breaks.
        """
        told = "" if self._clock is None else repr(self._clock())
        given = [told, *(each if isinstance(each, str) else repr(each) for each in arguments)]
        reply: Reply = None
        with anyio.CancelScope(shield=True):
            try:
                reply = await self._answer(script, [*keys], given, again=again)
            except (RedisError, OSError) as error:
                why = explained(error)
                if why == READ_ONLY:
                    await self._let_go()
                # Without the cause: Redis may name the user in it.
                raise self._unusable(why) from None
        said, *rest = _texts(reply)
        self._heard = _Heard(float(said), monotonic())
        return rest

    async def _hear(self) -> _Heard:
        await self.run(_NOTHING, (), again=True)
        return self._heard or _Heard(0.0, monotonic())

    async def _answer(
        self, script: Script, keys: list[str], given: list[str], *, again: bool
    ) -> Reply:
        client = self._connected()
        if not self._met:
            await self._meet(client)
        try:
            return await _evaluated(client, script, keys, given)
        except RedisConnectionError as error:
            if not again or isinstance(error, AuthenticationError):
                raise
        return await _evaluated(client, script, keys, given)

    async def _meet(self, client: _Commands) -> None:
        """Look at the server once. One that does not show itself is believed."""
        found = await _described(client)
        problem = too_old(found.get("redis_version", ""))
        if problem is not None:
            raise self._unusable(problem)
        policy = found.get("maxmemory_policy", "noeviction")
        if policy != "noeviction" and not self._met:
            _log.warning(
                "Redis at %s has the maxmemory-policy %s: when it is full it may drop the journal"
                " of what was sent, and approvals. Set it to noeviction.",
                self._address,
                policy,
            )
        self._met = True

    async def _let_go(self) -> None:
        """After a failover the name leads to another server, our connections still to the old."""
        if self._pool is not None:
            await self._pool.disconnect(inuse_connections=False)

    def _unusable(self, why: str) -> StateError:
        return StateError(f"the state store cannot be used (Redis at {self._address} {why})")

    def _connected(self) -> _Commands:
        if self._client is None:
            self._pool = BlockingConnectionPool(
                max_connections=CONNECTIONS,
                timeout=ANSWER_SECONDS,
                connection_class=_kind(self._address),
                **_options(self._address),
            )
            self._client = cast(_Commands, Redis.from_pool(self._pool))  # its own types say Any
        return self._client


def key(*parts: str) -> str:
    """The name of something. All parts behind the first are hashed: they may be names of people."""
    kind, *whose = parts
    return ":".join([PREFIX + kind, *map(hidden, whose)])


def hidden(name: str) -> str:
    """A part of a key that tells nothing and has no odd characters."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:32]


async def _described(client: _Commands) -> dict[str, object]:
    try:
        return {**await client.info("server"), **await client.info("memory")}
    except ResponseError:
        return {}


async def _evaluated(client: _Commands, script: Script, keys: list[str], given: list[str]) -> Reply:
    try:
        return await client.evalsha(script.sha, len(keys), *keys, *given)
    except NoScriptError:
        return await client.eval(script.lua, len(keys), *keys, *given)


def _kind(address: RedisAddress) -> type[AbstractConnection]:
    if address.path:
        return UnixDomainSocketConnection
    return SSLConnection if address.tls else Connection


def _options(address: RedisAddress) -> dict[str, Any]:  # as redis-py has it
    """What redis-py makes a connection of.

    It would repeat a command whose answer was lost; a script that took an approval and is repeated
    finds it used. So nothing is repeated here.
    """
    place = {"host": address.host, "port": address.port, "socket_keepalive": True}
    return {
        **({"path": address.path} if address.path else place),
        # Before its version 6 redis-py took a certificate for whatever name.
        **({"ssl_check_hostname": True} if address.tls else {}),
        **address.files,
        "db": address.database,
        "username": address.username,
        "password": address.password,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": True,
        "encoding_errors": "surrogatepass",
        "protocol": 2,
    }


def _texts(reply: Reply) -> Iterator[str]:
    if isinstance(reply, list):
        for each in reply:
            yield from _texts(each)
    else:
        yield "" if reply is None else str(reply)
