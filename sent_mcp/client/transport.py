"""One call of the API from end to end: key, budgets, attempts, errors."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import anyio

from sent_mcp.client.answers import Answer, RawAnswer, Request
from sent_mcp.client.budgets import Budget, Sleep
from sent_mcp.client.connections import Connections
from sent_mcp.client.envelope import Opener
from sent_mcp.client.key import ApiKey
from sent_mcp.client.retries import SETTLE_SECONDS, Attempts, Deadline
from sent_mcp.client.spans import RequestSpans
from sent_mcp.errors import (
    APITimeoutError,
    AuthenticationError,
    OutcomeUnknownError,
    RefusedError,
    SentError,
    UnreadableAnswerError,
)
from sent_mcp.observing import Observer, Unobserved

READ_SECONDS, CHANGE_SECONDS = 15.0, 30.0

_NO_DRY_RUN = "the answer to a dry run does not say that it was one (X-Sandbox), so it may be real"

_log = logging.getLogger("sent_mcp.client")
Data = TypeVar("Data")


class Caller(Protocol):
    """What a resource needs of a transport."""

    async def call(self, request: Request, open_answer: Opener[Data]) -> Answer[Data]:
        """See Transport."""
        ...


@dataclass
class _Call(Generic[Data]):
    """A call on its way; `sent` counts its attempts, `written` is about the latest."""

    request: Request
    open_answer: Opener[Data]
    deadline: Deadline
    sent: int = 0
    written: bool = False

    def on_write(self) -> None:
        """Its request may reach Sent from now on."""
        self.written = True


class Transport:
    """Calls one API with one key, within two budgets."""

    def __init__(
        self,
        connections: Connections,
        *,
        key: ApiKey,
        headers: Mapping[str, str],
        requests: Budget,
        messages: Budget,
        timeout: float,
        observer: Observer | None = None,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self._connections = connections
        self._key = key
        self._headers = headers
        self._requests = requests
        self._messages = messages
        self._timeout = timeout
        self._observer = observer or Unobserved()
        self._spans = RequestSpans(connections.base_url)
        self._sleep = sleep

    async def call(self, request: Request, open_answer: Opener[Data]) -> Answer[Data]:
        """Do one request within the time it has, and open its answer.

        Raises SettingsError, RefusedError (no budget), APIConnectionError, APIStatusError,
        UnreadableAnswerError; OutcomeUnknownError when a change may have been done all the same.
        """
        deadline = Deadline(
            self._timeout, reserve=SETTLE_SECONDS if request.settled_by_reading else 0.0
        )
        if request.messages:
            await self._messages.spend(self._account(), request.messages, deadline.left)

        call = _Call(request, open_answer, deadline)

        async def attempt() -> Answer[Data]:
            return await self._with_current_key(call)

        try:
            answer = await Attempts(request, deadline, self._sleep).run(attempt)
        except SentError as error:
            if request.paid and error.maybe_done:
                error.effect += " The look-up may have been charged."
            raise
        if request.sandbox and not answer.sandbox:
            raise OutcomeUnknownError(UnreadableAnswerError(_NO_DRY_RUN))
        return answer

    def per_minute(self, share: float) -> int:
        """How many requests this share of the budget allows."""
        return self._requests.most(share)

    async def room(self, share: float) -> int:
        """How many requests the budget, or this share of it, has left right now."""
        return await self._requests.room(self._account(), share)

    async def wait(self, share: float, seconds: float) -> None:
        """Wait until this share of the budget has room, or for about so many seconds."""
        await self._requests.wait(self._account(), seconds, share=share)

    def _account(self) -> str:
        return f"{self._connections.base_url} {self._key.fingerprint()}"

    async def _with_current_key(self, call: _Call[Data]) -> Answer[Data]:
        request = call.request
        while True:
            async with self._key.lease(call.deadline.left) as key:
                _keep_to_one_key(request, key)
                try:
                    answer = await self._attempt(call, key)
                    if request.bulk is not None:
                        request.bulk.key = key
                    return answer
                except AuthenticationError as error:
                    # Another key may be another account, and a change was meant for this one.
                    if not self._key.refused(key, error) or request.changes:
                        raise

    async def _attempt(self, call: _Call[Data], key: str) -> Answer[Data]:
        request, deadline = call.request, call.deadline
        share = 1.0 if request.bulk is None else request.bulk.share
        await self._requests.spend(self._account(), 1, deadline.left, share=share)
        # Behind the budget: who waits for their own must not keep a place from others.
        async with self._key.place(key, deadline.left):
            raw = await self._exchange(call, key)
        try:
            answer = call.open_answer(raw)
        except SentError as error:
            error.should_retry = _verdict(raw)
            error.replayed = raw.replayed
            if request.sandbox and raw.sandbox:
                error.maybe_done = False
            raise
        self._key.accepted(key)
        return answer

    async def _exchange(self, call: _Call[Data], key: str) -> RawAnswer:
        request = call.request
        most = READ_SECONDS if request.method == "GET" else CHANGE_SECONDS
        seconds = min(call.deadline.left(), most)
        if seconds <= 0:
            raise APITimeoutError("no time was left to ask Sent", maybe_done=False)
        if request.bulk is not None:
            request.bulk.requests += 1
        resends, call.sent, call.written = call.sent, call.sent + 1, False
        raw: RawAnswer | None = None
        started = time.perf_counter()
        with self._spans.start(request, resends=resends) as span:
            try:
                with anyio.fail_after(seconds):
                    raw = await self._connections.open().exchange(
                        request, {**self._headers, "x-api-key": key}, call.on_write
                    )
                span.answered(raw.status)
                return raw
            except TimeoutError as error:
                raise _too_late(seconds, written=call.written) from error
            finally:
                self._tell(request, raw, time.perf_counter() - started)

    def _tell(self, request: Request, raw: RawAnswer | None, seconds: float) -> None:
        status = None if raw is None else raw.status
        self._observer.api_requested(request.method, status, seconds)
        request_id = "-" if raw is None else raw.request_id() or "-"
        outcome, spent = status or "no answer", seconds * 1000
        _log.debug("%s %s %s %.0f ms %s", request.method, request.path, outcome, spent, request_id)


def _too_late(seconds: float, *, written: bool) -> APITimeoutError:
    within = f"within {seconds:.0f} s" if seconds >= 1 else "in less than a second"
    if written:
        return APITimeoutError(f"no answer {within}")
    return APITimeoutError(f"there was no free connection to Sent {within}", maybe_done=False)


def _keep_to_one_key(request: Request, key: str) -> None:
    bulk = request.bulk
    if bulk is None:
        return
    if bulk.key not in (None, key):
        raise RefusedError(
            "the API key was changed meanwhile, so it may be another account's", code="KEY_CHANGED"
        )
    if request.changes:
        bulk.key = key


def _verdict(raw: RawAnswer) -> bool | None:
    return {"true": True, "false": False}.get(raw.headers.get("x-should-retry", "").lower())
