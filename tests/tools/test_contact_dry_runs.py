"""Dry runs of changes to contacts: they change nothing and need nobody."""

from tests.door import SEEDED, Door

NEW = "+14155550160"


async def test_a_dry_run_of_a_creation_creates_nothing(door: Door) -> None:
    """The sample id Sent answers with is not shown."""
    dry = await door.done("create_contact", phone_number=NEW, dry_run="true")
    assert dry == {"status": "dry_run", "message": "Nothing was created; Sent would accept it."}
    found = await door.done("find_contact_by_phone", phone_number=NEW)
    assert found["found"] is False


async def test_a_dry_run_of_an_update_changes_nothing(door: Door) -> None:
    """Sent is asked whether it would do it, and its sample is not shown."""
    contact_id = await door.contact()
    dry = await door.done(
        "update_contact", contact_id=contact_id, opt_out=True, metadata={"a": "b"}, dry_run=True
    )
    assert (dry["status"], dry["changed"]) == ("dry_run", [])
    assert dry["message"].startswith("Nothing was changed; Sent would accept a change of opt_out")
    assert (dry["contact"]["id"], dry["contact"]["opt_out"]) == (contact_id, False)
    assert (await door.done("get_contact", contact_id=contact_id))["contact"]["opt_out"] is False


async def test_a_dry_run_of_no_change_asks_nothing(door: Door) -> None:
    """Nothing would change."""
    dry = await door.done(
        "update_contact", contact_id=await door.contact(), opt_out=False, dry_run=True
    )
    assert dry["message"] == "Nothing was changed; nothing would change."
    assert await door.changes() == []


async def test_a_dry_run_of_an_opt_in_shows_the_question(door: Door) -> None:
    """It needs no confirmation, and gives no token."""
    contact = await door.opted_out()
    dry = await door.done("update_contact", contact_id=contact["id"], opt_out=False, dry_run=True)
    assert f"Allow messages to {contact['phone_number']}" in dry["question"]
    assert "confirmation_token" not in dry
    again = await door.done("get_contact", contact_id=contact["id"])
    assert again["contact"]["opt_out"] is True


async def test_a_dry_run_of_a_deletion_sends_no_delete(door: Door) -> None:
    """A proxy may drop the body that says it is one."""
    contact_id = await door.contact()
    dry = await door.done("delete_contact", contact_id=contact_id, dry_run=True)
    assert dry["status"] == "dry_run"
    assert dry["message"] == f"Nothing was deleted; {SEEDED} is there and would be."
    assert f"Delete the contact {SEEDED} (id {contact_id})?" in dry["question"]
    assert "confirmation_token" not in dry
    assert await door.changes() == []
