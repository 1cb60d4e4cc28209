"""Is this number on WhatsApp?"""

from typing import Annotated, cast

from pydantic import AfterValidator, Field, ValidationInfo

from sent_mcp.prompts.registry import Prompt, Wording
from sent_mcp.quoting import quoted
from sent_mcp.reach.numbers import read_numbers
from sent_mcp.tools.number_arguments import PhoneNumbers
from sent_mcp.tools.results import next_call

_MOST_INVALID = 5
_LONGEST_INPUT = 24
_VERDICTS = "Unknown is not no."


def _valid(texts: list[str], info: ValidationInfo) -> list[str]:
    context = cast("dict[str, str | None] | None", info.context) or {}
    found = read_numbers(texts, context.get("region"))
    if found.invalid:
        shown = found.invalid[:_MOST_INVALID]
        raise ValueError("; ".join(f"{quoted(x.input, _LONGEST_INPUT)} {x.reason}" for x in shown))
    return [*found.numbers]


class IsOnWhatsAppV1(Wording):
    """Which numbers to ask about."""

    phone_numbers: Annotated[
        PhoneNumbers,
        AfterValidator(_valid),
        Field(description="One or several phone numbers with country code, in any spelling"),
    ]

    def words(self) -> str:
        """See Wording."""
        if len(self.phone_numbers) > 1:
            return self._several()
        (number,) = self.phone_numbers
        call = next_call("find_contact_by_phone", phone_number=number)
        return (
            f"Is {number} on WhatsApp? Call {call} and tell me yes, no or unknown, and as of when."
            f" {_VERDICTS}"
        )

    def _several(self) -> str:
        numbers = ", ".join(self.phone_numbers)
        return (
            f"Which of these {len(self.phone_numbers)} numbers are on WhatsApp: {numbers}? Call"
            " find_contact_by_phone once for each, with it as phone_number, and tell me for each"
            f" yes, no or unknown. {_VERDICTS}"
        )


class IsOnWhatsApp(IsOnWhatsAppV1):
    """The same where one call checks them all."""

    def _several(self) -> str:
        call = next_call("check_phone_numbers", phone_numbers=[*self.phone_numbers])
        return (
            f"Which of these {len(self.phone_numbers)} numbers are on WhatsApp? Call {call} and"
            f" tell me which are, which are not, and which are unknown. {_VERDICTS}"
        )


_NAME = "is_on_whatsapp"
_TITLE = "Is it on WhatsApp?"
_DESCRIPTION = "Ask whether phone numbers can be reached on WhatsApp: yes, no or unknown."

IS_ON_WHATSAPP = Prompt[object](
    _NAME,
    _TITLE,
    _DESCRIPTION,
    IsOnWhatsApp,
    names=("find_contact_by_phone", "check_phone_numbers"),
    shows_numbers=True,
)
IS_ON_WHATSAPP_V1 = Prompt[object](
    _NAME,
    _TITLE,
    _DESCRIPTION,
    IsOnWhatsAppV1,
    names=("find_contact_by_phone",),
    shows_numbers=True,
)
