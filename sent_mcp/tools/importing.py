"""Import contacts: agreed to once, and created in as many calls as it takes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Self, cast

import anyio
from pydantic import Field, JsonValue, PrivateAttr, ValidationInfo, model_validator

from sent_mcp.errors import RefusedError
from sent_mcp.guard import Question
from sent_mcp.reach import NumberList, check_numbers, read_numbers
from sent_mcp.state import StoredImport
from sent_mcp.tools.arguments import Change
from sent_mcp.tools.import_question import (
    NOTHING_CREATED,
    contacts,
    import_question,
    other_lines,
    time_line,
)
from sent_mcp.tools.import_result import TOOL, ImportResult, imported, result
from sent_mcp.tools.import_run import run_import
from sent_mcp.tools.number_arguments import (
    WITHOUT_COUNTRY,
    PhoneNumbers,
    Region,
    invalid_rows,
    readable,
)
from sent_mcp.tools.registry import ChangeTool, Offer, SentCall

_KEY_CHANGED = "KEY_CHANGED"
_CHECK_SECONDS, _LEAST_CHECK_SECONDS, _CHECK_SHARE = 15.0, 2.0, 1 / 3
_CHECK_REQUESTS, _CHECK_AGAIN_REQUESTS = 50, 10
"""The first are for the question; once it was answered, creating tells as much as looking up."""
_MOST_TRIED = 50
_TO_ACT_SECONDS = 10.0
"""What is left of a call's time when it has waited for the budget."""


class ImportContacts(Change):
    """Which numbers to create, or which import to go on with."""

    phone_numbers: PhoneNumbers | None = None
    region: Region | None = None
    import_id: Annotated[str, Field(max_length=64, description="Alone: goes on")] | None = None
    _listed: NumberList = PrivateAttr(default=NumberList((), (), 0))

    @model_validator(mode="after")
    def _read(self, info: ValidationInfo) -> Self:
        if self.import_id is None and self.phone_numbers is None:
            raise ValueError("give phone_numbers, or import_id alone")
        if self.import_id is not None and (self.phone_numbers or self.region or self.dry_run):
            raise ValueError("import_id goes on with the list of before: give it alone")
        context = cast("Mapping[str, str | None] | None", info.context) or {}
        region = self.region or context.get("region")
        self._listed = read_numbers(self.phone_numbers or (), region)
        return self

    @property
    def listed(self) -> NumberList:
        """The numbers, each once."""
        return self._listed

    def exact(self) -> dict[str, JsonValue]:
        """See Change; the same list in another order or spelling is the same."""
        if self.import_id is not None:
            return super().exact()
        invalid = sorted(each.input for each in self.listed.invalid)
        same: dict[str, JsonValue] = {"phone_numbers": [*sorted(self.listed.numbers), *invalid]}
        # Elsewhere they might be numbers.
        return same | ({"region": self.region} if invalid and self.region else {})


@dataclass(frozen=True)
class ImportPlan:
    """An import as it is before this call, and the question about it."""

    found: StoredImport
    question: Question | None
    goes_on: bool = False
    needs_region: bool = False


async def plan_import(call: SentCall, arguments: ImportContacts) -> ImportPlan:
    """Find out which numbers are new; what is not known in time may be."""
    if arguments.import_id is not None:
        return await _plan_to_go_on(call, arguments.import_id)
    listed, bulk = arguments.listed, call.client.bulk()
    left = anyio.current_effective_deadline() - anyio.current_time()
    answered = arguments.confirmation_token is not None or call.host.state is not None
    checked = await check_numbers(
        bulk,
        listed.numbers,
        seconds=min(_CHECK_SECONDS, max(_LEAST_CHECK_SECONDS, left * _CHECK_SHARE)),
        most_requests=_CHECK_AGAIN_REQUESTS if answered else _CHECK_REQUESTS,
    )
    if checked.trouble is not None and checked.trouble.code == _KEY_CHANGED:
        # What was found in one account says nothing about another.
        raise checked.trouble
    new = tuple(number for number in listed.numbers if number not in checked.found)
    invalid = readable(listed.invalid, masked=call.limits.mask_phones)
    lines = (
        *other_lines(len(checked.found), listed.duplicates, invalid),
        *time_line(len(new), bulk.per_minute),
    )
    question = import_question(listed.numbers, new, lines, exact=not checked.open)
    counts = {
        "input": listed.entries,
        "duplicates": listed.duplicates,
        "created": 0,
        "existing": len(checked.found),
        "invalid": len(listed.invalid),
        "failed": 0,
    }
    begun = await call.imports.begun(call.host.caller, "", agreed=False)
    rows = invalid_rows(invalid)
    shown = tuple((row.input, row.reason) for row in rows)
    return ImportPlan(
        replace(begun, counts=counts, numbers=new, invalid=shown),
        question,
        needs_region=listed.needs_region,
    )


async def _plan_to_go_on(call: SentCall, import_id: str) -> ImportPlan:
    if call.dry_run:
        raise RefusedError("an import does not go on in a dry run (SENT_MCP_DRY_RUN)")
    found = await call.imports.find(call.host.caller, import_id)
    if found.agreed and found.numbers:
        # A model that is told to wait calls again at once, so what time there is passes here.
        left = anyio.current_effective_deadline() - anyio.current_time() - _TO_ACT_SECONDS
        await call.client.bulk().wait(max(0.0, left))
    question = import_question(found.numbers, found.numbers, (), exact=False)
    if question is not None:
        # What was agreed to is only counted; ten that were free may be too many by now.
        key = found.idempotency_key
        question = replace(question, agreed=found.agreed, idempotency_key=key)
    return ImportPlan(found, question, goes_on=True)


async def import_contacts(call: SentCall, plan: ImportPlan) -> ImportResult:
    """Create what is missing, and write down what is left."""
    if call.dry_run:
        return await _dry_run(call, plan.found)
    if not plan.found.numbers:
        return _nothing_to_do(plan)
    found = replace(plan.found, idempotency_key=call.idempotency_key)
    if plan.goes_on:
        found = await call.imports.claimed(call.host.caller, plan.found.import_id)
    done = await run_import(call, found.numbers, found.idempotency_key)
    counted = Counter(found.counts)
    counted.update(created=done.created, existing=done.existing, failed=len(done.failed))
    after = replace(
        found,
        agreed=found.agreed or call.agreed,
        counts=dict(counted),
        numbers=done.remaining,
        failed=(*found.failed, *done.failed),
    )
    needed = plan.goes_on or (done.remaining and not done.did_nothing)
    kept = bool(needed) and await call.imports.keep(after)
    if done.did_nothing and done.trouble is not None:
        raise done.trouble
    return imported(after, done, kept=kept)


async def _dry_run(call: SentCall, found: StoredImport) -> ImportResult:
    """Sent validates the first fifty; nothing is created, so all the others remain."""
    tried = found.numbers[:_MOST_TRIED]
    done = await run_import(call, tried, call.idempotency_key)
    if done.doubtful and done.trouble is not None:
        raise done.trouble
    accepted = done.created + done.existing
    would = f"Sent would accept {accepted} of {len(tried)} new numbers"
    if len(tried) < len(found.numbers):
        would += f"; the other {len(found.numbers) - len(tried)} were not tried"
    if done.trouble is not None:
        would += f"; {len(done.remaining)} could not be tried ({done.trouble.code})"
    if not tried:
        would = "there is nothing new in the list"
    failed = dict(done.failed)
    after = replace(
        found,
        counts={**found.counts, "failed": len(failed)},
        numbers=tuple(number for number in found.numbers if number not in failed),
        failed=done.failed,
    )
    return result(after, "dry_run", f"{NOTHING_CREATED[:-1]}; {would}.")


def _nothing_to_do(plan: ImportPlan) -> ImportResult:
    counts = plan.found.counts
    if plan.goes_on:
        status = "imported" if counts["created"] else "unchanged"
        created = contacts(counts["created"])
        message = f"Nothing was created by this call: the import is finished, {created} in all."
        return result(plan.found, status, message)
    valid = "all valid" if counts["invalid"] else "all"
    why = f"{valid} numbers are contacts already" if counts["existing"] else "no number is valid"
    hint = f" {WITHOUT_COUNTRY}" if plan.needs_region else ""
    return result(plan.found, "unchanged", f"{NOTHING_CREATED[:-1]}: {why}.{hint}")


IMPORT_CONTACTS = ChangeTool(
    Offer(
        TOOL,
        "Import contacts",
        "Create contacts for up to 1000 numbers; existing ones stay as they are. More than 10 new"
        " ones need the user's confirmation. What remains goes on with import_id.",
        "contacts",
        ImportContacts,
        ImportResult,
        read_only=False,
        destructive=True,
        idempotent=False,
        open_world=True,
    ),
    plan_import,
    import_contacts,
)
