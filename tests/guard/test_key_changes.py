"""A key file that holds another account's key in the middle: only the first account is touched."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sent_mcp.emulator import create_app
from sent_mcp.tools.import_run import AT_ONCE
from tests.door import KEY, SEEDED, Door, reaching, served
from tests.importing import TOOL, add_up, fresh

THEIRS = "sk_test_somebody_else"
CHECK = "check_phone_numbers"
STRANGERS = [f"+44791112{n:04}" for n in range(300)]


class Accounts:
    """Two accounts of one API, told apart by their keys; the file holds the first one's at first.

    After so many answers to `counted` (method) that account is only told 429, `limited` times; then
    its key is revoked, and the file holds the other's.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.mine = create_app(contacts=450)
        self.theirs = create_app(contacts=450, api_key=THEIRS)
        self.mine.user_middleware.insert(0, Middleware(Switch, accounts=self))
        self.counted = ""
        self.answers = self.limited = 0
        self.revoked = False
        self.asked_of_theirs: list[str] = []
        file.write_text(KEY)

    def trouble(self, method: str, *, after: int, limited: int = 0) -> None:
        """From then on."""
        self.counted, self.answers, self.limited = method, after, limited

    def change(self) -> None:
        """The old key is revoked, and the file holds that of the other account."""
        self.file.write_text(THEIRS)
        self.revoked = True

    def refusal(self, method: str) -> JSONResponse | None:
        """What the first account is told instead of an answer."""
        if not self.revoked and method == self.counted:
            if self.answers:
                self.answers -= 1
                return None
            if self.limited:
                self.limited -= 1
                return _refused(429, "BUSINESS_002")
            self.change()
        return _refused(401, "AUTH_002") if self.revoked else None


def _refused(status: int, code: str) -> JSONResponse:
    error = {"code": code, "message": "No"}
    body = {"success": False, "data": None, "error": error, "meta": {"request_id": "req_1"}}
    return JSONResponse(body, status, {"retry-after": "0"})


class Switch:
    """The door of both accounts."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accounts, key = self._accounts, Headers(scope=scope).get("x-api-key")
        if key == THEIRS:
            accounts.asked_of_theirs.append(f"{scope['method']} {scope['path']}")
            await accounts.theirs(scope, receive, send)
            return
        told = accounts.refusal(scope["method"]) if key == KEY else None
        await (told or self._app)(scope, receive, send)


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """Both of them, and the file."""
    return Accounts(tmp_path / "key")


@asynccontextmanager
async def before(accounts: Accounts, state: Path) -> AsyncGenerator[Door]:
    """A server that reads the file, before both; it is no demo, and has used the first key."""
    async with (
        served(accounts.mine) as url,
        reaching(url, state, api_key=None, api_key_file=str(accounts.file)) as door,
    ):
        await door.contact()
        yield door


async def test_an_approved_import_creates_nothing_in_another_account(
    accounts: Accounts, state: Path
) -> None:
    """Its rest belongs to the account it was approved for; the list is asked about anew."""
    async with before(accounts, state) as door:
        token = (await door.call(TOOL, phone_numbers=fresh(20))).token
        accounts.trouble("POST", after=4, limited=AT_ONCE)
        said = await door.done(TOOL, phone_numbers=fresh(20), confirmation_token=token)
        assert (said["status"], add_up(said)) == ("partial", {"created": 4, "remaining": 16})
        assert "because of KEY_CHANGED, " in said["message"] or "AUTH_002" in said["message"]
        assert accounts.asked_of_theirs == []
        text = await door.refused(TOOL, import_id=said["import_id"])
        assert text.startswith("UNKNOWN_IMPORT: ")
        assert accounts.asked_of_theirs == []
        done = await door.twice(TOOL, phone_numbers=fresh(20))
    assert add_up(done) == {"created": 20}
    assert accounts.asked_of_theirs.count("POST /v3/contacts") == 20


async def test_an_import_that_is_cut_off_at_once_creates_nothing_in_another_account(
    accounts: Accounts, state: Path
) -> None:
    """Nor does the same number in its second attempt."""
    async with before(accounts, state) as door:
        token = (await door.call(TOOL, phone_numbers=fresh(11))).token
        accounts.trouble("POST", after=0, limited=AT_ONCE)
        reply = await door.call(TOOL, phone_numbers=fresh(11), confirmation_token=token)
    assert "KEY_CHANGED" in reply.text or "AUTH_002" in reply.text
    assert reply.is_error or add_up(reply.data) == {"remaining": 11}
    assert accounts.asked_of_theirs == []


async def test_a_few_that_need_no_question_are_not_created_in_another_account_either(
    accounts: Accounts, state: Path
) -> None:
    """What was looked up in the one says nothing about the other; the next call begins anew."""
    listed = [*fresh(5), SEEDED]
    async with before(accounts, state) as door:
        accounts.trouble("GET", after=1)
        text = await door.refused(TOOL, phone_numbers=listed)
        assert text.startswith("KEY_CHANGED: ")
        assert "Nothing was changed or sent." in text
        assert accounts.asked_of_theirs == []
        done = await door.done(TOOL, phone_numbers=listed)
    assert add_up(done) == {"created": 5, "existing": 1}


async def test_a_check_does_not_read_on_in_another_accounts_book(
    accounts: Accounts, state: Path
) -> None:
    """What it has read stands; the next check reads the other book from its beginning."""
    async with before(accounts, state) as door:
        accounts.trouble("GET", after=1)
        said = await door.done(CHECK, phone_numbers=[SEEDED, *STRANGERS])
        assert (said["complete"], said["counts"]["not_checked"]) == (False, 300)
        assert SEEDED in said["whatsapp"]
        assert "Not complete: KEY_CHANGED, the API key was changed meanwhile" in said["message"]
        assert accounts.asked_of_theirs == []
        again = await door.done(CHECK, phone_numbers=[SEEDED, *STRANGERS])
        assert (again["complete"], again["counts"]["not_contacts"]) == (True, 300)
    assert accounts.asked_of_theirs == ["GET /v3/contacts"] * again["requests_used"]


@pytest.mark.parametrize("count", [1, 300])
async def test_a_check_whose_first_request_meets_a_revoked_key_goes_on_with_the_new_one(
    accounts: Accounts, state: Path, count: int
) -> None:
    """Nothing was read with the old one."""
    async with before(accounts, state) as door:
        accounts.change()
        said = await door.done(CHECK, phone_numbers=STRANGERS[:count])
    assert (said["complete"], said["counts"]["not_contacts"]) == (True, count)
    assert accounts.asked_of_theirs == ["GET /v3/contacts"] * (said["requests_used"] - 1)
