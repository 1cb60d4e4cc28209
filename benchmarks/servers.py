"""The servers that are compared, and how each is started."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMON = (
    "list_contacts",
    "get_contact",
    "find_contact_by_phone",
    "create_contact",
    "update_contact",
    "delete_contact",
    "send_message",
)
"""The tools that both have."""


@dataclass(frozen=True)
class Server:
    """A name and the command that starts it in the root of this repository."""

    name: str
    command: tuple[str, ...]


OURS = Server("ours", (sys.executable, "-m", "sent_mcp"))
REFERENCE = Server("reference", (sys.executable, "-m", "benchmarks.reference"))
FLOOR = Server("floor", (sys.executable, "-I", "-S", str(ROOT / "benchmarks" / "floor.py")))


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This environment with these settings, and none of the developer's own for Sent."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SENT_")}
    return {**own, **settings}
