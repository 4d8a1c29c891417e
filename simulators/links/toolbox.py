"""All simulated commands of a cabinet but for `burner`, by their word."""

from simulators.devices.printer.camera import Camera
from simulators.devices.printer.queue import PrintQueue
from simulators.devices.tape.unit import TapeUnit
from simulators.links.cups.commands import Cancel, Lp, Lpstat, Tray
from simulators.links.disks.commands import Df, Mkfs, Mount, Smartctl, Umount
from simulators.links.disks.shelf import BayShelf
from simulators.links.program import Program
from simulators.links.tape.dd import Dd
from simulators.links.tape.mt import Mt
from simulators.links.tape.mtx import Mtx
from simulators.world.world import World


class Toolbox:
    """Makes the commands that this cabinet has a use for. Make it inside a running event loop."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.programs: dict[str, Program] = {}
        self.shelf = BayShelf(world) if world.layout.bays else None
        if self.shelf:
            self.programs |= {
                "smartctl": Smartctl(self.shelf),
                "mount": Mount(self.shelf),
                "umount": Umount(self.shelf),
                "mkfs": Mkfs(self.shelf),
                "df": Df(self.shelf),
            }
        model = world.description.tape
        self.tape = TapeUnit(world, model) if model else None
        if self.tape:
            self.programs |= {"mtx": Mtx(self.tape), "mt": Mt(self.tape), "dd": Dd(self.tape)}
        self.queue, self.camera = self._equip_printer()

    def _equip_printer(self) -> tuple[PrintQueue | None, Camera | None]:
        model, names = self.world.description.printer, self.world.layout.printers
        if model is None or not names:
            return None, None
        queue = PrintQueue(self.world, names[0], model.print_s, model.tray_s)
        self.programs |= {
            "lp": Lp(queue),
            "lpstat": Lpstat(queue),
            "cancel": Cancel(queue),
            "tray": Tray(queue),
        }
        return queue, Camera(self.world, names[0]) if self.world.description.camera else None

    def refresh(self) -> None:
        """Look at the world again, after it was changed from outside."""
        if self.shelf:
            self.shelf.refresh()
        if self.camera:
            self.camera.refresh()

    def stop(self) -> None:
        """Cut the power: every command under way loses its device."""
        for program in self.programs.values():
            program.stop()
        for part in (self.shelf, self.queue, self.camera):
            if part:
                part.stop()
