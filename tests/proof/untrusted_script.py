"""Ways of an API to say a text: everywhere at once, in one place, or as the reason of a refusal."""

import json
import re
from collections.abc import Sequence

from tests.proof.fuzz_api import Alter, Answer, Json, Place, put

_TIMES = ("_at", "timestamp")
_FOUND_BY = ("id", "name", "phone_number", "format_e164", "status", "type")
REFUSALS = (400, 402, 403, 404, 409, 422, 429, 500)
_MORE: dict[str, tuple[str, ...]] = {
    "available_channels": ("format_e164", "default_channel"),
    "events": ("reason_code", "reason", "channel"),
    "carrier_name": ("mobile_country_code", "mobile_network_code"),
}
"""Fields that are often empty, by one that is beside them."""


def saying(text: str) -> Alter:
    """Every text of every answer but its times, which would be no times, and every header."""

    def alter(answer: Answer) -> Answer:
        answer = _headed(answer, text)
        value = answer.value
        return answer if value is None else answer.saying(_instead(value, text))

    return alter


def telling(text: str) -> Alter:
    """The same but for what contacts are found by, so that they still are."""

    def alter(answer: Answer) -> Answer:
        answer = _headed(answer, text)
        value = answer.value
        return answer if value is None else answer.saying(_instead(value, text, kept=_FOUND_BY))

    return alter


def saying_at(place: Place, text: str) -> Alter:
    """One text of those answers that have one there."""

    def alter(answer: Answer) -> Answer:
        value = answer.value
        return answer if value is None else answer.saying(put(value, place, text))

    return alter


def refusing_with(text: str, status: int = 400) -> Alter:
    """Nothing but refusals, with this as their code, words, fields and id."""
    error: Json = {
        "code": text,
        "message": text,
        "details": {text: [text, {text: text}], "a": text},
    }
    envelope: Json = {"success": False, "error": error, "meta": {"request_id": text}}

    def alter(answer: Answer) -> Answer:
        refusal = Answer(answer.asked, status, json.dumps(envelope).encode())
        return _headed(refusal, text).headed(x_should_retry=b"false")

    return alter


def answering_with(text: str, status: int = 502) -> Alter:
    """What is no answer of Sent's at all: a page of somebody in between."""

    def alter(answer: Answer) -> Answer:
        page = Answer(answer.asked, status, text.encode(errors="surrogatepass"))
        return _headed(page, text).headed(x_should_retry=b"false")

    return alter


def _headed(answer: Answer, text: str) -> Answer:
    # What a header can hold, which is still more than it should.
    kept = re.sub(rb"[\x00\n\v\f\r]", b"", text.encode("latin-1", "ignore"))[:300]
    value = b"%s and %s." % (kept.strip(), kept.strip())
    return answer.headed(x_request_id=value, content_type=value, server=value, location=value)


def _instead(value: Json, text: str, name: str = "", *, kept: Sequence[str] = ()) -> Json:
    if isinstance(value, list):
        return [_instead(inner, text, name, kept=kept) for inner in value]
    if isinstance(value, dict):
        more = [each for key, fields in _MORE.items() if key in value for each in fields]
        new = {key: _instead(inner, text, key, kept=kept) for key, inner in value.items()}
        new |= {each: text for each in more if each not in kept}
        return {**new, "metadata": {text: text, "a": {text: [text]}}} if more else new
    stays = name.endswith(_TIMES) or name in kept or not isinstance(value, str)
    return value if stays else text
