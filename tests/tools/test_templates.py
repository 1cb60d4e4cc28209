"""Templates: lists and filters."""

from typing import Any

import pytest

from tests.door import Door


async def test_a_template_is_listed_with_the_values_it_needs(door: Door) -> None:
    """One line each, under one header."""
    reply = await door.call("list_templates", search="ORDER_conf")
    (template,) = reply.data.pop("templates")
    assert reply.data == {
        "message": "1 of 1 templates, page 1 of 1.",
        "page": 1,
        "page_size": 20,
        "total_count": 1,
        "total_pages": 1,
        "has_more": False,
    }
    template_id = template.pop("id")
    assert template == {
        "name": "order_confirmation",
        "category": "UTILITY",
        "language": "en_US",
        "status": "APPROVED",
        "channels": ["sms", "whatsapp"],
        "variables": ["name", "order_number"],
    }
    assert reply.text.splitlines()[1:] == [
        "id name category language status channels variables",
        f"{template_id} order_confirmation UTILITY en_US APPROVED sms,whatsapp name,order_number",
    ]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"status": "pending"}, {"verification_code"}),
        ({"status": "REJECTED"}, {"summer_sale"}),
        ({"category": "marketing"}, {"welcome_message", "summer_sale"}),
        ({"category": "Marketing", "status": "approved"}, {"welcome_message"}),
        ({"search": "nothing like it"}, set[str]()),
    ],
)
async def test_templates_are_filtered_in_any_case(
    door: Door, filters: dict[str, Any], names: set[str]
) -> None:
    """Sent does it."""
    answer = await door.done("list_templates", **filters)
    assert {template["name"] for template in answer["templates"]} == names


async def test_pages_of_templates_repeat_their_filters(door: Door) -> None:
    """And hold each template once."""
    first = await door.done("list_templates", page_size=2, status="approved")
    assert first["next"] == 'list_templates(page=2, page_size=2, status="APPROVED")'
    second = await door.done("list_templates", page=2, page_size=2, status="APPROVED")
    names = {template["name"] for template in first["templates"] + second["templates"]}
    assert len(names) == 4
    assert "next" not in second
