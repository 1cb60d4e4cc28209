"""How a change gets through the guard: by a form or a token, agreed to or not."""

from dataclasses import dataclass, field
from typing import Any

from tests.proof.faults_host import AT_ONCE, NO
from tests.proof.faults_lane import Attempt, Lane
from tests.proof.faults_plan import Step
from tests.proof.hosts import YES, Reply
from tests.proof.model import Span, Wrong

Json = dict[str, Any]
UNTICKED: Json = {"action": "accept", "content": {"confirm": False}}
UNDONE = ("declined", "expired", "token_rejected", "confirmation_required", "asked")
MOST_ROUNDS = 4
UNKNOWN = "not known whether"
_AGAIN = "Nothing was done again."


@dataclass
class Course:
    """What happened on the way: how often it was asked, whether a yes was said, the last answer."""

    lane: Lane
    step: Step
    attempt: Attempt
    began: float
    questions: list[str] = field(default_factory=list[str])
    agreed: bool = False
    refused: bool = False
    reply: Reply | None = None
    changed: bool = False
    moved_after: int = 0
    declined_before: int = 0
    least_before: int = 0

    @property
    def how(self) -> str:
        """What becomes of the first question; those after it are agreed to."""
        return self.step.how if len(self.questions) <= 1 else "yes"

    @property
    def span(self) -> Span:
        """From the first call until now."""
        return self.began, self.lane.site.now

    async def user(self, said: str) -> Json:
        """The user of a host that shows forms while a call is open."""
        self.question(said)
        if not self.step.form or self.how == "left":
            return AT_ONCE
        await self.elsewhere()
        if self.how in ("no", "other"):
            self.refused = True
            return NO if self.how == "no" else UNTICKED
        self.agreed = True
        return YES

    def question(self, said: str) -> None:
        """Note it; the first line says what it is about."""
        self.questions.append(said)
        if self.lane.mark not in said:
            raise Wrong(f"the question names nobody it is about: {said!r}")

    async def elsewhere(self) -> None:
        """Where the plan says so, the first contact gets another default channel."""
        if self.how != "changed" or self.changed or self.attempt.tool == "import_contacts":
            return
        person = self.attempt.people[0]
        if person.id is None or person.frozen:
            return
        self.changed = True
        wanted = {each.default for each in person.states if each.exists}
        other = "sms" if wanted == {"whatsapp"} else "whatsapp"
        given = {"contact_id": person.id, "default_channel": other}
        await self.lane_default(given, other)

    def asks_again(self, reply: Reply) -> None:
        """What was agreed to before something bound to it changed is not done. Raises Wrong."""
        asked = len(self.questions) > self.moved_after
        if not (asked or reply.is_error or reply.status in UNDONE) and self.moved_after:
            raise Wrong(f"done although what was shown has changed since: {reply.text}")

    async def lane_default(self, given: Json, other: str) -> None:
        """That change, in whatever way it ends."""
        person, lane = self.attempt.people[0], self.lane
        began = lane.site.now
        reply = await lane.call("update_contact", given, changes=True)
        if reply.status == "updated":
            person.change(lambda each: each.updated(default=other), (began, lane.site.now))
            if self.attempt.binds(person):
                self.moved_after = len(self.questions)
        elif reply.status == "outcome_unknown" or UNKNOWN in reply.text:
            person.may_change(lambda each: each.updated(default=other), (began, lane.site.now))
        elif reply.is_error and reply.status not in ("RESOURCE_001", "BUSINESS_007"):
            lane.excuse(reply, "update_contact", "PATCH /v3/contacts")


async def go_through(lane: Lane, step: Step, attempt: Attempt) -> Course:
    """Ask and answer as the step says. Raises Wrong, LostError."""
    course, tally = Course(lane, step, attempt, lane.site.now), lane.tally
    attempt.token = None
    course.declined_before, course.least_before = tally.declined, tally.least
    tally.may_be_declined += step.how in ("no", "other")
    tally.begun += attempt.metered[1]
    user = course.user if lane.host.asks_in_call else None
    ask = step.form and lane.host.can_ask
    call = Calls(course, ask, user)
    reply = await call.plainly()
    for _ in range(MOST_ROUNDS):
        if reply.state is not None:
            course.question(reply.text)
            reply, goes_on = await call.with_state(reply)
        elif reply.status in ("confirmation_required", "expired") and reply.token:
            course.question(reply.data.get("question", ""))
            reply, goes_on = await call.with_token(reply)
        else:
            goes_on = False
        if not goes_on:
            break
    else:
        raise Wrong(f"it was asked {MOST_ROUNDS} times: {reply.text}")
    course.reply = reply
    return course


@dataclass
class Calls:
    """The calls of one course."""

    course: Course
    ask: bool
    user: Any

    async def plainly(self, **brought: Any) -> Reply:
        """Without anything that was brought back, or with what a form gave."""
        attempt = self.course.attempt
        return await self.course.lane.call(
            attempt.tool, attempt.arguments, changes=True, ask=self.ask, user=self.user, **brought
        )

    async def with_state(self, asked: Reply) -> tuple[Reply, bool]:
        """The answer to a form that came as the answer to a call."""
        course, state = self.course, asked.state
        assert state is not None
        if course.how == "left":
            return asked, False
        if course.how == "other" and course.attempt.other:
            await self.instead(requestState=state, inputResponses={"confirm": YES})
        await course.elsewhere()
        if course.how == "expired":
            course.lane.tally.expire(state)
        said = NO if course.how == "no" else YES
        course.refused, course.agreed = said is NO, said is YES and course.how != "expired"
        reply = await self.plainly(requestState=state, inputResponses={"confirm": said})
        course.asks_again(reply)
        if course.how == "twice" and reply.status not in ("asked", *UNDONE) and not reply.is_error:
            again = await self.plainly(requestState=state, inputResponses={"confirm": said})
            told_again(course.lane, course.attempt, again)
        return reply, reply.state is not None

    async def with_token(self, asked: Reply) -> tuple[Reply, bool]:
        """The second call."""
        course, token = self.course, asked.token
        assert token is not None
        if course.how in ("left", "no"):
            return asked, False
        if course.how == "other" and course.attempt.other:
            await self.instead(confirmation_token=token)
        await course.elsewhere()
        expired = course.how == "expired"
        if expired:
            course.lane.tally.expire(token)
        course.agreed, course.attempt.token = not expired, token
        reply = await self.token_call(token)
        if reply.is_error:
            return reply, False
        course.asks_again(reply)
        if expired != (reply.status == "expired"):
            raise Wrong(f"a token that was{'' if expired else ' not'} too old: {reply.text}")
        if course.how == "twice" and reply.status not in UNDONE:
            told_again(course.lane, course.attempt, await self.token_call(token))
        if reply.status in ("confirmation_required", "expired") and reply.token is None:
            # In a host that shows forms a token that is of no use is followed by a form.
            course.agreed = False
            return await self.plainly(), True
        return reply, bool(reply.token)

    async def token_call(self, token: str) -> Reply:
        """The same call with a token; no form may be shown for it."""
        attempt = self.course.attempt
        given = {**attempt.arguments, "confirmation_token": token}
        return await self.course.lane.call(attempt.tool, given, changes=True, ask=self.ask)

    async def instead(self, **brought: Any) -> None:
        """The same approval for something else, which it must not be taken for."""
        attempt, lane = self.course.attempt, self.course.lane
        given = {**attempt.arguments, **attempt.other}
        if "confirmation_token" in brought:
            given["confirmation_token"] = brought.pop("confirmation_token")
        reply = await lane.call(attempt.tool, given, changes=True, ask=self.ask, **brought)
        if reply.status in ("token_rejected", "STATE_REJECTED", "asked", "RESOURCE_001"):
            return
        if not (reply.is_error and lane.excuses(reply, attempt.tool, attempt.request)):
            raise Wrong(f"an approval of something else: {reply.text}")


def told_again(lane: Lane, attempt: Attempt, reply: Reply) -> None:
    """A used approval tells, and does nothing. Raises Wrong."""
    if reply.is_error:
        if not lane.excuses(reply, attempt.tool, attempt.request):
            raise Wrong(f"a used approval: {reply.text}")
    elif not str(reply.data.get("message", "")).endswith(_AGAIN):
        raise Wrong(f"a used approval acted or asked again: {reply.text}")
