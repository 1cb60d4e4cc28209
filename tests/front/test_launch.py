"""What is plain about a launch: never something that the real settings refuse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sent_mcp.errors import SettingsError
from sent_mcp.front.launch import FLAGS, PLAIN, WITHOUT_FLAG, Launch, plain_launch
from sent_mcp.offered import offered_tools
from sent_mcp.setting_fields import flag_of, flags, variable_of
from sent_mcp.settings import Settings, load_settings
from tests.front.recording import recorded

FIELDS = {variable_of(Settings, name): name for name in Settings.model_fields}
ON = {"SENT_MCP_FAST_START": "true|1"}
"""Off, there is nothing to be plain about."""
EVERY = sorted(PLAIN)


def _values(variable: str) -> st.SearchStrategy[str]:
    return st.from_regex(ON.get(variable, PLAIN[variable]), fullmatch=True)


def _read(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> Settings:
    """The real settings of a process with these variables."""
    with monkeypatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        return load_settings(variables)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("variable", EVERY)
def test_what_is_plain_is_accepted_by_the_real_settings(variable: str, data: st.DataObject) -> None:
    """A host that was answered must not lose its server a moment later."""
    value = data.draw(_values(variable).filter(lambda text: text.isprintable()))
    variables = {"SENT_SENDER_ID": "sender", variable: value}
    with pytest.MonkeyPatch.context() as monkeypatch:
        real = _read(monkeypatch, variables)
    launch = plain_launch((), variables)
    assert launch is not None
    assert (launch.api_version, launch.read_only) == (real.api_version, real.read_only)
    assert launch.mask_phones == real.mask_phones
    assert sorted(launch.toolsets) == sorted(real.toolsets)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--demo",),
        ("--read-only",),
        ("--no-read-only",),
        ("--toolsets", "contacts"),
        ("--toolsets=contacts,lookup", "--read-only"),
        ("--api-version", "v1", "--sender-id=sender"),
        ("--call-timeout", "20", "--max-recipients=5", "--confirm", "token"),
    ],
)
async def test_a_plain_launch_offers_what_the_real_one_offers(arguments: tuple[str, ...]) -> None:
    """By flags as by variables."""
    launch = plain_launch(arguments, {"HOME": "/home/somebody"})
    assert launch is not None
    tools = (await recorded())["tools"]
    offered = [each["definition"]["name"] for each in tools if launch.offers(each)]
    names = {flag_of(name): name for name in flags(Settings)}
    given_flags: dict[str, object] = {}
    words = [word for each in arguments for word in each.split("=")]
    for position, word in enumerate(words):
        if word in ("--read-only", "--no-read-only"):
            given_flags["read_only"] = word == "--read-only"
        elif word in names:
            given_flags[names[word]] = words[position + 1]
    assert offered == offered_tools(load_settings((), **given_flags))


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("--nonsense",), {}),
        (("--help",), {}),
        (("--toolsets",), {}),
        (("--toolsets", "--demo"), {}),
        (("--toolsets=",), {}),
        (("--toolsets", "contcts"), {}),
        (("--read-only=true",), {}),
        (("--demo=yes",), {}),
        (("--demo-db", "book.sqlite"), {}),
        (("--sender-id", "-x"), {}),
        (("--audit-log", "-"), {"SENT_MCP_STATE": "state"}),
        (("--dem",), {}),
        (("--demo", "--base-url", "https://example.com"), {}),
        (("--demo", "--api-version=v1"), {}),
        (("--api-version", "v1"), {}),
        (("--no-toolsets", "contacts"), {}),
        (("--no-fast-start",), {}),
        (("stray",), {}),
        ((), {"SENT_MCP_READONLY": "1"}),
        ((), {"SENT_SOMETHING": "1"}),
        ((), {"sent_mcp_read_only": "1"}),
        ((), {"SENT_MCP_READ_ONLY": "yes"}),
        ((), {"SENT_MCP_TOOLSETS": "contacts, messages"}),
        ((), {"SENT_MCP_TOOLSETS": ","}),
        ((), {"SENT_API_VERSION": "v2"}),
        ((), {"SENT_API_VERSION": "v1"}),
        ((), {"SENT_MCP_CONFIRM": "page"}),
        ((), {"SENT_BASE_URL": "http://example.com"}),
        ((), {"SENT_BASE_URL": "http://me:hunter2@example.com"}),
        ((), {"SENT_BASE_URL": "http://localhost:65536"}),
        ((), {"SENT_MCP_CALL_TIMEOUT": "60"}),
        ((), {"SENT_MCP_STATE": "redis://localhost"}),
        ((), {"SENT_MCP_FAST_START": "false"}),
        ((), {"SENT_MCP_SECRET": "short"}),
        ((), {"SENT_MCP_HTTP_TOKENS": "token"}),
    ],
)
def test_anything_unusual_is_left_to_the_real_server(
    arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    """Which refuses it, or knows what it means."""
    assert plain_launch(arguments, variables) is None


def test_a_variable_that_is_empty_counts_as_none() -> None:
    """Hosts write every variable of a form they were shown."""
    launch = plain_launch((), {"SENT_MCP_READ_ONLY": "", "SENT_MCP_TOOLSETS": ""})
    assert launch is not None
    assert not launch.read_only
    assert launch.toolsets == ["contacts", "messages", "templates"]


def test_a_flag_wins_over_its_variable() -> None:
    """As with the real settings."""
    launch = plain_launch(("--no-read-only",), {"SENT_MCP_READ_ONLY": "true"})
    assert launch is not None
    assert not launch.read_only


def test_the_names_are_those_of_the_settings() -> None:
    """A setting that is renamed must be renamed here."""
    aliases = {"SENT_DM_API_KEY"}
    assert set(PLAIN) - aliases <= set(FIELDS)
    assert {FLAGS[flag]: flag for flag in FLAGS} == {
        variable: flag_of(FIELDS[variable]) for variable in PLAIN if variable not in WITHOUT_FLAG
    }
    assert {flag_of(name) for name in flags(Settings)} >= set(FLAGS)


def test_a_demo_has_an_api_of_its_own() -> None:
    """The account's settings do not reach it."""
    launch = plain_launch(("--demo",), {"SENT_API_VERSION": "v1"})
    assert isinstance(launch, Launch)
    assert launch.api_version == "v3"


@pytest.mark.parametrize("value", ["contacts,contcts", "Contacts"])
def test_the_real_settings_refuse_what_the_patterns_leave_to_them(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examples above are no inventions."""
    with pytest.raises(SettingsError):
        _read(monkeypatch, {"SENT_MCP_TOOLSETS": value})
