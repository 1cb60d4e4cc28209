"""Contacts: create, update and delete, beside what the guard does."""

from typing import Any

import pytest

from tests.door import SEEDED, Door

NEW = "+14155550160"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


async def test_a_number_becomes_a_contact(door: Door) -> None:
    """One POST, with a key of its own; its channels are not known yet."""
    made = await door.done("create_contact", phone_number="+1 415 555 0160")
    contact = made.pop("contact")
    assert made == {
        "status": "created",
        "message": f"{NEW} was created. Its channels are known in about a minute.",
        "next": f'find_contact_by_phone(phone_number="{NEW}")',
    }
    assert (contact["phone_number"], contact["available_channels"]) == (NEW, ["sms"])
    (post,) = await door.log()
    assert (post["method"], post["path"]) == ("POST", "/v3/contacts")
    assert post["idempotency_key"].startswith("sent-mcp-")


async def test_an_existing_contact_is_returned_and_no_error(door: Door) -> None:
    """It is told when it has opted out."""
    there = await door.done("create_contact", phone_number=SEEDED)
    assert there["status"] == "exists"
    assert there["message"] == f"Nothing was created: {SEEDED} is a contact already."
    assert there["contact"]["phone_number"] == SEEDED
    number = (await door.opted_out())["phone_number"]
    gone = await door.done("create_contact", phone_number=number)
    assert gone["message"].endswith("is a contact already; it has opted out of messages.")


async def test_only_the_fields_that_differ_are_sent(door: Door) -> None:
    """What the contact has already is not changed again."""
    contact_id = await door.contact()
    changed = await door.done(
        "update_contact", contact_id=contact_id, default_channel="sms", opt_out="yes"
    )
    assert (changed["status"], changed["changed"]) == ("updated", ["opt_out"])
    assert changed["message"] == "opt_out was changed."
    assert changed["contact"]["opt_out"] is True
    assert await door.changes() == [f"PATCH /v3/contacts/{contact_id}"]


async def test_two_fields_go_in_one_request(door: Door) -> None:
    """The result names both."""
    contact_id = await door.contact()
    changed = await door.done(
        "update_contact", contact_id=contact_id, default_channel="WHATSAPP", opt_out=True
    )
    assert changed["changed"] == ["default_channel", "opt_out"]
    assert changed["message"] == "default_channel and opt_out were changed."
    assert changed["contact"]["default_channel"] == "whatsapp"
    assert len(await door.changes()) == 1


async def test_a_contact_that_is_so_already_is_not_touched(door: Door) -> None:
    """Opting in somebody who is in is no change, so nobody is asked."""
    contact_id = await door.contact()
    same = await door.done(
        "update_contact", contact_id=contact_id, default_channel="sms", opt_out=False
    )
    assert (same["status"], same["changed"]) == ("unchanged", [])
    assert same["message"] == "Nothing was changed."
    assert await door.changes() == []


async def test_a_channel_the_contact_lacks_is_refused_before_any_change(door: Door) -> None:
    """With the channels it has."""
    contact_id = await door.contact("+14155550101")
    text = await door.refused(
        "update_contact", contact_id=contact_id, default_channel="whatsapp", opt_out=True
    )
    assert text.startswith(
        "BUSINESS_007: +14155550101 cannot be reached on whatsapp; its channels are sms."
    )
    assert await door.changes() == []


async def test_a_channel_is_left_to_sent_where_none_are_known(door: Door) -> None:
    """Sent knows more than its record shows."""
    contact = (await door.done("list_contacts", reach="unknown"))["contacts"][0]
    text = await door.refused(
        "update_contact", contact_id=contact["id"], default_channel="whatsapp"
    )
    assert text.startswith("BUSINESS_007: ")
    assert await door.changes() == [f"PATCH /v3/contacts/{contact['id']}"]


async def test_metadata_goes_in_a_request_of_its_own_and_its_loss_is_said(door: Door) -> None:
    """Sent does not document it, and the emulator ignores it."""
    contact_id = await door.contact()
    changed = await door.done(
        "update_contact", contact_id=contact_id, opt_out=True, metadata='{"city": "Oslo"}'
    )
    assert changed["changed"] == ["opt_out"]
    assert changed["message"] == "opt_out was changed. Sent did not store the metadata."
    patches = [r for r in await door.log() if r["method"] == "PATCH"]
    assert len({patch["idempotency_key"] for patch in patches}) == len(patches) == 2


async def test_metadata_alone_that_is_lost_changes_nothing(door: Door) -> None:
    """The status says so."""
    kept = await door.done("update_contact", contact_id=await door.contact(), metadata={"age": 7})
    assert (kept["status"], kept["changed"]) == ("unchanged", [])
    assert kept["message"] == "Nothing was changed. Sent did not store the metadata."


async def test_a_second_request_that_fails_says_the_first_was_done(door: Door) -> None:
    """The opt-out stays."""
    contact_id = await door.contact()
    await door.faults(
        {"match": "PATCH /v3/contacts", "kind": "delay", "seconds": 0},
        {"match": "PATCH /v3/contacts", "kind": "status", "status": 422},
    )
    reply = await door.call(
        "update_contact", contact_id=contact_id, opt_out=True, metadata={"a": "b"}
    )
    assert "opt_out was changed. The metadata was not stored (BUSINESS_006)." in reply.text
    await door.faults()
    assert (await door.done("get_contact", contact_id=contact_id))["contact"]["opt_out"] is True


async def test_metadata_alone_that_fails_says_nothing_was_changed(door: Door) -> None:
    """There was no first request."""
    await door.faults({"match": "PATCH /v3/contacts", "kind": "status", "status": 422})
    text = await door.refused(
        "update_contact", contact_id=await door.contact(), metadata={"a": "b"}
    )
    assert "Nothing was changed or sent." in text
    assert "After that" not in text


async def test_a_contact_is_deleted_once_confirmed(door: Door) -> None:
    """One DELETE; afterwards it is not found."""
    contact_id = await door.contact()
    gone = await door.twice("delete_contact", contact_id=contact_id)
    assert gone == {
        "status": "deleted",
        "message": f"The contact {SEEDED} was deleted, its consent record with it.",
        "contact_id": contact_id,
    }
    assert await door.changes() == [f"DELETE /v3/contacts/{contact_id}"]
    assert (await door.done("find_contact_by_phone", phone_number=SEEDED))["found"] is False


@pytest.mark.parametrize("tool", ["delete_contact", "update_contact"])
async def test_changing_a_contact_that_is_not_there_changes_nothing(door: Door, tool: str) -> None:
    """An id nobody has, and one that was deleted before."""
    given: dict[str, Any] = {"opt_out": True} if tool == "update_contact" else {}
    contact_id = await door.contact()
    await door.twice("delete_contact", contact_id=contact_id)
    await door.forget()
    for absent in (UNKNOWN_ID, contact_id):
        text = await door.refused(tool, contact_id=absent, **given)
        assert text.startswith("RESOURCE_001: ")
        assert "Nothing was changed or sent." in text
    assert await door.changes() == []
