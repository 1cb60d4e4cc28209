"""One request on its way through the SDK: what it may send back, and how it is cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import mcp_types as mcp
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext

from sent_mcp.serving.http.events import EventStream


@dataclass
class Dispatch:
    """The SDK's `DispatchContext` for one POST. There is no way to ask the client anything.

    Notifications need a stream; without one they are dropped.
    """

    transport: TransportContext
    request_id: mcp.RequestId
    message_metadata: ServerMessageMetadata
    progress_token: mcp.ProgressToken | None
    stream: EventStream | None
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)
    can_send_request: bool = field(default=False, init=False)

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        """HttpError: the answer could reach another replica."""
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """Send a notification that belongs to this request."""
        if self.stream is not None:
            message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
            if params is not None:
                message["params"] = dict(params)
            await self.stream.tell(message)

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell how far the request is, where somebody wants to know."""
        if self.progress_token is None:
            return
        known = {"total": total, "message": message}
        params: dict[str, Any] = {"progressToken": self.progress_token, "progress": progress}
        params.update({name: value for name, value in known.items() if value is not None})
        await self.notify("notifications/progress", params)
