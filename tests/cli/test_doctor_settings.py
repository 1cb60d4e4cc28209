"""`sent-mcp doctor` on settings and keys: everything that is wrong at once, and no secret."""

import os
import shutil
from pathlib import Path

import pytest

from sent_mcp.http_settings import HttpSettings
from sent_mcp.setting_fields import variable_of
from sent_mcp.settings import Settings
from tests.cli.conftest import Ran, Shell
from tests.cli.here import Here
from tests.cli.test_doctor import KEY, checks

SECRET = "Zq8-0123456789abcdef0123456789abcdef"
TOKEN = "tok-9f8e7d6c5b4a39281706f5e4"
ALIAS, FILE = "SENT_DM_API_KEY", "SENT_API_KEY_FILE"
NOWHERE = {"SENT_BASE_URL": "http://127.0.0.1:1"}
"""Nothing is asked of anybody."""


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def looked_at(here: Here, **variables: str) -> dict[str, dict[str, str]]:
    """The findings with these variables."""
    return checks(here.run("doctor", "--json", **{**NOWHERE, **variables}))


def test_everything_that_is_wrong_is_said_at_once(here: Here) -> None:
    wrong = {
        "SENT_MCP_CONFIRM": ("maybe", "must be 'auto', 'ask', 'token' or 'off'"),
        "SENT_MCP_MAX_RECIPIENTS": ("0", "must be 1 or more"),
        "SENT_MCP_TOOLSETS": ("contact", "which is none of"),
        "SENT_MCP_ALLOWED_RECIPIENTS": ("+1 415 555 0177", "each entry is a number (+14155550101)"),
        "SENT_BASE_URL": ("http://sent.example", "plain http would send the key readable"),
        "SENT_MCP_SECRET": ("short", "must have 32 characters or more"),
        "SENT_MCP_HTTP_PORT": ("http", "must be a whole number"),
        "SENT_MCP_CONFRIM": ("off", "did you mean SENT_MCP_CONFIRM?"),
        "SENT_MCP_COLOUR": ("off", "is not a setting of this version"),
    }
    ran = here.run("doctor", "--json", **{name: value for name, (value, _) in wrong.items()})
    found = checks(ran)
    assert ran.code == 2
    for name, (_, reason) in wrong.items():
        check = found[f"setting:{name}"]
        assert (check["status"], reason in check["message"]) == ("wrong", True), check
        assert check["advice"].startswith(f"Correct or unset {name};")
    assert ran.json["next"] == ran.json["checks"][2]["advice"]
    assert "0177" not in ran.out


def test_settings_that_contradict_each_other_are_all_said(here: Here) -> None:
    ran = here.run("doctor", "--json", SENT_API_VERSION="v1", SENT_MCP_STATE="redis://127.0.0.1:1")
    message = checks(ran)["settings"]["message"]
    assert ran.code == 2
    assert "SENT_SENDER_ID is required" in message
    assert "set SENT_MCP_SECRET" in message


def test_a_variable_that_nothing_reads_is_a_warning(here: Here) -> None:
    given = {"SENT_APIKEY": KEY, "SENT_DM_BASE_URL": "https://x.example", "SENT_LOG": "debug"}
    ran = here.run("doctor", "--json", "--demo", **given)
    found = checks(ran)
    assert ran.code == 0
    assert found["setting:SENT_APIKEY"]["message"] == (
        "SENT_APIKEY is not read; did you mean SENT_API_KEY?"
    )
    assert "SENT_BASE_URL" in found["setting:SENT_DM_BASE_URL"]["message"]
    assert "setting:SENT_LOG" not in found


SHOWN = (
    (
        ("SENT_BASE_URL", "http://127.0.0.1:1/sent", "warning", "not to Sent's own API. It is on"),
        ("SENT_MCP_CONFIRM", "off", "warning", "= off, from the environment: nobody is asked"),
        (
            "SENT_MCP_DRY_RUN",
            "1",
            "warning",
            "environment: Sent only validates each change",
        ),
        ("SENT_MCP_READ_ONLY", "true", "ok", "only tools that change nothing"),
        (
            "SENT_MCP_ALLOWED_RECIPIENTS",
            "+14155550177,US",
            "ok",
            "2 entries, from the environment: sends",
        ),
        ("SENT_MCP_MESSAGES_PER_DAY", "0", "warning", "no message at all"),
        ("SENT_MCP_MAX_RECIPIENTS", "7", "ok", "= 7, from the environment."),
        ("SENT_MCP_TOOLSETS", "contacts, lookup", "ok", "= contacts,lookup"),
        ("SENT_SENDER_ID", "+14155550177", "ok", "= +1415*****77"),
        ("SENT_MCP_SECRET", SECRET, "ok", "= set (36 characters)"),
        ("SENT_MCP_HTTP_TOKENS", f"anna:{TOKEN}", "ok", "= 1 token (anna)"),
    ),
    (("SENT_MCP_CONFIRM", "ask", "ok", "refused where the host has no forms"),),
    (("SENT_MCP_CONFIRM", "token", "ok", "a second call with a token"),),
    (("SENT_BASE_URL", "https://127.0.0.1:1", "warning", "not to Sent's own API."),),
)


@pytest.mark.parametrize("rows", SHOWN)
def test_what_is_set_is_shown_with_what_follows(
    here: Here, rows: tuple[tuple[str, str, str, str], ...]
) -> None:
    found = looked_at(here, **{variable: value for variable, value, _, _ in rows})
    for variable, _, status, words in rows:
        check = found[f"setting:{variable}"]
        assert check["status"] == status
        assert check["message"].startswith(f"{variable} = ")
        assert words in check["message"]


def test_what_is_set_to_its_default_is_not_listed(here: Here) -> None:
    found = looked_at(here, SENT_MCP_CONFIRM="auto", SENT_MCP_STATE="", SENT_MCP_MASK_PHONES="no")
    assert [name for name in found if name.startswith("setting:")] == ["setting:SENT_BASE_URL"]


def test_every_setting_is_told_with_where_it_comes_from(here: Here) -> None:
    """But for the key, which is a finding of its own."""
    ran = here.run("doctor", "--json", **NOWHERE, SENT_MCP_HTTP_PORT="8001")
    told = " ".join(check["message"] for check in ran.json["checks"])
    for model in (Settings, HttpSettings):
        for field in set(model.model_fields) - {"api_key", "api_key_file"}:
            assert variable_of(model, field) in told
    said = checks(ran)["settings"]["message"]
    assert said.startswith("At their defaults: SENT_API_VERSION v3, SENT_MCP_CONFIRM auto,")
    assert "SENT_MCP_CALL_TIMEOUT 45," in said
    assert "Not set: SENT_SENDER_ID, SENT_PROFILE_ID," in said
    assert said.endswith("A .env file is not read.")


def test_settings_that_leave_no_tool_are_a_warning(here: Here) -> None:
    found = looked_at(here, SENT_MCP_TOOLSETS="lookup", SENT_MCP_READ_ONLY="true")
    assert found["tools"]["status"] == "warning"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (KEY, "A live key (sk_live_…, 20 characters), from the variable SENT_API_KEY."),
        ("sk_test_9f8e7d6c", "A test key (sk_test_…, 16 characters)"),
        ("550e8400-e29b-41d4-a716-446655440000", "does not say whether it is a test or a live"),
    ],
)
def test_a_key_is_shown_by_its_kind_and_length(here: Here, key: str, words: str) -> None:
    check = looked_at(here, SENT_API_KEY=key)["key"]
    assert check["status"] == "ok"
    assert words in check["message"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "SENT_API_KEY is set, but empty."),
        ("  ", "SENT_API_KEY is empty."),
        ("your-api-key", "SENT_API_KEY holds the placeholder 'your-api-key'"),
        (f'"{KEY}"', "SENT_API_KEY has quotes around the key."),
        (f"{KEY} ", "SENT_API_KEY has spaces or line breaks"),
    ],
)
def test_a_key_that_can_be_none_says_why(here: Here, key: str, words: str) -> None:
    check = looked_at(here, SENT_API_KEY=key)["key"]
    assert check["status"] == "wrong"
    assert words in check["message"]


def test_the_alias_is_named_as_the_source(here: Here) -> None:
    assert "from the variable SENT_DM_API_KEY." in looked_at(here, **{ALIAS: KEY})["key"]["message"]
    wrong = looked_at(here, **{ALIAS: "<key>"})["key"]["message"]
    assert wrong.startswith("SENT_DM_API_KEY holds the placeholder '<key>'")


def test_two_keys_are_a_warning_that_says_which_wins(here: Here) -> None:
    file = here.home / "key"
    file.write_text(KEY)
    file.chmod(0o600)
    found = looked_at(here, SENT_API_KEY=KEY, **{ALIAS: f"{KEY}2", FILE: str(file)})
    assert found["key_alias"]["status"] == found["key_file"]["status"] == "warning"
    assert "SENT_API_KEY wins" in found["key_alias"]["message"]
    assert "SENT_API_KEY wins" in found["key_file"]["message"]
    assert "key_alias" not in looked_at(here, SENT_API_KEY=KEY, **{ALIAS: KEY})


def test_a_key_file_is_named_and_should_be_private(here: Here) -> None:
    file = here.home / "key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    found = looked_at(here, **{FILE: str(file)})
    assert found["key"]["message"].endswith("from the file ~/key (SENT_API_KEY_FILE).")
    assert "key_file" not in found
    file.chmod(0o644)
    found = looked_at(here, **{FILE: "~/key"})
    assert (found["key"]["status"], found["key_file"]["status"]) == ("ok", "warning")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "cannot be read: No such file or directory (~/key)."),
        ("folder", "cannot be read: Is a directory (~/key)."),
        ("fifo", "cannot be read: it is not a regular file (~/key)."),
        ("empty", "is empty (~/key)."),
        ("two lines", "has spaces or line breaks in or around the key (~/key)."),
        ("not text", "cannot be read: it is not text in UTF-8 (~/key)."),
    ],
)
def test_a_key_file_that_is_none_says_why(here: Here, kind: str, words: str) -> None:
    _make(here.home / "key", kind)
    check = looked_at(here, **{FILE: str(here.home / "key")})["key"]
    assert check["status"] == "wrong"
    assert check["message"] == f"The file named by SENT_API_KEY_FILE {words}"
    assert "SENT_API_KEY_FILE" in check["advice"] or "real key" in check["advice"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_key_file_that_may_not_be_read_says_so(here: Here) -> None:
    file = here.home / "key"
    file.write_text(KEY)
    file.chmod(0)
    check = looked_at(here, **{FILE: str(file)})["key"]
    assert "cannot be read: Permission denied" in check["message"]


def test_no_secret_is_in_any_output(here: Here, shell: Shell) -> None:
    """Of a setup that is full of them, some in the wrong place."""
    full = {
        "SENT_API_KEY": KEY,
        ALIAS: "e7b1c2d3-uuid-like-alias",
        "SENT_MCP_SECRET": SECRET,
        "SENT_MCP_HTTP_TOKENS": f"anna:{TOKEN},{TOKEN}2",
        "SENT_MCP_STATE": "redis://pauline:r3disword@127.0.0.1:1/0",
        "SENT_MCP_ALLOWED_RECIPIENTS": "+14155550177",
        "HTTPS_PROXY": "http://anna:pr0xyword@127.0.0.1:1",
    }
    swapped = {
        **full,
        "SENT_MCP_TOOLSETS": KEY,
        "SENT_MCP_ALLOWED_RECIPIENTS": SECRET,
        "SENT_MCP_HTTP_ALLOWED_HOSTS": f"{TOKEN}/",
        "SENT_DEFAULT_REGION": "sk_live_somebody_elses",
    }
    said = ""
    for variables in (full, swapped, {**full, "SENT_PROFILE_ID": KEY}):
        for words in (["doctor"], ["doctor", "--json"], ["doctor", "--demo"]):
            said += "".join(_said(here.run(*words, **{**NOWHERE, **variables})))
    said += "".join(_said(shell.run("doctor", **{**NOWHERE, **full})))
    for secret in (KEY, SECRET, TOKEN, "uuid-like", "r3disword", "pauline", "pr0xyword", "0177"):
        assert secret not in said
    assert "somebody_elses" not in said
    assert "[secret]" in said


def test_what_a_terminal_would_obey_is_shown_instead(here: Here) -> None:
    """Of the names of files and variables, which a folder's settings may have chosen."""
    given = {"SENT_MCP_STATE": "/tmp/\x1b[2Jstate", FILE: "/tmp/\x1b]0;key", "SENT_APIKEY\x9b": "1"}
    ran = here.run("doctor", **NOWHERE, **given)
    assert "\x1b" not in ran.out
    assert "\x9b" not in ran.out
    assert "\\u{1b}[2Jstate" in ran.out
    assert "\\u{1b}]0;key" in ran.out
    assert "SENT_APIKEY\\u{9b} is not read" in ran.out


def _said(ran: Ran) -> tuple[str, str]:
    assert "Traceback" not in ran.err
    return ran.out, ran.err


def _make(path: Path, kind: str) -> None:
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "empty":
            path.touch()
        case "two lines":
            path.write_text(f"{KEY}\n{KEY}\n")
        case "not text":
            path.write_bytes(b"\xff\xfe\xfa")
        case _:
            shutil.rmtree(path, ignore_errors=True)
