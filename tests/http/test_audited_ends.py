"""What the audit log says of who calls over HTTP, and of calls that the server's end cut off."""

from pathlib import Path
from signal import SIGTERM

import anyio

from tests.http.ending import AT_ONCE, both_eras, until_stopping
from tests.http.identity import KEYS, key_set, settings, token
from tests.http.sites import inside, lines_of, started
from tests.serving.held import CHANGE, HELLO, READ, Gate, behind

DIGITS = ("110169484474386276334", "110169484474386276335")


async def test_two_subjects_whose_names_are_digits_stay_two(home: Path, url: str) -> None:
    """As some identity providers name everybody."""
    audit, keys = home / "audit.jsonl", home / "jwks.json"
    await anyio.Path(keys).write_bytes(key_set(*KEYS))
    async with inside(url, http=settings(keys), audit_log=str(audit)) as site:
        for subject in (*DIGITS, "+14155550123"):
            client = site.bearer(token(sub=subject))
            asked = await client.call("send_message", **HELLO)
            assert asked["status"] == "confirmation_required"
    callers = [line["caller"] for line in await lines_of(audit, 3)]
    assert callers[:2] == [f"jwt:{digits}" for digits in DIGITS]
    assert "4155550123" not in callers[2]
    assert "*" in callers[2]


@both_eras
async def test_what_was_confirmed_and_cut_off_is_not_called_cancelled(home: Path, era: str) -> None:
    """A second signal ends the process while the send is under way: it may have gone out."""
    gate, audit = Gate(""), home / "audit.jsonl"
    async with behind(gate) as variables:
        with started(home, **variables, SENT_MCP_AUDIT_LOG=str(audit)) as site:
            client = site.client(era)
            asked = await client.call("send_message", **HELLO)
            gate.close(CHANGE)
            given = {**HELLO, "confirmation_token": asked["confirmation_token"]}
            async with site.connected() as connection:
                await connection.say(client.call_bytes("send_message", **given))
                with anyio.fail_after(10):
                    await gate.arrived.wait()
                site.signal(SIGTERM)
                await until_stopping(site)
                site.signal(SIGTERM)
                assert await site.ended(AT_ONCE) == 143
        assert "Traceback" not in site.stderr
    first, last = await lines_of(audit, 2)
    assert first["outcome"] == "confirmation_required"
    assert (last["outcome"], last["confirmed"]) == ("outcome_unknown", "token")


@both_eras
async def test_what_nobody_had_confirmed_is_cancelled_by_the_end(home: Path, era: str) -> None:
    """Nothing was on its way."""
    gate, audit = Gate(READ), home / "audit.jsonl"
    async with behind(gate) as variables:
        with started(home, **variables, SENT_MCP_AUDIT_LOG=str(audit)) as site:
            async with site.connected() as connection:
                raw = site.client(era).call_bytes("send_message", **HELLO)
                await connection.say(raw)
                with anyio.fail_after(10):
                    await gate.arrived.wait()
                site.signal(SIGTERM)
                await until_stopping(site)
                site.signal(SIGTERM)
                assert await site.ended(AT_ONCE) == 143
    (only,) = await lines_of(audit, 1)
    assert only["outcome"] == "cancelled"
    assert "confirmed" not in only
