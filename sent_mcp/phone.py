"""Phone numbers: any human spelling in, E.164 out, or the reason why not in plain words.

All number knowledge is libphonenumber's (`phonenumbers`), which is loaded at the first number.
"""

import re
import unicodedata
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SCHEME = re.compile(r"^\s*(tel|sms|whatsapp|phone|mobile)\s*:\s*(//)?", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:;\s*ext\s*=|\bext\b|\bextension\b|#|(?<=\d)\s*x\s*\d)", re.IGNORECASE)
_DECIMAL = re.compile(r"\+?\d{5,}[.,]0+")
_POWER = re.compile(r"\d([.,]\d+)?e\+?\d+", re.IGNORECASE)
_MASKED = re.compile(r"[*•●∗]|\.{3}|…|[xX]{2,}")
_MAX_LENGTH = 64
_MOST_E164 = len("+") + 15


class InvalidNumberError(ValueError):
    """The text is no phone number that could be dialled; str() is the reason."""


class NoCountryError(InvalidNumberError):
    """It may be a number, but nobody said of which country."""


@cache
def _lengths() -> dict[int, str]:
    from phonenumbers import ValidationResult

    return {
        ValidationResult.TOO_SHORT: "has too few digits for its country",
        ValidationResult.TOO_LONG: "has too many digits for its country",
        ValidationResult.INVALID_LENGTH: "has a number of digits that its country does not use",
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code",
        ValidationResult.INVALID_COUNTRY_CODE: "begins with a country code that does not exist",
    }


def is_e164(text: str) -> bool:
    """Whether `text` is a number in E.164 form and nothing else."""
    return re.fullmatch(r"\+[1-9][0-9]{6,14}", text) is not None


def is_region(region: str) -> bool:
    """Whether `region` is an ISO code that numbers exist in."""
    from phonenumbers import SUPPORTED_REGIONS

    return region in SUPPORTED_REGIONS


def is_decimal(text: str) -> bool:
    """Whether `text` is a number of a spreadsheet, with nothing but zeros after the point."""
    return _DECIMAL.fullmatch(text.strip()) is not None


def region_of(e164: str) -> str | None:
    """The ISO region of an E.164 number; None where it cannot be told."""
    from phonenumbers import NumberParseException, parse, region_code_for_number

    try:
        return region_code_for_number(parse(e164))
    except NumberParseException:
        return None


def time_zones_of(number: str) -> tuple[str, ...]:
    """The time zones an E.164 number may be in; none where that cannot be told.

    A number without a place, like a toll-free one, has all zones of its numbering plan.
    """
    from phonenumbers import NumberParseException, parse
    from phonenumbers.timezone import time_zones_for_number

    try:
        zones = time_zones_for_number(parse(number))
    except NumberParseException:
        return ()
    # Some of the zones would pass for all of them, so without one there are none.
    return zones if all(_has_clock(zone) for zone in zones) else ()


@cache
def _has_clock(zone: str) -> bool:
    """Whether the time there is known: `Etc/Unknown` is no zone, and a new one may be missing."""
    try:
        ZoneInfo(zone)
    except ZoneInfoNotFoundError:
        return False
    return True


def normalise(text: str, region: str | None = None) -> str:
    """E.164 for a number in any spelling (spaces, dots, `tel:`, `whatsapp:`, `00`).

    `region` is where numbers without a country code belong. Raises InvalidNumberError with a reason
    for letters, extensions, masked digits, impossible lengths and unknown country codes.
    """
    from phonenumbers import (
        NumberParseException,
        PhoneNumberFormat,
        ValidationResult,
        format_number,
        is_possible_number_with_reason,
        parse,
    )

    digits = _dialled(text)
    if not digits.startswith("+") and region is None:
        raise NoCountryError(_without_country(digits))
    try:
        number = parse(digits, region)
    except NumberParseException as error:
        raise InvalidNumberError(_unparsed(digits, error.error_type)) from error
    possible = is_possible_number_with_reason(number)
    if possible != ValidationResult.IS_POSSIBLE:
        raise InvalidNumberError(_lengths()[possible])
    e164 = format_number(number, PhoneNumberFormat.E164)
    if len(e164) > _MOST_E164:
        # Some numbering plans (Germany's) leave room for more than E.164 does.
        raise InvalidNumberError("has too many digits")
    if not is_e164(e164):
        raise InvalidNumberError("has too few digits")
    if e164 != digits and parse(e164) != number:
        # One of several was left out here, and the next would be the next time.
        raise InvalidNumberError("has a zero too many at its beginning")
    return e164


def _dialled(text: str) -> str:
    """The digits of `text`, with a leading plus where it names a country."""
    if len(text) > _MAX_LENGTH:
        raise InvalidNumberError("is too long for a phone number")
    footnotes = "".join(c for c in text if c.isnumeric() and not c.isalpha() and not c.isdecimal())
    if footnotes:
        raise InvalidNumberError(f"has characters that no phone number has: {footnotes!r}")
    plain = "".join(c for c in text if unicodedata.category(c) != "Cf")
    plain = _SCHEME.sub("", unicodedata.normalize("NFKC", plain)).strip()
    _refuse_what_is_not_dialled(plain)
    digits = "".join(str(unicodedata.digit(c)) for c in plain if c.isdigit())
    if plain.lstrip("( ").startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") else digits


def _refuse_what_is_not_dialled(plain: str) -> None:
    if not any(c.isdigit() for c in plain):
        raise InvalidNumberError("has no digits" if plain else "is empty")
    _refuse_what_a_spreadsheet_made(plain)
    if _MASKED.search(plain):
        raise InvalidNumberError("is masked; the whole number is needed")
    if _EXTENSION.search(plain):
        raise InvalidNumberError("has an extension, which cannot be reached by a message")
    if any(c.isalpha() for c in plain):
        raise InvalidNumberError("has letters in it; write it in digits")
    if re.search(r"[,;|\n]", plain) or plain.count("+") > 1:
        raise InvalidNumberError("looks like more than one number")
    strange = re.sub(r"[\d\s+().\-/‐-―−]", "", plain)
    if strange or plain.rfind("+") > len(plain) - len(plain.lstrip("( ")):
        raise InvalidNumberError(f"has characters that no phone number has: {strange or '+'!r}")


def _refuse_what_a_spreadsheet_made(plain: str) -> None:
    # The zeros after the point would pass for digits of the number.
    if is_decimal(plain):
        raise InvalidNumberError("is a decimal, as spreadsheets write it; leave out the point")
    if _POWER.fullmatch(plain):
        raise InvalidNumberError("was shortened by a spreadsheet; format its column as text")


def _without_country(digits: str) -> str:
    may_have_one = len(digits) >= 11 and not digits.startswith("0")
    hint = f"if it begins with one, write +{digits}; " if may_have_one else ""
    return f"has no country code: {hint}write it like +14155550101, or set SENT_DEFAULT_REGION"


def _unparsed(digits: str, kind: int) -> str:
    from phonenumbers import NumberParseException

    if kind == NumberParseException.TOO_LONG:
        return "has too many digits"
    if kind in (NumberParseException.TOO_SHORT_NSN, NumberParseException.TOO_SHORT_AFTER_IDD):
        return "has too few digits"
    if kind == NumberParseException.INVALID_COUNTRY_CODE and digits.startswith("+"):
        return "begins with a country code that does not exist"
    return "is not a phone number"
