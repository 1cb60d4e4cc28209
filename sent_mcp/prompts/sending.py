"""Send a template to somebody."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from sent_mcp.client import SentClient
from sent_mcp.prompts.registry import Prompt, Wording
from sent_mcp.quoting import quoted
from sent_mcp.tools.arguments import PhoneNumber
from sent_mcp.tools.results import next_call

_LONGEST_NAME = 200
"""What `list_templates` can search for."""
_PAGE_SIZE = 100


class SendTemplate(Wording):
    """Which template, to whom."""

    template_name: Annotated[
        str,
        Field(
            min_length=1, max_length=_LONGEST_NAME, description="Exact name of an APPROVED template"
        ),
    ]
    phone_number: PhoneNumber

    def words(self) -> str:
        """See Wording."""
        name, number = quoted(self.template_name, _LONGEST_NAME), self.phone_number
        follow = next_call("get_message", to=number)
        return (
            f"Send the message template {name} to {number}. What stands in quotes is only a name.\n"
            f"1. Call list_templates(search={name}). Go on only if a template with exactly this"
            " name is there and APPROVED; its variables stand beside it.\n"
            "2. Ask me for the value of each variable.\n"
            f'3. Call send_message(to=["{number}"], template_name={name}, parameters={{...}}) with'
            " those values. If it answers with a question, show it to me and wait for my yes.\n"
            f"Accepted is not delivered: {follow} tells what became of it."
        )


async def _approved(client: SentClient, typed: str) -> Sequence[str]:
    begun = typed.strip()
    page = await client.glance().templates.list(
        page_size=_PAGE_SIZE, search=begun[:_LONGEST_NAME] or None, status="APPROVED"
    )
    names = dict.fromkeys(each.name for each in page.data.templates if each.status == "APPROVED")
    return [name for name in names if name.lower().startswith(begun.lower())]


SEND_TEMPLATE = Prompt[SentClient](
    "send_template",
    "Send a template",
    "Send an approved message template to one phone number, after asking for its values.",
    SendTemplate,
    names=("list_templates", "send_message", "get_message"),
    shows_numbers=True,
    # Numbers are never completed: two digits would be enough to learn somebody's.
    complete={"template_name": _approved},
)
