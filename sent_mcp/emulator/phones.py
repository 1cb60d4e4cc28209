"""Phone numbers as Sent shows them, and the rule by which emulated numbers have channels."""

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

# A plus is required and letters or extensions are refused (API §15 row 9, §16.10).
_WRITTEN = re.compile(r"(?:tel:)?\+[0-9][0-9 .()/-]*")
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_LONGEST = 64


@dataclass(frozen=True)
class Phone:
    """One number in the forms of a contact record (API §8)."""

    phone_number: str
    format_e164: str
    format_international: str
    format_national: str
    format_rfc: str
    country_code: str
    region_code: str | None


def read_phone(text: str, *, strict: bool = False) -> Phone | None:
    """The number written in `text`, or None when Sent would call its format invalid.

    Any E.164 form with a known calling code will do, as in the documentation's own samples;
    `strict` asks for a number that the numbering plan knows (API §15 row 8).
    """
    written = text.strip()
    if len(written) > _LONGEST or not _WRITTEN.fullmatch(written):
        return None
    try:
        number = phonenumbers.parse(written)
    except NumberParseException:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not _E164.fullmatch(e164) or (strict and not phonenumbers.is_valid_number(number)):
        return None
    region = phonenumbers.region_code_for_number(number)
    return Phone(
        phone_number=written,
        format_e164=e164,
        format_international=phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        format_national=phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        format_rfc=phonenumbers.format_number(number, PhoneNumberFormat.RFC3966),
        country_code=str(number.country_code),
        # "001" is the library's mark for numbers that belong to no country.
        region_code=None if region == "001" else region,
    )


def plus_restored(text: str) -> str:
    """A number from a query string, where a raw `+` arrives as a space (API §3.2)."""
    return "+" + text[1:] if text.startswith(" ") else text


def channels_of(e164: str) -> str:
    """Where an emulated number can be reached: even is on WhatsApp, odd is not, 0 has RCS too."""
    if e164.endswith("0"):
        return "sms,whatsapp,rcs"
    return "sms,whatsapp" if e164[-1] in "2468" else "sms"
