"""Message templates on the wire (API §3.11)."""

from sent_mcp.models.envelope import Pagination
from sent_mcp.models.wire import Items, Moment, Text, WireModel


class Template(WireModel):
    """One template. Only APPROVED ones can be sent; every variable needs a value."""

    id: str
    name: str
    category: Text = None
    language: Text = None
    status: Text = None
    channels: Items[str] = ()
    variables: Items[str] = ()
    is_published: bool | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None


class TemplatePage(WireModel):
    """One page of the templates."""

    templates: Items[Template] = ()
    pagination: Pagination
