"""Numbers: what carriers say about one. Costs money."""

from collections.abc import Iterable

from sent_mcp.client import SentClient
from sent_mcp.quoting import delimited
from sent_mcp.tools.arguments import Arguments, PhoneNumber
from sent_mcp.tools.registry import Offer, ReadTool, SentCall
from sent_mcp.tools.results import Result, word_or_none


class LookupNumber(Arguments):
    """Which number to look up."""

    phone_number: PhoneNumber


class NumberReport(Result):
    """What carriers say; a field that is absent is not known."""

    phone_number: str
    is_valid: bool | None = None
    carrier_name: str | None = None
    line_type: str | None = None
    region_code: str | None = None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    is_ported: bool | None = None
    is_voip: bool | None = None

    def details(self) -> Iterable[str]:
        """See Result."""
        shown = self.model_dump(exclude={"message", "next", "phone_number"}, exclude_none=True)
        for name, value in shown.items():
            known = {True: "yes", False: "no"}.get(value)
            yield f"{name}: {known or delimited(value)}"


async def lookup_number(call: SentCall, arguments: LookupNumber) -> NumberReport:
    """One paid look-up; it says nothing about WhatsApp."""
    found = (await call.client.numbers.lookup(arguments.phone_number)).data
    return NumberReport(
        message=f"Carrier data of {arguments.phone_number}; look-ups are charged.",
        phone_number=arguments.phone_number,
        is_valid=found.is_valid,
        carrier_name=word_or_none(found.carrier_name),
        line_type=word_or_none(found.line_type),
        region_code=word_or_none(found.country_code),
        mobile_country_code=word_or_none(found.mobile_country_code),
        mobile_network_code=word_or_none(found.mobile_network_code),
        is_ported=found.is_ported,
        is_voip=found.is_voip,
    )


LOOKUP_NUMBER = ReadTool[SentClient, LookupNumber](
    Offer(
        "lookup_number",
        "Look up number",
        "Ask carriers about a number: carrier, line type, portability, validity. Costs money per"
        " call; says nothing about WhatsApp.",
        "lookup",
        LookupNumber,
        NumberReport,
        read_only=False,
        idempotent=False,
        open_world=True,
    ),
    lookup_number,
)
