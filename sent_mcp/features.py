"""What a host offers its user beside tools: resources, prompts, and completion for both."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic

import mcp_types as mcp
from mcp.server.context import ServerRequestContext

from sent_mcp.errors import RefusedError
from sent_mcp.masking import mask_numbers
from sent_mcp.prompts.registry import Prompt
from sent_mcp.protocol_errors import not_found, or_nothing, protocol_errors
from sent_mcp.quoting import quoted, visible
from sent_mcp.resources.registry import JSON, Completion, Resource, nothing
from sent_mcp.tools.registry import Client, Limits
from sent_mcp.tools.seam import masked

MOST_VALUES = 10
"""What a person would look through; more letters find the others."""
_LONGEST_URI = 120
Context = ServerRequestContext[Any, Any]


class Features(Generic[Client]):
    """Those of one process; `client_of` is the client of whoever asks."""

    def __init__(
        self,
        resources: Sequence[Resource[Client]],
        prompts: Sequence[Prompt[Client]],
        client_of: Callable[[Context], Client],
        limits: Limits,
    ) -> None:
        self._resources = resources
        self._prompts: Mapping[str, Prompt[Client]] = {each.name: each for each in prompts}
        self._client_of = client_of
        self._limits = limits

    async def list_resources(
        self, context: Context, params: mcp.PaginatedRequestParams | None
    ) -> mcp.ListResourcesResult:
        """`resources/list`: those without a variable."""
        found = [each.resource() for each in self._resources if each.variable is None]
        return mcp.ListResourcesResult(resources=found)

    async def list_resource_templates(
        self, context: Context, params: mcp.PaginatedRequestParams | None
    ) -> mcp.ListResourceTemplatesResult:
        """`resources/templates/list`: the others."""
        found = [each.template() for each in self._resources if each.variable is not None]
        return mcp.ListResourceTemplatesResult(resource_templates=found)

    async def read_resource(
        self, context: Context, params: mcp.ReadResourceRequestParams
    ) -> mcp.ReadResourceResult:
        """`resources/read`. A hidden resource and an unknown one are answered alike."""
        missing = not_found(context.protocol_version)
        with protocol_errors("resources/read", self._limits, missing=missing, uri=params.uri):
            resource, value = self._found(params.uri)
            said = await resource.read(self._client_of(context), value)
            if self._limits.mask_phones:
                said = masked(said)
            text = json.dumps(said, ensure_ascii=False)
            contents = mcp.TextResourceContents(uri=params.uri, mime_type=JSON, text=text)
            return mcp.ReadResourceResult(
                contents=[contents],
                ttl_ms=resource.cache.ttl_ms,
                cache_scope=resource.cache.scope,
            )

    async def list_prompts(
        self, context: Context, params: mcp.PaginatedRequestParams | None
    ) -> mcp.ListPromptsResult:
        """`prompts/list`: the same for everybody, in a fixed order."""
        return mcp.ListPromptsResult(prompts=[each.definition() for each in self._prompts.values()])

    async def get_prompt(
        self, context: Context, params: mcp.GetPromptRequestParams
    ) -> mcp.GetPromptResult:
        """`prompts/get`. A hidden prompt and an unknown one are answered alike."""
        with protocol_errors("prompts/get", self._limits):
            prompt = self._prompt(params.name)
            message = prompt.message(params.arguments or {}, self._limits.region)
            return mcp.GetPromptResult(description=prompt.description, messages=[message])

    async def complete(
        self, context: Context, params: mcp.CompleteRequestParams
    ) -> mcp.CompleteResult:
        """`completion/complete`: few values, and none where Sent cannot be asked."""
        name = "completion/complete"
        with protocol_errors(name, self._limits):
            complete, client = self._completion(params), self._client_of(context)
        values = await or_nothing(complete(client, params.argument.value), name, self._limits)
        values = [each for each in values if self._is_plain(each)]
        completion = mcp.Completion(
            values=[*values[:MOST_VALUES]], has_more=len(values) > MOST_VALUES
        )
        return mcp.CompleteResult(completion=completion)

    def _is_plain(self, value: str) -> bool:
        """Whether a person sees what they would choose, and a model may read it."""
        hidden = self._limits.mask_phones and mask_numbers(value) != value
        return not hidden and visible(value) == value

    def _found(self, uri: str) -> tuple[Resource[Client], str]:
        for resource in self._resources:
            value = resource.value_in(uri)
            if value is not None:
                return resource, value
        raise RefusedError(
            f"there is no resource {quoted(uri, _LONGEST_URI)}", code="UNKNOWN_RESOURCE"
        )

    def _prompt(self, name: str) -> Prompt[Client]:
        if name not in self._prompts:
            raise RefusedError(f"there is no prompt {quoted(name, 80)}", code="UNKNOWN_PROMPT")
        return self._prompts[name]

    def _completion(self, params: mcp.CompleteRequestParams) -> Completion[Client]:
        """What completes an argument; nothing does where it has no completion."""
        name = params.argument.name
        if isinstance(params.ref, mcp.PromptReference):
            return self._prompt(params.ref.name).complete.get(name, nothing)
        for resource in self._resources:
            if resource.uri == params.ref.uri:
                return resource.complete if resource.variable == name else nothing
        raise RefusedError(
            f"there is no resource {quoted(params.ref.uri, _LONGEST_URI)}", code="UNKNOWN_RESOURCE"
        )
