"""Everything an operator can set: one model, read from the environment, overridden by flags.

A `.env` file is not read. The key is kept apart from the rest: a server without a usable key still
starts and lists its tools, and says at the first call what is wrong with it.
"""

import difflib
import re
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from platformdirs import user_state_path
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, JsonValue, SecretStr
from pydantic import ValidationError as PydanticValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sent_mcp.errors import SettingsError

SENT_URL = "https://api.sent.dm"
TOOLSETS = ("contacts", "messages", "templates", "lookup")
_PLACEHOLDER = re.compile(
    r"\$\{.*\}|\$\w+|%\w+%|<.*>|\{.*\}|(your|my|the)[-_ ]?(sent[-_ ]?)?(api[-_ ]?)?key([-_ ]?here)?"
    r"|api[-_ ]?key|x{3,}|sk_(test|live)_(x+|\.+|…)|changeme|change[-_ ]me|secret|todo|\.\.\.|…",
    re.IGNORECASE,
)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _base_url(value: str) -> str:
    try:
        url = urlsplit(value)
        port_is_fine = url.port is None or url.port > 0
    except ValueError as error:
        raise ValueError(f"is not a URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.hostname or not port_is_fine:
        raise ValueError(f"must be a URL like {SENT_URL}")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("must be scheme, host and path only; the key has its own variable")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError(
            "plain http would send the key readable over the network; use https"
            " (http is for this machine only)"
        )
    return value.rstrip("/")


def _one_line(value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be one word without spaces")
    return value


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _toolsets(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if name not in TOOLSETS:
            raise ValueError(f"has {name!r}, which is none of {', '.join(TOOLSETS)}")
    return value


def _recipients(value: tuple[str, ...]) -> tuple[str, ...]:
    for rule in value:
        if not re.fullmatch(r"\+[1-9]\d{1,14}|\+[1-9]\d{0,13}\*|[A-Z]{2}", rule):
            raise ValueError(
                f"has {rule!r}; each entry is a number (+14155550101), a prefix (+1415*)"
                " or a region (US)"
            )
    return value


def _region(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise ValueError("must be a region of two letters, like US or DE")
    return value.upper()


def _confirm(value: object) -> object:
    if value == "page":
        raise ValueError("the mode named page is reserved; use auto, ask, token or off")
    return value


def _state(value: str) -> str:
    if re.match(r"rediss?://", value):
        raise ValueError("redis is not supported by this version; give a file path or memory:")
    return value


Word = Annotated[str, AfterValidator(_one_line)]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_list)]
_FLAG: dict[str, JsonValue] = {"flag": True}


class Settings(BaseSettings):
    """The settings of one process. Frozen; secrets never print.

    Build it with `load_settings`, which words what is wrong.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, env_ignore_empty=True
    )

    api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("SENT_API_KEY", "SENT_DM_API_KEY"),
        description="The Sent API key (alias `SENT_DM_API_KEY`)",
    )
    api_key_file: Path | None = Field(
        None,
        validation_alias="SENT_API_KEY_FILE",
        description="A file that holds the key; read again when Sent refuses it",
    )
    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        SENT_URL,
        validation_alias="SENT_BASE_URL",
        json_schema_extra=_FLAG,
        description="Where the API is; plain http only for this machine",
    )
    api_version: Literal["v3", "v1"] = Field(
        "v3",
        validation_alias="SENT_API_VERSION",
        json_schema_extra=_FLAG,
        description="`v1` is the legacy API: list contacts and find by phone only",
    )
    sender_id: Word | None = Field(
        None,
        validation_alias="SENT_SENDER_ID",
        json_schema_extra=_FLAG,
        description="`x-sender-id`; required for v1",
    )
    profile_id: Word | None = Field(
        None,
        validation_alias="SENT_PROFILE_ID",
        json_schema_extra=_FLAG,
        description="`x-profile-id`: act for a child profile (v3)",
    )
    default_region: Annotated[str, AfterValidator(_region)] | None = Field(
        None,
        validation_alias="SENT_DEFAULT_REGION",
        json_schema_extra=_FLAG,
        description="Region (like `US`) of numbers without `+`; none: such numbers are refused",
    )
    confirm: Annotated[Literal["auto", "ask", "token", "off"], BeforeValidator(_confirm)] = Field(
        "auto",
        validation_alias="SENT_MCP_CONFIRM",
        json_schema_extra=_FLAG,
        description="How deletes, sends and opt-ins are confirmed: `auto`, `ask`, `token`, `off`",
    )
    read_only: bool = Field(
        False,
        validation_alias="SENT_MCP_READ_ONLY",
        json_schema_extra=_FLAG,
        description="Only tools that change nothing",
    )
    toolsets: Annotated[CommaList, AfterValidator(_toolsets)] = Field(
        ("contacts", "messages", "templates"),
        validation_alias="SENT_MCP_TOOLSETS",
        json_schema_extra=_FLAG,
        description="Which tools exist; `lookup` adds the paid number look-up",
    )
    dry_run: bool = Field(
        False,
        validation_alias="SENT_MCP_DRY_RUN",
        json_schema_extra=_FLAG,
        description="Every change is only a dry run (`sandbox: true`)",
    )
    allowed_recipients: Annotated[CommaList, AfterValidator(_recipients)] = Field(
        (),
        validation_alias="SENT_MCP_ALLOWED_RECIPIENTS",
        json_schema_extra=_FLAG,
        description="Numbers, prefixes (`+1415*`) or regions (`US`); sends elsewhere are refused",
    )
    max_recipients: int = Field(
        50,
        ge=1,
        le=1000,
        validation_alias="SENT_MCP_MAX_RECIPIENTS",
        json_schema_extra=_FLAG,
        description="Messages in one send, recipients × channels",
    )
    messages_per_day: int = Field(
        500,
        ge=0,
        validation_alias="SENT_MCP_MESSAGES_PER_DAY",
        json_schema_extra=_FLAG,
        description="Messages in 24 hours, per account",
    )
    requests_per_minute: int = Field(
        200,
        ge=1,
        validation_alias="SENT_MCP_REQUESTS_PER_MINUTE",
        json_schema_extra=_FLAG,
        description="API requests a minute",
    )
    messages_per_minute: int = Field(
        60,
        ge=1,
        validation_alias="SENT_MCP_MESSAGES_PER_MINUTE",
        json_schema_extra=_FLAG,
        description="Messages a minute",
    )
    call_timeout: float = Field(
        45,
        gt=0,
        le=50,
        validation_alias="SENT_MCP_CALL_TIMEOUT",
        json_schema_extra=_FLAG,
        description="Seconds for one tool call, retries included",
    )
    state: Annotated[str, AfterValidator(_state)] | None = Field(
        None,
        validation_alias="SENT_MCP_STATE",
        json_schema_extra=_FLAG,
        description="File for approvals and sends (0600), or `memory:`; none: user state folder",
    )
    secret: SecretStr | None = Field(
        None,
        min_length=32,
        validation_alias="SENT_MCP_SECRET",
        description="Signs confirmation tokens; none: made once and kept in the state file",
    )
    mask_phones: bool = Field(
        False,
        validation_alias="SENT_MCP_MASK_PHONES",
        json_schema_extra=_FLAG,
        description="Mask phone numbers in everything the model reads",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING",
        validation_alias="SENT_MCP_LOG_LEVEL",
        json_schema_extra=_FLAG,
        description="What is written to stderr",
    )

    @property
    def state_location(self) -> Path | str:
        """Where approvals and sends are kept: the setting, else the user's state folder."""
        if self.state is None:
            return user_state_path("sent-mcp") / "state.sqlite"
        return self.state if self.state == "memory:" else Path(self.state).expanduser()

    def read_key(self) -> str:
        """The API key. Raises SettingsError (MISSING_KEY, KEY_FILE, PLACEHOLDER_KEY)."""
        if self.api_key is not None:
            return _checked_key(self.api_key.get_secret_value(), "SENT_API_KEY")
        if self.api_key_file is None:
            raise SettingsError("SENT_API_KEY is not set", code="MISSING_KEY")
        try:
            text = self.api_key_file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise SettingsError(
                f"the file named by SENT_API_KEY_FILE cannot be read: {reason}", code="KEY_FILE"
            ) from error
        return _checked_key(text.rstrip("\r\n"), "SENT_API_KEY_FILE")


def _checked_key(value: str, variable: str) -> str:
    problem = _key_problem(value)
    if problem:
        raise SettingsError(f"{variable} {problem}", code="PLACEHOLDER_KEY")
    return value


def _key_problem(value: str) -> str | None:
    if _PLACEHOLDER.fullmatch(value.strip()):
        # Only what cannot be a key is repeated; the host forgot to fill it in.
        return f"holds the placeholder {value.strip()!r} instead of a key"
    if not value.strip():
        return "is empty"
    if value != value.strip() or any(character.isspace() for character in value):
        return "has spaces or line breaks in or around the key"
    if value[0] in "\"'`" or value[-1] in "\"'`":
        return "has quotes around the key"
    if not (value.isascii() and value.isprintable()):
        return "has characters in it that no key has"
    return None


def load_settings(names: Iterable[str], **flags: object) -> Settings:
    """The settings of this process; `flags` win over the environment.

    `names` are the variables that are set. Raises SettingsError that names each wrong one, an
    unknown `SENT_MCP_` variable included: one that is mistyped must not pass for one that is set.
    """
    _refuse_unknown(names)
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Settings(**given)  # pyright: ignore[reportArgumentType]  # checked by pydantic
    except PydanticValidationError as error:
        raise SettingsError(_problems(error, given), code="SETTINGS") from None
    return _complete(settings)


def _complete(settings: Settings) -> Settings:
    if settings.api_version == "v1" and settings.sender_id is None:
        raise SettingsError("SENT_SENDER_ID is required for SENT_API_VERSION=v1", code="SETTINGS")
    return settings


def _problems(error: PydanticValidationError, flags: dict[str, object]) -> str:
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(problem["loc"][0])
        name = flag_of(field) if field in flags else variable_of(field)
        lines.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)


def _refuse_unknown(names: Iterable[str]) -> None:
    known = [variable_of(field) for field in Settings.model_fields]
    for name in sorted(names):
        if name.startswith("SENT_MCP_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{name} is not a setting of this version{hint}", code="SETTINGS")


def variable_of(field: str) -> str:
    """The environment variable of a field, or `field` itself when it already is one."""
    info: FieldInfo | None = Settings.model_fields.get(field)
    if info is None:
        return field
    alias = info.validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else str(alias)


def flag_of(field: str) -> str:
    """The flag of `serve` for a field: `--read-only` for `read_only`."""
    return "--" + field.replace("_", "-")


def flags() -> dict[str, FieldInfo]:
    """The fields that are flags of `serve` too, in order."""
    return {
        name: info
        for name, info in Settings.model_fields.items()
        if info.json_schema_extra == _FLAG
    }
