"""What this launch offers, as far as that is plain without reading the settings properly.

Whatever is not plain (an unknown flag, a `SENT_` variable whose value may be wrong) is left to the
real server, which says what is the matter.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from sent_mcp.front.record import Json

_TRUE, _FALSE = ("true", "1"), ("false", "0")
_SWITCH, _TEXT, _COUNT = "true|false|1|0", r"[!-,.-~][!-~]*", "[1-9][0-9]{0,2}"
_TOOLSET = "(contacts|messages|templates|lookup)"
_FILE = r"(?!.*://|~[^/])[^\0-\x1f-][^\0-\x1f]*"
PLAIN: "Mapping[str, str]" = {
    "SENT_API_KEY": r"[^\0]+",
    "SENT_DM_API_KEY": r"[^\0]+",
    "SENT_API_KEY_FILE": r"[^\0]+",
    "SENT_BASE_URL": r"https://[a-z0-9.-]+(/[a-z0-9/]*)?|http://(localhost|127\.0\.0\.1):[1-9][0-9]{1,3}"
    r"|http://(localhost|127\.0\.0\.1):[1-5][0-9]{4}",
    "SENT_API_VERSION": "v3|v1",
    "SENT_SENDER_ID": _TEXT,
    "SENT_PROFILE_ID": _TEXT,
    "SENT_DEFAULT_REGION": "US|GB|DE|FR|ES|IT|NL|BR|IN|MX|CA|AU",
    "SENT_MCP_CONFIRM": "auto|ask|token|off",
    "SENT_MCP_READ_ONLY": _SWITCH,
    "SENT_MCP_TOOLSETS": f"{_TOOLSET}(,{_TOOLSET})*",
    "SENT_MCP_DRY_RUN": _SWITCH,
    "SENT_MCP_MAX_RECIPIENTS": _COUNT,
    "SENT_MCP_MESSAGES_PER_DAY": r"[0-9]{1,9}",
    "SENT_MCP_REQUESTS_PER_MINUTE": r"[1-9][0-9]{0,8}",
    "SENT_MCP_MESSAGES_PER_MINUTE": r"[1-9][0-9]{0,8}",
    "SENT_MCP_CALL_TIMEOUT": r"[1-9]|[1-4][0-9]|50",
    "SENT_MCP_ASK_TIMEOUT": r"[1-9][0-9]?|1[0-9][0-9]|2[0-3][0-9]|240",
    "SENT_MCP_STATE": f"memory:|{_FILE}",
    "SENT_MCP_AUDIT_LOG": f"-|{_FILE}",
    "SENT_MCP_MASK_PHONES": _SWITCH,
    "SENT_MCP_FAST_START": _SWITCH,
    "SENT_MCP_LOG_LEVEL": "DEBUG|INFO|WARNING|ERROR",
}
"""What a variable may hold so that the server certainly starts: a pattern for the whole value."""

WITHOUT_FLAG = ("SENT_API_KEY", "SENT_DM_API_KEY", "SENT_API_KEY_FILE")
FLAGS = {
    "--" + name.removeprefix("SENT_").removeprefix("MCP_").lower().replace("_", "-"): name
    for name in PLAIN
    if name not in WITHOUT_FLAG
}
_FILES = ("SENT_MCP_STATE", "SENT_MCP_AUDIT_LOG")


class Launch:
    """What decides which tools and prompts exist, and with them what a model is told."""

    __slots__ = ("api_version", "mask_phones", "read_only", "toolsets")

    def __init__(
        self,
        api_version: str,
        toolsets: "Sequence[str]",
        *,
        read_only: bool,
        mask_phones: bool = False,
    ) -> None:
        self.api_version = api_version
        self.toolsets = toolsets
        self.read_only = read_only
        self.mask_phones = mask_phones

    def offers(self, tool: "Mapping[str, Json]") -> bool:
        """Whether a recorded tool exists under these settings."""
        return (
            tool["api_version"] == self.api_version
            and tool["toolset"] in self.toolsets
            and (tool["read_only"] is True or not self.read_only)
        )

    def prompts(self, prompt: "Mapping[str, Json]", tools: "Container[Json]") -> bool:
        """Whether a recorded prompt exists where these tools do."""
        names = prompt["names"]
        return (
            prompt["api_version"] == self.api_version
            and isinstance(names, list)
            and all(name in tools for name in names)
            and not (prompt["shows_numbers"] is True and self.mask_phones)
        )

    def reads(self, template: "Mapping[str, Json]", tools: "Container[Json]") -> bool:
        """Whether a recorded template of resources exists where these tools do."""
        shown_by = template["shown_by"]
        known = template["api_version"] == self.api_version
        return known and (shown_by is None or shown_by in tools)


def plain_launch(arguments: "Sequence[str]", environment: "Mapping[str, str]") -> "Launch | None":
    """How the server was launched; None where the real one must look at it."""
    flags = _flags(arguments)
    variables = {
        name: value for name, value in environment.items() if name.upper().startswith("SENT_")
    }
    if flags is None or not all(name in PLAIN for name in variables):
        return None
    given = {name: value for name, value in {**variables, **flags}.items() if value}
    if not all(name == "--demo" or _is_plain(name, given[name]) for name in given):
        return None
    # The two must not be one file, which takes paths to tell.
    if all(name in given for name in _FILES):
        return None
    if given.get("SENT_MCP_FAST_START") in _FALSE:
        return None
    version = given.get("SENT_API_VERSION", "v3")
    if "--demo" in given:
        if "SENT_API_VERSION" in flags or "SENT_BASE_URL" in flags:
            return None
        version = "v3"
    if version == "v1" and "SENT_SENDER_ID" not in given:
        return None
    toolsets = given.get("SENT_MCP_TOOLSETS", "contacts,messages,templates").split(",")
    return Launch(
        version,
        toolsets,
        read_only=given.get("SENT_MCP_READ_ONLY") in _TRUE,
        mask_phones=given.get("SENT_MCP_MASK_PHONES") in _TRUE,
    )


def _is_plain(name: str, value: str) -> bool:
    return re.fullmatch(PLAIN[name], value, re.ASCII) is not None


def _flags(arguments: "Sequence[str]") -> "dict[str, str] | None":
    """The flags by the variables they stand for; None where one is unknown or has no value."""
    given: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        flag, equals, value = rest.pop(0).partition("=")
        switch = flag.replace("--no-", "--", 1)
        if flag == "--demo" and not equals:
            given[flag] = "true"
        elif PLAIN.get(FLAGS.get(switch, "")) == _SWITCH and not equals:
            given[FLAGS[switch]] = "true" if switch == flag else "false"
        elif PLAIN.get(FLAGS.get(flag, ""), _SWITCH) != _SWITCH:
            value = value if equals else (rest.pop(0) if rest else "")
            # What looks like a flag is one, and no value.
            if not value or value.startswith("-"):
                return None
            given[FLAGS[flag]] = value
        else:
            return None
    return given
