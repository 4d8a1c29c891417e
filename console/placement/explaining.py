"""Why a copy goes where it goes, or nowhere, and what would help. Pure."""

from console.placement.eligibility import Eligibility
from console.placement.fleet import NoPlace, Wanted
from console.placement.room import need_bytes
from console.placement.schedule import Schedule
from console.placement.words import WANTS, grouped, hours

_NAMED = 3
_PARTED = ("on the site of", "holds the copy")


def explain_choice(schedule: Schedule, eligible: Eligibility, copy: int, ends_s: float) -> str:
    """In one line: when it is done there, which others could not have it, what holds it up."""
    wanted, place = schedule.copies[copy], schedule.place[copy]
    if place is None:
        raise ValueError("the copy has no place")
    there = schedule.writers[place[0]]
    seconds_s = schedule.seconds[place[0]][copy]
    by = "measured" if there.pace.measured else "nominal"
    parts = [
        f"done in {hours(ends_s)}, of which a drive works {hours(seconds_s)} ({by} speed)",
    ]
    if wanted.pinned == there.appliance:
        parts.append("pinned there by a person")
    parts += [f"{delay.reason} (+{hours(delay.seconds)})" for delay in there.delays]
    if schedule.shares(copy, place[0]):
        parts.append("beside another copy of its volume, for want of another place")
    refused = _refused(schedule, eligible, copy)
    if refused:
        parts.append(f"not {grouped(refused)}")
    return "; ".join(parts)


def explain_nowhere(schedule: Schedule, eligible: Eligibility, copy: int) -> NoPlace:
    """Why no appliance can have the copy, and the least that would change it."""
    wanted = schedule.copies[copy]
    refused = _refused(schedule, eligible, copy)
    reason = grouped(refused) or f"no appliance of the fleet writes on a {wanted.kind}"
    return NoPlace(wanted.copy_id, reason, _advice(wanted, refused))


def _advice(wanted: Wanted, refused: list[tuple[str, str]]) -> str:
    medium = f"a {WANTS[wanted.kind]} of at least {need_bytes(wanted)} bytes"
    lacking = _lacks(wanted)
    if open_to := sorted(name for name, reason in refused if reason in lacking):
        return f"put {medium} into {' or '.join(open_to[:_NAMED])}"
    if any(reason.startswith(_PARTED) for _, reason in refused):
        where = "on another site" if wanted.sites_apart else "beside those that hold its copies"
        return f"an appliance {where} that writes on a {wanted.kind}, with {medium}"
    reach = wanted.source.appliances
    if reach is not None and all(name not in reach for name, _ in refused):
        return f"let the pool {wanted.source.pool!r} reach an appliance that writes a {wanted.kind}"
    if refused:
        return "see to " + " or ".join(sorted({name for name, _ in refused})[:_NAMED])
    return f"an appliance that writes on a {wanted.kind}, with {medium}"


def _lacks(wanted: Wanted) -> tuple[str, str]:
    medium = WANTS[wanted.kind]
    return f"no {medium} for it", f"every {medium} is promised"


def _refused(schedule: Schedule, eligible: Eligibility, copy: int) -> list[tuple[str, str]]:
    """Each appliance of the copy's kind that could not have it as things are, with the reason."""
    wanted, place = schedule.copies[copy], schedule.place[copy]
    found = list(eligible.refused(wanted))
    for writer in eligible.writers(wanted):
        name = schedule.writers[writer].appliance
        if place is not None and writer == place[0]:
            continue
        if role := schedule.parted(copy, writer):
            where = "on the site of" if role in wanted.sites_apart else "holds"
            found.append((name, f"{where} the copy {role!r}"))
        elif schedule.shares(copy, writer):
            found.append((name, "holds another copy of the volume"))
        elif place is None and not schedule.books[writer].fits(wanted):
            found.append((name, _lacks(wanted)[1]))
    return found
