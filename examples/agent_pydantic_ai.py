"""An agent of Pydantic AI that answers with this server's tools, and a stand-in for its model.

    python examples/agent_pydantic_ai.py
    python examples/agent_pydantic_ai.py "Which templates are there?"

The stand-in needs no network: it takes the tool whose description shares the most words with the
question, fills in the numbers it reads there, and repeats what the tool said. For a real model put
its name, like "anthropic:claude-opus-4-5", in the place of `FunctionModel(stand_in)`.

The agent asks the demo, and only gets tools that change nothing (`--read-only`). Needs
`pip install 'pydantic-ai-slim[mcp]'`, which the development extra of this project brings.
"""

import re
import sys
from collections.abc import Sequence

import anyio
from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent, ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.tools import ToolDefinition

SERVER = StdioTransport(sys.executable, ["-m", "sent_mcp", "serve", "--demo", "--read-only"])
QUESTIONS = [
    "Is +1 415 555 0102 on WhatsApp?",
    "Which of +14155550101, +14155550103 and +14155550104 are only on SMS?",
]


def stand_in(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Call a tool for a question, and answer with what it returned."""
    last = messages[-1].parts[-1]
    if isinstance(last, ToolReturnPart):
        return ModelResponse(parts=[TextPart(sentence(last.content))])
    question = str(last.content) if isinstance(last, UserPromptPart) else ""
    tool = chosen(question, info.function_tools)
    return ModelResponse(parts=[ToolCallPart(tool.name, arguments(question, tool))])


def chosen(question: str, tools: Sequence[ToolDefinition]) -> ToolDefinition:
    """The tool that seems to be about the question."""
    return max(tools, key=lambda tool: len(words(question) & words(tool.description or "")))


def words(text: str) -> set[str]:
    """The words of a text, without its numbers."""
    return set(re.findall(r"[a-z]+", text.lower()))


def arguments(question: str, tool: ToolDefinition) -> dict[str, object]:
    """What the tool must be given: the numbers of the question, or the first of them."""
    numbers = re.findall(r"\+[\d -]*\d", question)
    schema = tool.parameters_json_schema
    return {
        name: numbers if schema["properties"][name]["type"] == "array" else numbers[0]
        for name in schema.get("required", [])
    }


def sentence(content: object) -> str:
    """What a tool said: the sentence of a result, or all of a refusal."""
    match content:
        case {"message": str(message)}:
            return message
        case _:
            return str(content)


async def main(questions: list[str]) -> None:
    """Print the answer to each question, and the tools the agent called for it."""
    agent = Agent(FunctionModel(stand_in), toolsets=[MCPToolset(SERVER)])
    async with agent:
        for question in questions:
            run = await agent.run(question)
            for message in run.new_messages():
                for part in message.parts:
                    if isinstance(part, ToolCallPart):
                        print(f"{part.tool_name}({part.args_as_json_str()})")
            print(run.output)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1:] or QUESTIONS)
