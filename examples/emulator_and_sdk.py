"""The emulator with Sent's official Python SDK: no account, no port, no key of yours.

    python examples/emulator_and_sdk.py

Needs `pip install sentdm`, which the development extra of this project brings.
"""

import anyio
import httpx
from sent_dm import AsyncSent

from sent_mcp.emulator import create_app


async def main() -> None:
    in_process = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app()))
    async with AsyncSent(
        api_key="sk_test_emulator", base_url="http://localhost", http_client=in_process
    ) as sent:
        page = await sent.contacts.list(page=1, page_size=3)
        for contact in page.data.contacts if page.data and page.data.contacts else ():
            print(contact.format_international, contact.available_channels)


if __name__ == "__main__":
    anyio.run(main)
