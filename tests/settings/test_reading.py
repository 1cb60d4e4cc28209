"""What an operator sets: how it is read, what holds where nothing is set, and what never shows."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

from sent_mcp.errors import SettingsError
from sent_mcp.setting_fields import flags, variable_of
from sent_mcp.settings import Settings
from tests.settings.conftest import FIELDS, KEY, SECRET, Load

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


def test_a_variable_for_http_is_known_on_stdio_too(load: Load) -> None:
    """One environment may serve both."""
    assert load({"SENT_MCP_HTTP_TOKENS": "anna:token"}).confirm == "auto"


@pytest.mark.parametrize("level", ["info", "Info", "INFO"])
def test_a_log_level_is_read_in_any_case(load: Load, level: str) -> None:
    """Other programs take both."""
    assert load({"SENT_MCP_LOG_LEVEL": level}).log_level == "INFO"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8787", "http://localhost:8787", "http://[::1]:8787", "http://api.localhost"],
)
def test_plain_http_to_this_machine_is_fine(load: Load, url: str) -> None:
    """That is where the emulator is."""
    assert load({"SENT_BASE_URL": url}).base_url == url


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
