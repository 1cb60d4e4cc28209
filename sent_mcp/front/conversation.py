"""One line of a host to the recorded answer; None where only the real server can tell.

Only what every host sends at its start is answered, and only where it is exactly as the
specification has it (MCP, lifecycle; 2026-07-28: server/discover).
"""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from sent_mcp.front.launch import Launch
    from sent_mcp.front.record import Json, Record

_META = "io.modelcontextprotocol/"
_NEWEST_HANDSHAKE = "2025-11-25"
_MODERN = "2026-07-28"
_TRACING = ("traceparent", "tracestate", "baggage")
_LONGEST_ID = 200
_LARGEST_ID = 2**53
_DEEPEST = 64
"""More brackets than that are nothing a host begins with, and deep nesting ends Python's parser."""
_FREE = ("elicitation", "experimental", "extensions", "sampling")
"""Capabilities whose objects may hold anything."""
_DETAILS = ("title", "websiteUrl", "description")
"""What a client may say of itself besides its name and version, as text."""


class Conversation:
    """What was said so far. `replayed` is what the real server must hear before all else."""

    def __init__(self, record: "Record", launch: "Launch") -> None:
        self._record = record
        tools = [tool for tool in record.tools if launch.offers(tool)]
        names = [_definition(tool)["name"] for tool in tools]
        prompts = [each for each in record.prompts if launch.prompts(each, names)]
        templates = [each for each in record.templates if launch.reads(each, names)]
        self._changes = any(tool["destructive"] for tool in tools)
        self._lists: dict[str, dict[str, Json]] = {
            "tools/list": {"tools": [*map(_definition, tools)]},
            "prompts/list": {"prompts": [*map(_definition, prompts)]},
            "resources/templates/list": {"resourceTemplates": [*map(_definition, templates)]},
            "resources/list": {},
            "ping": {},
        }
        self._version: str | None = None
        self.replayed = b""

    def reply(self, line: bytes) -> bytes | None:
        """The line that answers it, empty for a notification; None hands over."""
        message = _parsed(line)
        if message is None:
            return None
        method, params = message.get("method"), message.get("params", {})
        if "id" not in message:
            return self._initialized(line) if _is_initialized(method, params) else None
        result = self._result(str(method), params, line)
        if result is None:
            return None
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    def _initialized(self, line: bytes) -> bytes | None:
        if self._version in (None, _MODERN):
            return None
        self.replayed += line
        return b""

    def _result(self, method: str, params: "Json", line: bytes) -> "dict[str, Json] | None":
        if not isinstance(params, dict):
            return None
        if method == "initialize":
            return self._initialize(params, line)
        if self._version == _MODERN or self._version is None:
            return self._modern(method, params, line)
        if not _is_plain_request(params):
            return None
        return self._recorded(method)

    def _initialize(self, params: "Mapping[str, Json]", line: bytes) -> "dict[str, Json] | None":
        """The handshake of 2025-11-25 and before."""
        wanted = params.get("protocolVersion")
        plain = (
            self._version is None
            and len(params) == 3
            and isinstance(wanted, str)
            and _is_client(params.get("clientInfo"))
            and _are_capabilities(params.get("capabilities"))
        )
        if not plain:
            return None
        handshakes = self._record.answers
        self._version = str(wanted) if _is_handshake(wanted, handshakes) else _NEWEST_HANDSHAKE
        self.replayed += line
        return self._recorded("initialize")

    def _modern(
        self, method: str, params: "Mapping[str, Json]", line: bytes
    ) -> "dict[str, Json] | None":
        """The first one settles the era for the real server too, so it hears it."""
        if list(params) != ["_meta"] or not _is_modern_meta(params["_meta"]):
            return None
        if method not in self._record.answers[_MODERN]:
            return None
        if self._version is None:
            self._version = _MODERN
            self.replayed += line
        return self._recorded(method)

    def _recorded(self, method: str) -> "dict[str, Json] | None":
        recorded = self._record.answers[self._version or ""].get(method)
        if recorded is None:
            return None
        if method in self._lists:
            return {**recorded, **self._lists[method]}
        told = self._record.instructions[: 1 + self._changes]
        return {**recorded, "instructions": "".join(told)}


def _definition(entry: "Mapping[str, Json]") -> "dict[str, Json]":
    """What the real server says of a recorded tool, prompt or template."""
    found = entry["definition"]
    assert isinstance(found, dict)
    return found


def _parsed(line: bytes) -> "dict[str, Json] | None":
    """A JSON-RPC message as it should be; None for anything else."""
    # Half a surrogate pair is JSON, and yet no text that could be answered.
    if line.count(b"{") + line.count(b"[") > _DEEPEST or b"\\ud" in line.lower():
        return None
    try:
        message: Json = json.loads(line.decode())
    except ValueError:
        return None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return None
    if not set(message) <= {"jsonrpc", "id", "method", "params"}:
        return None
    return message if _is_id(message.get("id", 0)) else None


def _is_initialized(method: "Json", params: "Json") -> bool:
    return method == "notifications/initialized" and params == {}


def _is_id(value: "Json") -> bool:
    if type(value) is int:
        return abs(value) < _LARGEST_ID
    return isinstance(value, str) and len(value) <= _LONGEST_ID


def _is_handshake(version: "Json", answers: "Mapping[str, object]") -> bool:
    return version in answers and version != _MODERN


def _is_plain_request(params: "Mapping[str, Json]") -> bool:
    """Nothing is said but where progress should go."""
    if not params:
        return True
    meta = params.get("_meta")
    return list(params) == ["_meta"] and isinstance(meta, dict) and _is_plain_meta(meta)


def _is_plain_meta(meta: "Mapping[str, Json]") -> bool:
    return all(
        (name == "progressToken" and _is_id(value)) or (name in _TRACING and isinstance(value, str))
        for name, value in meta.items()
    )


def _is_modern_meta(meta: "Json") -> bool:
    """The envelope of every request since 2026-07-28."""
    if not isinstance(meta, dict) or meta.get(f"{_META}protocolVersion") != _MODERN:
        return False
    others = {name: value for name, value in meta.items() if not name.startswith(_META)}
    client = meta.get(f"{_META}clientInfo", {"name": "", "version": ""})
    known = {f"{_META}{each}" for each in ("protocolVersion", "clientCapabilities", "clientInfo")}
    return (
        set(meta) - set(others) <= known
        and _is_client(client)
        and _are_capabilities(meta.get(f"{_META}clientCapabilities"))
        and _is_plain_meta(others)
    )


def _is_client(info: "Json") -> bool:
    if not isinstance(info, dict) or not {"name", "version"} <= set(info):
        return False
    texts = [value for name, value in info.items() if name != "icons"]
    return (
        set(info) <= {"name", "version", "icons", *_DETAILS}
        and all(isinstance(value, str) for value in texts)
        and _are_icons(info.get("icons", []))
    )


def _are_icons(icons: "Json") -> bool:
    return isinstance(icons, list) and all(
        isinstance(icon, dict)
        and "src" in icon
        and set(icon) <= {"src", "mimeType"}
        and all(isinstance(value, str) for value in icon.values())
        for icon in icons
    )


def _are_capabilities(value: "Json") -> bool:
    """Objects, each of which holds objects; what is in the inner ones depends on their names."""
    return isinstance(value, dict) and all(
        _is_capability(name, inner) for name, inner in value.items()
    )


def _is_capability(name: str, value: "Json") -> bool:
    if not isinstance(value, dict):
        return False
    if name == "roots":
        return all(part == "listChanged" and isinstance(value[part], bool) for part in value)
    free = name in _FREE
    return all(isinstance(inner, dict) and (free or _is_nest(inner)) for inner in value.values())


def _is_nest(value: "Json") -> bool:
    return isinstance(value, dict) and all(_is_nest(inner) for inner in value.values())
