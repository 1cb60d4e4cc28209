"""The connections to one base URL, opened at the first request, for one account or for many."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from sent_mcp.client.connection import Connection


class Connections:
    """One bounded pool, which everybody who is given it shares; whoever made it closes it."""

    def __init__(self, base_url: str, transport: "httpx.AsyncBaseTransport | None" = None) -> None:
        """With `transport` requests go there instead."""
        self.base_url = base_url
        self._transport = transport
        self._connection: Connection | None = None

    def open(self) -> "Connection":
        """What requests go over. Raises SettingsError for a URL or a proxy that cannot be used."""
        # httpx and its TLS context take long to load; a server that is only listed needs neither.
        from sent_mcp.client.connection import Connection

        if self._connection is None:
            self._connection = Connection(self.base_url, self._transport)
        return self._connection

    async def aclose(self) -> None:
        """Close them; the next request opens new ones."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.aclose()
