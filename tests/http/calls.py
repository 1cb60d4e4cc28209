"""What is asked over HTTP again and again, and reads only."""

import json

from tests.door import SEEDED
from tests.http.wire import message
from tests.serving.wire import Message

FIND: Message = {"name": "find_contact_by_phone", "arguments": {"phone_number": SEEDED}}
"""The parameters of a look-up."""
CALL = message("tools/call", FIND)
"""The whole message of it, in the era of the handshake."""


def body(said: object) -> bytes:
    """The bytes of a message, or of any other JSON."""
    return json.dumps(said).encode()
