"""Templates: list and get, and how one is rendered (API §3.11)."""

import json
import re
from typing import TypedDict, cast

from sent_mcp.emulator.authentication import is_uuid
from sent_mcp.emulator.call import Body, Call, text
from sent_mcp.emulator.database import Database
from sent_mcp.emulator.envelope import Answer, Refusal
from sent_mcp.emulator.pagination import pagination, read_page

_VARIABLE = re.compile(r"\{\{(\w+)\}\}")

# Templates belong to the account; its profiles see the same ones.
LIST = """
SELECT * FROM templates
WHERE (:search = '' OR instr(lower(name), lower(:search)))
  AND (:status = '' OR status = upper(:status))
  AND (:category = '' OR category = upper(:category))
ORDER BY created_at DESC, id LIMIT :limit OFFSET :offset
"""
COUNT = """
SELECT count(*) AS total FROM templates
WHERE (:search = '' OR instr(lower(name), lower(:search)))
  AND (:status = '' OR status = upper(:status))
  AND (:category = '' OR category = upper(:category))
"""
BY_ID = "SELECT * FROM templates WHERE id = :id"
BY_NAME = "SELECT * FROM templates WHERE name = :name"


class TemplateRow(TypedDict):
    """A row of `templates`; `channels` and `variables` are JSON lists."""

    id: str
    customer_id: str
    name: str
    category: str
    language: str
    status: str
    channels: str
    variables: str
    content: str
    created_at: str
    updated_at: str | None
    is_published: bool


def list_templates(call: Call) -> Answer:
    """GET /v3/templates; `is_welcome_playground` is accepted and ignored."""
    page = read_page(call.query)
    values = {name: call.query.get(name, "") for name in ("search", "status", "category")}
    rows = call.database.all(LIST, values | {"limit": page.page_size, "offset": page.offset})
    total = call.database.count(COUNT, values)
    templates = [payload(cast("TemplateRow", row)) for row in rows]
    return Answer({"templates": templates, "pagination": pagination(page, total)})


def get_template(call: Call) -> Answer:
    """GET /v3/templates/{id}."""
    row = find_template(call.database, _checked(call.path["id"]))
    if row is None:
        raise template_not_found()
    return Answer(payload(row))


def named_template(database: Database, reference: Body) -> TemplateRow | None:
    """The template a send names; of id and name the id wins (API §15 row 19)."""
    template_id = text(reference, "id")
    if template_id:
        return find_template(database, _checked(template_id))
    row = database.one(BY_NAME, {"name": text(reference, "name") or ""})
    return cast("TemplateRow | None", row)


def find_template(database: Database, template_id: str | None) -> TemplateRow | None:
    """The template with this id."""
    return cast("TemplateRow | None", database.one(BY_ID, {"id": template_id}))


def template_not_found() -> Refusal:
    return Refusal(404, "RESOURCE_002", "Template not found")


def render(row: TemplateRow, parameters: dict[str, str]) -> str:
    """The text with its variables filled in; missing ones stay visible."""
    return _VARIABLE.sub(lambda match: parameters.get(match[1], match[0]), row["content"])


def missing_parameters(row: TemplateRow, parameters: dict[str, str]) -> list[str]:
    """Declared variables without a value: every one is required (API §3.7)."""
    variables: list[str] = json.loads(row["variables"])
    return [name for name in variables if name not in parameters]


def payload(row: TemplateRow) -> dict[str, object]:
    """A template as it is on the wire; its text is not."""
    visible = {name: value for name, value in row.items() if name != "content"}
    return visible | {
        "channels": json.loads(row["channels"]),
        "variables": json.loads(row["variables"]),
        "is_published": bool(row["is_published"]),
    }


def _checked(template_id: str) -> str:
    if not is_uuid(template_id):
        raise Refusal(400, "VALIDATION_001", "Invalid template ID format.")
    return template_id.lower()
