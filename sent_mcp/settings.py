"""Everything an operator can set: one model, read from the environment, overridden by flags.

A `.env` file is not read. The key is kept apart from the rest: a server without a usable key still
starts and lists its tools, and says at the first call what is wrong with it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Never

from platformdirs import user_state_path
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode

from sent_mcp import setting_values as values
from sent_mcp.errors import SettingsError
from sent_mcp.http_settings import HttpSettings
from sent_mcp.key_source import read_key
from sent_mcp.setting_fields import CONFIG, FLAG, read_settings, refuse_unknown
from sent_mcp.setting_values import SENT_URL

Word = Annotated[str, AfterValidator(values.one_line)]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.comma_list)]
Mode = Annotated[Literal["auto", "ask", "token", "off"], BeforeValidator(values.confirm)]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(values.upper)]


class Settings(BaseSettings):
    """The settings of one process. Frozen; secrets never print.

    Build it with `load_settings`, which words what is wrong.
    """

    model_config = CONFIG

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
        json_schema_extra=FLAG,
        description="Where the API is; plain http only for this machine",
    )
    api_version: Literal["v3", "v1"] = Field(
        "v3",
        validation_alias="SENT_API_VERSION",
        json_schema_extra=FLAG,
        description="`v1` is the legacy API: list contacts and find by phone only",
    )
    sender_id: Word | None = Field(
        None,
        validation_alias="SENT_SENDER_ID",
        json_schema_extra=FLAG,
        description="`x-sender-id`; required for v1",
    )
    profile_id: Annotated[Word, AfterValidator(values.profile)] | None = Field(
        None,
        validation_alias="SENT_PROFILE_ID",
        json_schema_extra=FLAG,
        description="`x-profile-id`: act for a child profile (v3)",
    )
    default_region: Annotated[str, AfterValidator(values.region)] | None = Field(
        None,
        validation_alias="SENT_DEFAULT_REGION",
        json_schema_extra=FLAG,
        description="Region (like `US`) of numbers without `+`; none: such numbers are refused",
    )
    confirm: Mode = Field(
        "auto",
        validation_alias="SENT_MCP_CONFIRM",
        json_schema_extra=FLAG,
        description="How deletes, sends and opt-ins are confirmed: `auto`, `ask`, `token`, `off`",
    )
    read_only: bool = Field(
        False,
        validation_alias="SENT_MCP_READ_ONLY",
        json_schema_extra=FLAG,
        description="Only tools that change nothing",
    )
    toolsets: Annotated[CommaList, AfterValidator(values.toolsets)] = Field(
        ("contacts", "messages", "templates"),
        validation_alias="SENT_MCP_TOOLSETS",
        json_schema_extra=FLAG,
        description="Which tools exist; `lookup` can be added: the paid number look-up",
    )
    dry_run: bool = Field(
        False,
        validation_alias="SENT_MCP_DRY_RUN",
        json_schema_extra=FLAG,
        description="Every change is only a dry run (`sandbox: true`)",
    )
    allowed_recipients: Annotated[CommaList, AfterValidator(values.recipients)] = Field(
        (),
        validation_alias="SENT_MCP_ALLOWED_RECIPIENTS",
        json_schema_extra=FLAG,
        description="Numbers, prefixes (`+1415*`) or regions (`US`); sends elsewhere are refused",
    )
    max_recipients: int = Field(
        50,
        ge=1,
        le=1000,
        validation_alias="SENT_MCP_MAX_RECIPIENTS",
        json_schema_extra=FLAG,
        description="Messages in one send, recipients × channels",
    )
    messages_per_day: int = Field(
        500,
        ge=0,
        validation_alias="SENT_MCP_MESSAGES_PER_DAY",
        json_schema_extra=FLAG,
        description="Messages in 24 hours, per account",
    )
    requests_per_minute: int = Field(
        200,
        ge=1,
        validation_alias="SENT_MCP_REQUESTS_PER_MINUTE",
        json_schema_extra=FLAG,
        description="API requests a minute",
    )
    messages_per_minute: int = Field(
        60,
        ge=1,
        validation_alias="SENT_MCP_MESSAGES_PER_MINUTE",
        json_schema_extra=FLAG,
        description="Messages a minute",
    )
    call_timeout: float = Field(
        45,
        gt=0,
        le=50,
        validation_alias="SENT_MCP_CALL_TIMEOUT",
        json_schema_extra=FLAG,
        description="Seconds for one tool call, retries included",
    )
    ask_timeout: float = Field(
        40,
        gt=0,
        le=240,
        validation_alias="SENT_MCP_ASK_TIMEOUT",
        json_schema_extra=FLAG,
        description="Seconds a question in the host may stay open, longer while progress can be"
        " sent",
    )
    state: Annotated[str, AfterValidator(values.state)] | None = Field(
        None,
        repr=False,
        validation_alias="SENT_MCP_STATE",
        json_schema_extra=FLAG,
        description="File of what was approved (0600), `memory:`, or a Redis that replicas share"
        " (`redis://`, `rediss://`); none: user state folder",
    )
    secret: Annotated[SecretStr, AfterValidator(values.secret)] | None = Field(
        None,
        min_length=32,
        validation_alias="SENT_MCP_SECRET",
        description="Signs confirmation tokens; required with Redis; none: made once and kept in"
        " the state file",
    )
    audit_log: Annotated[str, AfterValidator(values.path)] | None = Field(
        None,
        validation_alias="SENT_MCP_AUDIT_LOG",
        json_schema_extra=FLAG,
        description="A file for one JSON line per change asked for (0600, rotated); `-` is stderr",
    )
    mask_phones: bool = Field(
        False,
        validation_alias="SENT_MCP_MASK_PHONES",
        json_schema_extra=FLAG,
        description="Mask phone numbers in everything the model reads",
    )
    fast_start: bool = Field(
        True,
        validation_alias="SENT_MCP_FAST_START",
        json_schema_extra=FLAG,
        description="Answer a host's first requests while the server is still loading",
    )
    log_level: Level = Field(
        "WARNING",
        validation_alias="SENT_MCP_LOG_LEVEL",
        json_schema_extra=FLAG,
        description="What is written to stderr",
    )

    @property
    def state_location(self) -> Path | str:
        """Where approvals and sends are kept: the setting, else the user's state folder."""
        if self.state is None:
            return user_state_path("sent-mcp") / "state.sqlite"
        if self.shares_state or self.state == "memory:":
            return self.state
        return Path(self.state).expanduser()

    @property
    def shares_state(self) -> bool:
        """Whether the state is a server that several machines can reach."""
        return self.state is not None and values.is_redis(self.state)

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
    refuse_unknown(names, (Settings, HttpSettings))
    return _complete(read_settings(Settings, flags))


def _complete(settings: Settings) -> Settings:
    wrong: list[str] = []
    if settings.api_version == "v1" and settings.sender_id is None:
        wrong.append("SENT_SENDER_ID is required for SENT_API_VERSION=v1")
    if settings.audit_log and Path(settings.audit_log).expanduser() == settings.state_location:
        wrong.append("SENT_MCP_AUDIT_LOG is the state file; name another")
    if settings.shares_state and settings.secret is None:
        wrong.append(
            "SENT_MCP_STATE is a Redis, whose users must not be able to make approvals: set"
            " SENT_MCP_SECRET, 32 characters or more, the same for every replica"
        )
    if wrong:
        raise SettingsError("; ".join(wrong), code="SETTINGS")
    return settings
