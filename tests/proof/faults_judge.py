"""The end of a change compared with the model, and the model with it."""

from tests.proof.faults_asking import UNDONE, UNKNOWN, Course
from tests.proof.faults_lane import FREE, Attempt, Lane
from tests.proof.hosts import Reply
from tests.proof.model import Wrong

SILENT = "Three questions were refused"
_NOTHING = "Nothing was "


def judge(course: Course) -> None:
    """Compare the end of it with the model, and the model with it. Raises Wrong."""
    reply, lane, attempt = course.reply, course.lane, course.attempt
    assert reply is not None
    attempt.settles = attempt in lane.pending
    course.asks_again(reply)
    _right_to_ask(course)
    if reply.status == "outcome_unknown" or (reply.is_error and UNKNOWN in reply.text):
        _in_doubt(course, reply)
        lane.ledger.unknown += 1
    elif reply.is_error:
        _refused(course, reply)
    elif reply.status in UNDONE:
        _undone(course, reply)
        lane.ledger.right += 1
    else:
        attempt.done(reply, course.span)
        lane.tally.least += attempt.counted
        lane.tally.counted += attempt.counted
        if attempt.is_open:
            _hold(lane, attempt)
        else:
            _settled(lane, attempt)
        lane.ledger.right += 1


def _right_to_ask(course: Course) -> None:
    attempt, tally, reply = course.attempt, course.lane.tally, course.reply
    assert reply is not None
    if attempt.always_asked:
        done = reply.status not in UNDONE and not reply.is_error
        if done and not course.agreed and reply.status not in ("unchanged", "exists"):
            raise Wrong(f"done without a yes: {reply.text}")
        return
    if course.questions and tally.most <= FREE:
        raise Wrong(f"asked for no reason ({tally.most} at most): {course.questions[0]!r}")
    free = not attempt.metered[0] or course.least_before + attempt.metered[0] <= FREE
    if reply.status in ("created", "updated", "imported") and not (free or course.agreed):
        raise Wrong(f"not asked after {course.least_before} changes: {reply.text}")


def _in_doubt(course: Course, reply: Reply) -> None:
    """Every outcome that is not known has its reason, and the next step is named."""
    lane, attempt = course.lane, course.attempt
    if not lane.is_in_doubt(reply, attempt.tool, attempt.request):
        raise Wrong(f"not known for no reason: {reply.text}")
    for person in attempt.people:
        person.may_change(attempt.made, course.span)
    attempt.unknown()
    if course.agreed and not reply.is_error:
        # After an error the approval may still be there, and be of use.
        attempt.used = attempt.token
    lane.tally.counted += attempt.metered[1]
    _hold(lane, attempt)


def _refused(course: Course, reply: Reply) -> None:
    lane, attempt = course.lane, course.attempt
    if attempt.refusals(reply.status):
        _settled(lane, attempt)
        lane.ledger.right += 1
    elif lane.excuses(reply, attempt.tool, attempt.request):
        lane.ledger.excused += 1
        if _NOTHING not in reply.text and "sent nothing" not in reply.text:
            raise Wrong(f"an error that does not say what was done: {reply.text}")
    else:
        raise Wrong(f"refused for no reason: {reply.text}")


def _undone(course: Course, reply: Reply) -> None:
    tally = course.lane.tally
    message = str(reply.data.get("message", _NOTHING))
    if not message.startswith(_NOTHING):
        raise Wrong(f"it does not say that nothing was done: {message}")
    if reply.status != "declined":
        return
    if SILENT in message:
        if tally.may_be_declined < 3:
            raise Wrong(f"silent after {tally.may_be_declined} refusals: {message}")
    elif not course.refused:
        raise Wrong(f"declined by nobody: {message}")
    else:
        tally.declined += 1
        if course.declined_before >= 3:
            raise Wrong("asked after three refusals")


def _settled(lane: Lane, attempt: Attempt) -> None:
    if attempt in lane.pending:
        lane.pending.remove(attempt)


def _hold(lane: Lane, attempt: Attempt) -> None:
    if attempt not in lane.pending:
        lane.pending.append(attempt)
