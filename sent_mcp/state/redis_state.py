"""The store on a Redis server, shared by all replicas."""

import hmac
from collections.abc import Collection, Sequence

from sent_mcp.state import redis_approvals as approvals
from sent_mcp.state import redis_imports as imports
from sent_mcp.state import redis_sends as sends
from sent_mcp.state.redis_server import RedisServer
from sent_mcp.state.store import (
    Earlier,
    NewSend,
    NotStarted,
    OpenSend,
    Pending,
    StoredImport,
    Used,
)


class RedisState:
    """The store on a server that several replicas share; the server's clock is the store's."""

    def __init__(self, server: RedisServer, secret: bytes) -> None:
        """`secret`: the same for all replicas; it never reaches the server."""
        self._server = server
        self._secret = hmac.digest(secret, b"sent-mcp state", "sha256")

    async def aclose(self) -> None:
        """See StateStore; whoever else uses the server connects anew."""
        await self._server.aclose()

    async def now(self) -> float:
        """See StateStore."""
        return await self._server.now()

    async def ping(self) -> None:
        """See StateStore."""
        await self._server.ping()

    async def secret(self) -> bytes:
        """See StateStore."""
        return self._secret

    async def hold(self, pending: Pending) -> None:
        """See StateStore."""
        await approvals.hold(self._server, pending)

    async def take(self, approval_id: str, binding: str) -> Pending | Used | None:
        """See StateStore."""
        return await approvals.take(self._server, approval_id, binding)

    async def drop(self, approval_id: str) -> Pending | None:
        """See StateStore."""
        return await approvals.drop(self._server, approval_id)

    async def drop_alike(self, caller: str, binding: str) -> None:
        """See StateStore."""
        await approvals.drop_alike(self._server, caller, binding)

    async def used(self, approval_id: str) -> Used | None:
        """See StateStore."""
        return await approvals.used(self._server, approval_id)

    async def finish(self, approval_id: str, status: str, ids: Sequence[str]) -> None:
        """See StateStore."""
        await approvals.finish(self._server, approval_id, status, ids)

    async def declined(self, who: str) -> None:
        """See StateStore."""
        await approvals.declined(self._server, who)

    async def declines(self, who: str, seconds: float) -> Sequence[float]:
        """See StateStore."""
        return await approvals.declines(self._server, who, seconds)

    async def spend(
        self, who: str, count: int, most: int | None, seconds: float
    ) -> Sequence[int] | None:
        """See StateStore."""
        return await approvals.spend(self._server, who, count, most, seconds)

    async def spend_back(self, who: str, changes: Sequence[int]) -> None:
        """See StateStore."""
        await approvals.spend_back(self._server, who, changes)

    async def counted(self, account: str) -> int:
        """See StateStore."""
        return await sends.counted(self._server, account)

    async def earlier(
        self, account: str, content: str, recipients: Collection[str]
    ) -> Sequence[Earlier]:
        """See StateStore."""
        return await sends.earlier(self._server, account, content, recipients)

    async def open_send(self, account: str, body: str) -> OpenSend | None:
        """See StateStore."""
        return await sends.open_send(self._server, account, body)

    async def start_send(
        self, send: NewSend, limit: int, shown: Sequence[Earlier]
    ) -> int | NotStarted:
        """See StateStore."""
        return await sends.start(self._server, send, limit, shown)

    async def close_send(self, send_id: int, sent: Sequence[tuple[str, str]]) -> None:
        """See StateStore."""
        await sends.close(self._server, send_id, sent)

    async def drop_send(self, send_id: int, *, repeated: bool) -> bool:
        """See StateStore."""
        return await sends.drop(self._server, send_id, repeated=repeated)

    async def last_to(self, account: str, recipient: str) -> Earlier | None:
        """See StateStore."""
        return await sends.last_to(self._server, account, recipient)

    async def keep_import(self, found: StoredImport) -> None:
        """See StateStore."""
        await imports.keep(self._server, found)

    async def find_import(self, import_id: str) -> StoredImport | None:
        """See StateStore."""
        return await imports.find(self._server, import_id)

    async def claim_import(self, import_id: str, seconds: float) -> bool:
        """See StateStore."""
        return await imports.claim(self._server, import_id, seconds)
