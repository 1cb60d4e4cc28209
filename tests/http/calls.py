"""What is asked over HTTP again and again, and reads only."""

import json

from tests.door import SEEDED
from tests.http.wire import message
from tests.serving.wire import Message

FIND: Message = {"name": "find_contact_by_phone", "arguments": {"phone_number": SEEDED}}
"""The parameters of a look-up."""
CALL = message("tools/call", FIND)
"""The whole message of it, in the era of the handshake."""
SEVERAL = [f"+14155550{n}" for n in range(100, 160)]


def body(said: object) -> bytes:
    """The bytes of a message, or of any other JSON."""
    return json.dumps(said).encode()


def check(token: object = "p1") -> Message:
    """The parameters of a check that takes several requests."""
    arguments = {"phone_numbers": SEVERAL}
    return {
        "name": "check_phone_numbers",
        "arguments": arguments,
        "_meta": {"progressToken": token},
    }
