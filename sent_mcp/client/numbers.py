"""The number look-up, which costs money (API §3.12)."""

from sent_mcp.client.answers import Answer, Request
from sent_mcp.client.envelope import data_of
from sent_mcp.client.transport import Transport
from sent_mcp.models.envelope import Envelope
from sent_mcp.models.numbers import NumberLookup

_LOOKUP = data_of(Envelope[NumberLookup])


class Numbers:
    """What carriers say about numbers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def lookup(self, phone_number: str) -> Answer[NumberLookup]:
        """Carrier, line type and portability of one number.

        Every call is billed, so a request that may have been written is not repeated. Raises
        NotFoundError (RESOURCE_013) for a number nobody knows, and what `Transport.call` raises.
        """
        request = Request(
            "GET",
            "/v3/numbers/lookup/{phone_number}",
            ids={"phone_number": phone_number},
            paid=True,
        )
        return await self._transport.call(request, _LOOKUP)
