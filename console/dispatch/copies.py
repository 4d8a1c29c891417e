"""The life of a copy: planned, dispatched, burning, verified; or failed and planned anew.

A copy that failed is given out again, at most `ATTEMPTS_MAX` times; then it stays failed with its
error until a person retries it.
"""

import logging
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import CopyLost, CopyVerified, ErrorInfo, JobChanged
from appliance.contract.states import JobStage, JobState, MediumKind
from console.dispatch.alarms import Alarm, clear_alarm, raise_alarm
from console.dispatch.archived import settle_volume
from console.dispatch.commands import abandon, issue_cancel, withdraw
from console.dispatch.damage import check_again
from console.dispatch.neighbourhood import breaks_rules
from console.dispatch.paces import learn
from console.dispatch.spares import keep_spare, lose_spare, take_spare
from console.retrieval import fetches
from console.store import schema
from console.store.states import CommandState, CopyState

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 3

_copies, _volumes = schema.copies.c, schema.volumes.c
_UNDER_WAY = (CopyState.DISPATCHED, CopyState.BURNING)
_OF_JOB = (
    sa.select(schema.copies)
    .where(_copies.job_id == sa.bindparam("job"), _copies.appliance == sa.bindparam("of"))
    .with_for_update()
)


def follow_job(
    connection: sa.Connection, appliance: str, change: JobChanged, now: datetime
) -> None:
    """Bring the copy that a burn job makes to where the job is."""
    copy = _copy_of_job(connection, appliance, change.job_id)
    if copy is None or copy.state not in _UNDER_WAY:
        return
    match change.state:
        case JobState.CANCELLED if copy.recalled_at is not None:
            take_back(connection, copy)
        case JobState.FAILED | JobState.CANCELLED:
            error = change.error or ErrorInfo(5257, f"the job ended as {change.state}")
            fail(connection, copy, error, now, again=change.state == JobState.FAILED)
        case JobState.RUNNING if change.stage in (JobStage.BURN, JobStage.VERIFY):
            _update(connection, copy.copy_id, state=CopyState.BURNING, medium_id=change.medium_id)


def fail(
    connection: sa.Connection,
    copy: Any,
    error: ErrorInfo | SteleError,
    now: datetime,
    *,
    again: bool = True,
) -> None:
    """End an attempt without a copy: plan it anew while attempts are left and `again` says so."""
    again = again and copy.attempt < ATTEMPTS_MAX
    log.warning("copy %s failed, attempt %d: [%d] %s", copy.copy_id, copy.attempt, *_words(error))
    code, message = _words(error)
    _update(
        connection,
        copy.copy_id,
        state=CopyState.PLANNED if again else CopyState.FAILED,
        intended=None,
        medium_id=None,
        job_id=None,
        recalled_at=None,
        error_code=code,
        error_message=message,
    )
    check_again(connection, copy.volume_id)
    if not again:
        text = f"the {copy.role} copy of volume {copy.volume_id} failed: {message}"
        raise_alarm(connection, Alarm(_alarm_id(copy), copy.volume_id, code, text), now)


def take_back(connection: sa.Connection, copy: Any, intended: str | None = None) -> bool:
    """Have a copy made elsewhere whose job certainly made nothing; the attempt does not count.

    False when the copy has gone on meanwhile: it is left as it is.
    """
    result = connection.execute(
        sa.update(schema.copies)
        .where(
            _copies.copy_id == copy.copy_id,
            _copies.job_id == copy.job_id,
            _copies.state.in_(_UNDER_WAY),
        )
        .values(
            state=CopyState.PLANNED,
            intended=intended,
            attempt=max(0, copy.attempt - 1),
            medium_id=None,
            job_id=None,
            recalled_at=None,
        )
    )
    return result.rowcount > 0


def take_verified(
    connection: sa.Connection, appliance: str, body: CopyVerified, at: datetime
) -> None:
    """Count a copy if it is the one that was planned, on a disc of its own (I1).

    The first medium that is verified counts, whoever made it; any other of the same copy is a
    spare. Work on another one that is under way is called off.
    """
    copy: Any = connection.execute(
        sa.select(
            schema.copies,
            _volumes.plan_sha256,
            _volumes.image_size_bytes,
            _volumes.payload_bytes,
            _volumes.policy_id,
        )
        .join_from(schema.copies, schema.volumes, _volumes.volume_id == _copies.volume_id)
        .where(_copies.copy_id == body.copy_id)
        .with_for_update(of=schema.copies)  # two cabinets may verify one copy at once
    ).first()
    problem = _problem(connection, appliance, copy, body)
    if problem:
        _not_planned(connection, appliance, copy, body, problem=problem, at=at)
        return
    learn(connection, appliance, MediumKind(copy.medium_kind), body, at)
    if copy.state == CopyState.VERIFIED:
        keep_spare(
            connection, copy, appliance, body, why=f"{copy.medium_id} is the one that counts", at=at
        )
        return
    if role := breaks_rules(connection, copy, appliance):
        why = f"it must be apart from copy {role}"
        keep_spare(connection, copy, appliance, body, why=why, at=at)
        return
    _call_off(connection, copy, body.job_id, at)
    _update(
        connection,
        body.copy_id,
        state=CopyState.VERIFIED,
        appliance=appliance,
        job_id=body.job_id,
        medium_id=body.medium_id,
        slot=body.slot,
        bytes_read=body.bytes_read,
        verified_at=at,
        recalled_at=None,
        error_code=None,
        error_message=None,
    )
    clear_alarm(connection, _alarm_id(copy), at)
    settle_volume(connection, copy.volume_id, at)


def _not_planned(
    connection: sa.Connection,
    appliance: str,
    copy: Any,
    body: CopyVerified,
    *,
    problem: str,
    at: datetime,
) -> None:
    message = f"{appliance} verified copy {body.copy_id} on {body.medium_id}, but {problem}"
    log.error("[5258] %s", message)
    alarm = Alarm(f"copy-{body.job_id}", body.volume_id, 5258, message)
    raise_alarm(connection, alarm, at)
    if _is_at(copy, appliance) and copy.job_id == body.job_id and copy.state in _UNDER_WAY:
        fail(connection, copy, SteleError(5258, message), at)


def _call_off(connection: sa.Connection, copy: Any, job_id: str, now: datetime) -> None:
    """End the job that another appliance was given for a copy that has come from elsewhere."""
    if copy.state not in _UNDER_WAY or copy.job_id in (None, job_id):
        return
    why = f"copy {copy.copy_id} was verified elsewhere meanwhile"
    if not withdraw(connection, copy.job_id, why, now):
        abandon(connection, copy.job_id, why, now)
        issue_cancel(connection, copy.appliance, copy.job_id, now)


def _problem(connection: sa.Connection, appliance: str, copy: Any, body: CopyVerified) -> str:
    """Why a verified copy does not count; empty if it does."""
    if copy is None or copy.volume_id != body.volume_id:
        return "no such copy was planned"
    if not _was_told(connection, appliance, body):
        return "it was never told to make it"
    if copy.plan_sha256 != body.plan_sha256:
        return "its plan is another one"
    is_disc = copy.medium_kind == MediumKind.DISC
    # A disk or a tape has the volume's bag, without the image's structures around it.
    least_bytes = copy.image_size_bytes if is_disc else copy.payload_bytes
    if min(body.image_size_bytes, body.bytes_read) < least_bytes:
        return f"only {body.bytes_read} of {least_bytes} bytes were read"
    return _medium_problem(connection, copy, body, is_disc=is_disc)


def _medium_problem(
    connection: sa.Connection, copy: Any, body: CopyVerified, *, is_disc: bool
) -> str:
    """Why a medium cannot hold this copy; empty if it can. A disc holds one, others each once."""
    if is_disc and (spare := _spare_of_another(connection, body)) is not None:
        return f"that disc is a spare of copy {spare}"
    other = sa.select(_copies.copy_id).where(
        _copies.medium_id == body.medium_id,
        _copies.copy_id != body.copy_id,
        _copies.state == CopyState.VERIFIED,
    )
    if not is_disc:
        other = other.where(_copies.volume_id == body.volume_id)
    if (found := connection.scalar(other.limit(1))) is not None:
        return f"that {copy.medium_kind} holds copy {found} already"
    return ""


def _spare_of_another(connection: sa.Connection, body: CopyVerified) -> str | None:
    spares = schema.spares.c
    return connection.scalar(
        sa.select(spares.copy_id)
        .where(spares.medium_id == body.medium_id, spares.copy_id != body.copy_id)
        .limit(1)
    )


def _was_told(connection: sa.Connection, appliance: str, body: CopyVerified) -> bool:
    """Whether this appliance has the job that it speaks of, for this very copy."""
    commands = schema.commands.c
    told = connection.scalar(
        sa.select(commands.body).where(
            commands.command_id == body.job_id,
            commands.appliance == appliance,
            commands.state != CommandState.REJECTED,
        )
    )
    return told is not None and told.get("copy_id") == body.copy_id


def _is_at(copy: Any, appliance: str) -> bool:
    return copy is not None and copy.appliance == appliance


def take_lost(connection: sa.Connection, appliance: str, body: CopyLost, at: datetime) -> None:
    """A verified copy is gone: its volume is no longer archived, and another is burned.

    The alarm stays until the new one is verified. Only the appliance that holds the disc can say
    that it is lost.
    """
    copy: Any = connection.execute(
        sa.select(schema.copies).where(_copies.copy_id == body.copy_id).with_for_update()
    ).first()
    if lose_spare(connection, appliance, body.medium_id, at):
        return
    if not _is_at(copy, appliance) or copy.medium_id != body.medium_id:
        log.warning("[5256] %s speaks of the loss of copy %s", appliance, body.copy_id)
        return
    if copy.state != CopyState.VERIFIED:
        return
    text = f"the {copy.role} copy of volume {copy.volume_id} is lost: {body.error.message}"
    log.error("[%d] %s", body.error.code, text)
    # What was told of that job before does not count when it is told again.
    commands = schema.commands
    connection.execute(
        sa.update(commands)
        .where(commands.c.command_id == copy.job_id)
        .values(state=CommandState.REJECTED, error_code=body.error.code, error_message=text)
    )
    if take_spare(connection, copy, at):
        settle_volume(connection, copy.volume_id, at)
        return
    raise_alarm(connection, Alarm(_alarm_id(copy), copy.volume_id, body.error.code, text), at)
    _plan_anew(
        connection,
        copy.copy_id,
        appliance=appliance,
        error_code=body.error.code,
        error_message=body.error.message,
    )
    settle_volume(connection, copy.volume_id, at)


def forget_work(
    connection: sa.Connection, appliance: str, error: SteleError, now: datetime
) -> None:
    """Plan anew what an appliance was given and no longer knows, or may have finished unheard.

    A copy that it does verify after all still counts: see `take_verified`.
    """
    commands = schema.commands.c
    unanswered = sa.select(commands.command_id).where(
        commands.appliance == appliance,
        commands.state.in_([CommandState.WAITING, CommandState.SENT]),
    )
    given = sa.select(schema.copies).where(
        _copies.appliance == appliance,
        _copies.state.in_(_UNDER_WAY),
        _copies.job_id.not_in(unanswered),
    )
    given = given.with_for_update()
    for copy in connection.execute(given).all():
        fail(connection, copy, error, now)
    fetches.forget_work(connection, appliance, error, now)


def given_up(connection: sa.Connection) -> list[str]:
    """The copies that `retry` may plan anew."""
    return list(
        connection.scalars(sa.select(_copies.copy_id).where(_copies.state == CopyState.FAILED))
    )


def retry(connection: sa.Connection, copy_id: str, now: datetime) -> None:
    """Plan a failed copy anew, with all its attempts.

    Raises:
        SteleError: 5262 there is no such copy, or it has not failed.
    """
    copy = connection.execute(sa.select(schema.copies).where(_copies.copy_id == copy_id)).first()
    if copy is None or copy.state != CopyState.FAILED:
        state = f" is {copy.state}" if copy is not None else " does not exist"
        raise SteleError(5262, f"copy {copy_id}{state}: there is nothing to try again")
    _plan_anew(connection, copy_id)
    clear_alarm(connection, _alarm_id(copy), now)


def refuse(
    connection: sa.Connection, appliance: str, job_id: str, error: ErrorInfo, now: datetime
) -> None:
    """The appliance did not take the command that was to make a copy."""
    copy = _copy_of_job(connection, appliance, job_id)
    if copy is not None and copy.state in _UNDER_WAY:
        fail(connection, copy, error, now)


def _copy_of_job(connection: sa.Connection, appliance: str, job_id: str) -> Any:
    return connection.execute(_OF_JOB, {"job": job_id, "of": appliance}).first()


def _plan_anew(connection: sa.Connection, copy_id: str, **values: object) -> None:
    """Have a copy burned as if for the first time."""
    afresh: dict[str, object] = {
        "state": CopyState.PLANNED,
        "attempt": 0,
        **dict.fromkeys(("appliance", "medium_id", "slot", "job_id", "bytes_read", "intended")),
        **dict.fromkeys(("verified_at", "recalled_at", "error_code", "error_message")),
    }
    _update(connection, copy_id, **(afresh | values))


def _update(connection: sa.Connection, copy_id: str, **values: object) -> None:
    connection.execute(sa.update(schema.copies).where(_copies.copy_id == copy_id).values(**values))


def _words(error: ErrorInfo | SteleError) -> tuple[int, str]:
    return error.code, error.message


def _alarm_id(copy: Any) -> str:
    return f"copy-{copy.copy_id}"
