"""What every wire model has in common: unknown fields are ignored, a wrong type is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, JsonValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function, nullable_schema


class WireModel(BaseModel):
    """Base of everything that comes from the API."""

    # Few of them are needed in one conversation, so each is built when it is.
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, defer_build=True)


def _aware(moment: datetime) -> datetime | None:
    if moment.year == 1:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]
"""A time with its offset; without one it is UTC. Up to seven fractional digits (API §1.1).

Always optional: the year 1, which .NET writes for a time that was never set, is read as None.
"""


@dataclass(frozen=True)
class NullIs:
    """Lets a field be null on the wire, read as `value`.

    Not a before-validator, which would take what is inside a list out of JSON mode.
    """

    value: JsonValue | tuple[()]

    def __get_pydantic_core_schema__(
        self, source: type, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The type's own schema, or null."""
        return no_info_after_validator_function(self._fill, nullable_schema(handler(source)))

    def _fill(self, value: JsonValue) -> JsonValue | tuple[()]:
        return self.value if value is None else value


Item = TypeVar("Item")
Items = Annotated[tuple[Item, ...], NullIs(())]
"""A list that may be null on the wire, which counts as empty."""

Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
"""What every parser reads alike (RFC 8259, 6); arithmetic with more may end in an error."""
Count = Annotated[Whole, NullIs(0)]
Flag = Annotated[bool, NullIs(False)]
Text = str | None
Metadata = Mapping[str, JsonValue]
