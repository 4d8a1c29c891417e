"""The camera above the printer's tray: a picture file that always shows what lies there."""

import zlib

from simulators.devices.printer.picture import BLACK, TRAY, draw_disc, draw_plain
from simulators.world.printer import CAMERA_BLACK, CAMERA_GONE
from simulators.world.world import World

FIELDS = frozenset(("discs", "prints", "faults"))


class Camera:
    """Draws `dev/camera.png` anew whenever the camera would see something else."""

    def __init__(self, world: World, printer: str) -> None:
        self.path = world.folder / "dev" / "camera.png"
        self._world = world
        self._printer = printer
        self._seen: object = None
        world.watch(self._on_change)
        self.refresh()

    def _on_change(self, fields: frozenset[str]) -> None:
        if fields & FIELDS:
            self.refresh()

    def refresh(self) -> None:
        """Look again."""
        faults, disc = self._world.state.faults, self._world.disc_at(self._printer)
        printed = self._world.state.prints.get(disc.serial) if disc else None
        seen = (
            disc.serial if disc else "",
            (printed.times, printed.image) if printed else None,
            CAMERA_GONE in faults,
            CAMERA_BLACK in faults,
        )
        if seen == self._seen:
            return
        self._seen = seen
        if CAMERA_GONE in faults:
            self.path.unlink(missing_ok=True)
        elif CAMERA_BLACK in faults:
            draw_plain(BLACK, self.path)
        elif disc is None:
            draw_plain(TRAY, self.path)
        else:
            picture = self._world.print_path(disc.serial)
            there = printed is not None and picture.exists()
            draw_disc(picture if there else None, zlib.crc32(repr(seen).encode()), self.path)

    def stop(self) -> None:
        """Cut the power."""
        self.path.unlink(missing_ok=True)
