"""`sent-mcp call` and `sent-mcp tools`: one call through MCP, and exit codes for scripts."""

from typing import Any

import httpx
import pytest

from tests.cli.conftest import Ran, Shell
from tests.door import OFFERED

FIND = ("call", "find_contact_by_phone", "--json")
DELETE = ("call", "delete_contact", "contact_id=ba9b372c-1e8e-5ebd-8513-be0fe5aef620")
"""Of the seeded contact +14155550101; seeded ids are the same in every process."""


def find(shell: Shell, number: str, *words: str) -> dict[str, Any]:
    """The answer about a number."""
    ran = shell.run(*FIND, f"phone_number={number}", *words)
    assert (ran.code, ran.err) == (0, "")
    return ran.json


@pytest.mark.parametrize(
    ("number", "found", "whatsapp"),
    [
        ("+1 (415) 555-0101", True, "no"),
        ("+1 (415) 555-0102", True, "yes"),
        ("+14155550160", False, "unknown"),
    ],
)
def test_a_number_is_on_whatsapp_or_not_or_nobody_knows(
    shell: Shell, number: str, found: bool, whatsapp: str
) -> None:
    answer = find(shell, number, "--demo")
    assert (answer["found"], answer["whatsapp"]) == (found, whatsapp)


def test_a_delete_waits_for_its_token_and_then_deletes(shell: Shell) -> None:
    kept = ("--demo-db", str(shell.home / "demo.sqlite"))
    asked = shell.run(*DELETE, *kept, "--json")
    assert (asked.code, asked.err) == (3, "")
    assert asked.json["status"] == "confirmation_required"
    assert find(shell, "+14155550101", *kept)["found"] is True

    token = f"confirmation_token={asked.json['confirmation_token']}"
    done = shell.run(*DELETE, token, *kept, "--json")
    assert (done.code, done.json["status"]) == (0, "deleted")
    assert find(shell, "+14155550101", *kept)["found"] is False


def test_a_demo_in_memory_takes_the_token_of_another_process(shell: Shell) -> None:
    asked = shell.run(*DELETE, "--demo")
    assert (asked.code, asked.err) == (3, "")
    assert asked.out.startswith("confirmation_required: Nothing was deleted. Show the user")
    token = asked.out.rsplit('confirmation_token="', 1)[1].split('"')[0]
    assert shell.run(*DELETE, f"confirmation_token={token}", "--demo").code == 0


def test_a_mistyped_dry_run_does_not_delete(shell: Shell) -> None:
    ran = shell.run(*DELETE, "dryrun=true", "--demo")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("INVALID_ARGUMENTS: ")
    assert "did you mean dry_run?" in ran.err
    assert "Nothing was changed or sent." in ran.err


def listed(shell: Shell, *words: str) -> list[dict[str, Any]]:
    """The contacts of every page from the first on."""
    contacts: list[dict[str, Any]] = []
    page: int | None = 1
    while page is not None:
        ran = shell.run("call", "list_contacts", f"page={page}", *words, "--demo", "--json")
        assert ran.code == 0, ran.out
        contacts += ran.json["contacts"]
        following = page + 1 if ran.json["has_more"] else None
        page = ran.json.get("next_page") if "scanned" in ran.json else following
    return contacts


def test_a_reach_finds_exactly_the_contacts_with_those_channels(shell: Shell) -> None:
    everybody = listed(shell, "page_size=100")
    assert len(everybody) == 150
    only_sms = [one for one in everybody if one["available_channels"] == ["sms"]]
    assert listed(shell, "reach=sms_only", "page_size=10") == only_sms


def test_a_search_for_a_name_is_told_that_there_are_none(shell: Shell) -> None:
    ran = shell.run("call", "list_contacts", "search=Maria", "--demo")
    assert (ran.code, ran.out) == (1, "")
    assert "Contacts have no names" in ran.err


def test_a_forgotten_placeholder_is_named(shell: Shell) -> None:
    ran = shell.run("call", "list_contacts", SENT_API_KEY="${SENT_API_KEY}")
    assert (ran.code, ran.out) == (1, "")
    assert "SENT_API_KEY holds the placeholder '${SENT_API_KEY}'" in ran.err


def test_the_legacy_api_answers_its_first_page(shell: Shell) -> None:
    with shell.emulator() as address:
        legacy = {
            "SENT_BASE_URL": address,
            "SENT_API_KEY": "sk_test_emulator",
            "SENT_API_VERSION": "v1",
            "SENT_SENDER_ID": "7ba7b820-9dad-11d1-80b4-00c04fd430c8",
        }
        ran = shell.run("call", "list_contacts", "page=1", "--json", **legacy)
        assert (ran.code, ran.err) == (0, "")
        assert (ran.json["page"], ran.json["total_count"]) == (1, 150)
        tools = shell.run("tools", **legacy)
        assert [line.split()[0] for line in tools.out.splitlines() if line[0] != " "] == [
            "list_contacts",
            "find_contact_by_phone",
        ]


def test_errors_are_json_where_json_was_asked_for(shell: Shell) -> None:
    ran = shell.run("call", "list_contacts", "page=0", "--demo", "--json")
    assert (ran.code, ran.err) == (1, "")
    assert ran.error["code"] == "INVALID_ARGUMENTS"
    assert ran.error["message"].startswith("the arguments of list_contacts are wrong.\npage: ")


def test_an_unknown_tool_is_wrong_usage(shell: Shell) -> None:
    ran = shell.run("call", "list_contact", "--demo", "--json")
    assert (ran.code, ran.err, ran.error["code"]) == (2, "", "USAGE")
    assert ran.error["message"].startswith(
        "no tool 'list_contact'. Did you mean 'list_contacts'? There are: list_contacts, "
    )


def test_a_person_reads_wrong_usage_on_stderr(shell: Shell) -> None:
    ran = shell.run("call", "list_contacts", "page", "--demo")
    assert ran == Ran(2, "", "USAGE: 'page' is not key=value\n")


def test_arguments_may_be_one_json_object(shell: Shell) -> None:
    given = '{"page_size": 2, "opt_out": "true"}'
    ran = shell.run("call", "list_contacts", "page_size=100", "--args", given, "--demo", "--json")
    assert ran.code == 0
    assert {contact["opt_out"] for contact in ran.json["contacts"]} == {True}
    assert len(ran.json["contacts"]) > 2


def test_a_setting_that_is_wrong_is_named(shell: Shell) -> None:
    ran = shell.run("tools", "--json", SENT_MCP_CONFIRM="perhaps")
    assert (ran.code, ran.err, ran.error["code"]) == (1, "", "SETTINGS")
    assert ran.error["message"].startswith("SENT_MCP_CONFIRM: ")


def test_a_demo_file_that_is_no_database_is_named_and_kept(shell: Shell) -> None:
    notes = shell.home / "notes.txt"
    notes.write_text("to be kept", encoding="utf-8")
    ran = shell.run("call", "list_contacts", "--demo-db", str(notes))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"SETTINGS: --demo-db: '{notes}' cannot be used: ")
    assert "Traceback" not in ran.err
    assert notes.read_text(encoding="utf-8") == "to be kept"


def test_the_tools_are_flat_and_readable(shell: Shell) -> None:
    ran = shell.run("tools", "--json")
    assert (ran.code, ran.err) == (0, "")
    names = [tool["name"] for tool in ran.json]
    assert len(names) == OFFERED
    for keyword in ("$ref", "anyOf", "$defs"):
        assert f'"{keyword}"' not in ran.out

    read = shell.run("tools", "--demo")
    assert read.code == 0
    assert max(len(line) for line in read.out.splitlines() if line[0] == " ") <= 80
    assert [line.split()[0] for line in read.out.splitlines() if line[0] != " "] == names
    assert "get_contact contact_id [include_summary]\n    Read one contact" in read.out


def test_an_import_goes_on_in_another_command(shell: Shell) -> None:
    with shell.emulator() as address:
        small = {
            "SENT_BASE_URL": address,
            "SENT_API_KEY": "sk_test_emulator",
            "SENT_MCP_REQUESTS_PER_MINUTE": "8",
        }
        numbers = "phone_numbers=" + ",".join(f"+1415556{index:04d}" for index in range(10))
        first = shell.run("call", "import_contacts", numbers, "--json", **small)
        assert (first.code, first.json["status"]) == (1, "partial")
        assert first.json["counts"]["created"] == 4
        going_on = f"import_id={first.json['import_id']}"
        second = shell.run("call", "import_contacts", going_on, "--json", **small)
        assert (second.code, second.json["status"]) == (0, "imported")
        assert second.json["counts"]["created"] == 10


def test_an_import_with_numbers_that_failed_is_no_success(shell: Shell) -> None:
    with shell.emulator() as address:
        fault = {"match": "POST /v3/contacts", "kind": "status", "status": 422}
        httpx.post(f"{address}/__emulator/faults", json=[fault]).raise_for_status()
        ran = shell.run(
            "call",
            "import_contacts",
            "phone_numbers=+14155560001,+14155560002",
            "--json",
            SENT_BASE_URL=address,
            SENT_API_KEY="sk_test_emulator",
        )
        assert (ran.code, ran.json["status"]) == (1, "imported")
        assert ran.json["counts"]["failed"] == 1
