"""The suite's prompts and resources: those that fit through the product's registry, and others."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import mcp_types as mcp

from sent_mcp.prompts.registry import Prompt, Wording
from tests.conformance import rounds
from tests.conformance.contents import IMAGE, PNG, Context

PromptAnswer = mcp.GetPromptResult | mcp.InputRequiredResult
_WORDS = "A prompt of the conformance suite."


class _Simple(Wording):
    """No arguments."""

    def words(self) -> str:
        """See Wording."""
        return "This is a simple prompt for testing."


class _Two(Wording):
    """Two arguments."""

    arg1: str
    arg2: str

    def words(self) -> str:
        """See Wording."""
        return f"Prompt with arguments: arg1='{self.arg1}', arg2='{self.arg2}'"


async def _words_with(client: object, typed: str) -> Sequence[str]:
    return [each for each in ("paris", "park", "party") if each.startswith(typed)]


REGISTERED: tuple[Prompt[object], ...] = (
    Prompt("test_simple_prompt", "Simple", _WORDS, _Simple, names=()),
    Prompt(
        "test_prompt_with_arguments",
        "Arguments",
        _WORDS,
        _Two,
        names=(),
        complete={"arg1": _words_with},
    ),
)


@dataclass(frozen=True)
class Fixture:
    """A prompt whose messages no prompt of the product has."""

    name: str
    answer: Callable[[Context, mcp.GetPromptRequestParams], Awaitable[PromptAnswer]]
    arguments: tuple[str, ...] = ()

    def definition(self) -> mcp.Prompt:
        """The entry in `prompts/list`."""
        given = [mcp.PromptArgument(name=name, required=True) for name in self.arguments]
        return mcp.Prompt(name=self.name, description=_WORDS, arguments=given)


async def _embedded(context: Context, params: mcp.GetPromptRequestParams) -> PromptAnswer:
    inside = mcp.TextResourceContents(
        uri=(params.arguments or {})["resourceUri"],
        mime_type="text/plain",
        text="Embedded resource content for testing.",
    )
    return _messages(mcp.EmbeddedResource(resource=inside), "Please process the resource above.")


async def _image(context: Context, params: mcp.GetPromptRequestParams) -> PromptAnswer:
    return _messages(IMAGE, "Please analyze the image above.")


def _messages(first: mcp.ContentBlock, words: str) -> mcp.GetPromptResult:
    blocks = (first, mcp.TextContent(text=words))
    messages = [mcp.PromptMessage(role="user", content=block) for block in blocks]
    return mcp.GetPromptResult(messages=messages)


PROMPTS = (
    Fixture("test_prompt_with_embedded_resource", _embedded, ("resourceUri",)),
    Fixture("test_prompt_with_image", _image),
    Fixture("test_input_required_result_prompt", rounds.prompt),
)

RESOURCES: Mapping[str, tuple[str, str]] = {
    "test://static-text": ("text/plain", "This is the content of the static text resource."),
    "test://static-binary": ("image/png", PNG),
}
TEMPLATE = "test://template/{id}/data"
_BEFORE, _AFTER = TEMPLATE.split("{id}")


def resources() -> list[mcp.Resource]:
    """The entries in `resources/list`."""
    words = "A resource of the conformance suite."
    return [
        mcp.Resource(uri=uri, name=uri.rpartition("/")[2], description=words, mime_type=mime_type)
        for uri, (mime_type, _) in RESOURCES.items()
    ]


def template() -> mcp.ResourceTemplate:
    """The entry in `resources/templates/list`."""
    words = "A template of the conformance suite."
    return mcp.ResourceTemplate(uri_template=TEMPLATE, name="template", description=words)


def read(uri: str) -> mcp.ReadResourceResult | None:
    """What stands at an address of the suite's; None for any other."""
    if uri in RESOURCES:
        mime_type, content = RESOURCES[uri]
        if mime_type == "image/png":
            blob = mcp.BlobResourceContents(uri=uri, mime_type=mime_type, blob=content)
            return _result(blob)
        return _result(mcp.TextResourceContents(uri=uri, mime_type=mime_type, text=content))
    found = uri.removeprefix(_BEFORE).removesuffix(_AFTER)
    if f"{_BEFORE}{found}{_AFTER}" != uri:
        return None
    said = f'{{"id":"{found}","templateTest":true,"data":"Data for ID: {found}"}}'
    return _result(mcp.TextResourceContents(uri=uri, mime_type="application/json", text=said))


def _result(
    contents: mcp.TextResourceContents | mcp.BlobResourceContents,
) -> mcp.ReadResourceResult:
    return mcp.ReadResourceResult(contents=[contents], ttl_ms=0, cache_scope="private")
