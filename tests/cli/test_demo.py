"""`sent-mcp demo`: true, pleasant to read, and honest when something is wrong."""

import re

import pytest

from sent_mcp.cli.demo import run_demo
from tests.cli.conftest import Shell

READ_ONLY = ("--demo", "--read-only", "--state", "memory:")


def test_it_shows_a_conversation_in_which_every_answer_is_right(shell: Shell) -> None:
    ran = shell.run("demo", SENT_API_KEY="sk_live_of_the_developer", SENT_MCP_READ_ONLY="true")
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "✗" not in ran.out
    assert "sk_live" not in ran.out
    assert (
        "\n"
        "You    Is +1 (415) 555-0102 on WhatsApp?\n"
        'Model  find_contact_by_phone(phone_number="+1 (415) 555-0102")\n'
        "       ✓ +14155550102 is on WhatsApp.\n"
        "         whatsapp: yes, sms: yes\n"
    ) in ran.out
    for said in (
        "+14155550101 is not on WhatsApp.",
        "2 of the 150 contacts read match; there are 150 in all.",
        "created: +442079460123 was created.",
        "updated: opt_out was changed.",
        "confirmation_required: Nothing was sent.",
        "accepted: Sent accepted 1 message; accepted is not yet delivered.",
        "The message was delivered (DELIVERED).",
        "confirmation_required: Nothing was deleted.",
        "deleted: The contact +14155550104 was deleted",
    ):
        assert f"✓ {said}" in ran.out
    assert "\nEvery answer was right. " in ran.out


async def test_it_fails_when_answers_are_wrong(capfd: pytest.CaptureFixture[str]) -> None:
    assert await run_demo(READ_ONLY) == 1
    out, _ = capfd.readouterr()
    wrong = re.findall(r"^Model  (\w+)\([^✓✗]*✗ This is wrong:$", out, re.MULTILINE)
    assert wrong == [
        "create_contact",
        "update_contact",
        "send_message",
        "send_message",
        "get_message",
        "delete_contact",
        "delete_contact",
    ]
    assert "Answers that were wrong: 7." in out
    assert "Every answer was right" not in out


async def test_it_says_so_when_the_server_does_not_start(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert await run_demo(["--no-such-flag"]) == 1
    out, _ = capfd.readouterr()
    assert "The server did not start." in out
    assert "Answers that were wrong" not in out
