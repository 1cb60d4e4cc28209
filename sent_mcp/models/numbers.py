"""The paid number look-up on the wire (API §3.12)."""

from sent_mcp.models.wire import Text, WireModel


class NumberLookup(WireModel):
    """What carriers say about a number. `country_code` is the ISO region, unlike on contacts."""

    phone_number: str
    is_valid: bool | None = None
    carrier_name: Text = None
    line_type: Text = None
    country_code: Text = None
    mobile_country_code: Text = None
    mobile_network_code: Text = None
    is_ported: bool | None = None
    is_voip: bool | None = None
