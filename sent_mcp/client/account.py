"""Whose key this is (API §3.14)."""

from sent_mcp.client.answers import Answer, Request
from sent_mcp.client.envelope import data_of
from sent_mcp.client.transport import Transport
from sent_mcp.models.account import Account
from sent_mcp.models.envelope import Envelope

_ACCOUNT = data_of(Envelope[Account])


class AccountReader:
    """The account behind the key."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self) -> Answer[Account]:
        """The account; official tools test a key with this. Raises what `Transport.call` does."""
        return await self._transport.call(Request("GET", "/v3/me"), _ACCOUNT)
