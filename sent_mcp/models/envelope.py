"""The v3 envelope around every answer (API §1.1), and the page counts inside lists (API §4)."""

from typing import Generic, TypeVar

from pydantic import JsonValue

from sent_mcp.models.wire import Count, Flag, Moment, Text, Whole, WireModel

Data = TypeVar("Data")


class Meta(WireModel):
    """Which request this answers, and Sent's clock at that time."""

    request_id: Text = None
    timestamp: Moment | None = None


class ErrorBody(WireModel):
    """What Sent says went wrong; `details` is a map of field to messages where documented."""

    code: Text = None
    message: Text = None
    details: JsonValue = None


class Outcome(WireModel):
    """The envelope without its data, for answers that are errors."""

    success: bool | None = None
    error: ErrorBody | None = None
    meta: Meta | None = None


class Envelope(Outcome, Generic[Data]):
    """A whole answer."""

    data: Data | None = None


class Pagination(WireModel):
    """Where in a list a page stands; pages are counted from 1."""

    page: Whole
    page_size: Whole
    total_count: Count = 0
    total_pages: Count = 0
    has_more: Flag = False
