"""The catalogue of errors: every code there is, without a request."""

import pytest

from sent_mcp.advice import ADVICE
from sent_mcp.errors import NOTHING_DONE
from sent_mcp.resources.catalogue import MEANINGS
from tests.door import Door
from tests.resources.reader import read, unreadable


async def test_every_code_has_its_entry(door: Door) -> None:
    """Whatever a tool may answer with can be looked up; nobody is asked for it."""
    index = await read(door, "sent://errors")
    assert set(index["errors"]) == set(ADVICE)
    for code, meaning in index["errors"].items():
        entry = await read(door, f"sent://errors/{code}")
        assert (entry["code"], entry["meaning"]) == (code, meaning)
        assert entry["advice"] == ADVICE[code]
        assert meaning.endswith(".")
        assert entry["changed"].endswith(".")
    assert await door.log() == []


@pytest.mark.parametrize(
    ("code", "status", "changed"),
    [
        ("AUTH_002", 401, NOTHING_DONE),
        ("BUSINESS_002", 429, NOTHING_DONE),
        ("SERVICE_001", 503, NOTHING_DONE),
        ("INTERNAL_001", 500, "A change may have been done"),
        ("CONFLICT_001", 409, "A change may have been done"),
        ("TIMEOUT", None, "A change may have been done"),
        ("BUDGET_EXHAUSTED", None, NOTHING_DONE),
        ("DELIVERY_003", None, "This one message was not delivered."),
    ],
)
async def test_an_entry_says_whether_anything_was_changed(
    door: Door, code: str, status: int | None, changed: str
) -> None:
    """As the errors themselves have it."""
    entry = await read(door, f"sent://errors/{code}")
    assert entry.get("http_status") == status
    assert changed in entry["changed"]


async def test_entries_may_be_kept_by_everybody(door: Door) -> None:
    """For a day: they change with the version of this server."""
    for uri in ("sent://errors", "sent://errors/AUTH_002"):
        answer = await door.client.read_resource(uri)
        assert (answer.ttl_ms, answer.cache_scope) == (86_400_000, "public")


@pytest.mark.parametrize("code", ["NO_SUCH_CODE", "auth_002", "constructor", "__class__"])
async def test_an_unknown_code_is_refused(door: Door, code: str) -> None:
    """With where the others are."""
    error = await unreadable(door, f"sent://errors/{code}")
    assert error.code == -32602
    assert error.message.startswith(f'UNKNOWN_RESOURCE: there is no error code "{code}".')


def test_a_meaning_is_one_short_sentence() -> None:
    """The index is read as a whole."""
    assert all(len(meaning) <= 80 for _, meaning in MEANINGS.values())
