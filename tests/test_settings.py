"""What an operator sets: how it is read, what is refused and in which words, what never shows."""

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sent_mcp.errors import SettingsError
from sent_mcp.setting_fields import flag_of, flags, variable_of
from sent_mcp.settings import Settings, load_settings

KEY = "sk_live_4f9d2c7be1a8"
SECRET = "0123456789abcdef0123456789abcdef"
CHANGED: Mapping[str, tuple[str, object]] = {
    "SENT_BASE_URL": ("https://proxy.example/sent/", "https://proxy.example/sent"),
    "SENT_API_VERSION": ("v3", "v3"),
    "SENT_SENDER_ID": ("sender-1", "sender-1"),
    "SENT_PROFILE_ID": ("profile-1", "profile-1"),
    "SENT_DEFAULT_REGION": ("gb", "GB"),
    "SENT_MCP_CONFIRM": ("token", "token"),
    "SENT_MCP_READ_ONLY": ("true", True),
    "SENT_MCP_TOOLSETS": ("contacts, lookup", ("contacts", "lookup")),
    "SENT_MCP_DRY_RUN": ("1", True),
    "SENT_MCP_ALLOWED_RECIPIENTS": ("+14155550101,+1415*, US", ("+14155550101", "+1415*", "US")),
    "SENT_MCP_MAX_RECIPIENTS": ("7", 7),
    "SENT_MCP_MESSAGES_PER_DAY": ("0", 0),
    "SENT_MCP_REQUESTS_PER_MINUTE": ("10", 10),
    "SENT_MCP_MESSAGES_PER_MINUTE": ("5", 5),
    "SENT_MCP_CALL_TIMEOUT": ("2.5", 2.5),
    "SENT_MCP_ASK_TIMEOUT": ("90", 90),
    "SENT_MCP_STATE": ("memory:", "memory:"),
    "SENT_MCP_AUDIT_LOG": ("-", "-"),
    "SENT_MCP_MASK_PHONES": ("yes", True),
    "SENT_MCP_FAST_START": ("off", False),
    "SENT_MCP_LOG_LEVEL": ("DEBUG", "DEBUG"),
}
DEFAULTS: Mapping[str, object] = {
    "SENT_BASE_URL": "https://api.sent.dm",
    "SENT_API_VERSION": "v3",
    "SENT_SENDER_ID": None,
    "SENT_PROFILE_ID": None,
    "SENT_DEFAULT_REGION": None,
    "SENT_MCP_CONFIRM": "auto",
    "SENT_MCP_READ_ONLY": False,
    "SENT_MCP_TOOLSETS": ("contacts", "messages", "templates"),
    "SENT_MCP_DRY_RUN": False,
    "SENT_MCP_ALLOWED_RECIPIENTS": (),
    "SENT_MCP_MAX_RECIPIENTS": 50,
    "SENT_MCP_MESSAGES_PER_DAY": 500,
    "SENT_MCP_REQUESTS_PER_MINUTE": 200,
    "SENT_MCP_MESSAGES_PER_MINUTE": 60,
    "SENT_MCP_CALL_TIMEOUT": 45,
    "SENT_MCP_ASK_TIMEOUT": 40,
    "SENT_MCP_STATE": None,
    "SENT_MCP_AUDIT_LOG": None,
    "SENT_MCP_MASK_PHONES": False,
    "SENT_MCP_FAST_START": True,
    "SENT_MCP_LOG_LEVEL": "WARNING",
}
OTHERS = {
    "SENT_DEFAULT_REGION": "DE",
    "SENT_MCP_TOOLSETS": "messages",
    "SENT_MCP_ALLOWED_RECIPIENTS": "DE",
}
Load = Callable[..., Settings]
FIELDS = {variable_of(Settings, field): field for field in Settings.model_fields}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Settings from these variables and flags."""

    def loaded(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        return load_settings(environment or {}, **given)

    return loaded


def test_every_setting_is_tried_here() -> None:
    """A new one must come with its test."""
    tried = {*CHANGED, "SENT_API_KEY", "SENT_API_KEY_FILE", "SENT_MCP_SECRET"}
    assert set(FIELDS) == tried
    assert set(DEFAULTS) == set(CHANGED)


@pytest.mark.parametrize("variable", CHANGED)
def test_a_variable_sets_its_field(load: Load, variable: str) -> None:
    """Read as text, kept as what it means."""
    text, meant = CHANGED[variable]
    assert getattr(load({variable: text}), FIELDS[variable]) == meant


@pytest.mark.parametrize("variable", DEFAULTS)
def test_without_a_variable_the_default_holds(load: Load, variable: str) -> None:
    """Also when it is set to nothing, as hosts do with a field left blank."""
    assert getattr(load(), FIELDS[variable]) == DEFAULTS[variable]
    assert getattr(load({variable: ""}), FIELDS[variable]) == DEFAULTS[variable]


@pytest.mark.parametrize("field", flags(Settings))
def test_a_flag_wins_over_the_environment(load: Load, field: str) -> None:
    """What is said at the launch is meant for this launch."""
    variable = variable_of(Settings, field)
    text, meant = CHANGED[variable]
    other = OTHERS.get(variable, str(DEFAULTS[variable]))
    assert getattr(load({variable: other}, **{field: text}), field) == meant


@pytest.mark.parametrize("field", flags(Settings))
def test_an_empty_flag_is_as_good_as_none(load: Load, field: str) -> None:
    """`--allowed-recipients "$UNSET"` must not open what the environment closed."""
    variable = variable_of(Settings, field)
    text, meant = CHANGED[variable]
    assert getattr(load({variable: text}, **{field: ""}), field) == meant


def test_secrets_are_no_flags() -> None:
    """Every user of the machine can read a command line."""
    assert not {"api_key", "api_key_file", "secret"} & set(flags(Settings))


def test_variables_of_other_programs_are_not_ours(load: Load) -> None:
    """Only the documented names count, in their documented spelling."""
    others = ("CONFIRM", "confirm", "STATE", "LOG_LEVEL", "READ_ONLY", "sent_mcp", "sent_state")
    loaded = load({**dict.fromkeys(others, "off"), "API_KEY": KEY, "SECRET": SECRET})
    assert loaded == load()
    assert loaded.confirm == "auto"


def test_a_dotenv_file_is_not_read(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns the working directory must not set our base URL."""
    (tmp_path / ".env").write_text("SENT_MCP_CONFIRM=off\n")
    monkeypatch.chdir(tmp_path)
    assert load().confirm == "auto"


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


def test_a_variable_for_http_is_known_on_stdio_too(load: Load) -> None:
    """One environment may serve both."""
    assert load({"SENT_MCP_HTTP_TOKENS": "anna:token"}).confirm == "auto"


@pytest.mark.parametrize("url", ["redis://localhost/0", "rediss://me:secret@redis.test:6380"])
def test_a_redis_needs_a_secret_of_the_operators(load: Load, url: str) -> None:
    """Whoever can write into it could make approvals otherwise."""
    with pytest.raises(SettingsError, match="set SENT_MCP_SECRET, 32 characters or more"):
        load({"SENT_MCP_STATE": url})
    settings = load({"SENT_MCP_STATE": url, "SENT_MCP_SECRET": "s" * 32})
    assert settings.shares_state
    assert settings.state_location == url
    assert "secret@" not in repr(settings)


@pytest.mark.parametrize("level", ["info", "Info", "INFO"])
def test_a_log_level_is_read_in_any_case(load: Load, level: str) -> None:
    """Other programs take both."""
    assert load({"SENT_MCP_LOG_LEVEL": level}).log_level == "INFO"


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


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8787", "http://localhost:8787", "http://[::1]:8787", "http://api.localhost"],
)
def test_plain_http_to_this_machine_is_fine(load: Load, url: str) -> None:
    """That is where the emulator is."""
    assert load({"SENT_BASE_URL": url}).base_url == url


def test_v1_needs_a_sender_id(load: Load) -> None:
    """The legacy API refuses every call without one."""
    with pytest.raises(SettingsError, match="SENT_SENDER_ID is required"):
        load({"SENT_API_VERSION": "v1"})
    assert load({"SENT_API_VERSION": "v1", "SENT_SENDER_ID": "s"}).api_version == "v1"


def test_the_state_is_in_the_users_own_folder_unless_set(load: Load) -> None:
    """`memory:` stays what it is; a path may begin with a tilde."""
    assert Path(load().state_location).name == "state.sqlite"
    assert load(state="memory:").state_location == "memory:"
    assert load(state="~/here.sqlite").state_location == Path.home() / "here.sqlite"


def test_the_key_has_an_alias_and_its_first_name_wins(load: Load) -> None:
    """Both names are in use; an empty one does not count."""
    assert load({"SENT_DM_API_KEY": KEY}).read_key() == KEY
    assert load({"SENT_API_KEY": "", "SENT_DM_API_KEY": KEY}).read_key() == KEY
    assert load({"SENT_API_KEY": "first", "SENT_DM_API_KEY": KEY}).read_key() == "first"


def test_without_a_key_the_settings_load_and_the_key_is_missed_later(load: Load) -> None:
    """The server starts and lists its tools without one."""
    settings = load()
    with pytest.raises(SettingsError, match="SENT_API_KEY is not set.*--demo") as missing:
        settings.read_key()
    assert missing.value.code == "MISSING_KEY"


def test_secrets_stand_in_no_form_of_the_settings(load: Load) -> None:
    """They end up in logs and bug reports otherwise."""
    settings = load({"SENT_API_KEY": KEY, "SENT_MCP_SECRET": SECRET})
    shown = [
        repr(settings),
        str(settings),
        str(settings.model_dump()),
        settings.model_dump_json(),
        repr(settings.model_copy(update={"profile_id": "p"})),
        str(vars(settings)),
    ]
    for text in shown:
        assert KEY not in text
        assert SECRET not in text


def test_settings_are_not_pickled(load: Load) -> None:
    """A pickle holds everything in plain text."""
    with pytest.raises(TypeError, match="secrets"):
        pickle.dumps(load({"SENT_API_KEY": KEY}))


def test_settings_do_not_change(load: Load) -> None:
    """Every part of the server sees the same."""
    with pytest.raises(ValueError, match="frozen"):
        load().confirm = "off"


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
