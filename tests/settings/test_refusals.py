"""Which settings are refused and in which words, and what of them is not repeated."""

import pytest

from sent_mcp.errors import SettingsError
from sent_mcp.setting_fields import flag_of
from tests.settings.conftest import FIELDS, KEY, Load


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("SENT_MCP_READONLY", "SENT_MCP_READ_ONLY"),
        ("SENT_MCP_ALLOWED_RECIPIENT", "SENT_MCP_ALLOWED_RECIPIENTS"),
        ("sent_mcp_dry_run", "SENT_MCP_DRY_RUN"),
    ],
)
def test_an_unknown_variable_of_ours_is_refused_with_the_nearest_name(
    load: Load, variable: str, meant: str
) -> None:
    """A mistyped safety setting must not pass for one that is set."""
    with pytest.raises(SettingsError, match=f"{variable} .* did you mean {meant}"):
        load({variable: "1"})


def test_an_unknown_variable_without_a_neighbour_is_refused_plainly(load: Load) -> None:
    """No far-fetched guesses."""
    with pytest.raises(SettingsError, match="SENT_MCP_ZZZ is not a setting of this version") as no:
        load({"SENT_MCP_ZZZ": "1"})
    assert "did you mean" not in str(no.value)


BAD = [
    ("SENT_BASE_URL", "http://api.sent.dm", "plain http"),
    ("SENT_BASE_URL", "http://127.0.0.1.example.com", "plain http"),
    ("SENT_BASE_URL", "http://10.0.0.1:8787", "plain http"),
    ("SENT_BASE_URL", "ftp://api.sent.dm", "URL like"),
    ("SENT_BASE_URL", "api.sent.dm", "URL like"),
    ("SENT_BASE_URL", "https://", "URL like"),
    ("SENT_BASE_URL", "https://api.sent.dm:port", "URL like"),
    ("SENT_BASE_URL", "https://api.sent.dm:0", "URL like"),
    ("SENT_BASE_URL", "https://[::1", "URL like"),
    ("SENT_BASE_URL", "https://me:word@api.sent.dm", "own variable"),
    ("SENT_BASE_URL", "https://@api.sent.dm", "own variable"),
    ("SENT_BASE_URL", "https://api.sent.dm/?key=1", "own variable"),
    ("SENT_BASE_URL", "https://api.sent.dm/?", "own variable"),
    ("SENT_API_VERSION", "v2", "v3"),
    ("SENT_SENDER_ID", "two words", "one word"),
    ("SENT_PROFILE_ID", "a\nb", "one word"),
    ("SENT_DEFAULT_REGION", "UK", "GB"),
    ("SENT_DEFAULT_REGION", "Germany", "two letters"),
    ("SENT_MCP_CONFIRM", "page", "reserved"),
    ("SENT_MCP_CONFIRM", "yes", "token"),
    ("SENT_MCP_READ_ONLY", "perhaps", "must be true or false"),
    ("SENT_MCP_TOOLSETS", "contacts,webhooks", "webhooks"),
    ("SENT_MCP_TOOLSETS", ",", "empty list"),
    ("SENT_MCP_ALLOWED_RECIPIENTS", "4155550101", "4155550101"),
    ("SENT_MCP_ALLOWED_RECIPIENTS", "*", "prefix"),
    ("SENT_MCP_ALLOWED_RECIPIENTS", "UK", "GB"),
    ("SENT_MCP_ALLOWED_RECIPIENTS", " , ", "empty list"),
    ("SENT_MCP_MAX_RECIPIENTS", "0", "must be 1 or more"),
    ("SENT_MCP_MESSAGES_PER_DAY", "many", "must be a whole number"),
    ("SENT_MCP_REQUESTS_PER_MINUTE", "-1", "must be 1 or more"),
    ("SENT_MCP_MESSAGES_PER_MINUTE", "1.5", "must be a whole number"),
    ("SENT_MCP_CALL_TIMEOUT", "51", "must be 50 or less"),
    ("SENT_MCP_CALL_TIMEOUT", "nan", "must be 50 or less"),
    ("SENT_MCP_CALL_TIMEOUT", "0", "must be more than 0"),
    ("SENT_MCP_CALL_TIMEOUT", "soon", "must be a number"),
    ("SENT_MCP_ASK_TIMEOUT", "241", "must be 240 or less"),
    ("SENT_MCP_ASK_TIMEOUT", "0", "must be more than 0"),
    ("SENT_MCP_STATE", "redis://:a b@localhost", "is no URL of a Redis: it contains a space"),
    ("SENT_MCP_STATE", "redis://localhost:port", "is no URL of a Redis: its port is no number"),
    ("SENT_MCP_STATE", "rediss://", "is no URL of a Redis: it names no host"),
    ("SENT_MCP_STATE", "postgres://host/db", "is a URL, but not of a Redis"),
    ("SENT_MCP_STATE", "REDIS://host", "is a URL, but not of a Redis"),
    ("SENT_MCP_STATE", "redis://:<password>@host", "has a placeholder instead of the Redis's"),
    ("SENT_MCP_SECRET", "your-secret-key-here-put-your-secret-here", "is a placeholder; put in 32"),
    ("SENT_MCP_SECRET", "${SENT_MCP_SECRET_OF_THE_TEAM_HERE}", "is a placeholder; put in 32"),
    ("SENT_MCP_STATE", "~no-such-user/state", "begins with ~ and a name that has no home here"),
    ("SENT_MCP_AUDIT_LOG", "~no-such-user/log", "begins with ~ and a name that has no home here"),
    ("SENT_MCP_FAST_START", "maybe", "must be true or false"),
    ("SENT_MCP_LOG_LEVEL", "LOUD", "must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
]


@pytest.mark.parametrize(("variable", "value", "reason"), BAD)
def test_a_bad_value_is_refused_by_its_variable(
    load: Load, variable: str, value: str, reason: str
) -> None:
    """The operator sees one line and knows which one to correct."""
    with pytest.raises(SettingsError) as refused:
        load({variable: value})
    assert refused.value.code == "SETTINGS"
    assert refused.value.message.startswith(f"{variable}: ")
    assert reason in refused.value.message


@pytest.mark.parametrize(("variable", "value", "reason"), BAD)
def test_a_bad_flag_is_refused_by_its_flag(
    load: Load, variable: str, value: str, reason: str
) -> None:
    """Whoever typed a flag should not look for a variable."""
    field = FIELDS[variable]
    with pytest.raises(SettingsError) as refused:
        load({}, **{field: value})
    assert refused.value.message.startswith(f"{flag_of(field)}: ")
    assert reason in refused.value.message


def test_all_bad_values_are_named_at_once(load: Load) -> None:
    """Nobody likes to correct one and meet the next."""
    with pytest.raises(SettingsError) as refused:
        load({"SENT_MCP_CONFIRM": "x", "SENT_MCP_LOG_LEVEL": "x"}, max_recipients="x")
    for name in ("SENT_MCP_CONFIRM: ", "SENT_MCP_LOG_LEVEL: ", "--max-recipients: "):
        assert name in refused.value.message


@pytest.mark.parametrize("url", ["redis://localhost/0", "rediss://me:secret@redis.test:6380"])
def test_a_redis_needs_a_secret_of_the_operators(load: Load, url: str) -> None:
    """Whoever can write into it could make approvals otherwise."""
    with pytest.raises(SettingsError, match="set SENT_MCP_SECRET, 32 characters or more"):
        load({"SENT_MCP_STATE": url})
    settings = load({"SENT_MCP_STATE": url, "SENT_MCP_SECRET": "s" * 32})
    assert settings.shares_state
    assert settings.state_location == url
    assert "secret@" not in repr(settings)


def test_v1_needs_a_sender_id(load: Load) -> None:
    """The legacy API refuses every call without one."""
    with pytest.raises(SettingsError, match="SENT_SENDER_ID is required"):
        load({"SENT_API_VERSION": "v1"})
    assert load({"SENT_API_VERSION": "v1", "SENT_SENDER_ID": "s"}).api_version == "v1"


def test_a_refused_secret_is_not_repeated(load: Load) -> None:
    """Neither the one that is too short nor its neighbours."""
    with pytest.raises(SettingsError, match="SENT_MCP_SECRET: must have 32 characters") as refused:
        load({"SENT_MCP_SECRET": "tooshort", "SENT_API_KEY": KEY, "SENT_MCP_CONFIRM": "x"})
    assert "tooshort" not in repr(refused.value)
    assert KEY not in repr(refused.value)
    assert refused.value.__cause__ is None


def test_a_refused_url_does_not_repeat_a_password(load: Load) -> None:
    """Not even a piece of it."""
    for url in ("https://me:hunter2@host", "https://host:hunter2", "https://me:hunt/er2@host"):
        with pytest.raises(SettingsError) as refused:
            load({"SENT_BASE_URL": url})
        assert "hunt" not in str(refused.value)
