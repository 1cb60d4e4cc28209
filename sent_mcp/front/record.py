"""What the real server answers, as recorded from it, with the SDK that was installed then.

`UPDATE_RECORD=1 pytest tests/front/test_record.py` writes `record.json`; without the variable that
test compares.
"""

import json
import os

# `typing` would take a tenth of the time until the first answer.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"

PATH = os.path.join(os.path.dirname(__file__), "record.json")


class Record:
    """The parts of `record.json`.

    `answers` has the result of each method by protocol version, without instructions and without
    what depends on the settings; `instructions` is what every model is told and what is added where
    tools change something; `tools`, `prompts` and `templates` are the entries of their lists, each
    beside what decides whether it is offered.
    """

    __slots__ = ("answers", "instructions", "prompts", "templates", "tools")

    def __init__(self) -> None:
        with open(PATH, encoding="utf-8") as file:
            kept = json.load(file)
        self.answers: dict[str, dict[str, dict[str, Json]]] = kept["answers"]
        self.instructions: list[str] = kept["instructions"]
        self.tools: list[dict[str, Json]] = kept["tools"]
        self.prompts: list[dict[str, Json]] = kept["prompts"]
        self.templates: list[dict[str, Json]] = kept["templates"]
