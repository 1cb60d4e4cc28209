"""What is done when a server is killed, and what the emulator's own records then say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.proof.faults_site import Site
from tests.proof.model import Wrong

Json = dict[str, Any]
AREA = "+14157"
LISTED = 12
"""How many numbers are imported: more than ten are asked about."""
KINDS = ("send", "delete", "lift", "import")


@dataclass(frozen=True)
class Action:
    """One guarded change with numbers of its own. `wanted` effects are all there can be."""

    kind: str
    tool: str
    arguments: Json
    numbers: Sequence[str]
    request: str
    contact_id: str = ""
    wanted: int = 1

    async def effects(self, site: Site) -> int:
        """How often, or for an import how far, it was done."""
        if self.kind == "send":
            said = (self.numbers[0], self.arguments["text"])
            return list((await site.messages()).values()).count(said)
        records = await site.contacts(self.numbers[0][1:-2])
        if self.kind == "import":
            return sum(number in records for number in self.numbers)
        record = records.get(self.numbers[0])
        if self.kind == "delete":
            return int(record is None)
        return int(record is not None and record["opt_out"] is False)

    async def undo(self, site: Site) -> None:
        """Somebody else takes it back, where it can be; what is done afterwards is done anew."""
        one = f"/v3/contacts/{self.contact_id}"
        if self.kind == "delete":
            await insist(site, "POST", "/v3/contacts", {"phone_number": self.numbers[0]})
        if self.kind == "lift":
            await insist(site, "PATCH", one, {"opt_out": True})
        if self.kind == "import":
            records = await site.contacts(self.numbers[0][1:-2])
            await insist(site, "DELETE", f"/v3/contacts/{records[self.numbers[0]]['id']}", {})


async def prepared(site: Site, kind: str, number: int) -> Action:
    """The action with this number, and the contacts it needs."""
    block = f"{AREA}{number:04d}"
    first = f"{block}00"
    if kind == "import":
        listed = [f"{block}{each:02d}" for each in range(LISTED)]
        given: Json = {"phone_numbers": listed}
        request = "POST /v3/contacts"
        return Action(kind, "import_contacts", given, listed, request, wanted=LISTED)
    made = await insist(site, "POST", "/v3/contacts", {"phone_number": first})
    contact_id: str = made["data"]["id"]
    if kind == "send":
        said: Json = {"to": [first], "text": f"crash {number}", "channels": ["sms"]}
        return Action(kind, "send_message", said, [first], "POST /v3/messages", contact_id)
    named: Json = {"contact_id": contact_id}
    if kind == "delete":
        request = f"DELETE /v3/contacts/{contact_id}"
        return Action(kind, "delete_contact", named, [first], request, contact_id)
    request = f"PATCH /v3/contacts/{contact_id}"
    await insist(site, "PATCH", f"/v3/contacts/{contact_id}", {"opt_out": True})
    given = {**named, "opt_out": False}
    return Action(kind, "update_contact", given, [first], request, contact_id)


async def insist(site: Site, method: str, path: str, body: Json) -> Json:
    """A request of somebody else's, until it is done: faults hit everybody."""
    for _ in range(8):
        try:
            answer = await site.http.request(method, path, json=body)
        except httpx.TransportError:
            continue
        if answer.is_success or answer.status_code in (404, 409):
            return answer.json() if answer.content else {}
    raise Wrong(f"{method} {path} cannot be done")
