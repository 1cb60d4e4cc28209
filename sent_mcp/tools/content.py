"""What a message says: a text, or a template that can really be sent with these values."""

import difflib
from collections.abc import Mapping, Sequence

from sent_mcp.errors import RefusedError, about
from sent_mcp.models import Template
from sent_mcp.quoting import named, quoted
from sent_mcp.tools.registry import SentCall

HEADER_IMAGE = "header_image"
_MOST_PAGES = 10
_LONGEST_NEAR = 64


async def find_template(
    call: SentCall, template_id: str | None, template_name: str | None
) -> Template | None:
    """The template by id or by exact name. Raises RefusedError for none or several."""
    if template_id is not None:
        with about(template_id):
            return (await call.client.templates.get(template_id)).data
    if template_name is None:
        return None
    candidates = await _search(call, template_name)
    exact = [each for each in candidates if each.name == template_name]
    if len(exact) == 1:
        return exact[0]
    if exact:
        ids = ", ".join(f"{named(each.id)} ({named(each.language or '?')})" for each in exact[:10])
        raise RefusedError(f"several templates have this name; give template_id, one of {ids}")
    others = candidates or await _search(call, None)
    names = [each.name for each in others if len(each.name) <= _LONGEST_NEAR]
    near = difflib.get_close_matches(template_name[:_LONGEST_NEAR], names, n=3, cutoff=0.4)
    meant = f"; near it: {', '.join(quoted(name, 120) for name in near)}" if near else ""
    raise RefusedError(
        f"there is no template named {quoted(template_name, 120)}{meant}", code="RESOURCE_002"
    )


async def _search(call: SentCall, name: str | None) -> list[Template]:
    found: list[Template] = []
    for page in range(1, _MOST_PAGES + 1):
        answer = await call.client.templates.list(page=page, page_size=100, search=name)
        found += answer.data.templates
        if not answer.data.pagination.has_more:
            break
    return found


def refuse_unsendable(
    template: Template, parameters: Mapping[str, str], channels: Sequence[str]
) -> None:
    """Raises RefusedError for what Sent would accept and fail later (API §3.7)."""
    if template.status != "APPROVED":
        raise RefusedError(
            f"the template {quoted(template.name, 120)} is {named(template.status or 'unknown')},"
            " and only APPROVED ones are sent",
            code="BUSINESS_005",
        )
    available = [name.lower() for name in template.channels]
    lacking = [name for name in channels if name != "sent" and name not in available]
    if available and lacking:
        raise RefusedError(
            f"the template {quoted(template.name, 120)} cannot be sent on {', '.join(lacking)};"
            f" its channels are {', '.join(named(name) for name in available)}"
        )
    _refuse_wrong_parameters(template.variables, parameters)


def _refuse_wrong_parameters(variables: Sequence[str], parameters: Mapping[str, str]) -> None:
    problems: dict[str, list[str]] = {}
    for name in parameters:
        if name not in variables and name != HEADER_IMAGE:
            near = difflib.get_close_matches(name, variables, n=1, cutoff=0.4)
            meant = f" Did you mean {named(near[0])}?" if near else ""
            problems[f"parameters.{named(name)}"] = [f"is no variable of the template.{meant}"]
    for name in variables:
        if not parameters.get(name, "").strip():
            problems[f"parameters.{named(name)}"] = ["is a variable of the template and required."]
    if problems:
        raise RefusedError("the template's values are not right", details=problems)
