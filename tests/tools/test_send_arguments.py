"""Sends that make no sense."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.door import SEEDED, Door


def ahead(**span: float) -> str:
    """A time from now, in UTC."""
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "give exactly one of template_id, template_name and text"),
        ({"text": "a", "template_name": "b"}, "give exactly one of"),
        ({"template_id": "a", "template_name": "b"}, "give exactly one of"),
        ({"text": "a", "parameters": {"x": "y"}}, "parameters belong to a template"),
        ({"text": "a", "channels": "mms"}, "an MMS needs media_urls"),
        ({"text": "a", "channels": ["fax"]}, "channels[0]: should be 'sent', 'sms'"),
        ({"text": "a", "channels": 7}, "channels: must be a list"),
        ({"text": "a" * 4097}, "text: "),
        ({"text": {"a": "b"}}, "text: must be text"),
        ({"text": "a", "media_urls": "http://example.com/a"}, "must begin with https://"),
        ({"text": "a", "media_urls": {"a": 1}}, "media_urls: must be a list"),
        ({"text": "a", "scheduled_at": "tomorrow"}, "is not a time; write it like 2026-12-01T09"),
        ({"text": "a", "scheduled_at": "2026-12-01T09:00"}, "needs an offset from UTC, like"),
        ({"text": "a", "scheduled_at": "0001-01-01T00:00+01:00"}, "is no time to send anything"),
        ({"text": "a", "scheduled_at": ahead(seconds=30)}, "from 1 minute to 30 days ahead"),
        ({"text": "a", "scheduled_at": ahead(days=31)}, "from 1 minute to 30 days ahead"),
        ({"text": "a", "scheduled_at": ahead(days=-1)}, "VALIDATION_005: "),
        ({"text": "a", "to": []}, "to: "),
        ({"text": "a", "to": {"phone": SEEDED}}, "to: must be a list"),
        ({"text": "a", "to": [[SEEDED]]}, "to[0]: must be text"),
        ({"text": "a", "to": [SEEDED, "+1415"]}, "to[1]: has too few digits"),
        ({"text": "a", "to": "[1"}, "to: should be JSON, but cannot be read as such"),
        ({"text": "a", "template": "x"}, "template: there is no such argument"),
    ],
)
async def test_a_send_that_makes_no_sense_is_refused_before_any_request(
    door: Door, arguments: dict[str, Any], problem: str
) -> None:
    """Nothing was asked of Sent."""
    text = await door.refused("send_message", **{"to": SEEDED, **arguments})
    assert problem in text
    assert "Nothing was changed or sent." in text
    assert await door.log() == []
