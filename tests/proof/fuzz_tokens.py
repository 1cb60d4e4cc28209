"""Confirmations that nobody gave: forged, changed, borrowed and used ones do nothing at all.

Each round asks for one change in two ways, by token and by form. Whatever is made of the token or
of the sealed state is tried for it; then the true one must still do it, once.
"""

import base64
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import mcp_types as mcp
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.shared.exceptions import MCPError

from sent_mcp.guard import token as tokens
from sent_mcp.server import build_server
from sent_mcp.settings import load_settings
from tests.door import KEY
from tests.proof.fuzz_api import Script, standing
from tests.proof.fuzz_tour import QUICKLY, Arguments
from tests.proof.report import Row, Scale
from tests.proof.untrusted_strings import TEXTS

_SECRET, _OTHER_SECRET = "s" * 40, "t" * 40
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_A_ROUND: Final = 20
"""Fewer than the fifty questions that are kept: each forgery is answered with a new one."""
_YES = mcp.ElicitResult(action="accept", content={"confirm": True})


async def run(scale: Scale) -> Sequence[Row]:
    """Tokens of hosts without forms, and sealed states of hosts with them."""
    random = Random(scale.seed)
    rounds = scale.of(8, 600)
    return [
        await _row("tokens", random, rounds, forms=False),
        await _row("sealed states", random, rounds, forms=True),
    ]


@dataclass
class _Tally:
    tried: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list[str])


async def _row(what: str, random: Random, rounds: int, *, forms: bool) -> Row:
    tally, script = _Tally(), Script()
    with TemporaryDirectory() as folder:
        async with standing(script) as url:
            state = Path(folder) / "state.sqlite"
            for number in range(rounds):
                await _round(_Place(url, state, script, random, forms=forms), number, tally)
    failed = min(tally.tried, len(tally.wrong))
    return Row(
        part="tokens", what=what, tried=tally.tried, survived=tally.tried - failed,
        lost=tally.lost, doubled=tally.doubled, wrong=tuple(tally.wrong[:10]),
        figures=f"{rounds:,} true ones",
    )  # fmt: skip


@dataclass
class _Place:
    """Where a round takes place: one API, one state store, and those who share both."""

    url: str
    state: Path
    script: Script
    random: Random
    forms: bool

    @asynccontextmanager
    async def host(self, *, url: str = "", **settings: object) -> AsyncGenerator[Client]:
        """A host before a server of the same store."""
        given: dict[str, object] = {"api_key": KEY, "base_url": url or self.url, **QUICKLY}
        given |= {"state": str(self.state), "secret": _SECRET, **settings}
        server = build_server(load_settings([], **given))

        async def never(
            context: ClientRequestContext, params: mcp.ElicitRequestParams
        ) -> mcp.ElicitResult:
            raise AssertionError("a form was shown outside the protocol")

        client = Client(
            server,
            mode="2026-07-28" if self.forms else "legacy",
            elicitation_callback=never if self.forms else None,
        )
        async with client:
            yield client

    async def asked(self, client: Client, tool: str, arguments: Arguments) -> str:
        """The token or the state that one call is answered with."""
        answer = await client.session.call_tool(tool, arguments, allow_input_required=True)
        if isinstance(answer, mcp.InputRequiredResult):
            assert answer.request_state is not None
            return answer.request_state
        assert answer.structured_content is not None, answer
        return answer.structured_content["confirmation_token"]

    async def tried(self, client: Client, tool: str, arguments: Arguments, given: str) -> str:
        """What comes of a call with this token or state, and a yes."""
        brought: dict[str, Any] = {}
        if self.forms:
            brought = {"request_state": given, "input_responses": {"confirm": _YES}}
        else:
            arguments = {**arguments, "confirmation_token": given}
        try:
            answer = await client.session.call_tool(
                tool, arguments, allow_input_required=True, **brought
            )
        except MCPError as error:
            return error.message
        return str(answer)


async def _round(place: _Place, number: int, tally: _Tally) -> None:
    async with place.host() as client:
        tool, arguments, other = await _change(client, number)
        true = await place.asked(client, tool, arguments)
        begun = len(place.script.changes)
        forged = [each async for each in _borrowed(place, client, tool, arguments, other)]
        forged += list(_changed(place.random, true, arguments, tool))
        forged = [each for each in forged if each[1].strip() != true]
        for kind, given in place.random.sample(forged, _A_ROUND):
            said = await place.tried(client, tool, arguments, given)
            tally.tried += 1
            done = len(place.script.changes) - begun
            if done or "INTERNAL" in said or "Traceback" in said:
                tally.doubled += done
                begun += done
                tally.wrong.append(f"{tool} {kind}: {done} changes: {said[:300]}")
        # The true one, and then again: it does it, and it does it once.
        said = [await place.tried(client, tool, arguments, true) for _ in range(3)]
        done = len(place.script.changes) - begun
        expected = 12 if tool == "import_contacts" else 1
        tally.lost += done < expected
        tally.doubled += max(0, done - expected)
        if done != expected:
            tally.wrong.append(f"{tool}: {done} changes by the true one: {said[0][:300]}")


async def _change(client: Client, number: int) -> tuple[str, Arguments, Arguments]:
    """A tool, arguments nobody used before, and similar ones."""
    kind = number % 3
    if kind == 0:
        content = {"text": f"Round {number}", "channels": ["sms"]}
        one: Arguments = {"to": ["+14155550102"], **content}
        return "send_message", one, {**one, "to": ["+14155550104"]}
    if kind == 1:
        numbers = [f"+4477009{(number * 12 + each) % 100_000:05}" for each in range(12)]
        return "import_contacts", {"phone_numbers": numbers}, {"phone_numbers": numbers[:11]}
    listed = await client.call_tool("list_contacts", {"page_size": 2})
    assert listed.structured_content is not None
    first, second = listed.structured_content["contacts"]
    return "delete_contact", {"contact_id": first["id"]}, {"contact_id": second["id"]}


async def _borrowed(
    place: _Place, client: Client, tool: str, arguments: Arguments, other: Arguments
) -> AsyncGenerator[tuple[str, str]]:
    """True ones, of something else."""
    yield "of other arguments", await place.asked(client, tool, other)
    elsewhere: Arguments = {"to": ["+14155550106"], "text": "Else", "channels": ["sms"]}
    yield "of another call", await place.asked(client, "send_message", elsewhere)
    async with place.host(secret=_OTHER_SECRET) as stranger:
        yield "signed with another secret", await place.asked(stranger, tool, arguments)
    there = place.url.replace("127.0.0.1", "localhost")
    async with place.host(url=there) as stranger:
        yield "of another account", await place.asked(stranger, tool, arguments)
    async with place.host(state="memory:") as stranger:
        yield "of another store", await place.asked(stranger, tool, arguments)


def _changed(
    random: Random, true: str, arguments: Arguments, tool: str
) -> Iterator[tuple[str, str]]:
    """What can be made of a true one without the secret."""
    mark = " cf_" if " cf_" in true else "form_"
    words, _, packed = true.rpartition(mark)
    for _ in range(8):
        at = random.randrange(len(true))
        other = random.choice(_ALPHABET.replace(true[at], ""))
        yield "another character", true[:at] + other + true[at + 1 :]
        yield "one character less", true[:at] + true[at + 1 :]
        yield "one character more", true[:at] + random.choice(_ALPHABET + " =\n\0") + true[at:]
        yield "cut", true[:at]
        yield "cut in front", true[at + 1 :]
    yield "other words", f"nothing at all{mark}{packed}"
    yield "more words", f"please {words}{mark}{packed}"
    yield "no words", f"cf_{packed}"
    yield "of the other kind", f"form_{packed}" if words else f"delete cf_{packed}"
    yield "twice", true + " " + true
    yield "in other letters", true.swapcase()
    yield "padded", true + "=="
    yield "in usual base64", words + mark + packed.replace("-", "+").replace("_", "/") + "="
    raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    approval = raw[: tokens.ID_BYTES].hex()
    bound = [tool, arguments, "", "local"]
    for secret in (b"", _OTHER_SECRET.encode(), b"secret", KEY.encode()):
        yield "signed anew", tokens.mint(secret, words, approval, bound)
        yield "sealed anew", tokens.seal(secret, approval, bound)
        yield "made up", tokens.mint(secret, "delete", tokens.new_approval_id(), bound)
    none = base64.urlsafe_b64encode(bytes(len(raw))).decode().rstrip("=")
    yield "nothing but zeros", f"{words}{mark}{none}"
    yield "an id without a signature", words + mark + base64.urlsafe_b64encode(raw[:9]).decode()
    yield "very long", true * 40
    yield "huge", "A" * 1_000_000
    for name, text in random.sample([*TEXTS.items()], 4):
        yield name, text[:400] + true
