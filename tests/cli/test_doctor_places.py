"""`sent-mcp doctor` on the state store, the audit log and HTTP: what would come of them."""

import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from sent_mcp.state import APPLICATION_ID, SCHEMA_VERSION, SqliteState
from tests.cli.here import Here
from tests.cli.test_doctor import checks
from tests.state.redis import RedisProcess, free_port, running_redis

SECRET = "Zq8-0123456789abcdef0123456789abcdef"
TOKEN = "tok-9f8e7d6c5b4a39281706f5e4"


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def looked_at(here: Here, name: str, **variables: str) -> dict[str, str]:
    """One finding of a demo with these variables: everything else is well."""
    ran = here.run("doctor", "--json", "--demo", **variables)
    assert ran.err == ""
    return checks(ran)[name]


def state_of(here: Here, where: str) -> dict[str, str]:
    return looked_at(here, "state", SENT_MCP_STATE=where)


def test_a_state_file_is_looked_at_and_left_as_it_is(here: Here) -> None:
    file = here.home / "state.sqlite"
    anyio.run(make_state, file)
    before = file.read_bytes()
    found = state_of(here, str(file))
    assert found["status"] == "ok"
    assert found["message"] == (
        f"State is in ~/state.sqlite, for you alone (schema {SCHEMA_VERSION})."
    )
    file.chmod(0o644)
    assert state_of(here, str(file))["status"] == "warning"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (before, 0o644)
    assert [each.name for each in here.home.iterdir()] == ["state.sqlite"]


async def make_state(file: Path) -> None:
    """A store as it is after its first use."""
    store = SqliteState(file)
    await store.secret()
    await store.aclose()


def test_a_state_file_that_is_missing_is_not_made(here: Here) -> None:
    found = state_of(here, "~/deep/below/state.sqlite")
    assert found["status"] == "ok"
    assert "~/deep/below/state.sqlite, which is made at the first question" in found["message"]
    assert list(here.home.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "owner", "status", "words"),
    [
        (1, APPLICATION_ID, "ok", "(schema 1, made newer at its next use)"),
        (SCHEMA_VERSION + 1, APPLICATION_ID, "wrong", "written by a newer version of sent-mcp"),
        (1, 7, "wrong", "a database of something else"),
    ],
)
def test_other_versions_and_other_databases(
    here: Here, version: int, owner: int, status: str, words: str
) -> None:
    file = here.home / "state.sqlite"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE something (x)")
        database.execute(f"PRAGMA application_id = {owner}")
        database.execute(f"PRAGMA user_version = {version}")
    file.chmod(0o600)
    before = file.read_bytes()
    found = state_of(here, str(file))
    assert found["status"] == status
    assert words in found["message"]
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("link", "The state store is a symbolic link (~/place)."),
        ("folder", "The state store is not an ordinary file (~/place)."),
        ("fifo", "The state store is not an ordinary file (~/place)."),
        ("second name", "The state store has a second name (a hard link) (~/place)."),
        ("text", "The state store cannot be used (file is not a database) (~/place)."),
    ],
)
def test_what_is_no_state_file_is_refused_in_words(here: Here, kind: str, words: str) -> None:
    make(here.home / "place", kind)
    found = state_of(here, str(here.home / "place"))
    assert (found["status"], found["message"]) == ("wrong", words)
    assert "SENT_MCP_STATE" in found["advice"]


def test_a_state_file_that_is_locked_is_in_use(here: Here) -> None:
    """Not to be moved away: it holds what was sent."""
    file = here.home / "state.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("CREATE TABLE something (x)")
        file.chmod(0o600)
        database.execute("BEGIN EXCLUSIVE")
        found = state_of(here, str(file))
    assert (found["status"], "is locked" in found["message"]) == ("wrong", True)
    assert found["advice"].startswith("See which process keeps it locked")


@pytest.mark.parametrize(
    ("variable", "status"), [("SENT_MCP_STATE", "wrong"), ("SENT_MCP_AUDIT_LOG", "warning")]
)
def test_a_url_where_a_file_should_be_is_not_taken_for_one(
    here: Here, variable: str, status: str
) -> None:
    """And its password is in no output."""
    ran = here.run("doctor", "--json", "--demo", **{variable: "REDIS://anna:p@ss/w0rd@db:1/0"})
    found = checks(ran)[f"setting:{variable}"]
    assert found["status"] == status
    assert not any(part in ran.out for part in ("anna", "p@ss", "w0rd"))


def test_a_folder_that_is_none_cannot_hold_anything(here: Here) -> None:
    (here.home / "file").touch()
    found = state_of(here, str(here.home / "file" / "state.sqlite"))
    assert found["message"].endswith("but ~/file is no folder.")
    log = str(here.home / "file" / "audit.jsonl")
    found = looked_at(here, "audit_log", SENT_MCP_AUDIT_LOG=log)
    assert (found["status"], found["message"].endswith("but ~/file is no folder.")) == (
        "wrong",
        True,
    )


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(here: Here) -> None:
    closed = here.home / "closed"
    closed.mkdir(mode=0o500)
    found = state_of(here, str(closed / "state.sqlite"))
    assert found["message"].endswith("but ~/closed may not be written to.")


def test_a_state_in_memory_says_what_is_lost(here: Here) -> None:
    found = state_of(here, "memory:")
    assert found["status"] == "ok"
    assert "forgotten" in found["message"]


def redis_of(here: Here, url: str) -> dict[str, str]:
    return looked_at(here, "state", SENT_MCP_STATE=url, SENT_MCP_SECRET=SECRET)


def test_a_redis_is_reached_and_keeps_everything(here: Here, redis: RedisProcess) -> None:
    found = redis_of(here, redis.url)
    assert found["status"] == "ok"
    assert found["message"].startswith("State is in a Redis ")
    assert found["message"].endswith("keeps everything when it is full (noeviction).")


def test_a_redis_that_may_forget_is_a_warning(here: Here) -> None:
    with running_redis("--maxmemory-policy", "allkeys-lru") as server:
        found = redis_of(here, server.url)
    assert found["status"] == "warning"
    assert "(maxmemory-policy allkeys-lru)" in found["message"]
    assert found["advice"] == "Set the Redis's maxmemory-policy to noeviction."


def test_a_redis_that_does_not_let_us_in_says_why(here: Here) -> None:
    with running_redis() as server:
        server.tell("CONFIG", "SET", "requirepass", "another")
        found = redis_of(here, server.url)
    assert (found["status"], "wants a password" in found["message"]) == ("wrong", True)
    found = redis_of(here, f"redis://pauline:r3disword@127.0.0.1:{free_port()}")
    assert "cannot be reached: nothing listens there" in found["message"]
    assert "SENT_MCP_STATE" in found["advice"]


def test_a_redis_that_answers_nothing_is_not_waited_for(here: Here) -> None:
    with running_redis() as server, server.paused():
        found = redis_of(here, server.url)
    assert "did not answer in time" in found["message"]


def test_an_audit_log_says_where_it_goes_and_writes_nothing(here: Here) -> None:
    log = here.home / "audit.jsonl"
    found = looked_at(here, "audit_log", SENT_MCP_AUDIT_LOG="-")
    assert (found["status"], found["message"]) == ("ok", "The audit log goes to stderr.")
    found = looked_at(here, "audit_log", SENT_MCP_AUDIT_LOG=str(log))
    assert found["message"] == (
        "The audit log goes to ~/audit.jsonl, which is made at the first change."
    )
    assert not log.exists()
    log.write_text("{}\n")
    log.chmod(0o644)
    assert looked_at(here, "audit_log", SENT_MCP_AUDIT_LOG=str(log))["status"] == "warning"
    log.chmod(0o600)
    assert looked_at(here, "audit_log", SENT_MCP_AUDIT_LOG=str(log))["status"] == "ok"
    assert log.read_text() == "{}\n"


@pytest.mark.parametrize("kind", ["link", "folder", "fifo", "second name"])
def test_what_is_no_audit_log_is_refused_in_words(here: Here, kind: str) -> None:
    make(here.home / "place", kind)
    log = str(here.home / "place")
    found = looked_at(here, "audit_log", SENT_MCP_AUDIT_LOG=log)
    assert found["status"] == "wrong"
    assert found["message"].endswith("(~/place).")


def http_of(here: Here, **variables: str) -> dict[str, str]:
    given = {f"SENT_MCP_HTTP_{name}": value for name, value in variables.items()}
    return looked_at(here, "http", **{"SENT_MCP_HTTP_PORT": str(free_port()), **given})


def test_http_says_who_may_come_in(here: Here, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    jwt = {"AUTH": "jwt", "JWT_ISSUER": "https://id.example", "JWT_AUDIENCE": "sent"}
    said = {
        "for everybody on this machine, without a credential.": {},
        "for who has a token: anna.": {"TOKENS": f"anna:{TOKEN}"},
        "for who brings a Sent key of their own.": {"AUTH": "passthrough"},
        "for who has a token that https://id.example signed for sent.": {
            **jwt,
            "JWT_JWKS": str(keys),
        },
    }
    for words, variables in said.items():
        found = http_of(here, **variables)
        assert found["message"].startswith("Over HTTP it would serve http://127.0.0.1:")
        assert words in found["message"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"HOST": "0.0.0.0"}, "--host 0.0.0.0 lets other machines in"),
        ({"AUTH": "tokens"}, "--auth tokens needs SENT_MCP_HTTP_TOKENS"),
        ({"AUTH": "jwt"}, "--auth jwt needs --jwt-issuer"),
        ({"WORKERS": "2"}, "a demo has one process"),
        ({"HOST": "203.0.113.7", "TOKENS": TOKEN}, "cannot be listened on"),
    ],
)
def test_http_that_would_not_start_says_why(
    here: Here, variables: dict[str, str], words: str
) -> None:
    found = http_of(here, **variables)
    assert found["status"] == "wrong"
    assert found["message"].startswith("Over HTTP it does not start: ")
    assert words in found["message"]


def test_http_with_a_short_token_or_a_port_in_use_is_a_warning(here: Here) -> None:
    assert "can be guessed" in http_of(here, TOKENS="anna:short1")["message"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = http_of(here, PORT=str(taken.getsockname()[1]))
    assert (found["status"], "listens there already" in found["message"]) == ("warning", True)


def test_who_lets_callers_bring_keys_needs_none(here: Here) -> None:
    given = {"SENT_BASE_URL": "http://127.0.0.1:1", "SENT_MCP_HTTP_AUTH": "passthrough"}
    found = checks(here.run("doctor", "--json", **given))
    assert (found["key"]["status"], "none is needed" in found["key"]["message"]) == ("ok", True)


def make(path: Path, kind: str) -> None:
    """Something that is no file of ours."""
    other = path.with_name("other")
    match kind:
        case "link":
            other.touch()
            path.symlink_to(other)
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "second name":
            other.touch()
            path.hardlink_to(other)
        case _:
            path.write_text("This is no database." * 100)
            path.chmod(0o600)
