"""A person at the cabinet: what hands can do, and what they cannot.

A hand opens what is not locked, takes a disc that it can reach, and puts it where there is
room. What it took last it puts down first; `new` is a fresh disc, disk or cartridge, `foreign` a
disc that was written elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.cabinet import Cabinet
from simulators.faults.registry import nearest
from simulators.hands.discs import put, put_magazine, take, take_magazine
from simulators.hands.media import insert_disk, insert_tape, pull_disk, take_tape
from simulators.hands.reach import HandError
from simulators.world.disks import DiskError
from simulators.world.doors import DoorError
from simulators.world.world import PlaceError


@dataclass(frozen=True)
class Deed:
    """Something a hand can do."""

    act: Callable[[Cabinet, list[str]], str]
    words: str
    """What follows its name."""
    fewest: int
    most: int
    help: str


def do(cabinet: Cabinet, words: list[str]) -> str:
    """Do what the words say; one line that says what was done.

    Raises:
        HandError: a hand cannot, or does not understand.
    """
    name, *rest = words or [""]
    deed = DEEDS.get(name)
    if deed is None:
        raise HandError(f"a hand cannot {name!r}; {nearest(name, DEEDS)}")
    if not deed.fewest <= len(rest) <= deed.most:
        raise HandError(f"say: {name} {deed.words}")
    try:
        done = deed.act(cabinet, rest)
    except (DoorError, DiskError, PlaceError) as error:
        raise HandError(str(error)) from error
    cabinet.world.save()
    cabinet.refresh()
    return done


def _open(cabinet: Cabinet, words: list[str]) -> str:
    cabinet.world.doors.open(words[0])
    return f"door {words[0]} is open"


def _close(cabinet: Cabinet, words: list[str]) -> str:
    cabinet.world.doors.close(words[0])
    return f"door {words[0]} is closed"


def _turn_key(cabinet: Cabinet, words: list[str]) -> str:
    cabinet.world.doors.turn_key(words[0], turned=True)
    return f"the key of door {words[0]} is turned"


def _turn_back(cabinet: Cabinet, words: list[str]) -> str:
    cabinet.world.doors.turn_key(words[0], turned=False)
    return f"the key of door {words[0]} is turned back"


def _press_reset(cabinet: Cabinet, words: list[str]) -> str:
    unit = words[0] if words else ""
    if unit not in cabinet.robots:
        raise HandError(f"there is no robot {unit!r}; {nearest(unit, cabinet.robots)}")
    cabinet.robots[unit].receive(b"\x18")
    return "the robot's controller was reset"


DEEDS = {
    "open": Deed(_open, "DOOR", 1, 1, "open a door that is not locked"),
    "close": Deed(_close, "DOOR", 1, 1, "close a door"),
    "turn-key": Deed(_turn_key, "DOOR", 1, 1, "turn the key of a door"),
    "turn-key-back": Deed(_turn_back, "DOOR", 1, 1, "turn it back"),
    "take": Deed(take, "PLACE", 1, 1, "take a disc from a slot, an open tray, or the floor"),
    "put": Deed(put, "PLACE [DISC|new|foreign]", 1, 2, "put down the disc taken last, or another"),
    "take-magazine": Deed(take_magazine, "PLACE", 1, 1, "pull a released magazine"),
    "put-magazine": Deed(put_magazine, "TAG PLACE", 2, 2, "put a magazine in"),
    "pull-disk": Deed(pull_disk, "BAY", 1, 1, "pull a disk whose drawer is released"),
    "insert-disk": Deed(insert_disk, "BAY [DISK|new]", 1, 2, "put a disk in"),
    "take-tape": Deed(take_tape, "SLOT", 1, 1, "take a cartridge"),
    "insert-tape": Deed(insert_tape, "SLOT [BARCODE|new]", 1, 2, "put a cartridge in"),
    "press-reset": Deed(_press_reset, "[NODE]", 0, 1, "press the robot controller's reset button"),
}
"""All that a hand can do, by name."""
