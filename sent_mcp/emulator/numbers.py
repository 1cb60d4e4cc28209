"""Number lookup: provider data, here made up from the number itself (API §3.12)."""

from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from sent_mcp.emulator.call import Call
from sent_mcp.emulator.envelope import Answer, Refusal
from sent_mcp.emulator.phones import Phone, plus_restored, read_phone

_LINE_TYPES: Final = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.VOIP: "voip",
}
# Mobile country and network codes by the last digit, for the one country that has several here.
_US_CARRIERS: Final = (
    ("T-Mobile", "310", "260"),
    ("AT&T", "310", "410"),
    ("Verizon", "311", "480"),
)


def lookup_number(call: Call) -> Answer:
    """GET /v3/numbers/lookup/{phone_number}; the number comes with `+` or `%2B`."""
    written = call.path["phone_number"]
    if not written.strip():
        raise Refusal(400, "VALIDATION_001", "Phone number is required")
    phone = read_phone(plus_restored(written), strict=True)
    if phone is None:
        raise Refusal(404, "RESOURCE_013", "Phone number not found or invalid")
    line_type = phonenumbers.number_type(phonenumbers.parse(phone.format_e164))
    data: dict[str, object] = {
        "phone_number": phone.format_e164,
        "is_valid": True,
        "line_type": _LINE_TYPES.get(line_type, "unknown"),
        # The ISO region here, unlike on contacts (API §15 row 17).
        "country_code": phone.region_code,
        "is_ported": phone.format_e164.endswith("7"),
        "is_voip": line_type == PhoneNumberType.VOIP,
    }
    return Answer(data | _carrier(phone))


def _carrier(phone: Phone) -> dict[str, object]:
    name, country, network = None, None, None
    if phone.region_code == "US":
        name, country, network = _US_CARRIERS[int(phone.format_e164[-1]) % len(_US_CARRIERS)]
    return {
        "carrier_name": name,
        "mobile_country_code": country,
        "mobile_network_code": network,
    }
