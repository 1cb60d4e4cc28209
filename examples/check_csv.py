"""Verdicts for a CSV of customers as a pipeline gets them: up to 1000 numbers a call.

    python examples/check_csv.py examples/numbers.csv mobile US

Writes the rows to stdout as they came, with two more columns: `phone_number` as the server has it,
empty where there is none, and `whatsapp`, which is `yes`, `no`, `unknown`, `invalid` or `not
checked`. It asks the demo. Where no program is needed, `sent-mcp check` gives reasons as well, and
goes on after an interruption.
"""

import csv
import sys
from collections.abc import Iterable
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "sent_mcp", "serve", "--demo"])
MOST_NUMBERS = 1000
VERDICTS = {
    "whatsapp": "yes",
    "sms_only": "no",
    "other": "no",
    "unknown": "unknown",
    "not_checked": "not checked",
}
"""The lists of numbers in an answer, and what they say about WhatsApp."""


def e164(written: str, region: str) -> str:
    """The spelling that answers use; what is no number stays as it is."""
    try:
        return format_number(parse(written, region), PhoneNumberFormat.E164)
    except NumberParseException:
        return written


async def verdicts(numbers: Iterable[str]) -> dict[str, str]:
    """What is known of each number; one is missing if the server refused to go on."""
    found: dict[str, str] = {}
    waiting = list(dict.fromkeys(numbers))
    async with Client(SERVER) as client:
        while waiting:
            batch, later = waiting[:MOST_NUMBERS], waiting[MOST_NUMBERS:]
            result = await client.call_tool("check_phone_numbers", {"phone_numbers": batch})
            if result.structured_content is None:
                refusal = (part.text for part in result.content if part.type == "text")
                print(*refusal, file=sys.stderr)
                break
            answer = result.structured_content
            print(answer["message"], file=sys.stderr)
            found |= dict.fromkeys(batch, "invalid")
            for group, verdict in VERDICTS.items():
                found |= dict.fromkeys(answer[group], verdict)
            again: list[str] = answer["not_checked"]
            # A call that got nowhere would get nowhere again.
            waiting = [*(again if len(again) < len(batch) else []), *later]
    return found


def main(path: str, column: str, region: str) -> None:
    """Read the rows, ask about all of them at once, write them with the verdicts."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        rows = [{**row, "phone_number": e164(row[column], region)} for row in csv.DictReader(file)]
    found = anyio.run(verdicts, [row["phone_number"] for row in rows])
    writer = csv.DictWriter(sys.stdout, [*(rows[0] if rows else ()), "whatsapp"])
    writer.writeheader()
    for row in rows:
        verdict = found.get(row["phone_number"], "not checked")
        number = {"phone_number": ""} if verdict == "invalid" else {}
        writer.writerow({**row, **number, "whatsapp": verdict})


if __name__ == "__main__":
    main(*sys.argv[1:])
