"""What exists under the operator's settings, and what a model is told about it once."""

from collections.abc import Container, Iterable, Mapping, Sequence

from sent_mcp.client import SentClient, V1Client
from sent_mcp.prompts import PROMPTS, V1_PROMPTS
from sent_mcp.prompts.registry import Prompt
from sent_mcp.resources import RESOURCES, V1_RESOURCES
from sent_mcp.resources.registry import Resource
from sent_mcp.settings import Settings
from sent_mcp.tools import TOOLS, V1_TOOLS
from sent_mcp.tools.arguments import Arguments
from sent_mcp.tools.registry import Client, Offer, Tool
from sent_mcp.tools.results import Result

INSTRUCTIONS = """\
Contacts in Sent (sent.dm): one record per phone number, which knows whether that person can be \
reached on SMS, WhatsApp or RCS.
A verdict is yes, no or unknown. Unknown is not no: a number that is not a contact is unknown, and \
so is one that was added less than a minute ago.
Contacts have no names; they are found by number or id. Numbers are taken in any spelling and \
returned as E.164. Several numbers need one call of check_phone_numbers and few requests.
"""
CHANGE_INSTRUCTIONS = """\
A message that Sent accepted is not delivered yet; get_message tells what became of it.
Deleting, sending, lifting an opt-out and creating more than ten contacts within ten minutes need \
confirmation. Where the host can ask its user, it does. Otherwise the first call changes nothing \
and returns a question and a confirmation_token; the same call with the token acts, once, within \
five minutes. After outcome_unknown ask for the same send again: it is not sent twice. dry_run \
only validates. update_contact(opt_out=true) stops messages and keeps the record of consent, which \
delete_contact does not.
"""


def v3_tools(settings: Settings) -> Mapping[str, Tool[SentClient]]:
    """The tools of the API there is, by name, in the order hosts list them."""
    return {tool.offer.name: tool for tool in TOOLS if _is_offered(tool, settings)}


def v1_tools(settings: Settings) -> Mapping[str, Tool[V1Client]]:
    """The two of the legacy API."""
    return {tool.offer.name: tool for tool in V1_TOOLS if _is_offered(tool, settings)}


def offered_tools(settings: Settings) -> list[str]:
    """The names of the tools that exist under these settings."""
    return list(v1_tools(settings) if settings.api_version == "v1" else v3_tools(settings))


def v3_resources(tools: Container[str]) -> Sequence[Resource[SentClient]]:
    """What can be read where these tools exist."""
    return [each for each in RESOURCES if each.shown_by is None or each.shown_by in tools]


def v1_resources() -> Sequence[Resource[V1Client]]:
    """The same on the legacy API."""
    return V1_RESOURCES


def v3_prompts(tools: Container[str], settings: Settings) -> Sequence[Prompt[SentClient]]:
    """The prompts where these tools exist."""
    return [each for each in PROMPTS if _is_prompted(each, tools, settings)]


def v1_prompts(tools: Container[str], settings: Settings) -> Sequence[Prompt[V1Client]]:
    """The same on the legacy API."""
    return [each for each in V1_PROMPTS if _is_prompted(each, tools, settings)]


def instructions(offers: Iterable[Offer[Arguments, Result]]) -> str:
    """What a model is told once; about changes only where there are tools that make them."""
    changes = any(offer.destructive for offer in offers)
    return INSTRUCTIONS + (CHANGE_INSTRUCTIONS if changes else "")


def _is_offered(tool: Tool[Client], settings: Settings) -> bool:
    offer = tool.offer
    return offer.toolset in settings.toolsets and (offer.read_only or not settings.read_only)


def _is_prompted(prompt: Prompt[Client], tools: Container[str], settings: Settings) -> bool:
    readable = not (prompt.shows_numbers and settings.mask_phones)
    return readable and all(name in tools for name in prompt.names)
