"""Arguments: lenient in form, strict in intent."""

from typing import Any

import pytest

from tests.door import SEEDED, Door


async def test_numbers_may_be_text_and_values_in_any_case(door: Door) -> None:
    """Models quote numbers and shout words."""
    listed = await door.done(
        "list_contacts", page="2", page_size=" 3 ", channel=" WhatsApp ", search=415
    )
    assert (listed["page"], listed["page_size"], len(listed["contacts"])) == (2, 3, 3)
    assert (await door.log())[0]["query"] == "page=2&page_size=3&search=415&channel=whatsapp"
    filtered = await door.done("list_contacts", reach="WHATSAPP_ONLY", opt_out="false")
    assert len(filtered["contacts"]) == 2


@pytest.mark.parametrize("absent", [None, "", "  ", "null", "None", "undefined"])
async def test_nothing_in_an_optional_place_means_absent(door: Door, absent: object) -> None:
    """Hosts fill every argument they know of."""
    listed = await door.done(
        "list_contacts", page=absent, search=absent, reach=absent, opt_out=absent, channel=absent
    )
    assert listed["page"] == 1
    assert "scanned" not in listed
    first = await door.call(
        "delete_contact", contact_id=await door.contact(), confirmation_token=absent
    )
    assert first.data["status"] == "confirmation_required"


@pytest.mark.parametrize(
    "written",
    [
        ["+14155550102", "+14155550103"],
        '["+14155550102", "+14155550103"]',
        "+14155550102, +14155550103",
        "+14155550102;+14155550103\n",
        '["+14155550102", 14155550103]',
    ],
)
async def test_a_list_may_come_as_text(door: Door, written: object) -> None:
    """As JSON, or with commas."""
    if "14155550103]" in str(written):
        assert "to[1]: has no country code" in await door.refused(
            "send_message", to=written, text="Hi"
        )
        return
    asked = await door.done("send_message", to=written, text="Hi", channels='["SMS"]')
    assert "To: +14155550102 +14155550103" in asked["question"].splitlines()
    assert "Send 2 messages: 2 recipients on sms?" in asked["question"].splitlines()


async def test_values_of_a_template_may_be_text_numbers_and_flags(door: Door) -> None:
    """They are sent as text."""
    asked = await door.done(
        "send_message",
        to=SEEDED,
        template_name="welcome_message",
        parameters='{"name": 7.5, "company": true}',
        channels="SMS, WhatsApp",
    )
    lines = asked["question"].splitlines()
    assert lines[-2:] == ['  name = "7.5"', '  company = "true"']
    assert lines[1] == "Send 2 messages: 1 recipient on sms and whatsapp (1 × 2)?"


@pytest.mark.parametrize(
    ("tool", "wrong", "near"),
    [
        ("delete_contact", "dryrun", "dry_run"),
        ("delete_contact", "Dry-Run", "dry_run"),
        ("delete_contact", "confirm_token", "confirmation_token"),
        ("update_contact", "optout", "opt_out"),
        ("update_contact", "default_chanel", "default_channel"),
    ],
)
async def test_an_unknown_argument_is_refused_with_the_nearest_name(
    door: Door, tool: str, wrong: str, near: str
) -> None:
    """A mistyped dry_run must not delete."""
    text = await door.refused(tool, contact_id="abc", opt_out=True, **{wrong: True})
    assert f"{wrong}: there is no such argument; did you mean {near}?" in text
    assert "It takes: contact_id" in text
    assert await door.log() == []


async def test_an_argument_like_no_other_gets_the_list_of_names(door: Door) -> None:
    """Its name is shown on one line, whatever is in it."""
    text = await door.refused("find_contact_by_phone", phone_number=SEEDED, **{"zz\nzz": 1})
    assert "zz\\nzz: there is no such argument; It takes: phone_number." in text


@pytest.mark.parametrize("flag", [None, "", "null", "maybe", 2, [], {}])
@pytest.mark.parametrize("tool", ["delete_contact", "update_contact"])
async def test_dry_run_is_never_taken_for_absent(door: Door, tool: str, flag: object) -> None:
    """Whoever writes it wants no change; what cannot be read is refused."""
    given: dict[str, Any] = {"opt_out": True} if tool == "update_contact" else {}
    text = await door.refused(tool, contact_id=await door.contact(), dry_run=flag, **given)
    assert "dry_run: " in text
    assert await door.changes() == []


@pytest.mark.parametrize(
    ("tool", "arguments", "place"),
    [
        ("list_contacts", {"page": 0}, "page: "),
        ("list_contacts", {"page": -1}, "page: "),
        ("list_contacts", {"page": 1.5}, "page: must be a whole number"),
        ("list_contacts", {"page": {}}, "page: must be a whole number"),
        ("list_contacts", {"page_size": 101}, "page_size: should be less than or equal to 100"),
        ("list_contacts", {"page_size": 0}, "page_size: "),
        ("list_contacts", {"channel": "pigeon"}, "channel: should be 'sms' or 'whatsapp'"),
        ("list_contacts", {"reach": "all"}, "reach: should be 'sms_only', "),
        ("list_contacts", {"reach": ["both"]}, "reach: should be"),
        ("list_contacts", {"search": "Maria"}, 'search: "Maria" has letters. Contacts have no'),
        ("list_contacts", {"search": "1" * 65}, "search: "),
        ("list_contacts", {"search": {"a": 1}}, "search: must be text"),
        ("get_contact", {}, "contact_id: is required"),
        ("get_contact", {"contact_id": "../me"}, "contact_id: "),
        ("get_contact", {"contact_id": "a/b"}, "contact_id: "),
        ("get_contact", {"contact_id": "ab\nc"}, "contact_id: "),
        ("get_contact", {"contact_id": "a" * 65}, "contact_id: "),
        ("get_contact", {"contact_id": ["abc"]}, "contact_id: must be text"),
        ("get_message", {"message_ids": ["ok", "a b"]}, "message_ids[1]: "),
        ("get_message", {"message_ids": []}, "message_ids: "),
        ("get_message", {"message_ids": ["a"] * 101}, "message_ids: "),
        ("get_message", {"message_ids": {"a": 1}}, "message_ids: must be a list"),
        ("get_message", {}, "arguments: give either message_ids or to"),
        ("get_message", {"message_ids": "a", "to": SEEDED}, "give either message_ids or to"),
        ("update_contact", {"contact_id": "a"}, "give default_channel, opt_out or metadata"),
        ("update_contact", {"contact_id": "a", "metadata": "{"}, "metadata: "),
        ("update_contact", {"contact_id": "a", "metadata": [1]}, "metadata: must be an object"),
        ("update_contact", {"contact_id": "a", "metadata": {"x": {}}}, "metadata[x]: must be text"),
        (
            "update_contact",
            {"contact_id": "a", "metadata": {"x": None}},
            "metadata[x]: must be text",
        ),
        ("delete_contact", {"contact_id": "a", "confirmation_token": "x" * 501}, "at most 500"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(
    door: Door, tool: str, arguments: dict[str, Any], place: str
) -> None:
    """Each problem stands on its own line, and nothing was asked of Sent."""
    text = await door.refused(tool, **arguments)
    assert text.startswith(f"INVALID_ARGUMENTS: the arguments of {tool} are wrong.\n")
    assert any(place in line for line in text.splitlines()), text
    assert "Nothing was changed or sent. Correct the arguments and call again." in text
    assert await door.log() == []


async def test_every_problem_is_named_at_once(door: Door) -> None:
    """One correction should be enough."""
    text = await door.refused("list_contacts", page=0, page_size=999, chanel="sms")
    assert [line.split(":")[0] for line in text.splitlines()[1:-1]] == [
        "page",
        "page_size",
        "chanel",
    ]
