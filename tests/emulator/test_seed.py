"""The address book: how many, who, the same everywhere; and large or kept databases."""

import time
from collections import Counter
from pathlib import Path
from typing import TypedDict

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat

from sent_mcp.emulator import create_app
from tests.emulator.conftest import client_of


class Contact(TypedDict):
    id: str
    phone_number: str
    format_e164: str
    format_international: str
    format_national: str
    format_rfc: str
    country_code: str
    region_code: str
    available_channels: str
    default_channel: str
    opt_out: bool
    created_at: str


async def contacts_of(database: str = ":memory:", contacts: int = 150) -> list[Contact]:
    """Every contact of an emulator, at most the first two hundred."""
    async with client_of(create_app(database=database, contacts=contacts)) as http:
        pages = [
            (await http.get(f"/v3/contacts?page_size=100&page={page}")).json()["data"]["contacts"]
            for page in (1, 2)
        ]
    return pages[0] + pages[1]


async def test_the_states_are_as_many_as_promised() -> None:
    contacts = await contacts_of()
    assert len(contacts) == 150
    assert sum(contact["opt_out"] for contact in contacts) == 9
    channels = Counter(contact["available_channels"] for contact in contacts)
    assert (channels[""], channels["whatsapp"]) == (3, 2)
    assert len({contact["region_code"] for contact in contacts}) >= 8
    only = [item for item in contacts if item["available_channels"] == "whatsapp"]
    assert {item["default_channel"] for item in only} == {"whatsapp"}


async def test_the_fifty_test_numbers_follow_their_last_digit() -> None:
    by_number = {contact["format_e164"]: contact for contact in await contacts_of()}
    for last in range(100, 150):
        contact = by_number[f"+14155550{last}"]
        expected = "sms" if last % 2 else "sms,whatsapp"
        expected += "" if last % 10 else ",rcs"
        assert contact["available_channels"] == expected
        assert contact["opt_out"] is False


async def test_the_numbers_kept_free_are_no_contacts() -> None:
    numbers = {contact["format_e164"] for contact in await contacts_of()}
    free = [f"+14155550{last}" for last in range(150, 200)]
    free += [f"+442079460{last}" for last in range(100, 200)]
    free += [f"+447700900{last:03}" for last in range(1000)]
    assert numbers.isdisjoint([*free, "+447911123456"])


async def test_every_seed_is_older_than_a_day() -> None:
    assert max(contact["created_at"] for contact in await contacts_of()) < "2026-11-01"


async def test_two_processes_see_the_same_records() -> None:
    first, second = await contacts_of(), await contacts_of()
    assert first == second
    assert {contact["format_e164"]: contact["id"] for contact in first}["+14155550102"] == (
        "fa089e63-9a4e-5cb0-a38e-c4695a017787"
    )


@pytest.mark.parametrize("count", [150, 400])
async def test_every_number_is_valid_and_written_as_the_library_writes_it(count: int) -> None:
    """Generated numbers are not formatted by the library, so they are compared with it here."""
    for contact in await contacts_of(contacts=count):
        number = phonenumbers.parse(contact["format_e164"])
        assert phonenumbers.is_valid_number(number), contact["format_e164"]
        for field, form in (
            ("format_international", PhoneNumberFormat.INTERNATIONAL),
            ("format_national", PhoneNumberFormat.NATIONAL),
            ("format_rfc", PhoneNumberFormat.RFC3966),
        ):
            assert contact[field] == phonenumbers.format_number(number, form)
        assert contact["region_code"] == phonenumbers.region_code_for_number(number)
        assert contact["country_code"] == str(number.country_code)


async def test_a_small_book_begins_with_the_test_numbers() -> None:
    numbers = sorted(contact["format_e164"] for contact in await contacts_of(contacts=10))
    assert numbers == [f"+14155550{last}" for last in range(100, 110)]
    assert await contacts_of(contacts=0) == []


async def test_the_first_pages_are_the_same_in_a_large_book() -> None:
    assert (await contacts_of(contacts=400))[:150] == await contacts_of()


async def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    database = str(tmp_path / "emulator.db")
    async with client_of(create_app(database=database, contacts=20)) as http:
        await http.post("/v3/contacts", json={"phone_number": "+14155550160"})
    contacts = await contacts_of(database)
    assert len(contacts) == 21
    assert contacts[0]["format_e164"] == "+14155550160"


async def test_a_replay_survives_a_restart(tmp_path: Path) -> None:
    database = str(tmp_path / "emulator.db")
    body, key = {"phone_number": "+14155550160"}, {"Idempotency-Key": "once"}
    for replayed in (None, "true"):
        async with client_of(create_app(database=database, contacts=1)) as http:
            response = await http.post("/v3/contacts", json=body, headers=key)
        assert response.status_code == 201
        assert response.headers.get("Idempotent-Replayed") == replayed


async def test_a_large_book_is_seeded_and_read_quickly(tmp_path: Path) -> None:
    """A tenth of the promised 200,000 in a tenth of the promised 30 seconds."""
    started = time.perf_counter()
    app = create_app(database=str(tmp_path / "large.db"), contacts=20_000)
    async with client_of(app) as http:
        last = (await http.get("/v3/contacts?page_size=100&page=200")).json()["data"]
    assert (len(last["contacts"]), last["pagination"]["has_more"]) == (100, False)
    assert time.perf_counter() - started < 10
