"""Delete a contact from a program without forms: one call asks, a second one acts.

    python examples/guarded_delete.py          asks on the terminal
    python examples/guarded_delete.py --yes    answers yes

The first call changes nothing and returns a question for a person, with a token; the second is the
same call with that token. A program that declares forms is asked directly: see guarded_send.py.
"""

import signal
import sys

import anyio
from mcp import Client, StdioServerParameters

SERVER = StdioServerParameters(
    command=sys.executable, args=["-m", "sent_mcp", "serve", "--demo", "--state", "memory:"]
)


def agreed(question: str) -> bool:
    """Show the question to a person; the end of the input is no yes."""
    print(question)
    if "--yes" in sys.argv:
        return True
    print("Go ahead? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def main() -> None:
    """Find the contact, ask about it, and delete it if somebody agreed."""
    async with Client(SERVER) as client:
        found = await client.call_tool("find_contact_by_phone", {"phone_number": "+14155550106"})
        target = {"contact_id": found.structured_content["contact"]["id"]}
        asked = (await client.call_tool("delete_contact", target)).structured_content
        if agreed(asked["question"]):
            target["confirmation_token"] = asked["confirmation_token"]
            done = (await client.call_tool("delete_contact", target)).structured_content
            print(f"{done['status']}: {done['message']}")
        else:
            print(asked["message"])


if __name__ == "__main__":
    # Ctrl-C ends the program at once, also while it waits for a person.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    anyio.run(main)
