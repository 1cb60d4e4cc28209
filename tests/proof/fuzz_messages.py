"""Messages of a host, and what becomes of them on a bad day: bytes that nobody promised."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final, cast

Mutation = Callable[[Random, bytes, bytes], bytes]
"""Makes bytes of a message and of another one."""
_NUMBERS: Final = (
    b"-0",
    b"1.0",
    b"1e999",
    b"-1e400",
    b"1E5",
    b"9" * 30,
    b"0x10",
    b"01",
    b"NaN",
    b"-",
)
_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 2**63, 2**64, 10**30, 1.5, -0.0, "", "null", "7", "\u202e", "\x00",
    "x" * 70_000, [], [[]], {}, {"": None}, ["a", 1, None], {"$ref": "#"}, {"__proto__": {}},
)  # fmt: skip
_METHODS: Final = (
    "tools/list", "ping", "prompts/list", "resources/list", "resources/templates/list",
    "no/such/method", "logging/setLevel", "server/discover", "subscriptions/listen", "",
)  # fmt: skip
_CALLS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("get_contact", {"contact_id": "no such id!"}),
    ("list_contacts", {"page": 0}),
    ("list_contacts", {"page_size": "two"}),
    ("find_contact_by_phone", {"phone_number": "nobody"}),
    ("update_contact", {"contact_id": "a", "optout": True}),
    ("delete_contact", {"contact_id": "a", "confirmation_token": "delete a cf_abc"}),
    ("send_message", {"to": ["x"], "text": "Hello", "parameters": "{"}),
    ("import_contacts", {"import_id": "no such import"}),
    ("no_such_tool", {}),
)
_ASKING: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("find_contact_by_phone", {"phone_number": "+14155550102"}),
    ("list_contacts", {"page_size": 1}),
    ("check_phone_numbers", {"phone_numbers": ["+14155550102"]}),
)
"""They reach the emulator, whose log of them grows."""


def message(random: Random, number: int, meta: dict[str, Any] | None = None) -> bytes:
    """A message as it should be, with this number as its id or as a text of it."""
    params, method = _params(random)
    if meta is not None:
        params = {**(params or {}), "_meta": {**meta, **(params or {}).get("_meta", {})}}
    whole: dict[str, Any] = {"jsonrpc": "2.0", "id": random.choice([number, f"n{number}"])}
    whole["method"] = method
    if params is not None or random.random() < 0.1:
        whole["params"] = params
    if random.random() < 0.1:
        del whole["id"]
    if random.random() < 0.05:
        whole = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
        whole["params"] = {"requestId": number - random.randrange(3)}
    return json.dumps(whole, ensure_ascii=random.random() < 0.5).encode()


def _params(random: Random) -> tuple[dict[str, Any] | None, str]:
    kind = random.random()
    if kind < 0.4:
        return random.choice([None, {}, {"_meta": {"progressToken": 1}}]), random.choice(_METHODS)
    if kind < 0.9:
        tool, arguments = random.choice(_CALLS if kind < 0.85 else _ASKING)
        return {"name": tool, "arguments": arguments}, "tools/call"
    if kind < 0.95:
        uri = random.choice(["sent://errors/AUTH_002", "sent://nothing", "file:///etc/passwd"])
        return {"uri": uri}, "resources/read"
    return {"name": "is_on_whatsapp", "arguments": {"phone_numbers": "+1 415"}}, "prompts/get"


def _flip(random: Random, one: bytes, other: bytes) -> bytes:
    changed = bytearray(one)
    for _ in range(random.choice([1, 1, 2, 8])):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(random: Random, one: bytes, other: bytes) -> bytes:
    start = random.randrange(len(one))
    end = random.randrange(start, len(one) + 1)
    return random.choice([one[:start], one[start:], one[:start] + one[end:]])


def _spliced(random: Random, one: bytes, other: bytes) -> bytes:
    at, there = random.randrange(len(one)), random.randrange(len(other))
    return one[:at] + other[there:]


def _inserted(random: Random, one: bytes, other: bytes) -> bytes:
    at = random.randrange(len(one) + 1)
    bad = (
        b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80", b"\x00", b"\x1b",
        b"\\ud800", b"\\udc00\\ud800", b"\\u0000", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n",
        b"\n\r\n", b"\xe2\x80\xa8", b"\xc2\x85", b",", b'"', b"{", b"}", b"//", *_NUMBERS,
    )  # fmt: skip
    return one[:at] + random.choice(bad) + one[at:]


def _twice(random: Random, one: bytes, other: bytes) -> bytes:
    """A key that comes twice, with the same value or another."""
    keys = (b'"id"', b'"method"', b'"jsonrpc"', b'"params"', b'"name"', b'"arguments"', b'"x"')
    value = random.choice([b"7", b'"2.0"', b"{}", b"null", b'"tools/list"', b"[1]"])
    at = random.choice([index + 1 for index, byte in enumerate(one) if byte == ord("{")])
    return one[:at] + random.choice(keys) + b":" + value + b"," + one[at:]


def _counted(random: Random, one: bytes, other: bytes) -> bytes:
    """A number in another's place."""
    places = [index for index, byte in enumerate(one) if chr(byte).isdigit()]
    at = random.choice(places) if places else 0
    return one[:at] + random.choice(_NUMBERS) + one[at + 1 :]


def _deep(random: Random, one: bytes, other: bytes) -> bytes:
    depth = random.choice([5, 50, 150, 5_000, 100_000])
    opened, closed = random.choice([(b"[", b"]"), (b'{"a":', b"}")])
    nest = opened * depth + b"1" + closed * random.choice([depth, depth, depth - 1])
    at = one.find(b"{", 1) + 1
    return one[:at] + b'"deep":' + nest + b"," + one[at:]


def _retyped(random: Random, one: bytes, other: bytes) -> bytes:
    """Another value somewhere within."""
    whole: dict[str, Any] = json.loads(one)
    inside = [whole, *(each for each in _objects(whole) if each)]
    chosen = random.choice(inside)
    chosen[random.choice([*chosen])] = random.choice(_VALUES)
    return json.dumps(whole).encode()


def _objects(value: dict[str, Any]) -> Sequence[dict[str, Any]]:
    values: Sequence[Any] = [*value.values()]
    found = [cast("dict[str, Any]", each) for each in values if isinstance(each, dict)]
    return [*found, *(inner for each in found for inner in _objects(each))]


def _without(random: Random, one: bytes, other: bytes) -> bytes:
    whole: dict[str, Any] = json.loads(one)
    del whole[random.choice([*whole])]
    return json.dumps(whole).encode()


def _answering(random: Random, one: bytes, other: bytes) -> bytes:
    """An answer to a question that nobody asked."""
    part = random.choice([{"result": {}}, {"error": {"code": 1, "message": "x"}}, {"result": 1}])
    return json.dumps({"jsonrpc": "2.0", "id": random.choice([1, "1", None, 1.5]), **part}).encode()


def _packed(random: Random, one: bytes, other: bytes) -> bytes:
    return random.choice([b"[" + one + b"," + other + b"]", one + other, b"[]", one + b" " + other])


def _spaced(random: Random, one: bytes, other: bytes) -> bytes:
    space = random.choice(
        [b"\r", b"\r\r", b" ", b"\t", b"\n", b"\n\n", b" \r\n", b"\v", b"\xc2\xa0"]
    )
    return random.choice([space + one, one + space, one.replace(b" ", space), space])


def _long(random: Random, one: bytes, other: bytes) -> bytes:
    size = 5 * 1024 * 1024 if random.random() < 0.01 else random.choice([1_000, 10_000, 200_000])
    at = one.find(b"{") + 1
    return one[:at] + b'"long":"' + b"x" * size + b'",' + one[at:]


def _whole(random: Random, one: bytes, other: bytes) -> bytes:
    return one


MUTATIONS: Final[dict[Mutation, int]] = {
    _whole: 6, _flip: 4, _cut: 4, _spliced: 3, _inserted: 4, _twice: 2, _counted: 2, _deep: 1,
    _retyped: 4, _without: 1, _answering: 1, _packed: 1, _spaced: 2, _long: 1,
}  # fmt: skip
"""How often each is chosen, of all."""


def mutated(random: Random, one: bytes, other: bytes) -> bytes:
    """One message, as it arrives: a line or several, without the last line's end."""
    (change,) = random.choices([*MUTATIONS], [*MUTATIONS.values()])
    return change(random, one, other)
