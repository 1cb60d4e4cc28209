"""What a host can read: `RESOURCES` is every kind, in the order hosts list them.

Contacts are not listed one by one: that would put thousands of people into a picker, at a request
a page. Whoever looks for one has the tools, and completion for its id.
"""

from sent_mcp.client import SentClient
from sent_mcp.resources.contacts import CONTACT
from sent_mcp.resources.error_codes import ERROR, ERRORS
from sent_mcp.resources.registry import Resource

V1_RESOURCES: tuple[Resource[object], ...] = (ERRORS, ERROR)
"""The legacy API reads no contact by its id."""
RESOURCES: tuple[Resource[SentClient], ...] = (CONTACT, *V1_RESOURCES)

__all__ = ["RESOURCES", "V1_RESOURCES"]
