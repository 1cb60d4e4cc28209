"""Keys at a URL, kept as they were last read: who can use those never waits for the network."""

import asyncio
import logging
import math
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http.client import HTTPException, HTTPMessage
from threading import Thread
from time import monotonic
from typing import IO, Generic, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from sent_mcp import __version__

WAIT_SECONDS = 5.0
"""How long a call waits for a reading that is under way, and the reading for the provider."""
FRESH_SECONDS = 300.0
"""They are read anew after that, so long are keys accepted that the provider has removed."""
KEPT_SECONDS = 3600.0
"""How long they are used while the provider is away."""
COOL_DOWN_SECONDS, FIRST_COOL_DOWN_SECONDS = 30.0, 5.0
"""Between two readings, whoever asks for keys that are unknown; and as long as there are none."""
WARN_SECONDS = 60.0
MOST_BYTES = 1024 * 1024
_PIECE = 64 * 1024
_HEADERS = {
    "Accept": "application/jwk-set+json, application/json;q=0.9, */*;q=0.1",
    # Some providers refuse Python's own name.
    "User-Agent": f"sent-mcp/{__version__}",
}
_log = logging.getLogger("sent_mcp.serving")
Keys = TypeVar("Keys")
Result = TypeVar("Result")


class NotKeysError(ValueError):
    """What was read holds no keys; the message says why and may stand in a log."""


class NotReadError(Exception):
    """Nobody can say which keys there are. Call again in `again_in` seconds."""

    def __init__(self, again_in: int) -> None:
        super().__init__(again_in)
        self.again_in = again_in


class FetchedKeys(Generic[Keys]):
    """Of one event loop. One reading at a time, by a thread that the end does not wait for."""

    def __init__(self, url: str, parse: Callable[[bytes], Keys]) -> None:
        """`parse`, which runs in that thread, raises ValueError. Nothing is read yet."""
        self._fetch = partial(_parsed, url, parse)
        self._keys: Keys | None = None
        self._failed = True
        self._reading: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._read_at = self._began_at = self._warned_at = self._next_at = -math.inf

    def at_once(self) -> Keys | None:
        """What was read last; None if that was never or too long ago. Nobody waits."""
        if self._age() >= FRESH_SECONDS:
            self._read_anew()
        return self._keys if self._age() < KEPT_SECONDS else None

    async def renewed(self) -> Keys:
        """The same, read anew if that was not tried just now.

        Waits at most WAIT_SECONDS. Raises NotReadError when the last reading failed or goes on.
        """
        self._read_anew()
        if self._reading is not None:
            left = self._began_at + WAIT_SECONDS - monotonic()
            await asyncio.wait([self._reading], timeout=max(left, 0))
        if self._reading is not None or self._failed or self._keys is None:
            raise NotReadError(math.ceil(max(self._next_at - monotonic(), FIRST_COOL_DOWN_SECONDS)))
        return self._keys

    def _age(self) -> float:
        return monotonic() - self._read_at

    def _read_anew(self) -> None:
        now = monotonic()
        if self._reading is None and now >= self._next_at:
            self._began_at = now
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        self._failed = True
        try:
            self._keys = await _in_thread(self._fetch)
            self._failed, self._read_at = False, monotonic()
        except (OSError, HTTPException, ValueError, OverflowError, RuntimeError) as error:
            self._warn(error)
        finally:
            self._reading = None
            some = self._age() < KEPT_SECONDS
            self._next_at = monotonic() + (COOL_DOWN_SECONDS if some else FIRST_COOL_DOWN_SECONDS)
            self._read_again_later()

    def _read_again_later(self) -> None:
        # Else the first call after a quiet hour would still get in with a key that was removed.
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(FRESH_SECONDS, self._read_anew)

    def _warn(self, error: Exception) -> None:
        now = monotonic()
        if now - self._warned_at < WARN_SECONDS:
            return
        self._warned_at = now
        # Of others the message can quote a proxy's URL, which may hold a password.
        told = isinstance(error, OSError | NotKeysError)
        why = ascii(str(error))[:200] if told else type(error).__name__
        age = self._age()
        used = f"those read {age / 60:.0f} minutes ago are used"
        instead = used if age < KEPT_SECONDS else "there are none"
        _log.warning("the keys that sign tokens could not be read (%s); %s", why, instead)


class _SafeRedirects(HTTPRedirectHandler):
    """Follows only to where nobody on the way can change the keys."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme != "https":
            return None
        # The library would read the whole body of the redirect, however long.
        fp.close()
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _parsed(url: str, parse: Callable[[bytes], Keys]) -> Keys:
    return parse(_fetched(url))


def _fetched(url: str) -> bytes:
    """The body, 1 MB at most. Raises OSError, HTTPException, ValueError.

    Like requests to Sent it goes by the proxy that the environment names, except on this machine.
    """
    until = monotonic() + WAIT_SECONDS
    proxies = ProxyHandler({} if url.startswith("http:") else None)
    opener = build_opener(proxies, _SafeRedirects)
    body = bytearray()
    try:
        with opener.open(Request(url, headers=_HEADERS), timeout=WAIT_SECONDS) as answer:
            while part := answer.read1(_PIECE):
                body += part
                if len(body) > MOST_BYTES:
                    raise NotKeysError("more than 1 MB")
                if monotonic() > until:
                    raise TimeoutError("the answer takes too long")
    except HTTPError as refused:
        refused.close()
        raise OSError(f"HTTP status {refused.code}") from None
    return bytes(body)


async def _in_thread(call: Callable[[], Result]) -> Result:
    """As anyio and asyncio have it, but a process that ends does not wait for the thread."""
    future: Future[Result] = Future()
    # Else whoever stops waiting would cancel it, and the thread could not say what it found.
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            future.set_exception(error)

    Thread(target=run, name="sent-mcp keys", daemon=True).start()
    return await asyncio.wrap_future(future)
