"""One client's connection, which stays open, with one request at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.http_questions import Asked
from benchmarks.http_wire import HOST, Answer, WrongAnswerError, answer_in

_ACCEPTED, _REFUSED = 200, 300


class Connection(asyncio.Protocol):
    """Writes a request, and waits until its answer is whole."""

    def __init__(self) -> None:
        self.session: str | None = None
        self._received = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer. Raises WrongAnswerError for a status that is none of success."""
        return (await self.answer(request)).body

    async def answer(self, request: bytes) -> Answer:
        """The whole answer."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        answer = await self._waiting
        if not _ACCEPTED <= answer.head.status < _REFUSED:
            raise WrongAnswerError(f"{answer.head.status}: {answer.body[:500]!r}")
        return answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Wake who waits once nothing is missing."""
        if self._received:
            self._received += data
        try:
            answer = answer_in(self._received or data)
        except WrongAnswerError as error:
            self._fail(error)
            return
        if answer is None:
            self._received = self._received or bytearray(data)
            return
        self._received.clear()
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._fail(WrongAnswerError(f"the server closed the connection: {exc}"))

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()

    def _fail(self, error: WrongAnswerError) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(error)


@asynccontextmanager
async def connected(asked: Asked) -> AsyncGenerator[Connection]:
    """A client that was greeted; it ends its session, where it has one."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(Connection, HOST, asked.port)
    try:
        if opening := asked.opening():
            client.session = (await client.answer(opening)).head.session
            await client.ask(asked.opened(client.session))
        yield client
        if client.session is not None:
            await client.ask(asked.closing(client.session))
    finally:
        client.close()
