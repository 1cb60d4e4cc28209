"""Message templates: read only (API §3.11)."""

from sent_mcp.client.answers import Answer, Request
from sent_mcp.client.envelope import data_of
from sent_mcp.client.transport import Caller
from sent_mcp.models.envelope import Envelope
from sent_mcp.models.templates import Template, TemplatePage

_PAGE = data_of(Envelope[TemplatePage])
_TEMPLATE = data_of(Envelope[Template])


class Templates:
    """The templates of the account. Every method raises what `Transport.call` raises."""

    def __init__(self, transport: Caller) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        page: int = 1,
        page_size: int = 20,
        search: str | None = None,
        status: str | None = None,
        category: str | None = None,
    ) -> Answer[TemplatePage]:
        """One page, counted from 1, of 1 to 100 templates."""
        query = {
            "page": page,
            "page_size": page_size,
            "search": search,
            "status": status,
            "category": category,
        }
        return await self._transport.call(Request("GET", "/v3/templates", query=query), _PAGE)

    async def get(self, template_id: str) -> Answer[Template]:
        """One template by id. Raises NotFoundError (RESOURCE_002)."""
        request = Request("GET", "/v3/templates/{template_id}", ids={"template_id": template_id})
        return await self._transport.call(request, _TEMPLATE)
