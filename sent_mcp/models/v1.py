"""The legacy v1 shapes (API §1.3): camelCase, pages counted from 0. They convert to v3 models."""

from pydantic import ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

from sent_mcp.models.contacts import Contact, ContactPage
from sent_mcp.models.envelope import Pagination
from sent_mcp.models.wire import Count, Items, Text, Whole, WireModel


class _V1Model(WireModel):
    model_config = ConfigDict(alias_generator=to_camel)


class V1Contact(_V1Model):
    """A contact as v1 writes it: without opt_out and times."""

    id: str
    phone_number: str
    format_e164: Text = None
    format_international: Text = None
    format_national: Text = None
    format_rfc: Text = None
    country_code: Text = None
    region_code: Text = None
    available_channels: Text = None
    default_channel: Text = None

    def to_contact(self) -> Contact:
        """The same contact in the v3 model; what v1 does not know is None."""
        return Contact(**self.model_dump())


class V1ContactPage(_V1Model):
    """A page as v1 writes it."""

    items: Items[V1Contact] = ()
    total_count: Count = 0
    page: Count = 0
    page_size: Whole = 20
    total_pages: Count = 0

    def to_page(self) -> ContactPage:
        """The same page in the v3 model, counted from 1."""
        pagination = Pagination(
            page=self.page + 1,
            page_size=self.page_size,
            total_count=self.total_count,
            total_pages=self.total_pages,
            has_more=self.page + 1 < self.total_pages,
        )
        return ContactPage(
            contacts=tuple(item.to_contact() for item in self.items), pagination=pagination
        )


class V1Problem(_V1Model):
    """An error as v1 writes it: ASP.NET problem details."""

    title: Text = None
    detail: Text = None
    errors: JsonValue = None
