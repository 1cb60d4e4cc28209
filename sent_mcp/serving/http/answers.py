"""Answers without MCP: refusals and what probes read, each as one small JSON object."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue
from pydantic_core import to_json
from starlette.types import Send

JSON = b"application/json"


@dataclass
class HttpError(Exception):
    """A request that is not answered by the server behind: its status, and why, in words.

    `code` is JSON-RPC's (or MCP's own), `request_id` that of the message, where one could be read.
    """

    status: int
    code: int
    message: str
    data: JsonValue = None
    request_id: str | int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def send(self, send: Send) -> None:
        """Answer with it."""
        error: dict[str, JsonValue] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        body: dict[str, JsonValue] = {"jsonrpc": "2.0", "id": self.request_id, "error": error}
        await send_json(send, self.status, body, self.headers)


async def send_json(
    send: Send, status: int, body: JsonValue, headers: Mapping[str, str] | None = None
) -> None:
    """One JSON answer."""
    await send_bytes(send, status, JSON, to_json(body), headers)


async def send_bytes(
    send: Send, status: int, kind: bytes, body: bytes, headers: Mapping[str, str] | None = None
) -> None:
    """One whole answer of this media type; nobody on the way may keep it."""
    fields = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    fields += [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
