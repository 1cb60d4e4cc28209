"""Work that others come before, over the connections and budgets of everybody else."""

from dataclasses import replace
from typing import TypeVar

from sent_mcp.client.answers import Answer, Bulk, Request
from sent_mcp.client.contacts import Contacts
from sent_mcp.client.envelope import Opener
from sent_mcp.client.templates import Templates
from sent_mcp.client.transport import Transport

BULK_SHARE = 0.75
"""Of the request budget; the rest is kept for calls of one request, which nobody wants to wait."""
Data = TypeVar("Data")


class BulkClient:
    """One piece of such work: what it reads, and how many requests it has made."""

    def __init__(self, transport: Transport, share: float, *, once: bool = False) -> None:
        self._transport = transport
        self._bulk = Bulk(share, once)
        self.contacts = Contacts(self)
        self.templates = Templates(self)

    @property
    def requests(self) -> int:
        """The requests made so far, retries included."""
        return self._bulk.requests

    @property
    def per_minute(self) -> int:
        """How many requests it may make in a minute."""
        return self._transport.per_minute(self._bulk.share)

    async def room(self) -> int:
        """How many requests could be made right now without waiting for the budget."""
        return await self._transport.room(self._bulk.share)

    async def wait(self, seconds: float) -> None:
        """Wait until a request could be made, or for about so many seconds."""
        await self._transport.wait(self._bulk.share, seconds)

    async def call(self, request: Request, open_answer: Opener[Data]) -> Answer[Data]:
        """See Transport; counted, and within the share."""
        return await self._transport.call(replace(request, bulk=self._bulk), open_answer)
