"""What an operator can set for HTTP: where it is served, and who may come in."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from sent_mcp import http_values
from sent_mcp import setting_values as values
from sent_mcp.errors import SettingsError
from sent_mcp.http_values import HttpToken
from sent_mcp.setting_fields import CONFIG, FLAG, read_settings

Word = Annotated[str, AfterValidator(values.one_line)]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.comma_list)]
Hosts = Annotated[CommaList, AfterValidator(http_values.hosts)]
Origins = Annotated[CommaList, AfterValidator(http_values.origins)]
Tokens = Annotated[tuple[HttpToken, ...], NoDecode, BeforeValidator(http_values.tokens)]
Access = Literal["open", "tokens", "passthrough", "jwt"]


class HttpSettings(BaseSettings):
    """The settings of `serve --transport http`. Frozen; secrets never print.

    Build it with `load_http_settings`, which words what is wrong.
    """

    model_config = CONFIG

    host: Word = Field(
        "127.0.0.1",
        validation_alias="SENT_MCP_HTTP_HOST",
        json_schema_extra=FLAG,
        description="Address to listen on; any but this machine's own asks for credentials",
    )
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        validation_alias="SENT_MCP_HTTP_PORT",
        json_schema_extra=FLAG,
        description="Port to listen on; 0 takes a free one",
    )
    workers: int = Field(
        1,
        ge=1,
        le=64,
        validation_alias="SENT_MCP_HTTP_WORKERS",
        json_schema_extra=FLAG,
        description="Processes that serve; they share a state that is a file or Redis",
    )
    auth: Literal["tokens", "passthrough", "jwt"] | None = Field(
        None,
        validation_alias="SENT_MCP_HTTP_AUTH",
        json_schema_extra=FLAG,
        description="Who may come in: `tokens` (SENT_MCP_HTTP_TOKENS), `passthrough` (everybody"
        " brings their own Sent key), `jwt`; none: `tokens` where there are any",
    )
    tokens: Tokens = Field(
        (),
        repr=False,
        validation_alias="SENT_MCP_HTTP_TOKENS",
        description="Bearer tokens, each with a name if you like: `anna:TOKEN,ben:TOKEN`",
    )
    allowed_hosts: Hosts = Field(
        (),
        validation_alias="SENT_MCP_HTTP_ALLOWED_HOSTS",
        json_schema_extra=FLAG,
        description="Host headers to accept besides this machine's own names: `mcp.example.com`",
    )
    allowed_origins: Origins = Field(
        (),
        validation_alias="SENT_MCP_HTTP_ALLOWED_ORIGINS",
        json_schema_extra=FLAG,
        description="Origins of web pages that may call: `https://app.example.com`",
    )
    jwt_issuer: Word | None = Field(
        None,
        validation_alias="SENT_MCP_HTTP_JWT_ISSUER",
        json_schema_extra=FLAG,
        description="The `iss` that a token must have (`--auth jwt`)",
    )
    jwt_audience: Word | None = Field(
        None,
        validation_alias="SENT_MCP_HTTP_JWT_AUDIENCE",
        json_schema_extra=FLAG,
        description="The `aud` that a token must have (`--auth jwt`)",
    )
    jwt_jwks: Annotated[str, AfterValidator(http_values.jwks)] | None = Field(
        None,
        validation_alias="SENT_MCP_HTTP_JWT_JWKS",
        json_schema_extra=FLAG,
        description="File or https URL of the keys that sign tokens (`--auth jwt`)",
    )

    @property
    def access(self) -> Access:
        """How callers are told apart; `open` asks for nothing."""
        return self.auth or ("tokens" if self.tokens else "open")


def load_http_settings(**flags: object) -> HttpSettings:
    """The settings for HTTP; `flags` win over the environment. Raises SettingsError."""
    settings = read_settings(HttpSettings, flags)
    _refuse_strangers(settings)
    if settings.access == "tokens" and not settings.tokens:
        raise SettingsError("--auth tokens needs SENT_MCP_HTTP_TOKENS", code="SETTINGS")
    if settings.access == "jwt":
        needed = {
            "--jwt-issuer": settings.jwt_issuer,
            "--jwt-audience": settings.jwt_audience,
            "--jwt-jwks": settings.jwt_jwks,
        }
        missing = [flag for flag, value in needed.items() if value is None]
        if missing:
            raise SettingsError(f"--auth jwt needs {' and '.join(missing)}", code="SETTINGS")
    return settings


def _refuse_strangers(settings: HttpSettings) -> None:
    if settings.access == "open" and not values.is_loopback(settings.host):
        raise SettingsError(
            f"--host {settings.host} lets other machines in, who could act with your Sent key; set"
            " SENT_MCP_HTTP_TOKENS, or use --auth passthrough or --auth jwt (or --host 127.0.0.1)",
            code="SETTINGS",
        )
