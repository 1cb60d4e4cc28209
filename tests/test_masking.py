"""No phone number and no key in logs; none for the model either where the operator says so."""

import json
import logging
import traceback
from urllib.parse import quote, quote_plus, urlencode

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_mcp.masking import mask_log, mask_numbers
from sent_mcp.serving.logs import MaskingFormatter

E164 = [
    "+14155550101",
    "+442079460100",
    "+447911123456",
    "+4915112345678",
    "+33612345678",
    "+919876543210",
    "+6834000",
    "+29051234",
    "+8613800138000",
    "+5511987654321",
]
FORMATS = [
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
    phonenumbers.PhoneNumberFormat.E164,
]


def _spellings(e164: str) -> list[str]:
    number = phonenumbers.parse(e164)
    bare = e164[1:]
    spelled = [phonenumbers.format_number(number, each) for each in FORMATS]
    spelled += [bare, "00" + bare, "".join(f"{digit} " for digit in e164).strip()]
    spelled += [f"+{bare[:2]}.{bare[2:5]}.{bare[5:]}", f"+{bare[:2]}\u2011{bare[2:]}"]
    return [each for each in spelled if sum(c.isdigit() for c in each) >= 7]


SPELLINGS = [(e164, spelled) for e164 in E164 for spelled in _spellings(e164)]


def _subscriber(text: str) -> str:
    return "".join(character for character in text if character.isdigit())[-7:]


def _digits_of(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


@pytest.mark.parametrize(("e164", "spelled"), SPELLINGS)
def test_no_spelling_of_a_number_survives_in_a_log(e164: str, spelled: str) -> None:
    """Bare, in a URL, in JSON, in a repr and in a form."""
    for wrapped in (
        spelled,
        f"to {spelled}, then",
        f"GET /v3/contacts/{quote(spelled)}?page=1",
        "GET /v3/contacts?" + urlencode({"phone": spelled}),
        quote(spelled, safe=""),
        quote(spelled, safe="").lower(),
        quote_plus(spelled),
        json.dumps({"phone_number": spelled}),
        repr(spelled.replace(" ", "\xa0")),
        json.dumps(spelled.replace(" ", "\xa0")),
    ):
        masked = mask_log(wrapped)
        assert "*" in masked, wrapped
        assert _subscriber(e164) not in _digits_of(masked), wrapped


@pytest.mark.parametrize("spelled", ["415_555_0102", "415,555,0102", "+1_415-555_0102"])
def test_what_is_almost_a_number_does_not_survive_in_a_log_either(spelled: str) -> None:
    """Nobody dials it, and everybody can read it."""
    assert "555" not in mask_log(f"get {spelled}: 404")


def test_no_number_and_no_key_survives_in_a_logged_traceback() -> None:
    """The message, the exception and the arguments it carries."""
    try:
        raise RuntimeError("no contact +1 (415) 555-0101 with sk_live_4f9d2c-7be1a8", 14155550102)
    except RuntimeError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f.py", 1, "call %s", ("+14155550103",), None
        )
        record.exc_info = (type(error), error, error.__traceback__)
        shown = MaskingFormatter("%(levelname)s %(message)s").format(record)
        plain = "".join(traceback.format_exception(error))
    assert "Traceback" in shown
    assert "test_no_number_and_no_key_survives_in_a_logged_traceback" in shown
    for hidden in ("5550101", "555-0101", "5550102", "5550103", "4f9d2c", "7be1a8"):
        assert hidden not in shown
    assert "555-0101" in plain


@pytest.mark.parametrize(
    "text",
    [
        "sk_live_4f9d2c7be1a8",
        "key=%22sk_test_4f9d2c7be1a8%22",
        "x-api-key: f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "{'x-api-key': 'f47ac10b-58cc-4372-a567-0e02b2c3d479', 'a': 1}",
        "(b'x-api-key', b'f47ac10b-58cc-4372-a567-0e02b2c3d479')",
        "SENT_API_KEY=f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "Authorization: Bearer f47ac10b-58cc-4372-a567-0e02b2c3d479",
    ],
)
def test_no_key_survives_in_a_log(text: str) -> None:
    """With its prefix anywhere; without one where the name of the header gives it away."""
    masked = mask_log(text)
    assert "[key]" in masked
    assert "4f9d2c7be1a8" not in masked
    assert "0e02b2c3d479" not in masked


def test_what_is_said_about_the_key_stays() -> None:
    """Only values are hidden."""
    assert mask_log("SENT_API_KEY is not set") == "SENT_API_KEY is not set"


@pytest.mark.parametrize(("e164", "spelled"), [each for each in SPELLINGS if each[1] != "6834000"])
def test_no_spelling_of_a_number_survives_for_the_model(e164: str, spelled: str) -> None:
    """In a sentence, in a list and as a whole value; a bare one of seven digits may be a count."""
    for wrapped in (spelled, f"to {spelled}: is wrong", f'"{spelled}"', f"{spelled} +14155550199"):
        masked = mask_numbers(wrapped)
        assert "*" in masked, wrapped
        assert _subscriber(e164) not in _digits_of(masked), wrapped


def test_a_masked_number_can_be_told_from_others() -> None:
    """The country and the last two digits stay."""
    assert mask_numbers("Contact +14155550101.") == "Contact +1415*****01."
    assert mask_log("%2B14155550101") == "1415*****01"


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_at_least_four_digits_of_every_number_are_hidden(number: str) -> None:
    """Also of the shortest ones."""
    for masked in (mask_numbers(number), mask_log(number)):
        assert masked.count("*") >= 4
        assert len(masked) == len(number)


@given(st.datetimes(), st.sampled_from(["T", " "]), st.sampled_from(["", "Z", "+01:00", "+0530"]))
def test_times_survive_for_the_model(when: object, between: str, offset: str) -> None:
    """A record's age is part of every verdict."""
    text = f"as_of: {str(when).replace(' ', between)}{offset}"
    assert mask_numbers(text) == text


@given(st.datetimes())
def test_a_time_after_a_number_survives(when: object) -> None:
    """Both stand side by side in one line."""
    assert mask_numbers(f"+14155550101 {when}") == f"+1415*****01 {when}"
    assert mask_numbers(f"+1 415 555 0101 {when}") == f"+1415*****01 {when}"


@given(st.uuids())
def test_ids_survive_for_the_model(identity: object) -> None:
    """The next call needs them whole."""
    for text in (
        str(identity),
        f'get_contact(contact_id="{identity}")',
        f"{identity} +14155550101",
    ):
        assert str(identity) in mask_numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "12345678-9012-3456-7890-123456789012",
        "00123456-9012-3456-7890-123456789012",
        "msg_1234567890",
        "req_20261120100000",
        "contact_1234567890",
        "delete it cf_AbC-12345678-_x9",
        "BUSINESS_004 SENT_MCP_CALL_TIMEOUT 1234567",
        "20 of 150 contacts, page 1 of 8, 200000 in all.",
        "price 0.0075",
        "10:00:00 UTC",
        "",
    ],
)
def test_what_is_no_number_survives_for_the_model(text: str) -> None:
    """Ids of every make, tokens, codes and counts."""
    assert mask_numbers(text) == text


@given(st.text())
def test_masking_takes_any_text(text: str) -> None:
    """It stands in the way of every error text."""
    mask_log(text)
    mask_numbers(text)
