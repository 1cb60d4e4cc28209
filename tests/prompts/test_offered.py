"""Which prompts and resources exist: those whose tools do; and what listing them costs a model."""

from pathlib import Path
from typing import Any

import mcp_types as mcp
import pytest
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette

from benchmarks.tokens import compact, tokens
from tests.door import SEEDED, Door, opened
from tests.guard.hosts import ERAS
from tests.resources.reader import CONTACT, ERROR, NOBODY, read, unreadable

ALL = ["is_on_whatsapp", "send_template", "review_opt_outs"]
V1 = {"api_version": "v1", "sender_id": NOBODY}
GIVEN = {
    "is_on_whatsapp": {"phone_numbers": SEEDED},
    "send_template": {"template_name": "a", "phone_number": SEEDED},
    "review_opt_outs": {},
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("settings", "prompts", "templates"),
    [
        ({}, ALL, [CONTACT, ERROR]),
        ({"read_only": True}, ["is_on_whatsapp", "review_opt_outs"], [CONTACT, ERROR]),
        ({"toolsets": "contacts"}, ["is_on_whatsapp", "review_opt_outs"], [CONTACT, ERROR]),
        ({"toolsets": "messages,templates"}, ["send_template"], [ERROR]),
        ({"toolsets": "messages"}, [], [ERROR]),
        ({"toolsets": "templates"}, [], [ERROR]),
        ({"toolsets": "lookup"}, [], [ERROR]),
        ({"mask_phones": True}, ["review_opt_outs"], [CONTACT, ERROR]),
        (V1, ["is_on_whatsapp"], [ERROR]),
        ({**V1, "toolsets": "messages"}, [], [ERROR]),
        ({**V1, "mask_phones": True}, [], [ERROR]),
    ],
    ids=str,
)
async def test_what_exists_follows_the_tools(
    app: Starlette,
    state: Path,
    era: str,
    settings: dict[str, Any],
    prompts: list[str],
    templates: list[str],
) -> None:
    """What is hidden is answered like what was never there."""
    async with opened(app, state, mode=era, **settings) as door:
        listed = (await door.client.list_prompts()).prompts
        assert [each.name for each in listed] == prompts
        found = (await door.client.list_resource_templates()).resource_templates
        assert [each.uri_template for each in found] == templates
        for name, arguments in GIVEN.items():
            assert await _exists(door, name, arguments) == (name in prompts)
        assert await read(door, "sent://errors/AUTH_002")
        if CONTACT not in templates:
            hidden = await unreadable(door, f"sent://contacts/{NOBODY}")
            unknown = await unreadable(door, f"sent://messages/{NOBODY}")
            assert hidden.message == unknown.message.replace("messages", "contacts")
        assert await door.log() == []


async def _exists(door: Door, name: str, arguments: dict[str, str]) -> bool:
    """Whether it is told, and its arguments are completed; both or neither."""
    said: list[str] = []
    ref = mcp.PromptReference(name=name)
    for asked in (
        door.client.get_prompt(name, arguments),
        door.client.complete(ref, {"name": "phone_number", "value": "x"}),
    ):
        try:
            await asked
        except MCPError as missing:
            said.append(missing.error.message)
    unknown = f'UNKNOWN_PROMPT: there is no prompt "{name}".'
    assert len(said) in (0, 2)
    assert all(each.startswith(unknown) for each in said)
    return not said


async def test_they_are_described_to_people_and_cost_a_model_little(door: Door) -> None:
    """Titles and descriptions of all, in fewer tokens than one of the larger tools."""
    answers = (
        await door.client.list_resources(),
        await door.client.list_resource_templates(),
        await door.client.list_prompts(),
    )
    shown = [
        answer.model_dump(
            mode="json",
            by_alias=True,
            exclude_none=True,
            include={"resources", "resource_templates", "prompts"},
        )
        for answer in answers
    ]
    costs = [tokens(compact(each)) for each in shown]
    assert costs[0] <= 60
    assert costs[1] + costs[2] <= 360, costs
    resources, templates, prompts = answers
    for each in (*resources.resources, *templates.resource_templates, *prompts.prompts):
        assert each.title
        assert each.description
        assert each.description.endswith(".")
        assert len(each.description) <= 120
    for prompt in prompts.prompts:
        for argument in prompt.arguments or []:
            assert argument.description
            assert argument.required is True


@pytest.mark.parametrize("era", ERAS)
async def test_lists_may_be_kept_by_everybody(app: Starlette, state: Path, era: str) -> None:
    """They are the same for all, for as long as the process lives; older hosts know no hints."""
    expected = {ERAS[0]: (0, "private"), ERAS[1]: (3_600_000, "public")}[era]
    async with opened(app, state, mode=era) as door:
        for answer in (
            await door.client.list_resources(),
            await door.client.list_resource_templates(),
            await door.client.list_prompts(),
        ):
            assert (answer.ttl_ms, answer.cache_scope) == expected
