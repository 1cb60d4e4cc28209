"""What tools answer with: the same facts as structure and as text; hosts show one of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Self, TypedDict

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from sent_mcp.errors import OutcomeUnknownError
from sent_mcp.guard import Stopped
from sent_mcp.models import Contact
from sent_mcp.moments import moment
from sent_mcp.quoting import LONGEST_NAME, cell, delimited, harmless, in_lines, one_line, visible

LONGEST_NEXT = 600
"""A longer call is not repeated word by word: the model has it already."""


class Result(BaseModel):
    """Base of every result. `message` says the outcome, `next` is the exact next call."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    message: str
    next: str | None = None

    def structured(self) -> dict[str, JsonValue]:
        """The facts as JSON; what is not known is left out."""
        facts: dict[str, JsonValue] = self.model_dump(mode="json", exclude_none=True)
        return {name: harmless(value) for name, value in facts.items()}

    def text(self) -> str:
        """The facts as compact lines, ending with the next call."""
        return self._joined([self.message, *self.details()], "Next")

    def _joined(self, lines: Sequence[str], before_next: str) -> str:
        # However a line was made: it is one, and shows all it holds.
        whole = [*lines, f"{before_next}: {self.next}"] if self.next else lines
        return "\n".join(map(one_line, whole))

    def details(self) -> Iterable[str]:
        """The lines between the message and the next call."""
        return ()


class ChangeResult(Result):
    """Result of a tool that changes something; `status` says what was done.

    `request_id` is Sent's, for the audit log; a model does not see it.
    """

    status: str
    request_id: str | None = Field(default=None, exclude=True)
    question: str | None = None
    confirmation_token: str | None = None
    expires_at: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the messages it sent; a used approval tells them again."""
        return ()

    @property
    def changes(self) -> int:
        """How many contacts were created or changed, or may have been."""
        return int(self.status in ("created", "updated", "outcome_unknown"))

    @classmethod
    def unknown(cls, error: OutcomeUnknownError, exact: Mapping[str, JsonValue]) -> Self:
        """The result of a change that may have been done; `next` reads the contact again."""
        following = None
        if "contact_id" in exact:
            following = next_call("get_contact", contact_id=exact["contact_id"])
        elif "phone_number" in exact:
            following = next_call("find_contact_by_phone", phone_number=exact["phone_number"])
        target = cls._target(exact)
        report = f"{error.report} {error.advice}"
        return cls(message=report, next=following, status="outcome_unknown", **target)

    @classmethod
    def _target(cls, exact: Mapping[str, JsonValue]) -> dict[str, str]:
        named = "contact_id" in exact and "contact_id" in cls.model_fields
        return {"contact_id": str(exact["contact_id"])} if named else {}

    @classmethod
    def stopped(cls, stopped: Stopped, tool: str, exact: Mapping[str, JsonValue]) -> Self:
        """The result where the guard did not let the change through."""
        token, repeat = stopped.confirmation_token, None
        if stopped.ids:
            repeat = next_call("get_message", message_ids=[*stopped.ids])
        if token:
            repeat = next_call(tool, **exact, confirmation_token=token)
            if len(repeat) > LONGEST_NEXT:
                repeat = f'{tool} with the same arguments and confirmation_token="{token}"'
        return cls(
            message=stopped.message,
            next=repeat,
            **cls._target(exact),
            status=stopped.status,
            question=stopped.question,
            confirmation_token=stopped.confirmation_token,
            expires_at=stopped.expires_at,
        )

    def structured(self) -> dict[str, JsonValue]:
        """See Result; only the question has several lines."""
        facts = super().structured()
        return facts if self.question is None else {**facts, "question": in_lines(self.question)}

    def text(self) -> str:
        """See Result; with the question, which a person must be shown."""
        lines = [f"{self.status}: {self.message}", *self.details()]
        if self.question:
            lines += ["Question:", *(f"  {line}" for line in self.question.splitlines())]
        if self.expires_at:
            lines.append(f"Valid until {self.expires_at}.")
        condition = ", if the user agrees" if self.confirmation_token else ""
        return self._joined(lines, f"Next{condition}")


class Entry(BaseModel):
    """Base of what results list."""

    model_config = ConfigDict(defer_build=True)


class ShortContact(Entry):
    """A contact in a list."""

    id: str
    phone_number: str
    available_channels: list[str]
    default_channel: str | None = None
    opt_out: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """The columns of `CONTACT_COLUMNS`."""
        flag = {True: "yes", False: "no", None: "-"}[self.opt_out]
        names = (self.id, self.phone_number, self.default_channel or "-")
        contact_id, number, default = map(cell, names)
        return (contact_id, number, listed(self.available_channels) or "-", default, flag)


class FullContact(ShortContact):
    """A contact on its own."""

    country_code: str | None = None
    region_code: str | None = None
    format_international: str | None = None
    format_national: str | None = None
    format_rfc: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    metadata: dict[str, JsonValue] | None = None

    def lines(self) -> Iterable[str]:
        """One `name: value` line per known field."""
        fields: Iterable[tuple[str, JsonValue]] = self
        return [f"{name}: {_shown(value)}" for name, value in fields if value is not None]


_MOST_METADATA = 50
CONTACT_COLUMNS = "id phone_number available_channels default_channel opt_out"


def _shown(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return listed(map(str, value)) or "none known"
    if isinstance(value, dict):
        return " ".join(f'{cell(key)}="{part}"' for key, part in value.items()) or "none"
    return delimited(str(value))


class _ShortFields(TypedDict):
    id: str
    phone_number: str
    available_channels: list[str]
    default_channel: str | None
    opt_out: bool | None


def _short_fields(contact: Contact) -> _ShortFields:
    return {
        "id": word(contact.id),
        "phone_number": word(contact.e164),
        "available_channels": [word(name) for name in contact.channels],
        "default_channel": word_or_none(contact.default_channel),
        "opt_out": contact.opt_out,
    }


def short(contact: Contact) -> ShortContact:
    """The fields a list shows."""
    return ShortContact(**_short_fields(contact))


def full(contact: Contact) -> FullContact:
    """Every field Sent has."""
    return FullContact(
        **_short_fields(contact),
        country_code=word_or_none(contact.country_code),
        region_code=word_or_none(contact.region_code),
        format_international=word_or_none(contact.format_international),
        format_national=word_or_none(contact.format_national),
        format_rfc=word_or_none(contact.format_rfc),
        created_at=moment(contact.created_at),
        updated_at=moment(contact.updated_at),
        metadata=None if contact.metadata is None else _metadata(contact.metadata),
    )


def _metadata(metadata: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    pairs = list(metadata.items())[:_MOST_METADATA]
    texts = ((name, part if isinstance(part, str) else json.dumps(part)) for name, part in pairs)
    return {word(name): word(text) for name, text in texts}


def word(text: str) -> str:
    """A short text from the API, with what is invisible in it made visible."""
    return visible(text, LONGEST_NAME)


def word_or_none(text: str | None) -> str | None:
    """The same where there may be none."""
    return None if text is None else word(text)


def listed(shown: Iterable[str]) -> str:
    """Names that are visible already, as one cell of a column."""
    return ",".join(map(cell, shown))


def columns(header: str, rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under one header, one line each; nothing at all without rows."""
    return [header, *(" ".join(row) for row in rows)] if rows else []


def next_call(tool: str, **arguments: JsonValue) -> str:
    """A call as it can be made: `list_contacts(page=2)`. Arguments that are None are left out."""
    given = (f"{name}={_literal(value)}" for name, value in arguments.items() if value is not None)
    return f"{tool}({', '.join(given)})"


def _literal(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
