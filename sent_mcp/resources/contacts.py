"""One contact, as `get_contact` shows it."""

import re
from collections.abc import Sequence

from mcp.server.caching import CacheHint
from pydantic import JsonValue

from sent_mcp.client import SentClient
from sent_mcp.resources.registry import Resource
from sent_mcp.tools.results import full

_SHORTEST, _LONGEST = 2, 64
"""One character would bring up anybody; no id is longer."""
_PAGE_SIZE = 100
# No hyphen without a plus: ids have them.
_BEGINS_LIKE_A_NUMBER = re.compile(r"\+[\d\s().-]*|[\d\s().]+", re.ASCII)


async def _contact(client: SentClient, contact_id: str) -> JsonValue:
    answer = await client.contacts.get(contact_id)
    return full(answer.data).model_dump(mode="json", exclude_none=True)


async def _ids(client: SentClient, typed: str) -> Sequence[str]:
    """Ids of the contacts whose number has these digits, or that begin so among the newest."""
    typed = typed.strip()
    if not _SHORTEST <= len(typed) <= _LONGEST:
        return ()
    contacts = client.glance().contacts
    if _BEGINS_LIKE_A_NUMBER.fullmatch(typed):
        digits = re.sub(r"[^\d+]", "", typed, flags=re.ASCII)
        found = (await contacts.list(search=digits)).data.contacts if digits.strip("+") else ()
        return [contact.id for contact in found]
    newest = (await contacts.list(page_size=_PAGE_SIZE)).data
    begun = typed.lower()
    return [each.id for each in newest.contacts if each.id.lower().startswith(begun)]


CONTACT = Resource[SentClient](
    "sent://contacts/{contact_id}",
    "contact",
    "Contact",
    "One contact, with the fields of get_contact.",
    _contact,
    CacheHint(ttl_ms=0, scope="private"),
    _ids,
    shown_by="get_contact",
)
