"""Messages: send one content to many, and follow one message (API §3.7, §3.8)."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from sent_mcp.client.answers import Answer, Request
from sent_mcp.client.envelope import data_of
from sent_mcp.client.transport import Transport
from sent_mcp.errors import BadRequestError, NotFoundError
from sent_mcp.models.envelope import Envelope
from sent_mcp.models.messages import Message, SendReceipt

_RECEIPT = data_of(Envelope[SendReceipt])
_MESSAGE = data_of(Envelope[Message])


class Messages:
    """Sending, and what became of it. Every method raises what `Transport.call` raises."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def send(
        self,
        *,
        to: Sequence[str],
        text: str | None = None,
        template_id: str | None = None,
        template_name: str | None = None,
        parameters: Mapping[str, str] | None = None,
        channels: Sequence[str] | None = None,
        scheduled_at: str | None = None,
        media_urls: Sequence[str] | None = None,
        subject: str | None = None,
        sandbox: bool = False,
        rehearsal: bool = False,
        idempotency_key: str,
    ) -> Answer[SendReceipt]:
        """Send a text or a template to up to 1,000 numbers, once per number and channel (API §3.7).

        Costs the message budget one unit per message. A dry run costs none, since its send is still
        to come; in a `rehearsal`, where none will be, it does. Accepted is not delivered.
        After OutcomeUnknownError the same arguments with the same key do not send twice (API §7.1).
        """
        body: dict[str, JsonValue] = {
            "to": [*to],
            "text": text,
            "template": _template(template_id, template_name, parameters),
            "channel": [*channels] if channels else None,
            "scheduled_at": scheduled_at,
            "media_urls": [*media_urls] if media_urls else None,
            "subject": subject,
        }
        messages = len(to) * max(1, len(channels or ()))
        request = Request(
            "POST",
            "/v3/messages",
            body=_present(body),
            idempotency_key=idempotency_key,
            sandbox=sandbox,
            messages=messages if rehearsal or not sandbox else 0,
        )
        return await self._transport.call(request, _RECEIPT)

    async def get(self, message_id: str) -> Answer[Message]:
        """One message with its events. Raises NotFoundError (RESOURCE_003)."""
        request = Request("GET", "/v3/messages/{message_id}", ids={"message_id": message_id})
        return await self._transport.call(request, _MESSAGE)

    async def find(self, message_id: str) -> Answer[Message | None]:
        """Like `get`, but None for an id Sent does not know, or that none of its ids looks like."""
        try:
            return await self.get(message_id)
        except (NotFoundError, BadRequestError) as error:
            if error.code not in ("RESOURCE_003", "VALIDATION_001", "VALIDATION_003"):
                raise
            return Answer(None, error.request_id, error.timestamp)


def _template(
    template_id: str | None, name: str | None, parameters: Mapping[str, str] | None
) -> dict[str, JsonValue] | None:
    values: dict[str, JsonValue] = {"id": template_id, "name": name}
    values["parameters"] = {**parameters} if parameters else None
    return _present(values) or None


def _present(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in values.items() if value is not None}
