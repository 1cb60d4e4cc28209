"""What `send_message` takes: to whom, what, and how."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from sent_mcp.tools.arguments import Addresses, Change, ListOf, Lower, Once, Recipient, Texts

ChannelName = Annotated[Literal["sent", "sms", "whatsapp", "rcs", "mms"], Lower]


LONGEST_URL = 500
"""What a question can show; nothing is approved that it does not."""


def _with_offset(value: str) -> str:
    try:
        when = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("is not a time; write it like 2026-12-01T09:00:00+01:00") from error
    if when.tzinfo is None:
        raise ValueError("needs an offset from UTC, like 2026-12-01T09:00:00+01:00")
    if not 1 < when.year < 9999:
        raise ValueError("is no time to send anything")
    return when.isoformat()


def _https(value: str) -> str:
    if not value.startswith("https://") or len(value) > LONGEST_URL:
        raise ValueError(f"must begin with https:// and have at most {LONGEST_URL} characters")
    return value


class SendMessage(Change):
    """To whom, what, and how."""

    to: Annotated[
        list[Recipient],
        ListOf,
        Once,
        Field(min_length=1, max_length=1000, description="Numbers or contact ids"),
    ]
    template_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    template_name: Annotated[str, Field(max_length=512)] | None = None
    text: Annotated[str, Field(max_length=4096, description="Instead of a template")] | None = None
    parameters: Annotated[Texts, Field(description="Values of the template's variables")] | None = (
        None
    )
    channels: (
        Annotated[
            list[ChannelName],
            ListOf,
            Field(max_length=5, description="One message each, no fallback; default: sent chooses"),
        ]
        | None
    ) = None
    scheduled_at: (
        Annotated[str, AfterValidator(_with_offset), Field(description="ISO time with offset")]
        | None
    ) = None
    media_urls: (
        Annotated[
            list[Annotated[str, AfterValidator(_https)]],
            Addresses,
            Field(max_length=10, description="https; sends an MMS"),
        ]
        | None
    ) = None
    subject: Annotated[str, Field(max_length=200, description="MMS only")] | None = None

    @model_validator(mode="after")
    def _one_content(self) -> "SendMessage":
        given = [self.template_id, self.template_name, self.text]
        if sum(each is not None for each in given) != 1:
            raise ValueError("give exactly one of template_id, template_name and text")
        if self.parameters and self.text is not None:
            raise ValueError("parameters belong to a template, and this sends text")
        if (
            self.channels
            and "mms" in self.channels
            and self.text is not None
            and not self.media_urls
        ):
            raise ValueError("an MMS needs media_urls")
        return self
