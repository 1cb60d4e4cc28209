"""Hosts whose server may die at any time, and whose forms are answered by who waits for them."""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from tests.proof.hosts import FORMS, Json, Reply, StdioHost, reply_of, serving
from tests.serving.wire import MODERN

Answer = Callable[[str], Awaitable[Json]]
"""What a host's user does about a form that says this."""
NO: Json = {"action": "decline"}
AT_ONCE: Json = {"action": "cancel"}


class LostError(Exception):
    """A call without an answer: it took too long, or its server is gone."""


@dataclass
class Host(StdioHost):
    """One connection. `forms`: by a part of what they say, who answers them, the latest last."""

    forms: list[tuple[str, Answer]] = field(default_factory=list[tuple[str, Answer]])
    gone: bool = False

    @property
    def asks_in_call(self) -> bool:
        """Whether forms are shown while a call is open."""
        return self.can_ask and self.version != MODERN

    @property
    def complaint(self) -> str:
        """What its server said on stderr last."""
        return self.err.decode(errors="replace")[-600:]

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        seconds: float,
        *,
        ask: bool = False,
        **more: Any,
    ) -> Reply:
        """One tool call; `ask` where this host may show a form. Raises LostError."""
        params: Json = {"name": tool, "arguments": dict(arguments), **more}
        if ask and self.version == MODERN:
            params["_meta"] = FORMS
        began = time.monotonic()
        message = await self.ask("tools/call", params, seconds)
        return _reply(message, time.monotonic() - began)

    async def read(self) -> None:
        """Hand each message on until the server ends; then nobody waits any longer."""
        await super().read()
        self.gone = True
        for slot in self._open.values():
            slot.done.set()

    async def decide(self, question: str) -> Json:
        """What the latest who waits for such a form says; one for nobody is closed, and noted."""
        for part, user in reversed(self.forms):
            if part in question:
                return await user(question)
        self.stray.append(question)
        return AT_ONCE

    def lost(self, method: str, seconds: float) -> LostError:
        """Says whether its server is gone, and its last words."""
        why = "its server ended" if self.gone else f"no answer within {seconds:g} s"
        return LostError(f"{method}: {why}; {self.complaint}")

    async def _write(self, message: Json) -> None:
        try:
            await super()._write(message)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            self.gone = True


def _reply(message: Json, seconds: float) -> Reply:
    if "error" in message:
        error: Json = message["error"]
        # An answer to a form that belongs to no question is refused so, with a code of ours.
        known = str(error["message"]).startswith("STATE_REJECTED:")
        return Reply(seconds, error["message"] if known else f"PROTOCOL: {error}", is_error=True)
    return reply_of(message["result"], seconds)


def connected(
    home: Path, version: str, environment: Mapping[str, str], *, can_ask: bool
) -> AbstractAsyncContextManager[Host]:
    """A host before a server of its own; who leaves kills it (SIGKILL)."""
    return serving(Host, home, version, environment, can_ask=can_ask)
