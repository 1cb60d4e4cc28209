"""A server whose tools do what tools must not do, on the transport of the real one."""

import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import mcp_types as mcp
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from sent_mcp.serving import incoming
from sent_mcp.serving.stdio import serve_stdio

HALF_A_PAIR = "\ud800"


async def _shout() -> str:
    print("printed")  # noqa: T201  # what a tool must not do
    os.write(1, b"written\n")
    await anyio.run_process(["echo", "from a child"], stdout=None)
    return "done"


async def _ask_stdin() -> str:
    return repr(os.read(0, 10))


async def _unsendable() -> str:
    return HALF_A_PAIR


async def _wait_for_ever() -> str:
    await anyio.sleep_forever()
    return "never"


_TOOLS: dict[str, Callable[[], Awaitable[str]]] = {
    "shout": _shout,
    "read stdin": _ask_stdin,
    "answer what cannot be sent": _unsendable,
    "wait for ever": _wait_for_ever,
}


async def _call(
    context: ServerRequestContext[Any, Any], params: mcp.CallToolRequestParams
) -> mcp.CallToolResult:
    return mcp.CallToolResult(content=[mcp.TextContent(text=await _TOOLS[params.name]())])


@asynccontextmanager
async def _lifespan(_: Server[None]) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        await anyio.lowlevel.checkpoint()
        sys.stderr.write("cleaned up\n")


if __name__ == "__main__":
    if "--drain" in sys.argv:
        incoming.DRAIN_SECONDS = float(sys.argv[-1])
    sys.exit(anyio.run(serve_stdio, Server("odd", lifespan=_lifespan, on_call_tool=_call)))
