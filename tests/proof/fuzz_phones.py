"""Phone numbers as nobody writes them: refused with a reason, or the number that stands there.

The judge is phonenumbers itself, asked with nothing but the digits.
"""

import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import phonenumbers as lib
from phonenumbers import PhoneNumberFormat

from sent_mcp import phone
from tests.proof.report import Row, Scale
from tests.proof.untrusted_strings import TEXTS

_FORMATS: Final = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
_REGIONS: Final = sorted(lib.SUPPORTED_REGIONS)
_DIGITS: Final = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "०१२३४५६७८९", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
_GAPS: Final = (
    "",
    "",
    " ",
    "-",
    ".",
    "/",
    "\xa0",
    "\u2011",
    "\u200b",
    "\u202a",
    "\u2009",
    "(",
    ")",
)
_PIECES: Final = (
    *"0123456789", "+", "00", "(0)", " ", "-", "ext", "x1", "#", "*", ";", ",", "e+", ".0",
    "tel:", "whatsapp:", "sms://", "a", "²", "①", "½",
    "\x00", "\ud800", "\U000e0031", "\uff0b", "\ufe62", "+49", "+1",
)  # fmt: skip
_LONGEST_SECONDS = 0.25
_SCHEME: Final = r"(?:tel|sms|whatsapp|phone|mobile)\s*:"
_FOREIGN: Final = re.compile(rf"(?i:(?!^[\s\W]*{_SCHEME})^[^\W\d_]|[\d)].*[^\W\d_]|[#;,*|@_])")
"""Letters but a scheme's, and what separates an extension or another number."""


async def run(scale: Scale) -> Sequence[Row]:
    """Numbers that exist, in any spelling; changed ones; and text of any kind."""
    random = Random(scale.seed)
    count = scale.of(4_000, 400_000)
    return [
        _row("existing numbers, any spelling", random, count // 4, _spelled, same=True),
        _row("the same, changed", random, count // 2, _changed),
        _row("text of any kind", random, count // 4, _any),
    ]


Written = tuple[str, str | None, str | None]
"""What stands there, of which region it is, and the number that it is, where that is known."""


def _row(
    what: str, random: Random, count: int, write: Callable[[Random], Written], *, same: bool = False
) -> Row:
    wrong: list[str] = []
    accepted = failed = 0
    for _ in range(count):
        text, region, number = write(random)
        found, problem = _read(text, region)
        accepted += found is not None
        if problem is None and same and found != number:
            problem = f"is {found}, not {number}"
        if problem is not None:
            failed += 1
            wrong.append(f"{ascii(text[:100])} in {region} {problem}")
    return Row(
        part="phones", what=what, tried=count, survived=count - failed,
        figures=f"{accepted:,} accepted", wrong=tuple(wrong[:5]),
    )  # fmt: skip


def _read(text: str, region: str | None) -> tuple[str | None, str | None]:
    """The number that was read, and what is wrong about that, if anything."""
    began = time.thread_time()
    try:
        found = phone.normalise(text, region)
    except phone.InvalidNumberError as error:
        return None, None if str(error) else "is refused without a reason"
    except Exception as error:  # noqa: BLE001  # any other is what is looked for
        return None, f"raises {error!r}"
    finally:
        seconds = time.thread_time() - began
    if seconds > _LONGEST_SECONDS:
        return found, f"took {seconds:.1f} s"
    return found, _wrong_about(found, text, region)


def _wrong_about(found: str, text: str, region: str | None) -> str | None:
    plain = unicodedata.normalize("NFKC", text)
    digits = "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())
    if _FOREIGN.search("".join(each for each in plain if unicodedata.category(each) != "Cf")):
        return f"became {found}, and there is more in it than a number"
    international = "+" in plain or digits.startswith("00")
    if international:
        digits = "+" + (digits if "+" in plain else digits[2:])
    try:
        number = lib.parse(digits, region)
    except lib.NumberParseException:
        return f"became {found}, and {digits} is none"
    if not phone.is_e164(found):
        return f"became {found!r}, which is no E.164"
    if not lib.is_possible_number(number):
        return f"became {found}, and {digits} is impossible"
    if found != lib.format_number(number, PhoneNumberFormat.E164):
        return f"became {found}, and {digits} is another number"
    if phone.normalise(found, None) != found:
        return f"became {found}, which becomes another number"
    return None


def _existing(random: Random) -> tuple[lib.PhoneNumber, str]:
    while True:
        region = random.choice(_REGIONS)
        kind = random.choice([lib.PhoneNumberType.MOBILE, lib.PhoneNumberType.FIXED_LINE])
        number = lib.example_number_for_type(region, kind)
        if number is not None:
            return number, region


def _spelled(random: Random) -> Written:
    number, region = _existing(random)
    form = random.choice(_FORMATS)
    text = lib.format_number(number, form)
    e164 = lib.format_number(number, PhoneNumberFormat.E164)
    if form == PhoneNumberFormat.E164 and random.random() < 0.3:
        text = "00" + e164[1:]
    if random.random() < 0.5:
        digits = random.choice(_DIGITS)
        text = "".join(digits[int(each)] if each in "0123456789" else each for each in text)
    if random.random() < 0.3 and not text.startswith("tel:"):
        text = random.choice(["tel:", "whatsapp:", "SMS: ", " tel://"]) + text
    if random.random() < 0.3:
        text = (
            random.choice([" ", "\u200e", "\u202a", "\t"]) + text + random.choice([" ", "\u202c"])
        )
    return text, region if form == PhoneNumberFormat.NATIONAL else None, e164


def _changed(random: Random) -> Written:
    number, region = _existing(random)
    characters = list(lib.format_number(number, random.choice(_FORMATS)))
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(characters) + 1)
        if random.random() < 0.5:
            characters[at:at] = random.choice([*_PIECES, *_GAPS])
        else:
            characters[at : at + random.randrange(1, 3)] = random.choice(["", *_PIECES])
    return "".join(characters), random.choice([None, region, random.choice(_REGIONS)]), None


def _any(random: Random) -> Written:
    if random.random() < 0.02:
        return random.choice([*TEXTS.values(), "1" * 10**6, "+" * 10**5, "(" * 10**5]), None, None
    text = "".join(random.choices(_PIECES, k=random.randrange(1, 20)))
    return text, random.choice([None, random.choice(_REGIONS)]), None
