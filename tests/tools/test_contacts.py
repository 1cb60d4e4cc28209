"""Contacts: lists, filters, one by id, one by number, and the verdict on both channels."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from tests.door import SEEDED, Door, opened

NEW = "+14155550160"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


async def test_a_contact_is_read_by_id_with_its_message_counts(door: Door) -> None:
    """The counts only where they are asked for."""
    contact_id = await door.contact()
    plain = await door.done("get_contact", contact_id=contact_id)
    assert plain == {
        "message": "Contact +14155550102.",
        "contact": {
            "id": contact_id,
            "phone_number": "+14155550102",
            "available_channels": ["sms", "whatsapp"],
            "default_channel": "sms",
            "opt_out": False,
            "country_code": "1",
            "region_code": "US",
            "format_international": "+1 415-555-0102",
            "format_national": "(415) 555-0102",
            "format_rfc": "tel:+1-415-555-0102",
            "created_at": "2026-08-13T14:02:46Z",
        },
    }
    counted = await door.call("get_contact", contact_id=contact_id, include_summary="true")
    assert counted.data["summary"]["message_count"] == 2
    assert counted.data["summary"]["channels_used"] == ["whatsapp"]
    assert "message_count: 2" in counted.text.splitlines()


async def test_a_contact_nobody_wrote_to_has_empty_counts(door: Door) -> None:
    """There is no last message then."""
    contact_id = await door.contact("+14155550149")
    summary = (await door.done("get_contact", contact_id=contact_id, include_summary=True))[
        "summary"
    ]
    assert summary == {"message_count": 0, "channels_used": [], "channel_scores": {}}


@pytest.mark.parametrize(
    ("contact_id", "code"), [(UNKNOWN_ID, "RESOURCE_001"), ("nobody", "VALIDATION_003")]
)
async def test_an_id_of_no_contact_is_an_error_with_its_request(
    door: Door, contact_id: str, code: str
) -> None:
    """The next step never names a tool that changes something."""
    text = await door.refused("get_contact", contact_id=contact_id)
    assert text.startswith(f"{code}: ")
    assert "Nothing was changed or sent." in text
    assert "(request req_" in text


@pytest.mark.parametrize(
    ("phone_number", "whatsapp", "sms", "sentence"),
    [
        ("+14155550102", "yes", "yes", "is on WhatsApp."),
        ("+14155550101", "no", "yes", "is not on WhatsApp."),
    ],
)
async def test_a_known_number_has_a_verdict(
    door: Door, phone_number: str, whatsapp: str, sms: str, sentence: str
) -> None:
    """With the time of the answer and the age of the record."""
    found = await door.done("find_contact_by_phone", phone_number=phone_number)
    assert (found["found"], found["whatsapp"], found["sms"]) == (True, whatsapp, sms)
    assert found["message"] == f"{phone_number} {sentence}"
    assert found["record_date"] == found["contact"]["created_at"] < found["as_of"]


async def test_a_contact_on_whatsapp_only_is_not_on_sms(door: Door) -> None:
    """Two seeds are."""
    contact = (await door.done("list_contacts", reach="whatsapp_only"))["contacts"][0]
    found = await door.done("find_contact_by_phone", phone_number=contact["phone_number"])
    assert (found["whatsapp"], found["sms"]) == ("yes", "no")


async def test_a_number_that_is_no_contact_is_unknown_and_not_a_no(door: Door) -> None:
    """That is an answer, not an error."""
    found = await door.done("find_contact_by_phone", phone_number=NEW)
    as_of = found.pop("as_of")
    assert as_of
    assert found == {
        "message": f"{NEW} is not a contact, so nothing is known about its channels;"
        " that is not a no.",
        "found": False,
        "phone_number": NEW,
        "whatsapp": "unknown",
        "sms": "unknown",
    }


async def test_a_contact_whose_channels_sent_does_not_know_is_unknown(door: Door) -> None:
    """However old its record is."""
    contact = (await door.done("list_contacts", reach="unknown"))["contacts"][0]
    found = await door.done("find_contact_by_phone", phone_number=contact["phone_number"])
    assert (found["whatsapp"], found["sms"]) == ("unknown", "unknown")
    assert "may or may not be on WhatsApp" in found["message"]


@pytest.mark.parametrize(("number", "later"), [("+14155550161", "no"), ("+14155550160", "yes")])
async def test_a_contact_is_never_a_no_in_its_first_minute(
    door: Door, number: str, later: str
) -> None:
    """Sent answers `sms` at creation and looks further afterwards."""
    await door.done("create_contact", phone_number=number)
    young = await door.done("find_contact_by_phone", phone_number=number)
    assert (young["found"], young["whatsapp"], young["sms"]) == (True, "unknown", "yes")
    assert "still looked up, ask in a minute" in young["message"]
    await door.advance(50)
    still = await door.done("find_contact_by_phone", phone_number=number)
    assert still["whatsapp"] != "no"
    unknown = (await door.done("list_contacts", reach="unknown"))["contacts"]
    assert (number in [each["phone_number"] for each in unknown]) is (later == "no")
    await door.advance(15)
    settled = await door.done("find_contact_by_phone", phone_number=number)
    assert settled["whatsapp"] == later


async def test_an_opted_out_contact_is_said_to_be(door: Door) -> None:
    """Whoever asks about it may want to write to it."""
    contact = await door.opted_out()
    found = await door.done("find_contact_by_phone", phone_number=contact["phone_number"])
    assert found["message"].endswith("; it has opted out of messages.")
    assert found["record_date"] == found["contact"]["updated_at"]


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_both_eras_of_the_protocol_get_the_same_answer(
    app: Starlette, state: Path, mode: str
) -> None:
    """Hosts of either kind are served."""
    async with opened(app, state, mode=mode) as door:
        found = await door.done("find_contact_by_phone", phone_number=SEEDED)
    assert found["whatsapp"] == "yes"
