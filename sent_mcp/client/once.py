"""One request, sent once, for whoever asks what is wrong: neither repeated nor paced."""

from dataclasses import dataclass
from datetime import datetime

from sent_mcp.client.answers import Answer, RawAnswer, Request
from sent_mcp.client.connections import Connections
from sent_mcp.client.envelope import data_of
from sent_mcp.client.refusals import http_date
from sent_mcp.client.v1 import v1_opener
from sent_mcp.errors import APIStatusError, SentError
from sent_mcp.models.account import Account
from sent_mcp.models.contacts import ContactPage
from sent_mcp.models.envelope import Envelope
from sent_mcp.models.v1 import V1ContactPage

_open_account = data_of(Envelope[Account])
_open_page = v1_opener(V1ContactPage, V1ContactPage.to_page)


@dataclass(frozen=True)
class Heard:
    """An answer as it came, and what it says: an account (v3), nothing (v1), or an error.

    `timestamp` is Sent's clock in that answer.
    """

    raw: RawAnswer
    account: Account | None
    error: SentError | None
    timestamp: datetime | None


async def ask_once(
    connections: Connections,
    key: str,
    *,
    profile_id: str | None = None,
    v1_sender_id: str | None = None,
) -> Heard:
    """Ask whose key this is; with a `v1_sender_id` for the shortest page of v1 instead.

    Raises what `Connection.exchange` does: SettingsError, APIConnectionError without an answer,
    UnreadableAnswerError for one that is too large.
    """
    headers = {"x-api-key": key}
    if profile_id is not None:
        headers["x-profile-id"] = profile_id
    request = Request("GET", "/v3/me")
    if v1_sender_id is not None:
        headers["x-sender-id"] = v1_sender_id
        request = Request("GET", "/v1/contacts", query={"page": 0, "pageSize": 1})
    raw = await connections.open().exchange(request, headers)
    by_header = http_date(raw.headers.get("date", ""))
    try:
        answer: Answer[Account] | Answer[ContactPage]
        answer = _open_account(raw) if v1_sender_id is None else _open_page(raw)
    except SentError as error:
        said = error.timestamp if isinstance(error, APIStatusError) else None
        return Heard(raw, None, error, said or by_header)
    account = answer.data if isinstance(answer.data, Account) else None
    return Heard(raw, account, None, answer.timestamp or by_header)
