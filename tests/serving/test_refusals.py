"""Every line gets its reply: whoever wrote it waits for one, or looks for its own mistake."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.serving.raw import Server, handshake, line, running, told

PING = b'{"jsonrpc":"2.0","id":7,"method":"ping"'
NOT_JSON: dict[str, bytes] = {
    "text": b"no json",
    "two objects": PING + b"}" + PING + b"}",
    "half an object": PING,
    "nested": PING + b',"params":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}",
    "nested and open": b"{" * 5000,
    "no UTF-8": PING + b',"params":{"a":"\xff"}}',
    "a surrogate in UTF-8": PING + b',"params":{"a":"\xed\xa0\x80"}}',
    "a byte order mark": b"\xef\xbb\xbf" + PING + b"}",
    "UTF-16": (PING + b"}").decode().encode("utf-16"),
    "not a number": PING + b',"params":{"a":NaN}}',
    "an open escape": PING + b',"params":{"a":"\\ud"}}',
    "a null byte": b"\x00",
}  # fmt: skip
"""Lines that are no JSON."""

NO_MESSAGE: dict[str, tuple[bytes, object]] = {
    "a number": (b"7", None),
    "null": (b"null", None),
    "a string": (b'"ping"', None),
    "an empty object": (b"{}", None),
    "a batch": (b"[" + PING + b"}]", None),
    "an empty batch": (b"[]", None),
    "a version alone": (b'{"jsonrpc":"2.0"}', None),
    "no method": (b'{"jsonrpc":"2.0","id":7}', None),
    "no version": (b'{"id":7,"method":"ping"}', 7),
    "another version": (b'{"jsonrpc":"1.0","id":"a","method":"ping"}', "a"),
    "a version as a number": (b'{"jsonrpc":2.0,"id":7,"method":"ping"}', 7),
    "a list of params": (PING + b',"params":[1]}', 7),
    "a text as params": (PING + b',"params":"a"}', 7),
    "a method of null": (b'{"jsonrpc":"2.0","id":7,"method":null}', 7),
    "an id of null": (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None),
    "an id of 1.5": (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None),
    "an id of 1.0": (b'{"jsonrpc":"2.0","id":1.0,"method":"ping"}', None),
    "an id of true": (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None),
    "an object as id": (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', None),
    "a notification with a list": (PING[:17] + b'"method":"x","params":[]}', None),
    "half a surrogate pair": (PING + b',"params":{"a":"\\ud800"}}', 7),
    "the other half": (PING + b',"params":{"a":"\\uDFFF"}}', 7),
    "half a pair as id": (b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', None),
    "half a pair in a response": (b'{"jsonrpc":"2.0","id":7,"result":{"a":"\\ud800"}}', None),
    "half a pair in a list": (b'["\\ud800"]', None),
    "a response of text": (b'{"jsonrpc":"2.0","id":7,"result":"x"}', None),
    "a response without id": (b'{"jsonrpc":"2.0","result":{}}', None),
    "an error of text": (b'{"jsonrpc":"2.0","id":7,"error":"x"}', None),
}  # fmt: skip
"""JSON that is no message, and the id the refusal bears."""

NO_ANSWER = {
    "nothing": b"",
    "white space": b" \t \r",
    "a notification nobody knows": b'{"jsonrpc":"2.0","method":"notifications/none"}',
    "a response nobody asked for": b'{"jsonrpc":"2.0","id":7,"result":{}}',
    "an error nobody caused": b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"x"}}',
}
"""Lines that call for no reply."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """One server for all these lines: each finds it alive."""
    with running(tmp_path_factory.mktemp("home")) as server:
        server.open()
        yield server
        code, rest, err = server.end()
    assert (code, rest, err) == (0, [], "")


def _refusal(server: Server, bad: bytes) -> tuple[int, object, str]:
    """The one reply to a bad line."""
    server.say(bad, b"\n", line("ping", "next"))
    refused = server.hear()
    assert server.hear() == {"jsonrpc": "2.0", "id": "next", "result": {}}
    assert set(refused) == {"jsonrpc", "id", "error"}
    assert set(refused["error"]) == {"code", "message"}
    return refused["error"]["code"], refused["id"], refused["error"]["message"]


@pytest.mark.parametrize("bad", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_is_a_parse_error(server: Server, bad: bytes) -> None:
    """JSON-RPC 2.0, 5.1: and bears no id, which nobody could read."""
    code, number, text = _refusal(server, bad)
    assert (code, number) == (-32700, None)
    assert text == "Not JSON in UTF-8. Send one message per line, without a byte order mark."


@pytest.mark.parametrize(("bad", "number"), NO_MESSAGE.values(), ids=NO_MESSAGE)
def test_what_is_no_message_is_an_invalid_request(
    server: Server, bad: bytes, number: object
) -> None:
    """With the id of the request, so that nobody waits for ever, and never that of a response."""
    code, found, text = _refusal(server, bad)
    assert (code, found) == (-32600, number)
    assert type(found) is type(number)
    assert text.endswith(".")
    assert 20 < len(text) < 100


@pytest.mark.parametrize("quiet", NO_ANSWER.values(), ids=NO_ANSWER)
def test_what_asks_for_nothing_gets_nothing(server: Server, quiet: bytes) -> None:
    """Two sides that answer each other's errors would never stop."""
    server.say(quiet, b"\n", line("ping", 5))
    assert server.hear() == {"jsonrpc": "2.0", "id": 5, "result": {}}


@pytest.mark.parametrize("number", ["", "a", "7", 0, -1, 2**70])
def test_an_id_comes_back_as_it_was(server: Server, number: str | int) -> None:
    """A text that looks like a number stays one (JSON-RPC 2.0, 5)."""
    server.say(line("ping", number))
    assert server.hear() == {"jsonrpc": "2.0", "id": number, "result": {}}


def test_a_refusal_repeats_nothing_of_what_came(server: Server) -> None:
    """It may hold numbers and texts that are nobody else's business."""
    for bad in (b"+14155550102", b'{"jsonrpc":"+14155550102","method":"m"}', b'["+14155550102"]'):
        assert "4155550102" not in _refusal(server, bad)[2]


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    """And the last one not at all."""
    given = (handshake() + line("ping", 1) + line("ping", 2)).replace(b"\n", b"\r\n")
    assert [each["id"] for each in told(tmp_path, given.rstrip())] == [0, 1, 2]


def test_the_first_lines_may_be_bad_too(tmp_path: Path) -> None:
    """No bad line decides the era, and none is lost."""
    bad = [*NOT_JSON.values(), *(each for each, _ in NO_MESSAGE.values())]
    found = told(tmp_path, b"\n".join([*bad, handshake() + line("tools/list", "tools")]))
    assert len(found) == len(bad) + 2
    assert json.dumps(found[-1]).count('"inputSchema"') > 1
