"""What tests of imports say again and again."""

from collections import Counter
from pathlib import Path
from typing import Any

from tests.door import Door

TOOL = "import_contacts"
CREATION = "POST /v3/contacts"
CLOSED: dict[str, object] = {"match": CREATION, "times": 100_000, "kind": "status", "status": 403}
"""Sent lets nobody create anything, and says so without being asked four times."""
DOWN: dict[str, object] = CLOSED | {"status": 503}
"""Sent is not there; the client asks again and again."""


def fresh(count: int, first: int = 2000) -> list[str]:
    """Numbers that are not contacts."""
    return [f"+1415556{index:04d}" for index in range(first, first + count)]


def fault(status: int, times: int = 1) -> dict[str, object]:
    """So many creations are answered with this status."""
    return {"match": CREATION, "times": times, "kind": "status", "status": status}


def add_up(said: dict[str, Any]) -> dict[str, int]:
    """The counts that are not 0; with what remains they are the whole list."""
    counts: dict[str, int] = {**said["counts"], "remaining": said["remaining"]}
    whole = counts.pop("input")
    assert sum(counts.values()) == whole, said
    return {name: count for name, count in counts.items() if count}


async def posts(door: Door) -> list[dict[str, Any]]:
    """The requests so far that would create a contact."""
    return [each for each in await door.log() if each["method"] == "POST"]


async def keys(door: Door) -> Counter[str]:
    """How often each idempotency key came; none is missing."""
    found = Counter(each["idempotency_key"] for each in await posts(door))
    assert None not in found
    return found


async def are_contacts(door: Door, numbers: list[str]) -> int:
    """How many of these Sent has."""
    said = await door.done("check_phone_numbers", phone_numbers=numbers)
    return len(numbers) - said["counts"]["not_contacts"]


def traces(state: Path, numbers: list[str]) -> int:
    """How many of these can be read in the state file and beside it."""
    found = [each.read_bytes() for each in state.parent.iterdir() if each.is_file()]
    return sum(any(number[1:].encode() in content for content in found) for number in numbers)


async def begun(door: Door, numbers: list[str], *faults: dict[str, object]) -> dict[str, Any]:
    """What an approved import of these is answered with, while Sent has this trouble."""
    token = (await door.call(TOOL, phone_numbers=numbers)).token
    await door.faults(*faults)
    said = await door.done(TOOL, phone_numbers=numbers, confirmation_token=token)
    await door.faults()
    return said
