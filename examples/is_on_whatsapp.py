"""Ask the server "is this number on WhatsApp?" from a program of your own.

    python examples/is_on_whatsapp.py +14155550102

Runs against the demo; leave out `--demo` and set SENT_API_KEY for your own contacts.
"""

import sys

import anyio
from mcp import Client, StdioServerParameters, stdio_client


async def main(phone_number: str) -> None:
    command = ["-m", "sent_mcp", "serve", "--demo", "--state", "memory:"]
    server = StdioServerParameters(command=sys.executable, args=command)
    async with Client(stdio_client(server)) as client:
        result = await client.call_tool("find_contact_by_phone", {"phone_number": phone_number})
        if result.is_error:
            print(result.content[0])
        else:
            print(result.structured_content["message"])


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else "+14155550102")
