"""What is asked of every server, and what is a right answer to it."""

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue

from benchmarks.answers import Called, Contact, Envelope, Found, Page
from benchmarks.bare_http import BareHttp
from benchmarks.emulated import Emulated

Structure = dict[str, JsonValue]


@dataclass(frozen=True)
class Question:
    """A call; `path` asks the API itself for the same, `told` reads the ids in an answer."""

    tool: str
    arguments: dict[str, JsonValue]
    path: str
    told: Callable[[Structure], list[str]]
    ids: list[str]

    def read(self, result: Structure) -> Called:
        """The answer. Raises RuntimeError unless it is the right one: nothing else is measured."""
        called = Called.model_validate(result)
        if called.is_error or called.structured is None:
            raise RuntimeError(f"{self.tool} failed: {called.text}")
        told = self.told(called.structured)
        if told != self.ids or not all(each in called.text for each in self.ids):
            raise RuntimeError(f"{self.tool} answered with {len(told)} other contacts")
        return called


def questions(api: Emulated) -> tuple[Question, Question]:
    """`get_contact`, and `list_contacts` with a page of 100."""
    path = "/v3/contacts?page=1&page_size=100"
    with BareHttp(api.environment()) as bare:
        ids = Envelope.model_validate_json(bare.get(path)[1]).data.ids
    one = ids[0]
    return (
        Question("get_contact", {"contact_id": one}, f"/v3/contacts/{one}", _contact, [one]),
        Question("list_contacts", {"page": 1, "page_size": 100}, path, _page, ids),
    )


def _contact(structure: Structure) -> list[str]:
    if "contact" in structure:
        return [Found.model_validate(structure).contact.id]
    return [Contact.model_validate(structure).id]


def _page(structure: Structure) -> list[str]:
    return Page.model_validate(structure).ids
