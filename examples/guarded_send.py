"""Send a message once a person agrees: the server asks, and this program shows the question.

    python examples/guarded_send.py             as a host of 2026-07-28
    python examples/guarded_send.py --legacy    as a host of 2025-11-25

Only a yes sends; no, Enter or the end of the input sends nothing. Accepted is not delivered, so
`get_message` tells what became of it: in the demo, which sends nothing to anybody, it is delivered
after four seconds.
"""

import signal
import sys

import anyio
from anyio.to_thread import run_sync
from mcp import Client, StdioServerParameters
from mcp.client import ClientRequestContext
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult

NUMBER = "+14155550102"
MESSAGE = {
    "to": [NUMBER],
    "template_name": "order_confirmation",
    "parameters": {"name": "Ann", "order_number": "A-17"},
}
SERVER = StdioServerParameters(
    command=sys.executable, args=["-m", "sent_mcp", "serve", "--demo", "--state", "memory:"]
)


def says_yes(question: str) -> bool:
    """Ask a person; the end of the input is no yes."""
    print(f"{question} [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    """Show the server's question, whose form has one box to tick, and send back what was said."""
    if await run_sync(says_yes, f"{params.message}\nSend it?"):
        return ElicitResult(action="accept", content={"confirm": True})
    return ElicitResult(action="decline")


def said(result: CallToolResult) -> str:
    """The sentence that says what was done or found, or the text of a refusal."""
    if result.structured_content is not None:
        return result.structured_content["message"]
    return "\n".join(part.text for part in result.content if part.type == "text")


async def main(mode: str) -> None:
    """Send, then look what became of the message for as long as that can change."""
    async with Client(SERVER, mode=mode, elicitation_callback=answer) as client:
        print(f"MCP {client.protocol_version}")
        sent = await client.call_tool("send_message", MESSAGE)
        print(said(sent))
        done = sent.structured_content
        while done is not None and done["status"] == "accepted":
            fate = await client.call_tool("get_message", {"to": NUMBER})
            print(said(fate))
            is_open = "next" in (fate.structured_content or {})
            if not is_open or not await run_sync(says_yes, "Look again?"):
                break


if __name__ == "__main__":
    # Ctrl-C ends the program at once, also while it waits for a person.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    anyio.run(main, "legacy" if "--legacy" in sys.argv else "auto")
