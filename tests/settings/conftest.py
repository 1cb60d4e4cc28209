"""Settings as a server loads them: from variables and flags."""

from collections.abc import Callable, Mapping

import pytest

from sent_mcp.setting_fields import variable_of
from sent_mcp.settings import Settings, load_settings

KEY = "sk_live_4f9d2c7be1a8"
SECRET = "0123456789abcdef0123456789abcdef"
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
