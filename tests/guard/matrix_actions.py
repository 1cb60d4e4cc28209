"""What the matrix does: one change of each kind that must be asked."""

from dataclasses import dataclass
from typing import Any

from tests.door import SEEDED

OPTED_OUT = "+14165550104"
"""A contact of the emulator's that has opted out, on SMS and WhatsApp."""
NEW = "+14155559999"
LISTED = [f"+1415556{index:04d}" for index in range(11)]
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Action:
    """One change that must be asked, and another one that nobody agreed to.

    `{id}` in an argument and a path is the id of the contact with this number, `{other}` that of
    another one. `requests` is how many it takes. `eleventh`: it is asked about because there were
    ten before.
    """

    name: str
    tool: str
    number: str
    arguments: Arguments
    instead: Arguments
    request: str
    done: str
    undone: str
    requests: int = 1
    eleventh: bool = False


ACTIONS = (
    Action(
        "delete",
        "delete_contact",
        SEEDED,
        {"contact_id": "{id}"},
        {"contact_id": "{other}"},
        "DELETE /v3/contacts/{id}",
        "deleted",
        "Nothing was deleted.",
    ),
    Action(
        "send",
        "send_message",
        SEEDED,
        {"to": [SEEDED], "text": "Hello", "channels": ["sms"]},
        {"to": [SEEDED], "text": "Hello!", "channels": ["sms"]},
        "POST /v3/messages",
        "accepted",
        "Nothing was sent.",
    ),
    Action(
        "opt-in",
        "update_contact",
        OPTED_OUT,
        {"contact_id": "{id}", "opt_out": False},
        {"contact_id": "{id}", "opt_out": False, "metadata": {"by": "somebody"}},
        "PATCH /v3/contacts/{id}",
        "updated",
        "Nothing was changed.",
    ),
    Action(
        "eleventh-creation",
        "create_contact",
        SEEDED,
        {"phone_number": NEW},
        {"phone_number": "+14155559998"},
        "POST /v3/contacts",
        "created",
        "Nothing was created.",
        eleventh=True,
    ),
    Action(
        "eleventh-opt-out",
        "update_contact",
        SEEDED,
        {"contact_id": "{id}", "opt_out": True},
        {"contact_id": "{other}", "opt_out": True},
        "PATCH /v3/contacts/{id}",
        "updated",
        "Nothing was changed.",
        eleventh=True,
    ),
    Action(
        "import",
        "import_contacts",
        SEEDED,
        {"phone_numbers": LISTED},
        {"phone_numbers": [*LISTED[:10], NEW]},
        "POST /v3/contacts",
        "imported",
        "Nothing was created.",
        requests=len(LISTED),
    ),
)
