"""What servers answer, as far as it is looked at."""

from pydantic import BaseModel, Field, JsonValue


class Tools(BaseModel):
    """A result of `tools/list`."""

    tools: list[dict[str, JsonValue]]

    def named(self, *names: str) -> list[dict[str, JsonValue]]:
        """Those of these names; RuntimeError when one is missing."""
        found = [tool for tool in self.tools if tool["name"] in names]
        if len(found) != len(names):
            raise RuntimeError(f"{len(found)} of {len(names)} tools are there")
        return found


class Text(BaseModel):
    """A part of a result that a model reads."""

    text: str


class Called(BaseModel):
    """A result of `tools/call`."""

    content: list[Text]
    structured: dict[str, JsonValue] | None = Field(default=None, alias="structuredContent")
    is_error: bool = Field(default=False, alias="isError")

    @property
    def text(self) -> str:
        """Everything a model reads."""
        return "\n".join(part.text for part in self.content)


class Contact(BaseModel):
    """A contact, of whatever shape."""

    id: str


class Found(BaseModel):
    """Our result of `get_contact`; the reference's is the contact itself."""

    contact: Contact


class Page(BaseModel):
    """A page of contacts: ours, the reference's, and the API's own."""

    contacts: list[Contact]

    @property
    def ids(self) -> list[str]:
        """Who is on it, in order."""
        return [contact.id for contact in self.contacts]


class Envelope(BaseModel):
    """A page as the API itself sends it."""

    data: Page
