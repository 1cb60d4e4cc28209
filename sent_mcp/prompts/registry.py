"""How arguments become a prompt: copy one from `whatsapp.py`.

A prompt is data and the model of its arguments, which puts them into words. It asks Sent nothing:
the tools it names do.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic

import mcp_types as mcp

from sent_mcp.resources.registry import Client_contra, Completion
from sent_mcp.tools.arguments import Arguments, parse


class Wording(Arguments, ABC):
    """The arguments of a prompt; what is in them stands in its text as data, quoted."""

    @abstractmethod
    def words(self) -> str:
        """The text of the prompt, with the exact calls to make."""


@dataclass(frozen=True)
class Prompt(Generic[Client_contra]):
    """One user message. Where one of the tools it names does not exist, neither does this.

    `shows_numbers`: its text has phone numbers, so it cannot be where the model must not read any.
    """

    name: str
    title: str
    description: str
    arguments: type[Wording]
    names: tuple[str, ...]
    shows_numbers: bool = False
    complete: Mapping[str, Completion[Client_contra]] = field(
        default_factory=dict[str, Completion[Client_contra]]
    )

    def definition(self) -> mcp.Prompt:
        """The entry in `prompts/list`."""
        return mcp.Prompt(
            name=self.name,
            title=self.title,
            description=self.description,
            arguments=[
                mcp.PromptArgument(
                    name=name, description=given.description, required=given.is_required()
                )
                for name, given in self.arguments.model_fields.items()
            ],
        )

    def message(self, given: Mapping[str, str], region: str | None) -> mcp.PromptMessage:
        """The message, with these arguments. Raises RefusedError that names each problem."""
        text = parse(self.arguments, self.name, given, region).words()
        return mcp.PromptMessage(role="user", content=mcp.TextContent(text=text))
