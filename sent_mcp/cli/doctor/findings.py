"""What a doctor found, check by check, and what follows from all of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import JsonValue

from sent_mcp.cli.outcome import DONE, FAILED, USAGE

Status = Literal["ok", "warning", "wrong", "not_checked"]
SETTING = "setting:"
"""What the names of checks of one variable begin with."""
SETTINGS = "settings"


@dataclass(frozen=True)
class Check:
    """One finding. `message` and `advice` are whole sentences; scripts go by name and status."""

    name: str
    status: Status
    message: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """All findings in reading order; `start` is the next step where nothing is wrong."""

    checks: tuple[Check, ...]
    start: str

    @property
    def usable(self) -> bool:
        """Whether nothing is wrong; warnings are allowed."""
        return not self._wrong

    @property
    def next(self) -> str:
        """The one next step."""
        return self._wrong[0].advice if self._wrong else self.start

    @property
    def ending(self) -> str:
        """Usable or not, and the next step."""
        warnings = sum(check.status == "warning" for check in self.checks)
        if not self.usable:
            verdict = "This setup is not usable yet"
        elif warnings:
            verdict = f"This setup is usable, with {warnings} warning{'s' * (warnings > 1)}"
        else:
            verdict = "This setup is usable"
        return f"{verdict}. Next: {self.next}"

    @property
    def exit_code(self) -> int:
        """0 usable, 2 where settings cannot be read, 1 for anything else that is wrong."""
        if self.usable:
            return DONE
        unread = any(check.name.startswith((SETTING, SETTINGS)) for check in self._wrong)
        return USAGE if unread else FAILED

    @property
    def json(self) -> JsonValue:
        """The same for programs."""
        checks: list[JsonValue] = [
            {
                "name": check.name,
                "status": check.status,
                "message": check.message,
                "advice": check.advice,
            }
            for check in self.checks
        ]
        return {"usable": self.usable, "next": self.next, "checks": checks}

    @property
    def _wrong(self) -> list[Check]:
        return [check for check in self.checks if check.status == "wrong"]


def cleaned(check: Check, clean: Callable[[str], str]) -> Check:
    """The same check with its words cleaned."""
    return replace(check, message=clean(check.message), advice=clean(check.advice))


def sentence(text: str) -> str:
    """A reason as a sentence: a capital in front unless it is a name, and a full stop."""
    capital = text if text.startswith("sent-mcp") else text[:1].upper() + text[1:]
    return capital if capital.endswith((".", "!", "?")) else f"{capital}."
