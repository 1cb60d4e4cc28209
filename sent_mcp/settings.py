"""Everything an operator can set: one model, read from the environment, overridden by flags.

A `.env` file is not read. The key is kept apart from the rest: a server without a usable key still
starts and lists its tools, and says at the first call what is wrong with it.
"""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Never

from platformdirs import user_state_path
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, JsonValue, SecretStr
from pydantic import ValidationError as PydanticValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sent_mcp import setting_values as values
from sent_mcp.errors import SettingsError
from sent_mcp.key_source import read_key
from sent_mcp.setting_values import SENT_URL

Word = Annotated[str, AfterValidator(values.one_line)]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.comma_list)]
Mode = Annotated[Literal["auto", "ask", "token", "off"], BeforeValidator(values.confirm)]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(values.upper)]
_LATER = ("SENT_MCP_HTTP_TOKENS",)
_FLAG: dict[str, JsonValue] = {"flag": True}


class Settings(BaseSettings):
    """The settings of one process. Frozen; secrets never print.

    Build it with `load_settings`, which words what is wrong.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", case_sensitive=True, env_ignore_empty=True
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
    base_url: Annotated[str, AfterValidator(values.base_url)] = Field(
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
    default_region: Annotated[str, AfterValidator(values.region)] | None = Field(
        None,
        validation_alias="SENT_DEFAULT_REGION",
        json_schema_extra=_FLAG,
        description="Region (like `US`) of numbers without `+`; none: such numbers are refused",
    )
    confirm: Mode = Field(
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
    toolsets: Annotated[CommaList, AfterValidator(values.toolsets)] = Field(
        ("contacts", "messages", "templates"),
        validation_alias="SENT_MCP_TOOLSETS",
        json_schema_extra=_FLAG,
        description="Which tools exist; `lookup` can be added: the paid number look-up",
    )
    dry_run: bool = Field(
        False,
        validation_alias="SENT_MCP_DRY_RUN",
        json_schema_extra=_FLAG,
        description="Every change is only a dry run (`sandbox: true`)",
    )
    allowed_recipients: Annotated[CommaList, AfterValidator(values.recipients)] = Field(
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
    ask_timeout: float = Field(
        40,
        gt=0,
        le=240,
        validation_alias="SENT_MCP_ASK_TIMEOUT",
        json_schema_extra=_FLAG,
        description="Seconds a question in the host may stay open, longer while progress can be"
        " sent",
    )
    state: Annotated[str, AfterValidator(values.state)] | None = Field(
        None,
        validation_alias="SENT_MCP_STATE",
        json_schema_extra=_FLAG,
        description="File of what was approved (0600), or `memory:`; none: user state folder",
    )
    secret: SecretStr | None = Field(
        None,
        min_length=32,
        validation_alias="SENT_MCP_SECRET",
        description="Signs confirmation tokens; none: made once and kept in the state file",
    )
    audit_log: Annotated[str, AfterValidator(values.path)] | None = Field(
        None,
        validation_alias="SENT_MCP_AUDIT_LOG",
        json_schema_extra=_FLAG,
        description="A file for one JSON line per change asked for (0600, rotated); `-` is stderr",
    )
    mask_phones: bool = Field(
        False,
        validation_alias="SENT_MCP_MASK_PHONES",
        json_schema_extra=_FLAG,
        description="Mask phone numbers in everything the model reads",
    )
    fast_start: bool = Field(
        True,
        validation_alias="SENT_MCP_FAST_START",
        json_schema_extra=_FLAG,
        description="Answer a host's first requests while the server is still loading",
    )
    log_level: Level = Field(
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
        return read_key(self.api_key, self.api_key_file)

    def __reduce__(self) -> Never:
        """Refused: a pickle would hold the secrets in plain text."""
        raise TypeError("settings hold secrets and are not pickled")


def load_settings(names: Iterable[str], **flags: object) -> Settings:
    """The settings of this process; `flags` win over the environment.

    `names` are the variables that are set. Raises SettingsError that names each wrong one, an
    unknown `SENT_MCP_` variable included: one that is mistyped must not pass for one that is set.
    """
    _refuse_unknown(names)
    given = {name: value for name, value in flags.items() if value not in (None, "")}
    by_variable = {variable_of(name): value for name, value in given.items()}
    try:
        settings = Settings(**by_variable)  # pyright: ignore[reportArgumentType]  # checked by pydantic
    except PydanticValidationError as error:
        raise SettingsError(_problems(error, given), code="SETTINGS") from None
    return _complete(settings)


def _complete(settings: Settings) -> Settings:
    if settings.api_version == "v1" and settings.sender_id is None:
        raise SettingsError("SENT_SENDER_ID is required for SENT_API_VERSION=v1", code="SETTINGS")
    if settings.audit_log and Path(settings.audit_log).expanduser() == settings.state_location:
        raise SettingsError("SENT_MCP_AUDIT_LOG is the state file; name another", code="SETTINGS")
    return settings


def _problems(error: PydanticValidationError, flags: Iterable[str]) -> str:
    names = {variable_of(field): flag_of(field) for field in flags}
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_input=False):
        variable = str(problem["loc"][0])
        wanted = values.wanted(problem["type"], problem.get("ctx", {}))
        reason = wanted or problem["msg"].removeprefix("Value error, ")
        lines.append(f"{names.get(variable, variable)}: {reason}")
    return "; ".join(lines)


def _refuse_unknown(names: Iterable[str]) -> None:
    known = [variable_of(field) for field in Settings.model_fields]
    for name in sorted(names):
        if name.upper() in _LATER:
            raise SettingsError(
                f"{name} is a setting this version does not have yet; unset it", code="SETTINGS"
            )
        if name.upper().startswith("SENT_MCP_") and name not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{name} is not a setting of this version{hint}", code="SETTINGS")


def variable_of(field: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias
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
