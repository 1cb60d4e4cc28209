"""A question shows all that is approved with it, and a refusal by Sent can be asked about again."""

from pathlib import Path

from starlette.applications import Starlette

from tests.door import opened


async def test_the_question_about_an_opt_in_names_what_else_is_changed(
    app: Starlette, state: Path
) -> None:
    async with opened(app, state) as door:
        contact = await door.opted_out()
        asked = await door.done(
            "update_contact",
            contact_id=contact["id"],
            opt_out=False,
            metadata={"vip": "yes\nreally"},
        )
    assert r'Also: metadata vip = "yes\nreally"' in asked["question"].splitlines()


async def test_a_change_that_sent_refused_is_asked_about_anew(app: Starlette, state: Path) -> None:
    """With the same token nothing is done: a person should see why it was refused."""
    async with opened(app, state) as door:
        contact_id = await door.contact()
        asked = await door.done("delete_contact", contact_id=contact_id)
        token = asked["confirmation_token"]
        await door.faults({"match": "DELETE /v3/contacts", "kind": "status", "status": 403})
        refused = await door.refused(
            "delete_contact", contact_id=contact_id, confirmation_token=token
        )
        assert refused.startswith("AUTH_004")
        await door.forget()
        again = await door.done("delete_contact", contact_id=contact_id, confirmation_token=token)
        assert again["status"] == "confirmation_required"
        assert again["confirmation_token"] != token
        assert await door.changes() == []
