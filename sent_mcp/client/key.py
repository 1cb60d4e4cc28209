"""The API key: read when needed, read again when Sent refuses it, not used while it is wrong."""

import hashlib
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

import anyio

from sent_mcp.client.newcomers import Newcomers, in_turn
from sent_mcp.errors import AuthenticationError, SettingsError

PAUSE_SECONDS = 60.0
"""How long a refused key is not used, and how often a key is read again at most."""
_AT_ONCE = nullcontext()


class ApiKey:
    """The key of one account. Its text appears in no repr and in no error."""

    def __init__(
        self,
        read: Callable[[], str],
        *,
        newcomers: Newcomers | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` gives the key, or raises SettingsError.

        `newcomers` are all the keys that strangers may have made up, this one among them.
        """
        self._read = read
        self._newcomers = newcomers
        self._clock = clock
        self._value: str | None = None
        self._tried: str | None = None
        self._first_try = anyio.Lock()
        self._read_again_at = -math.inf
        self._refusal: AuthenticationError | None = None
        self._refused_at = -math.inf

    def __repr__(self) -> str:
        return "ApiKey()"

    def value(self) -> str:
        """The key to send.

        Raises SettingsError without one, AuthenticationError for a minute after Sent refused it.
        """
        if self._refusal is not None:
            left = self._refused_at + PAUSE_SECONDS - self._clock()
            if left > 0:
                raise _refused_here(self._refusal, left)
            self._refusal = self._value = self._tried = None
        if self._value is None:
            self._value = _checked(self._read())
        return self._value

    @asynccontextmanager
    async def lease(self, seconds: Callable[[], float] = lambda: math.inf) -> AsyncGenerator[str]:
        """The key for one request; while it is untried, for one request at a time.

        So many calls at once with a wrong key fail once, not ten times. A key among newcomers is
        untried until Sent has accepted it.
        Raises what `value` does, and APITimeoutError when its turn takes more than `seconds()`.
        """
        key = self.value()
        if self._is_tried(key):
            yield key
            return
        async with in_turn(self._first_try, seconds()):
            key = self.value()
            if not self._is_tried(key):
                try:
                    yield key
                finally:
                    if self._newcomers is None:
                        self._tried = key
                return
        # Whoever waited for the first try need not wait for one another.
        yield key

    def place(self, key: str, seconds: Callable[[], float]) -> AbstractAsyncContextManager[None]:
        """Room to ask Sent with a leased key: at once, but for one among newcomers.

        Entering it raises APITimeoutError when there is none within `seconds()`.
        """
        if self._newcomers is None or self._is_tried(key):
            return _AT_ONCE
        return self._newcomers.place(seconds())

    def accepted(self, key: str) -> None:
        """Note that Sent has done what it was asked with this key."""
        late = self._refusal is not None
        if self._newcomers is None or key == self._tried or late:
            return
        self._tried = key
        self._newcomers.accept(_fingerprint(key))

    def refused(self, key: str, error: AuthenticationError) -> bool:
        """Note that Sent refused `key`; true when there is another one to try by now."""
        if error.code not in ("AUTH_001", "AUTH_002"):
            return False
        if self._newcomers is not None:
            self._newcomers.refuse(_fingerprint(key))
        if self._value not in (None, key) or self._changed(key):
            return True
        self._refusal, self._refused_at = error, self._clock()
        return False

    def _changed(self, key: str) -> bool:
        if self._clock() - self._read_again_at < PAUSE_SECONDS:
            return False
        self._read_again_at = self._clock()
        try:
            value = _checked(self._read())
        except SettingsError:
            return False
        self._value = value
        return value != key

    def fingerprint(self) -> str:
        """A short name that does not give the key away. Raises SettingsError without a key."""
        return _fingerprint(self._value or _checked(self._read()))

    def _is_tried(self, key: str) -> bool:
        if key == self._tried:
            return True
        # Whoever made up a thousand keys since has not made this one a stranger.
        return self._newcomers is not None and self._newcomers.has_accepted(_fingerprint(key))


def _fingerprint(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _checked(value: str) -> str:
    # httpx would quote a value that no header can hold in its own error.
    if not value or not all("!" <= character <= "~" for character in value):
        raise SettingsError(
            "the API key is empty or has characters in it that no key has", code="PLACEHOLDER_KEY"
        )
    return value


def _refused_here(cause: AuthenticationError, seconds: float) -> AuthenticationError:
    error = AuthenticationError(
        cause.status, cause.message, code=cause.code, request_id=cause.request_id
    )
    error.effect = (
        "Nothing was changed or sent. This was answered here without asking Sent, which locks a key"
        f" after ten failures; the key is tried again in {math.ceil(seconds)} s."
    )
    return error
