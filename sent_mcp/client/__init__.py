"""The Sent API as Python: `SentClient` (v3) and `V1Client` (the legacy reads).

Importing this loads no HTTP library; the first request does.
"""

from typing import TYPE_CHECKING

import anyio

from sent_mcp.client.account import AccountReader
from sent_mcp.client.address_book import read_pages
from sent_mcp.client.answers import Answer, new_idempotency_key
from sent_mcp.client.budgets import Budget, Sleep
from sent_mcp.client.bulk import BULK_SHARE, BulkClient
from sent_mcp.client.connections import Connections
from sent_mcp.client.contacts import Contacts, CreatedContact
from sent_mcp.client.key import ApiKey
from sent_mcp.client.messages import Messages
from sent_mcp.client.newcomers import Newcomers
from sent_mcp.client.numbers import Numbers
from sent_mcp.client.templates import Templates
from sent_mcp.client.transport import Transport
from sent_mcp.client.v1 import V1Contacts
from sent_mcp.moving_windows import MovingWindows
from sent_mcp.observing import Observer

if TYPE_CHECKING:
    import httpx

__all__ = [
    "Answer",
    "ApiKey",
    "BulkClient",
    "Connections",
    "CreatedContact",
    "Newcomers",
    "SentClient",
    "V1Client",
    "new_idempotency_key",
    "read_pages",
]


class SentClient:
    """The v3 API, by resource. Connects at the first call; `aclose()` when done."""

    def __init__(
        self,
        *,
        base_url: str,
        key: ApiKey,
        profile_id: str | None = None,
        requests_per_minute: int = 200,
        messages_per_minute: int = 60,
        timeout: float = 45.0,
        transport: "httpx.AsyncBaseTransport | None" = None,
        connections: Connections | None = None,
        windows: MovingWindows | None = None,
        observer: Observer | None = None,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        """`timeout` bounds one call, retries included; replicas share budgets in `windows`.

        `connections` are those of several clients, and stay open when this one is closed.
        """
        self._own = Connections(base_url, transport)
        self._transport = Transport(
            connections or self._own,
            key=key,
            headers={"x-profile-id": profile_id} if profile_id else {},
            requests=Budget("requests", requests_per_minute, windows=windows, sleep=sleep),
            messages=Budget("messages", messages_per_minute, windows=windows, sleep=sleep),
            timeout=timeout,
            observer=observer,
            sleep=sleep,
        )
        self.contacts = Contacts(self._transport)
        self.messages = Messages(self._transport)
        self.templates = Templates(self._transport)
        self.numbers = Numbers(self._transport)
        self.account = AccountReader(self._transport)

    def bulk(self, share: float = BULK_SHARE) -> BulkClient:
        """The contacts for work of many requests, which leaves the others room in the budget."""
        return BulkClient(self._transport, share)

    def glance(self) -> BulkClient:
        """The same for a single request that is not repeated: its answer is only a convenience."""
        return BulkClient(self._transport, BULK_SHARE, once=True)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._own.aclose()


class V1Client:
    """The two reads of the legacy v1 API; its key travels with the sender's id (API §1)."""

    def __init__(
        self,
        *,
        base_url: str,
        key: ApiKey,
        sender_id: str,
        requests_per_minute: int = 200,
        timeout: float = 45.0,
        transport: "httpx.AsyncBaseTransport | None" = None,
        connections: Connections | None = None,
        windows: MovingWindows | None = None,
        observer: Observer | None = None,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self._own = Connections(base_url, transport)
        self._transport = Transport(
            connections or self._own,
            key=key,
            headers={"x-sender-id": sender_id},
            requests=Budget("requests", requests_per_minute, windows=windows, sleep=sleep),
            messages=Budget("messages", 1, windows=windows, sleep=sleep),
            timeout=timeout,
            observer=observer,
            sleep=sleep,
        )
        self.contacts = V1Contacts(self._transport)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._own.aclose()
