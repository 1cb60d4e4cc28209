"""Templates: which there are, and which values they need."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from sent_mcp.client import SentClient
from sent_mcp.models import Template
from sent_mcp.quoting import cell
from sent_mcp.tools.arguments import Arguments, Page, PageSize, Upper
from sent_mcp.tools.contact_pages import page_sentence
from sent_mcp.tools.registry import Offer, ReadTool, SentCall
from sent_mcp.tools.results import Entry, Result, columns, listed, next_call, word, word_or_none


class ListTemplates(Arguments):
    """Which templates to list."""

    search: Annotated[str, Field(max_length=200, description="Part of the name")] | None = None
    category: (
        Annotated[
            str, Upper, Field(max_length=40, description="MARKETING, UTILITY or AUTHENTICATION")
        ]
        | None
    ) = None
    status: (
        Annotated[str, Upper, Field(max_length=40, description="APPROVED, PENDING, REJECTED ...")]
        | None
    ) = None
    page: Page = 1
    page_size: PageSize = 20


class TemplateEntry(Entry):
    """One template; every variable needs a value when it is sent."""

    id: str
    name: str
    category: str | None = None
    language: str | None = None
    status: str | None = None
    channels: list[str]
    variables: list[str]

    def cells(self) -> tuple[str, ...]:
        """The columns of the list."""
        facts = (self.category, self.language, self.status)
        return (
            cell(self.id),
            cell(self.name),
            *(cell(fact or "-") for fact in facts),
            listed(self.channels) or "-",
            listed(self.variables) or "-",
        )


class TemplateList(Result):
    """One page of templates."""

    templates: list[TemplateEntry]
    page: int
    page_size: int
    total_count: int
    total_pages: int
    has_more: bool

    def details(self) -> Iterable[str]:
        """See Result."""
        header = "id name category language status channels variables"
        return columns(header, [template.cells() for template in self.templates])


async def list_templates(call: SentCall, arguments: ListTemplates) -> TemplateList:
    """One page as Sent has it."""
    filters = arguments.model_dump(include={"search", "status", "category"}, exclude_none=True)
    answer = await call.client.templates.list(
        page=arguments.page, page_size=arguments.page_size, **filters
    )
    where = answer.data.pagination
    size = None if arguments.page_size == 20 else arguments.page_size
    following = next_call("list_templates", page=where.page + 1, page_size=size, **filters)
    return TemplateList(
        message=page_sentence("templates", len(answer.data.templates), where),
        next=following if where.has_more else None,
        templates=[_entry(template) for template in answer.data.templates],
        page=where.page,
        page_size=where.page_size,
        total_count=where.total_count,
        total_pages=where.total_pages,
        has_more=where.has_more,
    )


def _entry(template: Template) -> TemplateEntry:
    return TemplateEntry(
        id=word(template.id),
        name=word(template.name),
        category=word_or_none(template.category),
        language=word_or_none(template.language),
        status=word_or_none(template.status),
        channels=[word(name) for name in template.channels],
        variables=[word(name) for name in template.variables],
    )


LIST_TEMPLATES = ReadTool[SentClient, ListTemplates](
    Offer(
        "list_templates",
        "List templates",
        "List message templates with their variables. Only APPROVED ones can be sent.",
        "templates",
        ListTemplates,
        TemplateList,
    ),
    list_templates,
)
