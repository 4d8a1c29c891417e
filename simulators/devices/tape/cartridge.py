"""What is on one cartridge: tape files, their blocks, and where it ends or fails."""

from dataclasses import dataclass
from pathlib import Path

from simulators.world.tapes import Tape


@dataclass(frozen=True)
class Cartridge:
    """A cartridge and its folder. Tape files count from 0; the last may lack its file mark."""

    tape: Tape
    folder: Path

    def path(self, number: int) -> Path:
        return self.folder / f"{number:05d}"

    @property
    def count(self) -> int:
        """Tape files, one without a file mark too."""
        return len(self.tape.files) + self.tape.cut_off

    def size_bytes(self, number: int) -> int:
        if number < len(self.tape.files):
            return self.tape.files[number]
        path = self.path(number)
        return path.stat().st_size if number < self.count and path.exists() else 0

    def block_bytes(self, number: int) -> int:
        """Size of every block of a tape file but its last."""
        sizes = self.tape.block_sizes
        return sizes[number] if number < len(sizes) else 1

    def blocks(self, number: int) -> int:
        return -(-self.size_bytes(number) // self.block_bytes(number))

    @property
    def used_bytes(self) -> int:
        return sum(self.size_bytes(number) for number in range(self.count))

    def offset_of(self, number: int, block: int = 0) -> int:
        """Bytes from the beginning of the tape, for the time that winding takes."""
        before = sum(self.size_bytes(earlier) for earlier in range(min(number, self.count)))
        return before + block * self.block_bytes(number)

    def room(self, number: int, written: int) -> tuple[int, bool]:
        """Bytes that can follow `written` of a tape file, and whether it then fails (not full)."""
        held = self.offset_of(number) + written
        room = self.tape.capacity_bytes - held
        fails_at = self.tape.write_error_at
        if fails_at is not None and fails_at - held < room:
            return max(0, fails_at - held), True
        return max(0, room), False

    # Writing

    def begin_file(self, number: int, block: int, block_bytes: int) -> int:
        """Make the tape end at a place and a tape file go on there; its bytes that stay."""
        kept = block * self.block_bytes(number) if block else 0
        self.erase_from(number + 1 if block else number)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(number)
        path.touch()
        with path.open("r+b") as file:
            file.truncate(kept)
        del self.tape.files[number:]
        self.tape.block_sizes[number:] = [block_bytes]
        self.tape.cut_off = True
        return kept

    def end_file(self, number: int) -> None:
        """Write the file mark of the tape file that was begun."""
        self.tape.files[number:] = [self.path(number).stat().st_size]
        self.tape.cut_off = False

    def add_mark(self, number: int, block: int) -> None:
        """Write one file mark at a place; what was behind it is gone."""
        sizes = self.tape.block_sizes
        block_bytes = sizes[number] if number < len(sizes) else 1
        self.begin_file(number, block, block_bytes)
        self.end_file(number)

    def erase_from(self, number: int) -> None:
        """Let the tape end before a tape file."""
        for gone in range(number, self.count + 1):
            self.path(gone).unlink(missing_ok=True)
        if number < self.count:
            self.tape.cut_off = False
        del self.tape.files[number:]
        del self.tape.block_sizes[number:]
        self.tape.bad_files = [bad for bad in self.tape.bad_files if bad < number]
