"""Delete a contact the way a host does: the first call asks, a person answers, the second acts.

python examples/guarded_delete.py          asks on the terminal
python examples/guarded_delete.py --yes    answers yes
"""

import sys

import anyio
from mcp import Client, StdioServerParameters, stdio_client


def agreed(question: str) -> bool:
    """Show the question to a person."""
    print(question)
    return "--yes" in sys.argv or input("Go ahead? [y/N] ").strip().lower() == "y"


async def main() -> None:
    command = ["-m", "sent_mcp", "serve", "--demo", "--state", "memory:"]
    server = StdioServerParameters(command=sys.executable, args=command)
    async with Client(stdio_client(server)) as client:
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
    anyio.run(main)
