"""Is this number on WhatsApp? The shortest MCP client that asks: yes, no or unknown.

    python examples/is_on_whatsapp.py "+1 415 555 0102" +14155550101 +14155550160

It asks the demo. For your own contacts leave out `--demo` and give the server your key with
`env={"SENT_API_KEY": ...}`: a client passes none of its own variables on.
"""

import sys

import anyio
from mcp import Client, StdioServerParameters

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "sent_mcp", "serve", "--demo"])


async def main(phone_numbers: list[str]) -> None:
    """Print what is known of each number."""
    async with Client(SERVER) as client:
        for written in phone_numbers:
            result = await client.call_tool("find_contact_by_phone", {"phone_number": written})
            if result.structured_content is None:
                print(written, *(part.text for part in result.content if part.type == "text"))
                continue
            found = result.structured_content
            match found["whatsapp"]:
                case "yes":
                    print(f"yes: {found['phone_number']} is on WhatsApp.")
                case "no":
                    print(f"no: {found['phone_number']} is not on WhatsApp.")
                case _:
                    print(f"unknown: {found['message']}")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1:] or ["+14155550102"])
