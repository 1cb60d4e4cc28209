"""What an operator sets for HTTP: how it is read, what is refused and in which words."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sent_mcp.cli.serve_flags import parse_flags
from sent_mcp.errors import SettingsError
from sent_mcp.http_settings import HttpSettings, load_http_settings
from sent_mcp.setting_fields import flag_of, flags, variable_of
from tests.cli.conftest import Ran, Shell
from tests.http.sites import ANNA, BEN, started

SECRET = "s3cret-s3cret-s3cret-s3cret"
FIELDS = {variable_of(HttpSettings, field): field for field in HttpSettings.model_fields}
DEFAULTS: Mapping[str, object] = {
    "SENT_MCP_HTTP_HOST": "127.0.0.1",
    "SENT_MCP_HTTP_PORT": 8000,
    "SENT_MCP_HTTP_WORKERS": 1,
    "SENT_MCP_HTTP_AUTH": None,
    "SENT_MCP_HTTP_TOKENS": (),
    "SENT_MCP_HTTP_ALLOWED_HOSTS": (),
    "SENT_MCP_HTTP_ALLOWED_ORIGINS": (),
    "SENT_MCP_HTTP_JWT_ISSUER": None,
    "SENT_MCP_HTTP_JWT_AUDIENCE": None,
    "SENT_MCP_HTTP_JWT_JWKS": None,
}
CHANGED: Mapping[str, tuple[str, object]] = {
    "SENT_MCP_HTTP_HOST": ("localhost", "localhost"),
    "SENT_MCP_HTTP_PORT": ("0", 0),
    "SENT_MCP_HTTP_WORKERS": ("64", 64),
    "SENT_MCP_HTTP_AUTH": ("passthrough", "passthrough"),
    "SENT_MCP_HTTP_ALLOWED_HOSTS": ("A.example, b:80", ("a.example", "b:80")),
    "SENT_MCP_HTTP_ALLOWED_ORIGINS": ("https://A.example", ("https://a.example",)),
    "SENT_MCP_HTTP_JWT_ISSUER": ("https://id.example/", "https://id.example/"),
    "SENT_MCP_HTTP_JWT_AUDIENCE": ("sent-mcp", "sent-mcp"),
    "SENT_MCP_HTTP_JWT_JWKS": ("https://id.example/jwks", "https://id.example/jwks"),
}
BAD = [
    ("SENT_MCP_HTTP_HOST", "two words", "one word"),
    ("SENT_MCP_HTTP_HOST", "h\nx", "one word"),
    ("SENT_MCP_HTTP_PORT", "65536", "must be 65535 or less"),
    ("SENT_MCP_HTTP_PORT", "-1", "must be 0 or more"),
    ("SENT_MCP_HTTP_PORT", "http", "must be a whole number"),
    ("SENT_MCP_HTTP_WORKERS", "0", "must be 1 or more"),
    ("SENT_MCP_HTTP_WORKERS", "65", "must be 64 or less"),
    ("SENT_MCP_HTTP_WORKERS", "1.5", "must be a whole number"),
    ("SENT_MCP_HTTP_AUTH", "open", "must be 'tokens', 'passthrough' or 'jwt'"),
    ("SENT_MCP_HTTP_AUTH", "oauth", "must be 'tokens', 'passthrough' or 'jwt'"),
    ("SENT_MCP_HTTP_ALLOWED_HOSTS", ",", "empty list"),
    ("SENT_MCP_HTTP_ALLOWED_HOSTS", "*", "an entry is a name like mcp.example.com"),
    ("SENT_MCP_HTTP_ALLOWED_HOSTS", "*.example.com", "an entry is a name like"),
    ("SENT_MCP_HTTP_ALLOWED_HOSTS", "https://a.example", "an entry is a name like"),
    ("SENT_MCP_HTTP_ALLOWED_HOSTS", "a.example/mcp", "an entry is a name like"),
    ("SENT_MCP_HTTP_ALLOWED_HOSTS", "::1", "an entry is a name like"),
    ("SENT_MCP_HTTP_ALLOWED_HOSTS", "a:b", "an entry is a name like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", " , ", "empty list"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "*", "an entry is an origin like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "null", "an entry is an origin like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "app.example.com", "an entry is an origin like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "https://a.example/", "an entry is an origin like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "https://*.example", "an entry is an origin like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "https://me@a.example", "an entry is an origin like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "https://a.example:x", "an entry is an origin like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "https://", "an entry is an origin like"),
    ("SENT_MCP_HTTP_ALLOWED_ORIGINS", "https://[::1", "an entry is an origin like"),
    ("SENT_MCP_HTTP_JWT_ISSUER", "two words", "one word"),
    ("SENT_MCP_HTTP_JWT_AUDIENCE", "two words", "one word"),
    ("SENT_MCP_HTTP_JWT_JWKS", "/no/such/file", "a file that exists, or be an https URL"),
    ("SENT_MCP_HTTP_JWT_JWKS", "http://id.example/jwks", "an https URL (http is for this machine"),
    ("SENT_MCP_HTTP_JWT_JWKS", "file:///etc/passwd", "must be a file or an https URL"),
    ("SENT_MCP_HTTP_JWT_JWKS", "https://[::1", "must be a file or an https URL"),
    ("SENT_MCP_HTTP_JWT_JWKS", "https://", "must be a file or an https URL"),
    ("SENT_MCP_HTTP_JWT_JWKS", "~no-such-user/jwks", "begins with ~ and a name that has no home"),
]
BAD_TOKENS = [
    (",", "is an empty list"),
    (f"{SECRET},{SECRET}", "has the same token twice"),
    (f"anna:{SECRET},ben:{SECRET}", "has the same token twice"),
    (f"anna:{SECRET},ben:", "entry 2 has no token but a placeholder"),
    ("${SENT_MCP_HTTP_TOKENS}", "entry 1 has no token but a placeholder"),
    ("anna:your-token-here", "entry 1 has no token but a placeholder"),
    (f"anna:{SECRET} {SECRET}", "entry 1 has characters that no header can carry"),
    (f"anna:{SECRET}\n", None),
    (f"anna:{SECRET}é", "entry 1 has characters that no header can carry"),
    (f"local:{SECRET}", "entry 1 has no name that can stand in an audit log"),
    (f":{SECRET}", "entry 1 has no name that can stand in an audit log"),
    (f"an na:{SECRET}", "entry 1 has no name that can stand in an audit log"),
    (f"{'a' * 65}:{SECRET}", "entry 1 has no name that can stand in an audit log"),
    (f"ann\x07a:{SECRET}", "entry 1 has no name that can stand in an audit log"),
]
Load = Callable[..., HttpSettings]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Settings from these variables and flags."""

    def loaded(environment: Mapping[str, str] | None = None, **given: object) -> HttpSettings:
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        return load_http_settings(**given)

    return loaded


def serve(shell: Shell, *words: str, **variables: str) -> Ran:
    """`sent-mcp serve` with these flags; it must end."""
    return shell.run("serve", *words, **variables)


def test_every_setting_is_tried_here() -> None:
    """A new one must come with its test."""
    assert set(FIELDS) == set(DEFAULTS) == {*CHANGED, "SENT_MCP_HTTP_TOKENS"}
    assert {each[0] for each in BAD} == set(CHANGED)


def test_each_has_a_default(load: Load) -> None:
    """This machine only, and no credentials."""
    assert {name: getattr(load(), field) for name, field in FIELDS.items()} == dict(DEFAULTS)
    assert load().access == "open"


@pytest.mark.parametrize("variable", CHANGED)
def test_a_variable_sets_its_field_and_a_flag_wins(load: Load, variable: str) -> None:
    """An empty one does not count."""
    text, value = CHANGED[variable]
    field = FIELDS[variable]
    assert getattr(load({variable: text}), field) == value
    assert getattr(load({variable: "!!"}, **{field: text}), field) == value
    assert getattr(load({variable: ""}), field) == DEFAULTS[variable]
    assert field in flags(HttpSettings)


@pytest.mark.parametrize(("variable", "value", "reason"), BAD)
def test_a_bad_value_is_refused_by_its_variable_or_flag(
    load: Load, variable: str, value: str, reason: str
) -> None:
    """Whoever set it knows which one to correct."""
    field = FIELDS[variable]
    for name in (flag_of(field), variable):
        with pytest.raises(SettingsError) as refused:
            _ = load({}, **{field: value}) if name != variable else load({variable: value})
        assert refused.value.code == "SETTINGS"
        assert refused.value.message.startswith(f"{name}: ")
        assert reason in refused.value.message


@pytest.mark.parametrize(("value", "reason"), BAD_TOKENS)
def test_bad_tokens_are_refused_by_their_place(load: Load, value: str, reason: str | None) -> None:
    """And never repeated."""
    if reason is None:
        assert [each.secret for each in load({"SENT_MCP_HTTP_TOKENS": value}).tokens] == [SECRET]
        return
    with pytest.raises(SettingsError) as refused:
        load({"SENT_MCP_HTTP_TOKENS": value})
    assert refused.value.message.startswith("SENT_MCP_HTTP_TOKENS: ")
    assert reason in refused.value.message
    assert "s3cret" not in repr(refused.value)
    assert refused.value.__cause__ is None


def test_tokens_have_names_or_fingerprints(load: Load) -> None:
    """Two of one name are one caller, who changes from one to the other."""
    loaded = load({"SENT_MCP_HTTP_TOKENS": f"anna:{ANNA}, {BEN} ,anna:{SECRET}:x"}).tokens
    assert [each.name for each in loaded] == ["anna", loaded[1].name, "anna"]
    assert loaded[1].name.startswith("token-")
    assert [each.secret for each in loaded] == [ANNA, BEN, f"{SECRET}:x"]


def test_tokens_stand_in_no_form_of_the_settings(load: Load) -> None:
    """They end up in logs and bug reports otherwise."""
    loaded = load({"SENT_MCP_HTTP_TOKENS": f"anna:{SECRET}"})
    for text in (repr(loaded), str(loaded), repr(loaded.tokens)):
        assert SECRET not in text


def test_they_do_not_change(load: Load) -> None:
    """Every part of the server sees the same."""
    with pytest.raises(ValueError, match="frozen"):
        load().host = "0.0.0.0"


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.1", "example.com", "127.1", "localhost.example", "[::1]"]
)
def test_any_other_address_needs_credentials(load: Load, host: str) -> None:
    """Whoever reaches it acts with the operator's key otherwise."""
    with pytest.raises(SettingsError, match="lets other machines in.*SENT_MCP_HTTP_TOKENS"):
        load(host=host)
    assert load({"SENT_MCP_HTTP_TOKENS": SECRET}, host=host).access == "tokens"
    assert load(host=host, auth="passthrough").access == "passthrough"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2", "x.localhost"])
def test_this_machines_own_does_not(load: Load, host: str) -> None:
    """Nobody else reaches it."""
    assert load(host=host).access == "open"


def test_tokens_must_be_there_where_they_are_asked_for(load: Load) -> None:
    """Else nobody could come in, or everybody."""
    with pytest.raises(SettingsError, match="--auth tokens needs SENT_MCP_HTTP_TOKENS"):
        load(auth="tokens")


@pytest.mark.parametrize("without", ["issuer", "audience", "jwks"])
def test_jwt_needs_to_know_whom_it_trusts(load: Load, without: str) -> None:
    """All three, and all that is missing is named."""
    given = {"issuer": "i", "audience": "a", "jwks": "https://id.example/jwks"}
    flagged = {f"jwt_{name}": value for name, value in given.items() if name != without}
    with pytest.raises(SettingsError, match=f"--auth jwt needs --jwt-{without}[.]"):
        load(auth="jwt", **flagged)
    with pytest.raises(SettingsError, match="--jwt-issuer and --jwt-audience and --jwt-jwks"):
        load(auth="jwt")


@pytest.mark.parametrize("field", flags(HttpSettings))
def test_flags_of_http_need_its_transport(field: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On stdio they would do nothing, which nobody should find out later."""
    for transport in ([], ["--transport", "stdio"]):
        with pytest.raises(SystemExit, match="2"):
            parse_flags([flag_of(field), "1", *transport])
        out, err = capsys.readouterr()
        assert out == ""
        assert f"{flag_of(field)} needs --transport http" in err


def test_variables_of_http_do_not_disturb_stdio(home: Path) -> None:
    """A host may hand on whatever it was started with."""
    ran = serve(Shell(home), "--demo", SENT_MCP_HTTP_PORT="1", SENT_MCP_HTTP_TOKENS=SECRET)
    assert (ran.code, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (("--host", "0.0.0.0"), {}, "--host 0.0.0.0 lets other machines in"),
        (("--port", "x"), {}, "--port: must be a whole number"),
        ((), {"SENT_MCP_HTTP_TOKENS": f"local:{SECRET}"}, "SENT_MCP_HTTP_TOKENS: entry 1"),
        ((), {"SENT_MCP_HTTP_TOKEN": SECRET}, "did you mean SENT_MCP_HTTP_TOKENS?"),
        (("--host", "192.0.2.7"), {"SENT_MCP_HTTP_TOKENS": SECRET}, "cannot be listened on"),
    ],
)
def test_at_start_it_is_one_sentence(
    home: Path, words: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    """On stderr, with exit code 2, and without a secret."""
    ran = serve(Shell(home), "--demo", "--transport", "http", *words, **variables)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert "s3cret" not in ran.err


def test_a_token_is_no_flag(home: Path) -> None:
    """Every process of the machine could read it there; stderr, which hosts keep, has it not."""
    for words in (("--tokens", SECRET), (f"--tokens={SECRET}",)):
        ran = serve(Shell(home), "--transport", "http", *words)
        assert (ran.code, ran.out) == (2, "")
        assert "unrecognized arguments: --tokens" in ran.err
        assert SECRET not in ran.err


async def test_what_an_operator_should_know_is_said_at_start(home: Path) -> None:
    """That a token can be guessed, and that a setting does nothing."""
    with started(home, "--demo", SENT_MCP_HTTP_TOKENS="anna:short") as site:
        assert (await site.bearer("short").ask("tools/list")).result
        assert "can be guessed" in site.stderr
        assert "short" not in site.stderr.replace("shorter", "")
