"""What each guarded tool could do, and what it says before and after."""

from typing import Any

from tests.door import SEEDED, Door

OTHER = "+14155550103"
DELETE = "delete_contact"
Arguments = dict[str, Any]
GUARDED = ["delete_contact", "send_message", "update_contact"]
DONE = {"delete_contact": "deleted", "send_message": "accepted", "update_contact": "updated"}
UNDONE = {
    "delete_contact": "Nothing was deleted.",
    "send_message": "Nothing was sent.",
    "update_contact": "Nothing was changed.",
}


async def arguments_of(door: Door, tool: str) -> Arguments:
    """Something each guarded tool could do."""
    if tool == "send_message":
        return {"to": [SEEDED], "text": "Hello", "channels": ["sms"]}
    if tool == "update_contact":
        return {"contact_id": (await door.opted_out())["id"], "opt_out": False}
    return {"contact_id": await door.contact()}


async def to_delete(door: Door, number: str = SEEDED) -> Arguments:
    """The arguments of a delete."""
    return {"contact_id": await door.contact(number)}
