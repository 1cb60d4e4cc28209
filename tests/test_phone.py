"""Phone numbers: any human spelling in, E.164 out, or a reason a person understands."""

import re
from importlib import resources

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from sent_mcp.phone import InvalidNumberError, is_region, normalise, region_of, time_zones_of

E164 = re.compile(r"\+[1-9]\d{1,14}")
VALID = [
    "+14155550101",
    "+442079460100",
    "+447911123456",
    "+4915112345678",
    "+33612345678",
    "+393331234567",
    "+390612345678",
    "+919876543210",
    "+5511987654321",
    "+61412345678",
    "+819012345678",
    "+6834000",
    "+80012345678",
    "+88213123456",
]
SEPARATORS = ["", " ", "-", ".", "/", "\u00a0", "\u2011", "\u2013", "\u2009", "\u200b", "\t"]
WIDE = str.maketrans("0123456789+", "０１２３４５６７８９＋")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.mark.parametrize(
    "spelled",
    [
        "+14155550101",
        " +1 415 555 0101 ",
        "+1 (415) 555-0101",
        "(+1) 415 555 0101",
        "+1.415.555.0101",
        "+1/415/555/0101",
        "+1-415-555-0101",
        "+1\u2011415\u2013555\u22120101",
        "001 415 555 0101",
        "tel:+1-415-555-0101",
        "TEL:+14155550101",
        "tel://+14155550101",
        "whatsapp:+14155550101",
        "whatsapp: +1 415 555 0101",
        "sms:+14155550101",
        "phone: +14155550101",
        "mobile:+14155550101",
        "＋１４１５５５５０１０１",
        "+١٤١٥٥٥٥٠١٠١",
        "\u202a+1 415 555 0101\u202c",
        "+1\u00a0415\u00a0555\u00a00101",
        "\ufeff+14155550101\n",
        "\u202atel:+1-415-555-0101\u202c",
    ],
)
def test_a_number_is_understood_in_any_spelling(spelled: str) -> None:
    """As people, address books, web pages and word processors write them."""
    assert normalise(spelled) == "+14155550101"


@pytest.mark.parametrize(
    ("spelled", "region", "e164"),
    [
        ("(415) 555-0101", "US", "+14155550101"),
        ("1 415 555 0101", "US", "+14155550101"),
        ("011 44 20 7946 0100", "US", "+442079460100"),
        ("020 7946 0100", "GB", "+442079460100"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("06 12345678", "IT", "+390612345678"),
        ("+442079460100", "US", "+442079460100"),
        ("0044 20 7946 0100", "US", "+442079460100"),
    ],
)
def test_a_region_says_where_numbers_without_country_code_belong(
    spelled: str, region: str, e164: str
) -> None:
    """And never overrules a country code that is there."""
    assert normalise(spelled, region) == e164


def test_a_zero_in_brackets_is_dropped_where_it_is_not_dialled() -> None:
    """British numbers are often written so."""
    assert normalise("+44 (0)20 7946 0100") == "+442079460100"
    assert normalise("+39 06 12345678") == "+390612345678"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("+", "has no digits"),
        ("Maria", "has no digits"),
        ("tel:", "is empty"),
        ("4155550101", "has no country code"),
        ("020 7946 0100", "has no country code"),
        ("+1 800 FLOWERS", "letters"),
        ("+1 415 555 0101 home", "letters"),
        ("+1 415 555 0101 ext. 5", "extension"),
        ("+14155550101x5", "extension"),
        ("+14155550101 x 5", "extension"),
        ("+14155550101#5", "extension"),
        ("tel:+14155550101;ext=5", "extension"),
        ("+1415*****01", "masked"),
        ("+1415xxxxx01", "masked"),
        ("+1415•••••01", "masked"),
        ("+1415...01", "masked"),
        ("+1415…01", "masked"),
        ("+14155550101, +14155550102", "more than one"),
        ("+14155550101 +14155550102", "more than one"),
        ("+14155550101\n+14155550102", "more than one"),
        ("+14155550101;+14155550102", "more than one"),
        ("++14155550101", "more than one"),
        ("1+4155550101", "characters"),
        ("+1_415_555_0101", "'__"),
        ("@14155550101", "'@'"),
        ("+1415555010", "too few digits"),
        ("+141555501011", "too many digits"),
        ("+49123456789012345", "too many digits"),
        ("+1234567890123456789", "too many digits"),
        ("+1 415 555 0101²", "'²'"),
        ("+1 415 555 010①", "'①'"),
        ("+49 30 12345½", "'½'"),
        ("+98 4072", "too few digits"),
        ("+358 00 492345678", "a zero too many"),
        ("+9991234567", "country code that does not exist"),
        ("+0014155550101", "country code that does not exist"),
        ("+15550101", "lacks its area code"),
        ("+1", "is not a phone number"),
        ("9" * 65, "too long"),
        ("-1", "no country code"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(text: str, reason: str) -> None:
    """It follows the number in a sentence: "+1 800 FLOWERS has letters in it"."""
    with pytest.raises(InvalidNumberError, match=re.escape(reason)):
        normalise(text)


def test_a_missing_country_code_comes_with_a_hint_only_where_it_may_be_there() -> None:
    """No country code begins with a zero."""
    with pytest.raises(InvalidNumberError, match=r"write \+14155550101; "):
        normalise("14155550101")
    with pytest.raises(InvalidNumberError) as refused:
        normalise("011442079460100")
    assert "+011" not in str(refused.value)
    assert "SENT_DEFAULT_REGION" in str(refused.value)


@given(st.data(), st.sampled_from(VALID))
def test_every_spelling_of_a_number_gives_the_same_number(data: st.DataObject, e164: str) -> None:
    """Separators anywhere, another prefix, another script, a scheme."""
    gaps = data.draw(st.lists(st.sampled_from(SEPARATORS), min_size=len(e164), max_size=len(e164)))
    plus = data.draw(st.sampled_from(["+", "00", "+ ", "(+"]))
    body = "".join(digit + gap for digit, gap in zip(e164[1:], gaps, strict=False))
    if plus == "(+":
        body = body[:1] + ")" + body[1:]
    spelled = data.draw(st.sampled_from(["", "tel:", "whatsapp: ", " sms:"])) + plus + body
    spelled = data.draw(st.sampled_from([spelled, spelled.translate(WIDE)]))
    spelled = data.draw(st.sampled_from([spelled, spelled.translate(ARABIC)]))
    assert normalise(spelled) == e164


@given(
    st.one_of(
        st.text(),
        st.text("+0123456789 ()-./٣３①፩²tel:xX#;,*…\u202e\ud800"),
        st.from_regex(r"\+[0-9]{1,20}"),
    ),
    st.sampled_from([None, "US", "DE", "IT", "UK"]),
)
def test_any_text_is_a_number_or_refused(text: str, region: str | None) -> None:
    """Nothing else is raised, and only E.164 comes out, which normalises to itself."""
    e164 = _normalised(text, region)
    if e164 is not None:
        assert E164.fullmatch(e164)
        assert normalise(e164) == e164


def _normalised(text: str, region: str | None) -> str | None:
    try:
        return normalise(text, region)
    except InvalidNumberError:
        return None


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)))
def test_the_example_number_of_every_region_is_understood(region: str) -> None:
    """In the spelling of its own country and in the international one."""
    example = phonenumbers.example_number(region)
    assert example is not None
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert normalise(national, region) == normalise(e164) == e164


def test_regions_are_those_that_have_numbers() -> None:
    """GB, not UK."""
    assert is_region("GB")
    assert not is_region("UK")
    assert not is_region("us")


@pytest.mark.parametrize(
    ("e164", "region"),
    [("+14155550101", "US"), ("+442079460100", "GB"), ("+80012345678", "001"), ("+1", None)],
)
def test_a_number_tells_its_region(e164: str, region: str | None) -> None:
    """That is what `allowed recipients` are compared with."""
    assert region_of(e164) == region


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+14155550102", ("America/Los_Angeles",)),
        ("+442079460100", ("Europe/London",)),
        ("+919876543210", ("Asia/Calcutta",)),
        ("+80012345678", ()),
        ("+88213123456", ()),
        ("+1", ()),
    ],
)
def test_a_number_tells_its_time_zone(number: str, zones: tuple[str, ...]) -> None:
    """International freephone and satellite numbers have none, nor has what is no number."""
    assert time_zones_of(number) == zones


@pytest.mark.parametrize(
    ("number", "some"),
    [
        ("+18005550100", {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"}),
        ("+16005550100", {"America/Toronto", "America/Vancouver", "America/St_Johns"}),
        ("+79161234567", {"Europe/Moscow", "Asia/Vladivostok"}),
        ("+61491570101", {"Australia/Sydney", "Australia/Perth"}),
    ],
)
def test_a_number_without_a_place_has_many_time_zones(number: str, some: set[str]) -> None:
    """Toll-free, Canadian non-geographic, Russian and Australian mobile numbers."""
    assert some < set(time_zones_of(number))


def test_every_time_zone_of_a_number_comes_with_the_package() -> None:
    """So that a machine without a zone database tells the same times."""
    named = {zone for zones in TIMEZONE_DATA.values() for zone in zones}
    shipped = resources.files("tzdata").joinpath("zones").read_text("utf-8").split()
    assert named - {"Etc/Unknown"} <= set(shipped)


@pytest.mark.parametrize("region", [None, "DE", "IT", "US"])
@pytest.mark.parametrize(
    "written",
    [
        "4915112345678.0",
        "+4915112345678,0",
        "393471234567.00",
        " +393471234567.000 ",
        "４９１５１１２３４５６７８．０",
        "15112345678.0",
        "tel:4155550101.0",
    ],
)
def test_a_decimal_of_a_spreadsheet_is_refused_as_one(written: str, region: str | None) -> None:
    """Its zeros would make it another number."""
    with pytest.raises(InvalidNumberError, match="is a decimal, as spreadsheets write it; leave"):
        normalise(written, region)


@pytest.mark.parametrize("written", ["4.15556E+09", "4,15556E+09", "4.15556e9", "4E+12"])
def test_a_number_that_a_spreadsheet_shortened_is_refused_as_one(written: str) -> None:
    """Its other digits are lost."""
    with pytest.raises(InvalidNumberError, match="was shortened by a spreadsheet; format its"):
        normalise(written, "US")


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("+49 151 1234.5678", None, "+4915112345678"),
        ("+49.151.12345678", None, "+4915112345678"),
        ("+33 6 12.34.56.00", None, "+33612345600"),
        ("0151.12345000", "DE", "+4915112345000"),
        ("415.555.0100", "US", "+14155550100"),
        ("415.555.0000", "US", "+14155550000"),
    ],
)
def test_dots_between_groups_are_no_decimals(written: str, region: str | None, e164: str) -> None:
    """Also before zeros."""
    assert normalise(written, region) == e164
